#include "domain/domain_name.h"

#include "core/limits.h"

#include <idn2.h>

enum { LABEL_BYTES = 63, NAME_BYTES = 253 }; /* RFC 1035 2.3.4, written without the root */

static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";

static bool is_ascii(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return false;
	return true;
}

/* "[192.0.2.1]", "[IPv6:2001:db8::1]" */
static bool is_literal(struct str s)
{
	return s.n > 2 && s.n <= LIMIT_DOMAIN_BYTES && s.p[0] == '[' && s.p[s.n - 1] == ']' &&
	       str_span(str_head(str_skip(s, 1), s.n - 2),
		       "abcdefghijklmnopqrstuvwxyz0123456789.:-") == s.n - 2;
}

static bool has_good_labels(struct str name)
{
	struct str label;

	do {
		struct str rest = STR_EMPTY;

		label = name;
		(void)str_cut(name, '.', &label, &rest);
		if (!label.n || label.n > LABEL_BYTES || str_span(label, letters) != label.n ||
			label.p[0] == '-' || label.p[label.n - 1] == '-')
			return false;
		if (label.n + 1 == name.n)
			return false; /* a second dot at the end */
		name = rest;
	} while (name.n);
	return true;
}

/* Empty: no international domain. */
static struct str to_ascii(struct arena *arena, struct str text)
{
	uint8_t *label = NULL;
	struct str name = STR_EMPTY;

	if (idn2_lookup_u8((const uint8_t *)arena_c(arena, text), &label,
		    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		return STR_EMPTY;
	name = arena_dup(arena, str_c((const char *)label));
	idn2_free(label);
	return name;
}

bool domain_name(struct arena *arena, struct str text, struct str *ret_name)
{
	struct str name = text;

	if (!name.n || name.n > LIMIT_DOMAIN_BYTES)
		return false;
	if (str_ends(name, STR(".")))
		name = str_head(name, name.n - 1);
	name = is_ascii(name) ? arena_lower(arena, name) : to_ascii(arena, name);
	if (!is_literal(name) && (name.n > NAME_BYTES || !has_good_labels(name)))
		return false;
	*ret_name = name;
	return true;
}
