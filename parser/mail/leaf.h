/* parser/mail/leaf.h -- the parts of a multipart as the pre-scan met them, told only where nobody could read them otherwise.
 * Knows: what of RFC 2045 and 2046 is plain: types and parameters of letters, digits and few signs, boundaries that no other
 * one starts with. Does not know what a part means. What is not plain (comments, RFC 2231, names of files, encoded messages,
 * a multipart without a part) makes the list odd: then the bytes are GMime's, to which each part is a dozen objects.
 * Pure; items live in the caller's arena. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

struct leaf {
	struct str type, encoding; /* the values of its fields; either may be empty */
	struct str body;
	size_t from, to; /* of the pre-scan's bytes, the line end in front of a boundary counted */
	bool closed;     /* by a boundary */
};
struct leaf_list {
	struct leaf *items;
	size_t n, cap;
	struct str whole; /* the value of the mail's Content-Type; empty: it is no multipart */
	bool odd;
};

/* "text/plain; charset=utf-8"; an empty type is plain as well. */
bool leaf_type_is_plain(struct str type);
/* Beside those that are open; none of them may be told from its start only. */
bool leaf_boundary_is_plain(struct str boundary, const struct str *open, size_t n_open);

/* A part whose body starts at `from`. */
void leaves_open(struct arena *arena, struct leaf_list *list, struct str type, struct str encoding,
	size_t from);
/* A boundary stands at `to`. */
void leaves_close(struct leaf_list *list, size_t to);
/* The boundary at `to` was taken back: what it ended goes on. */
void leaves_reopen(struct leaf_list *list, size_t to);
/* The end of all bytes: bodies are cut out of them, without the line end that belongs to a boundary. */
void leaves_finish(struct leaf_list *list, struct str bytes);
