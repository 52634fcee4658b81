#include "serve/settings/findings.h"

void findings_init(struct findings *findings, struct arena *arena)
{
	*findings = (struct findings){ .arena = arena };
}

struct str findings_environment_name(struct arena *arena, const struct config_row *row)
{
	struct str name =
		arena_printf(arena, "BOUNCED_%.*s_%.*s", STR_ARG(row->section), STR_ARG(row->key));
	char *upper = arena_alloc(arena, name.n + 1);

	for (size_t i = 0; i <= name.n; i++)
		upper[i] = name.p[i] >= 'a' && name.p[i] <= 'z' ? (char)(name.p[i] - 'a' + 'A')
								: name.p[i];
	return str_from(upper, name.n);
}

static void put(struct findings *findings, enum finding_weight weight, struct str text)
{
	findings->errors += weight == FINDING_ERROR;
	if (findings->n == FINDINGS_MAX)
		return;
	findings->texts[findings->n] = text;
	findings->weights[findings->n++] = weight;
}

/* Which setting a trouble is about, by the words that it begins with. */
static bool setting_of(struct str trouble, enum config_id *ret_id)
{
	struct str section, key;

	return str_cut(str_head(trouble, str_cspan(trouble, ":, ")), '.', &section, &key) &&
	       config_find(section, key, ret_id);
}

void findings_add(struct findings *findings, enum finding_weight weight, struct str trouble)
{
	enum config_id id;

	trouble = arena_dup(findings->arena, trouble);
	if (!setting_of(trouble, &id))
		put(findings, weight, trouble);
	else if (findings->environment[id])
		put(findings, weight,
			arena_printf(findings->arena, "environment %.*s: %.*s",
				STR_ARG(findings_environment_name(findings->arena, config_row(id))),
				STR_ARG(trouble)));
	else if (findings->lines[id])
		put(findings, weight,
			arena_printf(findings->arena, "%s:%u: %.*s", findings->file,
				findings->lines[id], STR_ARG(trouble)));
	else
		put(findings, weight, trouble);
}

void findings_add_at(struct findings *findings, unsigned line, struct str trouble)
{
	if (line)
		put(findings, FINDING_ERROR,
			arena_printf(findings->arena, "%s:%u: %.*s", findings->file, line,
				STR_ARG(trouble)));
	else
		put(findings, FINDING_ERROR,
			arena_printf(
				findings->arena, "%s: %.*s", findings->file, STR_ARG(trouble)));
}
