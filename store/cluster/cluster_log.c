#include "store/cluster/cluster_log.h"

#include "core/attr.h"

/* A statement that failed is told of by whoever sent it. FATAL ends a connection, such as one that comes while the server starts. */
static const struct {
	struct str severity;
	enum log_level level;
} levels[] = {
	{ STR_INIT("DEBUG"), LOG_DEBUG },
	{ STR_INIT("LOG"), LOG_INFO },
	{ STR_INIT("INFO"), LOG_INFO },
	{ STR_INIT("NOTICE"), LOG_INFO },
	{ STR_INIT("WARNING"), LOG_WARN },
	{ STR_INIT("ERROR"), LOG_WARN },
	{ STR_INIT("FATAL"), LOG_INFO },
	{ STR_INIT("PANIC"), LOG_ERROR },
	{ STR_INIT("DETAIL"), LOG_INFO },
	{ STR_INIT("HINT"), LOG_INFO },
	{ STR_INIT("CONTEXT"), LOG_INFO },
	{ STR_INIT("STATEMENT"), LOG_INFO },
	{ STR_INIT("QUERY"), LOG_INFO },
};

/* "2026-11-29 14:43:04.350 UTC [32031] LOG:  text": %m [%p], a severity, a colon, two spaces. */
struct cluster_line cluster_log_read(struct str line)
{
	struct cluster_line result = { LOG_INFO, STR_EMPTY, str_trim(line) };
	struct str rest = line, severity, text;
	size_t bracket = str_chr(line, ']');

	if (str_span(line, "0123456789-") != 10 || bracket == STR_NPOS)
		return result;
	rest = str_trim(str_skip(rest, bracket + 1));
	if (!str_cut(rest, ':', &severity, &text))
		return result;
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (str_eq(severity, levels[i].severity))
			return (struct cluster_line){ levels[i].level, severity, str_trim(text) };
	return result;
}
