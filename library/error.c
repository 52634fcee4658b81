#include "library/error.h"

#include "core/attr.h"

enum bounced_error error_of(enum err err)
{
	switch (err) {
	case ERR_OK:
		return BOUNCED_OK;
	case ERR_SYNTAX:
		return BOUNCED_SYNTAX;
	case ERR_LIMIT:
		return BOUNCED_LIMIT;
	case ERR_NOT_FOUND:
		return BOUNCED_NOT_FOUND;
	case ERR_DENIED:
		return BOUNCED_DENIED;
	case ERR_UNSUPPORTED:
		return BOUNCED_UNSUPPORTED;
	case ERR_CORRUPT:
		return BOUNCED_DAMAGED;
	default:
		return BOUNCED_IO;
	}
}

const char *bounced_error_text(enum bounced_error error)
{
	static const char *const texts[] = { [BOUNCED_OK] = "no error",
		[BOUNCED_SYNTAX] = "malformed rules",
		[BOUNCED_LIMIT] = "over a limit",
		[BOUNCED_NOT_FOUND] = "not found",
		[BOUNCED_DENIED] = "permission denied",
		[BOUNCED_UNSUPPORTED] = "neither a mailbox nor a mail",
		[BOUNCED_IO] = "input/output error",
		[BOUNCED_DAMAGED] = "the library is damaged",
		[BOUNCED_END] = "no further message" };

	return (size_t)error < ARRAY_LEN(texts) ? texts[error] : "unknown error";
}
