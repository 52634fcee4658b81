/* api/http_server_lines_priv.h -- whether the lines of a request's header ended by CR LF, each of them, and held no NUL (RFC 9112 2.2, 5.2).
 * Knows: where libmicrohttpd 0.9.75 leaves what it read. It cuts a header where it lies: the target and the version behind the method, then
 * name and value of each field in their order, each cut off by NUL, and a line's CR LF becomes two of them, a bare LF one. It moves a name
 * only where a field is folded. From 1.0 on the library refuses all of that itself (MHD_OPTION_STRICT_FOR_CLIENT), and of other versions
 * nothing is known: there every header is taken for right, so that a good request is never refused.
 * Borrows what it is given while the header is read. Does not know: which fields there are, what is answered. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

struct header_lines {
	const char *start, *next; /* the method; where the next name has to stand */
	bool told;                /* by this version of the library */
	bool broken;
};

/* `target` as it was when nothing was cut from it yet, `version` the last word of the first line. */
void lines_begin(struct header_lines *lines, const char *method, const char *target,
	size_t target_bytes, const char *version);
/* Where both lie: an empty struct str would not say it. */
void lines_field(struct header_lines *lines, const char *name, size_t name_bytes, const char *value,
	size_t value_bytes);
/* Of `header_bytes` from the method to the end of the empty line. False: a line of it is broken. */
bool lines_end(struct header_lines *lines, size_t header_bytes);
