#include "suppress/list/digest.h"

#include "core/suppression.h"
#include "core/utf8.h"

#include <glib.h>
#include <idn2.h>
#include <string.h>

#define PREFIX "sha256:"
enum { HEX_DIGITS = 64 };

static bool is_atom_octet(unsigned char c)
{
	return ascii_alpha((char)c) || ascii_digit((char)c) || c >= 0x80 ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

/* RFC 5321 4.1.2: a Dot-string. */
static bool is_dot_string(struct str s)
{
	if (!s.n || s.p[0] == '.' || s.p[s.n - 1] == '.')
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (!is_atom_octet((unsigned char)s.p[i]) || (s.p[i] == '.' && s.p[i - 1] == '.'))
			return false;
	return true;
}

/* A quoted local part that needs no quotes is the same mailbox without them, RFC 5321 4.1.2. */
struct str digest_unquoted(struct arena *arena, struct str address, bool *ret_quoted)
{
	size_t at = str_rchr(address, '@'), n = 0;
	struct str inside = str_slice(address, 1, at == STR_NPOS || !at ? 0 : at - 1);
	char *room;

	*ret_quoted = address.n > 2 && address.p[0] == '"' && at != STR_NPOS && at > 1 &&
		      address.p[at - 1] == '"';
	if (!*ret_quoted)
		return address;
	room = arena_alloc(arena, inside.n + 1);
	for (size_t i = 0; i < inside.n; i++) {
		if (inside.p[i] == '\\' && i + 1 < inside.n)
			i++;
		room[n++] = inside.p[i];
	}
	/* One that starts with "!" would stand in the order before what it equals. */
	if (!is_dot_string(str_from(room, n)) || room[0] <= '"')
		return address;
	*ret_quoted = false;
	return arena_printf(arena, "%.*s%.*s", (int)n, room, STR_ARG(str_skip(address, at)));
}

bool digest_a_labels(struct arena *arena, struct str address, struct str *ret_address)
{
	size_t at = str_rchr(address, '@');
	struct str domain = suppression_domain(address);
	char *ascii = NULL;

	if (utf8_is_ascii(domain)) {
		*ret_address = address;
		return true;
	}
	if (idn2_to_ascii_8z(arena_c(arena, domain), &ascii, IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL))
		return false;
	*ret_address = arena_printf(arena, "%.*s@%s", STR_ARG(str_head(address, at)), ascii);
	idn2_free(ascii);
	return true;
}

bool digest_is(struct str text)
{
	const size_t prefix = sizeof PREFIX - 1;

	return text.n == prefix + HEX_DIGITS && str_starts(text, STR(PREFIX)) &&
	       str_span(str_skip(text, prefix), "0123456789abcdef") == HEX_DIGITS;
}

struct str digest_text(struct str digest)
{
	return str_skip(digest, sizeof PREFIX - 1);
}

struct str digest_of(struct arena *arena, struct str address)
{
	struct str key, digest;
	bool quoted;
	char *lower, *hex;

	key = digest_unquoted(arena, address, &quoted);
	if (!digest_a_labels(arena, key, &key))
		key = address;
	lower = g_utf8_strdown(key.p, (gssize)key.n);
	hex = g_compute_checksum_for_string(G_CHECKSUM_SHA256, lower, -1);
	digest = arena_printf(arena, PREFIX "%s", hex);
	g_free(hex);
	g_free(lower);
	return digest;
}
