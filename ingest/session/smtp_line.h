/* ingest/session/smtp_line.h -- bytes -> command lines.
 * Knows: RFC 5321 2.3.8: a line ends with CR LF; one of a command may end with a bare LF, too, as old clients write it
 * (docs/deviations.md). A bare CR is a byte of the line. Does not know verbs. Pure. Bounds: LIMIT_COMMAND_LINE_BYTES are kept, its end included;
 * more is skipped up to the line's end; more than LIMIT_COMMAND_JUNK_BYTES is no line at all. */
#pragma once
#include "core/limits.h"
#include "core/str.h"

struct smtp_line {
	char bytes[LIMIT_COMMAND_LINE_BYTES];
	size_t n; /* of the line so far, the skipped ones too */
	char last;
};

enum smtp_line_result {
	SMTP_LINE_MORE, /* *rest is used up */
	SMTP_LINE_WHOLE,
	SMTP_LINE_TOO_LONG, /* its end was reached */
	SMTP_LINE_JUNK,
};

void smtp_line_reset(struct smtp_line *line);
/* Takes bytes off *rest up to the end of a line. The text is without its end and valid until the next
 * call. */
enum smtp_line_result smtp_line_take(
	struct smtp_line *line, struct str *rest, struct str *ret_text);
