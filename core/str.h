/* core/str.h -- a borrowed run of bytes, and the ASCII-only helpers on it.
 * Knows: bytes. Does not know: charsets, allocation, NUL (a NUL is a byte like any other).
 * Pure. Owns nothing: every result points into its argument. Empty is n == 0; ask `n`, never `p`. */
#pragma once
#include "core/attr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
	const char *p;
	size_t n;
};

#define STR_INIT(literal)                                                                          \
	{                                                                                          \
		(literal), sizeof(literal) - 1                                                     \
	}
#define STR(literal) ((struct str)STR_INIT(literal))
#define STR_EMPTY    ((struct str){ "", 0 })
/* For printf("%.*s", STR_ARG(s)); only for text that fits an int, which limits.h sees to. */
#define STR_ARG(s) (int)(s).n, (s).p
#define STR_NPOS   ((size_t)-1)

struct str str_from(const char *p, size_t n);
/* NULL becomes the empty str. */
struct str str_c(const char *c_string);

bool str_eq(struct str a, struct str b);
/* Equal without regard to ASCII case. */
static inline bool str_ieq(struct str a, struct str b);
/* memcmp order, the shorter first where one is a prefix of the other. */
int str_cmp(struct str a, struct str b);
bool str_starts(struct str s, struct str prefix);
bool str_istarts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);
bool str_iends(struct str s, struct str suffix);

/* Position of the first match, or STR_NPOS. */
size_t str_find(struct str s, struct str needle);
size_t str_ifind(struct str s, struct str needle);
size_t str_chr(struct str s, char c);
size_t str_rchr(struct str s, char c);
/* Length of the run at the start of s made only of bytes of `set`, or only of others. */
size_t str_span(struct str s, const char *set);
size_t str_cspan(struct str s, const char *set);

/* s without its first n bytes; s's first n bytes; bytes [from, to). All clamp to what is there. */
struct str str_skip(struct str s, size_t n);
struct str str_head(struct str s, size_t n);
struct str str_slice(struct str s, size_t from, size_t to);
/* Without white space (space, tab, CR, LF, VT, FF) at both ends. */
struct str str_trim(struct str s);

/* Splits s at its first c: what stands before and behind it. False, and nothing written, without
 * one. Results may be written over s itself. */
bool str_cut(struct str s, char c, struct str *ret_before, struct str *ret_behind);
/* Takes the next line off *rest (ended by LF, CRLF or the end of the text; the end not part of the
 * line). False when nothing is left. */
bool str_next_line(struct str *rest, struct str *ret_line);
/* Takes the next word off *rest, words being separated by bytes of `set`. False when none is left. */
bool str_next_word(struct str *rest, const char *set, struct str *ret_word);

/* The whole of s as a decimal number of at most `max`; ERR-free: false for anything else. */
bool str_to_u64(struct str s, uint64_t max, uint64_t *ret_value);

/* FNV-1a over the ASCII-lowered bytes: for hash tables in memory, never on disk. */
uint32_t str_ihash(struct str s);

static inline char ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}
/* Of two runs that are as long. */
bool str_ieq_bytes(const char *a, const char *b, size_t n);
static inline bool str_ieq(struct str a, struct str b)
{
	return a.n == b.n && (!a.n || (ascii_lower(a.p[0]) == ascii_lower(b.p[0]) &&
					      str_ieq_bytes(a.p + 1, b.p + 1, a.n - 1)));
}
static inline bool ascii_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool ascii_alpha(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
static inline bool ascii_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}
