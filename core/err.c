#include "core/err.h"

#include <errno.h>

static const struct {
	const char *text;
	bool retry;
} err_table[ERR_COUNT] = {
#define ERR(id, text, retry) [ERR_##id] = { text, retry },
#include "core/err.def"
};

const char *err_text(enum err err)
{
	return (unsigned)err < ERR_COUNT ? err_table[err].text : "unknown error";
}

bool err_worth_retry(enum err err)
{
	return (unsigned)err < ERR_COUNT && err_table[err].retry;
}

enum err err_from_errno(int errnum)
{
	switch (errnum) {
	case 0:
		return ERR_OK;
	case ENOSPC:
	case EDQUOT:
		return ERR_NO_SPACE;
	case ENOENT:
		return ERR_NOT_FOUND;
	case EEXIST:
		return ERR_EXISTS;
	case EACCES:
	case EPERM:
	case EROFS:
		return ERR_DENIED;
	case EPIPE:
	case ECONNRESET:
		return ERR_CLOSED;
	case ETIMEDOUT:
		return ERR_TIMEOUT;
	case EAGAIN:
	case ECONNREFUSED:
	case EMFILE:
	case ENFILE:
		return ERR_UNAVAILABLE;
	default:
		return ERR_IO;
	}
}
