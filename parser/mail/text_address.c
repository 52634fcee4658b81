#include "parser/mail/text_address.h"

#include "parser/mail/address.h"

#include <string.h>

/* Length of a character at s that only stands between words: CJK and general punctuation, full-width
 * forms. No mailbox has one, and where words are not set apart an address ends there. */
size_t text_wide_mark(struct str s)
{
	const unsigned char *p = (const unsigned char *)s.p;

	if (s.n < 3)
		return 0;
	if (p[0] == 0xE2 && p[1] == 0x80)
		return 3; /* U+2000 to U+203F */
	if (p[0] == 0xE3 && p[1] == 0x80)
		return 3;                            /* U+3000 to U+303F */
	return p[0] == 0xEF && p[1] >= 0xBC ? 3 : 0; /* U+FF00 to U+FFFF */
}

/* "example.com" of "example.com\xEC\x97\x90": no top level domain mixes scripts. */
static size_t cut_domain(struct str domain)
{
	size_t dot = 0, n;

	for (size_t i = 0; i < domain.n; i++) {
		if (text_wide_mark(str_skip(domain, i)))
			return i;
		if (domain.p[i] == '.')
			dot = i + 1;
	}
	n = dot;
	while (n < domain.n && ascii_alpha(domain.p[n]))
		n++;
	return n > dot + 1 && n < domain.n && (unsigned char)domain.p[n] >= 0x80 ? n : domain.n;
}

bool text_address_byte(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || (c && strchr(".!#$%&'*+-/=?^_`{|}~", c));
}

/* As address_prefix, for text of which the address is a part. */
size_t text_address_prefix(struct str s)
{
	size_t n = address_prefix(s), at = str_rchr(str_head(s, n), '@');

	for (size_t i = 0; n && i < at; i++)
		if (text_wide_mark(str_skip(s, i)))
			return 0;
	return n ? at + 1 + cut_domain(str_slice(s, at + 1, n)) : 0;
}
