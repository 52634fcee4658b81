#include "ingest/session/smtp_xtext.h"

#include "core/utf8.h"

/* Upper case only, RFC 3461 4. */
static int hex_digit(char c)
{
	if (ascii_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The octet of "+XX" at the start of s, -1 for anything else. */
static int encoded_octet(struct str s)
{
	if (s.n < 3 || hex_digit(s.p[1]) < 0 || hex_digit(s.p[2]) < 0)
		return -1;
	return hex_digit(s.p[1]) * 16 + hex_digit(s.p[2]);
}

/* Length of the character at the start of s, 0 if it is none. */
static size_t character(struct str s, enum smtp_xtext_kind kind)
{
	unsigned char c = (unsigned char)*s.p;

	if (c == '+') {
		int octet = encoded_octet(s);

		return octet >= ' ' && octet <= '~' ? 3 : 0;
	}
	if (c >= 0x80)
		return kind == SMTP_XTEXT_UTF8 ? utf8_sequence(s) : 0;
	return c > ' ' && c <= '~' && c != '=';
}

bool smtp_xtext_good(struct str text, enum smtp_xtext_kind kind)
{
	while (text.n) {
		size_t n = character(text, kind);

		if (!n)
			return false;
		text = str_skip(text, n);
	}
	return true;
}

struct str smtp_xtext_decode(struct arena *arena, struct str text)
{
	char *room = arena_alloc(arena, text.n);
	size_t n = 0;

	while (text.n) {
		bool encoded = *text.p == '+';

		room[n++] = encoded ? (char)encoded_octet(text) : *text.p;
		text = str_skip(text, encoded ? 3 : 1);
	}
	return str_from(room, n);
}
