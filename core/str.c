#define _GNU_SOURCE
#include "core/str.h"

#include <limits.h>
#include <string.h>

struct str str_from(const char *p, size_t n)
{
	return n ? (struct str){ p, n } : STR_EMPTY;
}

struct str str_c(const char *c_string)
{
	return c_string ? str_from(c_string, strlen(c_string)) : STR_EMPTY;
}

bool str_eq(struct str a, struct str b)
{
	return a.n == b.n && (!a.n || !memcmp(a.p, b.p, a.n));
}

bool str_ieq_bytes(const char *a, const char *b, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (ascii_lower(a[i]) != ascii_lower(b[i]))
			return false;
	return true;
}

int str_cmp(struct str a, struct str b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int order = n ? memcmp(a.p, b.p, n) : 0;

	return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_eq(str_head(s, prefix.n), prefix);
}

bool str_istarts(struct str s, struct str prefix)
{
	return s.n >= prefix.n && str_ieq(str_head(s, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_eq(str_skip(s, s.n - suffix.n), suffix);
}

bool str_iends(struct str s, struct str suffix)
{
	return s.n >= suffix.n && str_ieq(str_skip(s, s.n - suffix.n), suffix);
}

/* How common a byte is in text, in either case; 0: rare. Letters in the order of their frequency in English. */
static const unsigned char common[256] = { [' '] = 27,
	['e'] = 26,
	['t'] = 25,
	['a'] = 24,
	['o'] = 23,
	['i'] = 22,
	['n'] = 21,
	['s'] = 20,
	['r'] = 19,
	['h'] = 18,
	['l'] = 17,
	['d'] = 16,
	['c'] = 15,
	['u'] = 14,
	['m'] = 13,
	['f'] = 12,
	['p'] = 11,
	['g'] = 10,
	['w'] = 9,
	['y'] = 8,
	['b'] = 7,
	['.'] = 6,
	['v'] = 5,
	['k'] = 4,
	[0x80 ... 0xFF] = 3 };

enum { BYTES_WEIGHED = 8 };

/* Which of a needle's first bytes is the rarest: memchr stops the least often at that one. */
static size_t rarest(struct str needle)
{
	size_t most = needle.n < BYTES_WEIGHED ? needle.n : BYTES_WEIGHED, best = 0;
	unsigned least = UINT_MAX;

	for (size_t i = 0; i < most; i++) {
		unsigned one = common[(unsigned char)ascii_lower(needle.p[i])];

		best = one < least ? i : best;
		least = one < least ? one : least;
	}
	return best;
}

/* Needles of so few bytes are looked for by memchr for one of their bytes, which takes many at a time;
 * memmem goes byte by byte, but in linear time for needles of any length. */
enum { SHORT_NEEDLE_BYTES = 16 };

static size_t find_short(struct str s, struct str needle)
{
	size_t end = s.n - needle.n + 1, in = rarest(needle);

	for (size_t at = 0; at < end; at++) {
		const char *hit = memchr(s.p + in + at, needle.p[in], end - at);

		if (!hit)
			break;
		at = (size_t)(hit - s.p) - in;
		if (!memcmp(s.p + at, needle.p, needle.n))
			return at;
	}
	return STR_NPOS;
}

size_t str_find(struct str s, struct str needle)
{
	const char *hit;

	if (!needle.n)
		return 0;
	if (needle.n > s.n)
		return STR_NPOS;
	if (needle.n <= SHORT_NEEDLE_BYTES)
		return find_short(s, needle);
	hit = memmem(s.p, s.n, needle.p, needle.n);
	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

/* Where c stands next in s[from, to); `to` without one. */
static size_t next_of(struct str s, char c, size_t from, size_t to)
{
	const char *hit = memchr(s.p + from, c, to - from);

	return hit ? (size_t)(hit - s.p) : to;
}

/* By memchr for either case of a byte, which is many times faster than looking at each. Each case
 * is searched only behind its own last place, so that a text is gone through twice at most. */
size_t str_ifind(struct str s, struct str needle)
{
	size_t end, lower, upper, at, in;
	struct str seen;
	char c;

	if (!needle.n)
		return 0;
	if (needle.n > s.n)
		return STR_NPOS;
	in = rarest(needle);
	seen = (struct str){ s.p + in,
		s.n - in }; /* what starts at `at` has that byte at seen.p[at] */
	c = ascii_lower(needle.p[in]);
	end = s.n - needle.n + 1;
	lower = next_of(seen, c, 0, end);
	upper = ascii_alpha(c) ? next_of(seen, (char)(c - 'a' + 'A'), 0, end) : end;
	while ((at = lower < upper ? lower : upper) < end) {
		if (str_ieq((struct str){ s.p + at, needle.n }, needle))
			return at;
		if (at == lower)
			lower = next_of(seen, c, at + 1, end);
		else
			upper = next_of(seen, (char)(c - 'a' + 'A'), at + 1, end);
	}
	return STR_NPOS;
}

size_t str_chr(struct str s, char c)
{
	const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;

	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

size_t str_rchr(struct str s, char c)
{
	const char *hit = s.n ? memrchr(s.p, c, s.n) : NULL;

	return hit ? (size_t)(hit - s.p) : STR_NPOS;
}

/* What is skipped is short, and so are the sets. */
size_t str_span(struct str s, const char *set)
{
	size_t i = 0;

	while (i < s.n) {
		const char *member = set;

		while (*member && *member != s.p[i])
			member++;
		if (!*member)
			break;
		i++;
	}
	return i;
}

size_t str_cspan(struct str s, const char *set)
{
	uint64_t map[4] = { 0 };
	size_t i = 0;

	for (; *set; set++)
		map[(unsigned char)*set / 64] |= UINT64_C(1) << (unsigned char)*set % 64;
	while (i < s.n && !(map[(unsigned char)s.p[i] / 64] >> (unsigned char)s.p[i] % 64 & 1))
		i++;
	return i;
}

struct str str_skip(struct str s, size_t n)
{
	if (n >= s.n)
		return STR_EMPTY;
	return (struct str){ s.p + n, s.n - n };
}

struct str str_head(struct str s, size_t n)
{
	return (struct str){ s.p, n < s.n ? n : s.n };
}

struct str str_slice(struct str s, size_t from, size_t to)
{
	return to > from ? str_skip(str_head(s, to), from) : STR_EMPTY;
}

struct str str_trim(struct str s)
{
	while (s.n && ascii_space(s.p[0])) {
		s.p++;
		s.n--;
	}
	while (s.n && ascii_space(s.p[s.n - 1]))
		s.n--;
	return s;
}

bool str_cut(struct str s, char c, struct str *ret_before, struct str *ret_behind)
{
	size_t at = str_chr(s, c);

	if (at == STR_NPOS)
		return false;
	*ret_before = str_head(s, at);
	*ret_behind = str_skip(s, at + 1);
	return true;
}

bool str_next_line(struct str *rest, struct str *ret_line)
{
	struct str line, behind;

	if (!rest->n)
		return false;
	if (!str_cut(*rest, '\n', &line, &behind)) {
		line = *rest;
		behind = STR_EMPTY;
	}
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	*rest = behind;
	*ret_line = line;
	return true;
}

bool str_next_word(struct str *rest, const char *set, struct str *ret_word)
{
	struct str s = str_skip(*rest, str_span(*rest, set));
	size_t n = str_cspan(s, set);

	if (!n)
		return false;
	*ret_word = str_head(s, n);
	*rest = str_skip(s, n);
	return true;
}

bool str_to_u64(struct str s, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!s.n)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		uint64_t digit = (uint64_t)(s.p[i] - '0');

		if (!ascii_digit(s.p[i]) || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

uint32_t str_ihash(struct str s)
{
	uint32_t hash = 2166136261u;

	for (size_t i = 0; i < s.n; i++)
		hash = (hash ^ (unsigned char)ascii_lower(s.p[i])) * 16777619u;
	return hash;
}
