#include "parser/mail/address.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/text/unfold.h"

#include <idn2.h>
#include <string.h>

/* Bytes that may stand in an unquoted local part: RFC 5321 atext and dots, any UTF-8 (RFC 6531), and
 * what real mailboxes have besides. */
static bool local_byte(char c)
{
	return (unsigned char)c >= 0x80 || ascii_alpha(c) || ascii_digit(c) ||
	       (c && strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

static bool domain_byte(char c)
{
	return (unsigned char)c >= 0x80 || ascii_alpha(c) || ascii_digit(c) || c == '.' ||
	       c == '-' || c == '_';
}

/* Length of a quoted string at the start of s, 0 where it does not end. */
static size_t quoted_bytes(struct str s)
{
	for (size_t i = 1; i < s.n && s.p[i] >= ' '; i++) {
		if (s.p[i] == '\\')
			i++;
		else if (s.p[i] == '"')
			return i + 1;
	}
	return 0;
}

static size_t local_bytes(struct str s)
{
	size_t n = 0;

	if (s.n && s.p[0] == '"')
		return quoted_bytes(s);
	while (n < s.n && local_byte(s.p[n]))
		n++;
	return n;
}

static size_t domain_bytes(struct str s)
{
	size_t n = 0;

	if (s.n && s.p[0] == '[') {
		n = str_cspan(s, "] \t\r\n");
		return n < s.n && s.p[n] == ']' ? n + 1 : 0;
	}
	while (n < s.n && domain_byte(s.p[n]))
		n++;
	while (n && !ascii_alpha(s.p[n - 1]) && !ascii_digit(s.p[n - 1]) &&
		(unsigned char)s.p[n - 1] < 0x80)
		n--;
	return n;
}

size_t address_prefix(struct str s)
{
	size_t local, domain;

	/* One byte more than may be: an address that is cut off would be another one. */
	s = str_head(s, LIMIT_ADDRESS_BYTES + 1);
	local = local_bytes(s);
	if (!local || local >= s.n || s.p[local] != '@')
		return 0;
	domain = domain_bytes(str_skip(s, local + 1));
	return domain && local + 1 + domain <= LIMIT_ADDRESS_BYTES ? local + 1 + domain : 0;
}

bool address_valid(struct str s)
{
	return s.n && address_prefix(s) == s.n;
}

/* Words that stand in front of an address without being part of it. */
static struct str skip_scheme(struct str s)
{
	static const struct str schemes[] = { STR_INIT("mailto:"), STR_INIT("smtp:"),
		STR_INIT("rfc822;"), STR_INIT("rfc822:"), STR_INIT("internet:"),
		STR_INIT("dda:SMTP=") };

	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (str_istarts(s, schemes[i]))
			return str_trim(str_skip(s, schemes[i].n));
	return s;
}

/* What is no address by the book, but stands alone where one must: a quote too few, a # in the domain. */
static bool lenient(struct str s)
{
	size_t at = str_rchr(s, '@');

	if (at == STR_NPOS || !at || s.n > LIMIT_ADDRESS_BYTES)
		return false;
	return str_cspan(s, " \t\r\n<>,;()[]\"|\\") == s.n && at + 1 < s.n;
}

static bool take_bare(struct str s, struct str *ret_address)
{
	size_t n;

	s = skip_scheme(str_trim(s));
	n = address_prefix(s);
	if (!n && s.n > 1 && (s.p[0] == '"' || s.p[0] == '\''))
		return take_bare(
			str_head(str_skip(s, 1), str_cspan(str_skip(s, 1), "\"'")), ret_address);
	if (n && (n == s.n || str_span(str_skip(s, n), " \t(<>;,:.\"')[]"))) {
		*ret_address = str_head(s, n);
		return true;
	}
	if (!lenient(s))
		return false;
	*ret_address = s;
	return true;
}

/* Without a source route, RFC 5321 4.1.2: "@a,@b:c@d" is "c@d". */
static struct str skip_route(struct str s)
{
	size_t colon = str_chr(s, ':');

	return s.n && s.p[0] == '@' && colon != STR_NPOS ? str_skip(s, colon + 1) : s;
}

bool address_take(struct arena *arena, struct str text, struct str *ret_address)
{
	struct str inner, s = str_trim(text);
	size_t open = str_rchr(s, '<'), close;

	if (open != STR_NPOS) {
		inner = str_skip(s, open + 1);
		close = str_chr(inner, '>');
		inner = str_trim(close == STR_NPOS ? inner : str_head(inner, close));
		if (take_bare(skip_route(inner), ret_address))
			goto found;
	}
	if (!take_bare(skip_route(s), ret_address))
		return false;
found:
	*ret_address = utf8_clean(arena, *ret_address);
	return true;
}

static int hex_digit(char c)
{
	if (ascii_digit(c))
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

struct str xtext_decode(struct arena *arena, struct str s)
{
	char *out;
	size_t n = 0;

	if (str_chr(s, '+') == STR_NPOS)
		return s;
	out = arena_alloc(arena, s.n + 1);
	for (size_t i = 0; i < s.n; i++) {
		int high = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
		int low = high >= 0 ? hex_digit(s.p[i + 2]) : -1;

		if (s.p[i] == '+' && low >= 0 && (high || low)) {
			out[n++] = (char)(high * 16 + low);
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	return str_from(out, n);
}

/* "\x{5FC3}" at the start of s, RFC 6533 3; its length, 0 without one. */
static size_t embedded_unicode(struct str s, unsigned long *ret_code)
{
	unsigned long code = 0;
	size_t i = 3;

	if (!str_istarts(s, STR("\\x{")))
		return 0;
	for (; i < s.n && i < 9 && s.p[i] != '}'; i++) {
		char c = s.p[i] >= 'a' && s.p[i] <= 'f' ? (char)(s.p[i] - 32) : s.p[i];

		if (hex_digit(c) < 0)
			return 0;
		code = code * 16 + (unsigned long)hex_digit(c);
	}
	if (i == 3 || i >= s.n || s.p[i] != '}')
		return 0;
	*ret_code = code;
	return i + 1;
}

static struct str utf8_address_decode(struct arena *arena, struct str s)
{
	char *out;
	size_t n = 0, taken;
	unsigned long code;

	if (str_find(s, STR("\\x{")) == STR_NPOS)
		return s;
	out = arena_alloc(arena, s.n + 1);
	while (s.n) {
		taken = embedded_unicode(s, &code);
		if (taken) {
			n += utf8_put(code, out + n);
		} else {
			out[n++] = s.p[0];
			taken = 1;
		}
		s = str_skip(s, taken);
	}
	return str_from(out, n);
}

/* Beside a plain "@", "+2B" and "+3D" alone are taken for xtext: a "+" and a "=", RFC 3461 4, which would be nothing
 * else in front of letters. A "+" without one of them is the user's own. */
static bool left_in_xtext(struct str s)
{
	bool any = false;

	for (size_t i = 0; i < s.n; i++) {
		struct str escape = str_skip(s, i);

		if (s.p[i] != '+')
			continue;
		if (!str_starts(escape, STR("+2B")) && !str_starts(escape, STR("+3D")))
			return false;
		any = true;
	}
	return any;
}

bool address_typed(
	struct arena *arena, struct str type, struct str text, bool xtext, struct str *ret_address)
{
	struct str decoded = text;

	if (str_ieq(type, STR("utf-8")))
		decoded = utf8_address_decode(arena, text);
	if (xtext && (str_chr(decoded, '@') == STR_NPOS || left_in_xtext(decoded)))
		decoded = xtext_decode(arena, decoded);
	return address_take(arena, decoded, ret_address);
}

struct str address_normal(struct arena *arena, struct str address)
{
	size_t at = str_rchr(address, '@');
	char *out;

	if (at == STR_NPOS)
		return address;
	out = arena_alloc(arena, address.n + 1);
	for (size_t i = 0; i < address.n; i++)
		out[i] = i > at ? ascii_lower(address.p[i]) : address.p[i];
	out[address.n] = '\0';
	return (struct str){ out, address.n };
}

static bool all_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

struct str address_domain(struct arena *arena, struct str address)
{
	size_t at = str_rchr(address, '@');
	struct str domain = at == STR_NPOS ? STR_EMPTY : str_skip(address, at + 1);
	uint8_t *label = NULL;
	struct str result;

	if (!domain.n)
		return STR_EMPTY;
	if (all_ascii(domain))
		return arena_lower(arena, domain);
	if (idn2_lookup_u8((const uint8_t *)arena_c(arena, domain), &label, IDN2_NFC_INPUT) !=
		IDN2_OK)
		return arena_lower(arena, domain);
	/* Nothing is left of a domain of soft hyphens alone, which the mapping of IDNA drops. */
	result = *label ? arena_dup(arena, str_c((const char *)label)) : arena_lower(arena, domain);
	idn2_free(label);
	return result;
}
