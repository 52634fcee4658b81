/* parser/mail/headers.h -- a header block as a list of fields.
 * Knows: fields and parameters, RFC 5322 2.2 and RFC 2045 5.1. Does not know MIME trees or meanings.
 * Pure. Names and values borrow from the text they were read from, or live in the arena. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

struct header {
	struct str name, value; /* value unfolded and trimmed, not decoded */
};
struct header_list {
	struct header *items;
	size_t n;
};

/* True where `line` starts with a field name and a colon; the name's length. */
bool header_name(struct str line, size_t *ret_bytes);
/* The value of a field as it stood behind the colon: UTF-8 (else taken as ISO-8859-1), unfolded by
 * dropping line ends, tabs as spaces, up to a NUL. Lives in `arena`. */
struct str header_value(struct arena *arena, struct str raw);
/* Reads fields off the front of *text to the first empty line or the first line that is no field.
 * At most LIMIT_HEADER_FIELDS of them; the others are skipped. */
struct header_list headers_parse(struct arena *arena, struct str *text);
/* The value of the first field of that name; empty without one. */
struct str headers_get(const struct header_list *list, struct str name);
/* A parameter of a structured value: header_param("multipart/mixed; boundary=x", "boundary") is "x".
 * Quotes are taken off; RFC 2231 forms are not read. */
struct str header_param(struct str value, struct str name);
