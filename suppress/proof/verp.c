#include "suppress/proof/verp.h"

#include "core/attr.h"
#include "core/suppression.h"

static const struct str names[VERP_FIELD_COUNT] = {
	[VERP_LOCAL] = STR_INIT("local"),
	[VERP_DOMAIN] = STR_INIT("domain"),
	[VERP_STREAM] = STR_INIT("stream"),
	[VERP_CAMPAIGN] = STR_INIT("campaign"),
	[VERP_ID] = STR_INIT("id"),
};

/* ---- templates ---- */

static bool read_field(struct str name, enum verp_field *ret_field)
{
	for (int i = 0; i < VERP_FIELD_COUNT; i++) {
		if (!str_eq(name, names[i]))
			continue;
		*ret_field = (enum verp_field)i;
		return true;
	}
	return false;
}

static bool has_field(const struct verp_template *template, enum verp_field field)
{
	for (size_t i = 0; i < template->n; i++)
		if (template->part[i].field == field)
			return true;
	return false;
}

/* A literal, or a field between braces, in front of *text. */
static enum err add_part(struct verp_template *template, struct str *text)
{
	enum verp_field field = VERP_FIELD_COUNT;
	struct str literal = STR_EMPTY, name;
	size_t open = str_chr(*text, '{');

	if (template->n == VERP_PARTS)
		return ERR_LIMIT;
	if (open) {
		literal = open == STR_NPOS ? *text : str_head(*text, open);
		*text = str_skip(*text, literal.n);
	} else if (!str_cut(str_skip(*text, 1), '}', &name, text) || !read_field(name, &field) ||
		   has_field(template, field) ||
		   (template->n && template->part[template->n - 1].field != VERP_FIELD_COUNT)) {
		return ERR_SYNTAX;
	}
	template->part[template->n].literal = literal;
	template->part[template->n++].field = field;
	return ERR_OK;
}

enum err verp_add(struct verp *verp, struct str text)
{
	struct verp_template template = { .n = 0 };
	size_t at = str_rchr(str_trim(text), '@');
	struct str local;
	enum err err = ERR_OK;

	if (verp->n == VERP_TEMPLATES)
		return ERR_LIMIT;
	if (at == STR_NPOS || !at)
		return ERR_SYNTAX;
	local = str_head(str_trim(text), at);
	template.domain = str_skip(str_trim(text), at + 1);
	while (local.n && !err)
		err = add_part(&template, &local);
	if (err)
		return err;
	verp->template[verp->n++] = template;
	return ERR_OK;
}

/* ---- addresses ---- */

/* Where `literal` begins for the last time with something in front of it. */
static size_t last_place(struct str text, struct str literal)
{
	for (size_t at = text.n >= literal.n ? text.n - literal.n + 1 : 0; at-- > 0;)
		if (str_istarts(str_skip(text, at), literal))
			return at;
	return STR_NPOS;
}

static bool read_local(const struct verp_template *template, struct str local,
	struct str fields[static VERP_FIELD_COUNT])
{
	for (size_t i = template->n; i-- > 0;) {
		struct str literal = template->part[i].literal, before = STR_EMPTY;
		size_t at = 0;

		if (template->part[i].field == VERP_FIELD_COUNT) {
			if (local.n < literal.n ||
				!str_ieq(str_skip(local, local.n - literal.n), literal))
				return false;
			local = str_head(local, local.n - literal.n);
			continue;
		}
		if (i) {
			before = template->part[i - 1].literal;
			at = last_place(local, before);
			if (at == STR_NPOS)
				return false;
			at += before.n;
		}
		fields[template->part[i].field] = str_skip(local, at);
		if (at == local.n)
			return false; /* nothing in the field */
		local = str_head(local, at);
	}
	return !local.n;
}

bool verp_read(
	const struct verp *verp, struct str address, struct str ret_fields[static VERP_FIELD_COUNT])
{
	size_t at = str_rchr(address, '@');

	if (at == STR_NPOS)
		return false;
	for (size_t i = 0; i < verp->n; i++) {
		struct str fields[VERP_FIELD_COUNT];

		for (int j = 0; j < VERP_FIELD_COUNT; j++)
			fields[j] = STR_EMPTY;
		if (verp->template[i].domain.n &&
			!str_ieq(verp->template[i].domain, str_skip(address, at + 1)))
			continue;
		if (!read_local(&verp->template[i], str_head(address, at), fields))
			continue;
		for (int j = 0; j < VERP_FIELD_COUNT; j++)
			ret_fields[j] = fields[j];
		return true;
	}
	return false;
}

struct str verp_recipient(struct arena *arena, const struct str fields[static VERP_FIELD_COUNT])
{
	struct str text, address;

	if (!fields[VERP_LOCAL].n || !fields[VERP_DOMAIN].n)
		return STR_EMPTY;
	text = arena_printf(arena, "%.*s@%.*s", STR_ARG(fields[VERP_LOCAL]),
		STR_ARG(arena_lower(arena, fields[VERP_DOMAIN])));
	return suppression_address(arena, text, &address) ? text : STR_EMPTY;
}
