#include "ingest/session/smtp_received.h"

#include "core/limits.h"

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

bool smtp_has_bare_line_ends(struct str message)
{
	for (size_t i = 0; i < message.n; i++) {
		if (message.p[i] == '\n')
			return true;
		if (message.p[i] != '\r')
			continue;
		if (i + 1 == message.n || message.p[i + 1] != '\n')
			return true;
		i++;
	}
	return false;
}
