/* core/err.h -- the errors of the whole program.
 * Knows: ids, texts, whether a retry can help. Does not know who failed: callers log that. Pure. */
#pragma once
#include "core/attr.h"

#include <stdbool.h>

enum err {
#define ERR(id, text, retry) ERR_##id,
#include "core/err.def"
	ERR_COUNT
};

/* One lower-case phrase without a full stop; never NULL. */
const char *err_text(enum err err);
/* True where the same call may succeed later without anybody changing its input. */
bool err_worth_retry(enum err err);
/* The nearest of our errors for an errno value; ENOSPC and EDQUOT are ERR_NO_SPACE. */
enum err err_from_errno(int errnum);

/* What a command and a role tell whoever started them. */
enum exit_code {
	EXIT_CODE_OK = 0,
	EXIT_CODE_FAILED = 1, /* the work could not be done */
	EXIT_CODE_USAGE = 2,  /* the command line or the configuration is wrong */
	EXIT_CODE_NEVER = 3,  /* of a role: it would end the same way if it was started again */
};
