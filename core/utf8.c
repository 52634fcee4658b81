#include "core/utf8.h"

#include <string.h>

static bool continuation(struct str s, size_t i)
{
	return i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80;
}

size_t utf8_sequence(struct str s)
{
	unsigned char a, b;

	if (!s.n)
		return 0;
	a = (unsigned char)s.p[0];
	if (a < 0x80)
		return a != 0;
	b = s.n > 1 ? (unsigned char)s.p[1] : 0;
	if (a >= 0xC2 && a <= 0xDF)
		return continuation(s, 1) ? 2 : 0;
	if (a >= 0xE0 && a <= 0xEF) {
		if ((a == 0xE0 && b < 0xA0) || (a == 0xED && b > 0x9F))
			return 0; /* overlong; surrogate */
		return continuation(s, 1) && continuation(s, 2) ? 3 : 0;
	}
	if (a >= 0xF0 && a <= 0xF4) {
		if ((a == 0xF0 && b < 0x90) || (a == 0xF4 && b > 0x8F))
			return 0; /* overlong; above U+10FFFF */
		return continuation(s, 1) && continuation(s, 2) && continuation(s, 3) ? 4 : 0;
	}
	return 0;
}

/* Is one of eight bytes above 127 or NUL, from which the subtraction borrows? */
static bool has_odd_byte(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	uint64_t word;

	memcpy(&word, p, sizeof word);
	return (word | (word - ones)) & highs;
}

/* Length of the ASCII text without NUL at the start of s, in steps of eight bytes: nearly all that is
 * ever asked about is ASCII. The last step goes back over what the others left, however much that is. */
static size_t ascii_span(const char *p, size_t n)
{
	enum { STEP = sizeof(uint64_t) };
	size_t i = 0;

	while (n - i >= STEP && !has_odd_byte(p + i))
		i += STEP;
	if (i && n - i < STEP && !has_odd_byte(p + n - STEP))
		return n;
	while (i < n && (unsigned char)(p[i] - 1) < 0x7F)
		i++;
	return i;
}

/* Length of the valid text at the start of s. */
static size_t valid_span(struct str s)
{
	size_t i = 0, n = 1;

	while (i < s.n && n) {
		i += ascii_span(s.p + i, s.n - i);
		n = utf8_sequence(str_skip(s, i));
		i += n;
	}
	return i;
}

bool utf8_is_ascii(struct str s)
{
	return ascii_span(s.p, s.n) == s.n;
}

bool utf8_valid(struct str s)
{
	return valid_span(s) == s.n;
}

struct str utf8_clean(struct arena *arena, struct str s)
{
	size_t good = valid_span(s), n = 0;
	char *out;

	if (good == s.n)
		return s;
	out = arena_alloc(arena, s.n * 3 + 1);
	while (s.n) {
		memcpy(out + n, s.p, good);
		n += good;
		s = str_skip(s, good);
		if (!s.n)
			break;
		memcpy(out + n, "\xEF\xBF\xBD", 3);
		n += 3;
		s = str_skip(s, 1);
		good = valid_span(s);
	}
	out[n] = '\0';
	return (struct str){ out, n };
}

struct str utf8_head(struct str s, size_t max_bytes)
{
	size_t n = max_bytes;

	if (s.n <= max_bytes)
		return s;
	while (n && ((unsigned char)s.p[n] & 0xC0) == 0x80)
		n--;
	return str_head(s, n);
}

struct str utf8_from_latin1(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.n * 2 + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < 0x80) {
			out[n++] = (char)c;
			continue;
		}
		out[n++] = (char)(0xC0 | c >> 6);
		out[n++] = (char)(0x80 | (c & 0x3F));
	}
	out[n] = '\0';
	return (struct str){ out, n };
}

size_t utf8_put(unsigned long c, char out[static 4])
{
	if (!c || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
		return 0;
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xC0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3F));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xE0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3F));
		out[2] = (char)(0x80 | (c & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3F));
	out[2] = (char)(0x80 | (c >> 6 & 0x3F));
	out[3] = (char)(0x80 | (c & 0x3F));
	return 4;
}
