#include "parser/reason/rules_case.h"

#include "core/limits.h"
#include "parser/text/diagnostic.h"
#include "parser/text/unfold.h"

#include <stdlib.h>

static bool read_fact(struct rules_case *one, struct str word)
{
	struct str name, value;
	enum rule_condition condition;

	if (!str_cut(word, '=', &name, &value) || !rule_condition_from_name(name, &condition))
		return false;
	one->facts.fact[condition] = value;
	return value.n > 0;
}

/* What the words say of themselves, where no fact was given. */
static void complete_facts(struct arena *arena, struct rules_case *one)
{
	struct str *fact = one->facts.fact;
	struct diagnostic d;

	diagnostic_read(one->words, &d);
	if (!fact[RULE_STATUS].n)
		fact[RULE_STATUS] = d.status;
	if (!fact[RULE_COMMAND].n)
		fact[RULE_COMMAND] = d.command;
	if (!fact[RULE_CODE].n && d.reply_code)
		fact[RULE_CODE] = arena_printf(arena, "%u", d.reply_code);
}

static struct rules_case read_case(struct arena *arena, struct str line)
{
	struct rules_case one = { .words = line, .bad = true };
	struct str id, rest, facts, words, word;

	if (!str_cut(line, '|', &id, &rest) || !str_cut(rest, '|', &facts, &words))
		return one;
	while (str_next_word(&facts, " \t", &word))
		if (!read_fact(&one, word))
			return one;
	one.id = str_trim(id);
	one.words = text_squeeze(arena, str_trim(words));
	one.bad = !one.id.n;
	complete_facts(arena, &one);
	return one;
}

static size_t count_lines(const struct parse_source *sources, size_t n)
{
	size_t lines = 0;
	struct str rest, line;

	for (size_t i = 0; i < n; i++)
		for (rest = sources[i].text; str_next_line(&rest, &line);)
			lines++;
	return lines;
}

static int compare_texts(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static void read_source(
	struct arena *arena, const struct parse_source *source, struct rules_cases *cases)
{
	struct str rest = str_head(source->text, LIMIT_RULES_BYTES), line;
	unsigned number = 0;

	while (str_next_line(&rest, &line)) {
		struct rules_case *one = &cases->items[cases->n];

		number++;
		line = str_trim(line);
		if (!line.n || line.p[0] == '#')
			continue;
		*one = read_case(arena, line);
		one->source = source->name;
		one->line = number;
		if (!one->bad)
			cases->ids[cases->n_ids++] = one->id;
		cases->n++;
	}
}

struct rules_cases rules_cases_read(
	struct arena *arena, const struct parse_source *sources, size_t n)
{
	struct rules_cases cases = { 0 };
	size_t lines = count_lines(sources, n);

	cases.items = arena_calloc(arena, lines + 1, sizeof *cases.items);
	cases.ids = arena_calloc(arena, lines + 1, sizeof *cases.ids);
	for (size_t i = 0; i < n; i++)
		read_source(arena, &sources[i], &cases);
	qsort(cases.ids, cases.n_ids, sizeof *cases.ids, compare_texts);
	return cases;
}

bool rules_cases_name(const struct rules_cases *cases, struct str id)
{
	return cases->n_ids &&
	       bsearch(&id, cases->ids, cases->n_ids, sizeof *cases->ids, compare_texts);
}
