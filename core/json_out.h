/* core/json_out.h -- JSON text, written value by value into a buf, without a tree of values first.
 * Knows: RFC 8259. Does not know reports. Pure. The caller closes what it opens, and gives each value
 * of an object its key. Errors are those of the buf: asked once, at the end.
 * A text that is not valid UTF-8 is written as null: no reader would take the document otherwise. */
#pragma once
#include "core/buf.h"

struct json_out {
	struct buf *out;
	bool pretty; /* a line for each value, two spaces a level */
	unsigned depth;
	bool follows; /* a value stands before on this level: the next one needs a comma */
	bool keyed;   /* the key of the next value is written */
};

/* Starts with a writer whose other members are zero. `bracket` is '{' or '['; its partner closes it. */
void json_out_open(struct json_out *w, char bracket);
void json_out_close(struct json_out *w, char bracket);
void json_out_key(struct json_out *w, struct str key);
/* null for an empty text. */
void json_out_text(struct json_out *w, struct str text);
void json_out_null(struct json_out *w);
void json_out_bool(struct json_out *w, bool value);
void json_out_number(struct json_out *w, uint64_t value);
/* 0 to 1, with up to four decimals and at least one. */
void json_out_share(struct json_out *w, double value);
