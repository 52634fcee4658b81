/* core/sink.h -- text of a peer on its way out: what may not pass as it is, by where it goes.
 * Knows: what ends a line or commands a reader there: controls of ASCII and of ISO 6429 (C1: U+0080 to U+009F, of which U+0085 ends
 * lines and U+009B starts a terminal's commands), the separators U+2028 and U+2029, which readers of lines by Unicode take for ends
 * of lines, and on a terminal the marks that turn the direction of writing. Of quoting it knows the field of CSV
 * (RFC 4180 2.5 to 2.7); the rest is the writer's. Pure. The text is valid UTF-8; the log has a stricter way of its own (log.h), and
 * a page puts text into text nodes alone. */
#pragma once
#include "core/buf.h"
#include "core/str.h"

enum sink {
	SINK_TERMINAL, /* what may not pass becomes "?" */
	SINK_CSV,      /* becomes a space */
	SINK_JSON, /* of what a JSON writer left unescaped: becomes \uXXXX. Its own line breaks pass. */
	SINK_COUNT
};

/* Length of the character at the start of s, if it may not pass; else 0. */
size_t sink_harm(enum sink sink, struct str s);
/* The first position of s that may not pass; s.n without one. */
size_t sink_find(enum sink sink, struct str s);
void sink_put(struct buf *out, enum sink sink, struct str text);
/* A whole field, in quotes where it needs them: a comma, a quote, a line break that was there, a space at an end. */
void sink_put_csv_field(struct buf *out, struct str text);
