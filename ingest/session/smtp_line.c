#include "ingest/session/smtp_line.h"

#include <string.h>

void smtp_line_reset(struct smtp_line *line)
{
	line->n = 0;
	line->last = 0;
}

static void keep(struct smtp_line *line, struct str piece)
{
	if (line->n < sizeof line->bytes) {
		struct str kept = str_head(piece, sizeof line->bytes - line->n);

		memcpy(line->bytes + line->n, kept.p, kept.n);
	}
	line->n += piece.n;
}

/* Takes *rest up to its first LF, or all of it. How many octets end the line, 0 where it goes on. */
static size_t take_piece(struct smtp_line *line, struct str *rest)
{
	size_t at = str_chr(*rest, '\n');
	struct str piece = str_head(*rest, at == STR_NPOS ? rest->n : at + 1);
	char before = piece.n > 1 ? piece.p[piece.n - 2] : line->last;

	keep(line, piece);
	line->last = piece.p[piece.n - 1];
	*rest = str_skip(*rest, piece.n);
	if (at == STR_NPOS)
		return 0;
	return before == '\r' ? 2 : 1;
}

enum smtp_line_result smtp_line_take(struct smtp_line *line, struct str *rest, struct str *ret_text)
{
	while (rest->n) {
		size_t end = take_piece(line, rest);
		size_t n = line->n;

		if (n > LIMIT_COMMAND_JUNK_BYTES)
			return SMTP_LINE_JUNK;
		if (!end)
			continue;
		smtp_line_reset(line);
		if (n > LIMIT_COMMAND_LINE_BYTES)
			return SMTP_LINE_TOO_LONG;
		*ret_text = str_from(line->bytes, n - end);
		return SMTP_LINE_WHOLE;
	}
	return SMTP_LINE_MORE;
}
