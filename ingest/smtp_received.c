#include "core/limits.h"
#include "ingest/smtp_session_priv.h"

/* RFC 5321 6.3. Only the header is looked at: it ends with the first empty line. */
bool smtp_received_loops(struct str message)
{
	struct str line;
	size_t n = 0;

	while (str_next_line(&message, &line) && line.n)
		if (str_istarts(line, STR("Received:")) && ++n > LIMIT_RECEIVED_FIELDS)
			return true;
	return false;
}
