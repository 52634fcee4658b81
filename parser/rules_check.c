#include "parser/rules_check.h"

#include "core/limits.h"
#include "core/status_code.h"
#include "parser/notice/format_table.h"
#include "parser/reason/mask.h"
#include "parser/reason/rules.h"
#include "parser/reason/rules_case.h"
#include "parser/reason/witness.h"
#include "parser/text/unfold.h"
#include "parser/word_check.h"

#include <string.h>

static const struct {
	struct str name, meaning;
} troubles[RULES_TROUBLE_COUNT] = {
#define RULES_TROUBLE(id, name, meaning) [RULES_##id] = { STR_INIT(name), STR_INIT(meaning) },
#include "parser/rules_troubles.def"
};

struct str rules_trouble_name(enum rules_trouble trouble)
{
	return troubles[trouble].name;
}

struct str rules_trouble_meaning(enum rules_trouble trouble)
{
	return troubles[trouble].meaning;
}

struct checking {
	struct arena *arena;
	const struct rules *rules;
	struct matcher_scratch *scratch;
	struct rules_findings found;
	size_t cap;
};

static struct rules_finding *add(
	struct checking *c, enum rules_trouble trouble, struct str source, unsigned line)
{
	struct rules_finding *finding;

	if (c->found.n == c->cap) {
		c->cap = c->cap ? c->cap * 2 : 64;
		finding = arena_calloc(c->arena, c->cap, sizeof *finding);
		if (c->found.n)
			memcpy(finding, c->found.items, c->found.n * sizeof *finding);
		c->found.items = finding;
	}
	finding = &c->found.items[c->found.n++];
	finding->trouble = trouble;
	finding->source = source;
	finding->line = line;
	return finding;
}

static struct rules_finding *add_rule(
	struct checking *c, enum rules_trouble trouble, const struct rule *rule)
{
	struct rules_finding *finding = add(c, trouble, rule->source, rule->line);

	finding->id = rule->id;
	return finding;
}

/* ---- conditions that nothing can meet ---- */

static bool digits_dots_stars(struct str word)
{
	return word.n && str_span(word, "0123456789.*") == word.n;
}

static bool status_can_be(struct str word)
{
	struct status_code code;

	if (str_chr(word, '*') == STR_NPOS)
		return status_code_parse(word, &code);
	return digits_dots_stars(word) && str_span(word, "245*") > 0;
}

static bool code_can_be(struct str word)
{
	uint64_t code;

	if (str_chr(word, '*') == STR_NPOS)
		return str_to_u64(word, 599, &code) && code >= 200;
	return word.n <= 4 && str_span(word, "0123456789*") == word.n;
}

static bool command_can_be(struct str word)
{
	static const struct str steps[] = { STR_INIT("CONN"), STR_INIT("EHLO"), STR_INIT("HELO"),
		STR_INIT("STARTTLS"), STR_INIT("MAIL"), STR_INIT("RCPT"), STR_INIT("DATA"),
		STR_INIT("BDAT"), STR_INIT("QUIT") };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (str_ieq(word, steps[i]))
			return true;
	return false;
}

static bool word_can_be(enum rule_condition condition, struct str word)
{
	switch (condition) {
	case RULE_STATUS:
		return status_can_be(word);
	case RULE_CODE:
		return code_can_be(word);
	case RULE_COMMAND:
		return command_can_be(word);
	case RULE_FORMAT:
		return format_known(word);
	case RULE_HOST:
		return str_eq(word, STR("own"));
	default:
		return true;
	}
}

static bool scope_can_be(const struct rule_scope *scope, struct str *ret_bad)
{
	for (size_t i = 0; i < RULE_CONDITION_COUNT; i++) {
		const struct glob_words *words = &scope->words[i];

		for (size_t k = 0; k < words->n; k++)
			if (!word_can_be((enum rule_condition)i, words->items[k])) {
				*ret_bad = words->items[k];
				return false;
			}
	}
	return true;
}

/* ---- examples ---- */

/* What a word with `*` can stand for. */
static struct str fact_like(struct arena *arena, struct str word)
{
	struct str head, tail;
	bool number = digits_dots_stars(word);

	while (str_cut(word, '*', &head, &tail))
		word = arena_printf(
			arena, "%.*s%s%.*s", STR_ARG(head), number ? "9" : "x", STR_ARG(tail));
	return word;
}

static size_t facts_like(struct arena *arena, const struct rule_scope *scope, size_t which,
	struct rule_facts *ret_facts)
{
	struct rule_facts facts = { 0 };
	size_t most = 1;

	for (size_t i = 0; i < RULE_CONDITION_COUNT; i++) {
		const struct glob_words *words = &scope->words[i];

		if (words->n)
			facts.fact[i] = fact_like(arena, words->items[which % words->n]);
		if (words->n > most)
			most = words->n;
	}
	*ret_facts = facts;
	return most;
}

static bool stop_at_first(void *context, size_t pattern, size_t to)
{
	(void)pattern;
	(void)to;
	*(bool *)context = true;
	return false;
}

/* Does the pattern alone occur in one of its own examples? */
static bool fits_itself(struct arena *arena, const struct rule *rule, const struct witness *witness)
{
	struct matcher *matcher;
	const struct matcher *only;
	struct matcher_scratch *scratch;
	struct str why;
	size_t bad;
	bool found = false;

	if (matcher_compile(arena, &rule->pattern, 1, MATCHER_ONE_SPACE, &matcher, &bad, &why))
		return false;
	only = matcher;
	scratch = matcher_scratch_new(&only, 1);
	for (size_t i = 0; i < witness->n && !found; i++)
		matcher_scan(matcher, scratch, witness->texts[i], stop_at_first, &found);
	matcher_scratch_free(scratch);
	matcher_free(matcher);
	return found;
}

static bool same_words(const struct rule *a, const struct rule *b)
{
	return a->pattern.n && str_ieq(a->pattern, b->pattern);
}

static void report_loser(struct checking *c, const struct rule *rule, const struct rule *winner,
	const struct witness *witness)
{
	struct rules_finding *finding;

	if (rule->pattern.n && !fits_itself(c->arena, rule, witness)) {
		add_rule(c, RULES_UNREACHABLE, rule)->text = rule->pattern;
		return;
	}
	finding = add_rule(
		c, winner && same_words(rule, winner) ? RULES_DUPLICATE : RULES_SHADOWED, rule);
	finding->text = witness->texts[0];
	if (winner)
		finding->other = winner->id;
}

static void check_rule(struct checking *c, const struct rule *rule)
{
	struct witness witness = { .texts = { STR_EMPTY }, .n = 1 };
	const struct rule *winner = NULL;
	struct str bad;
	size_t variants = 1;

	if (!scope_can_be(rule->scope, &bad)) {
		add_rule(c, RULES_UNREACHABLE, rule)->text = bad;
		return;
	}
	if (rule->pattern.n && witness_make(c->arena, rule->pattern, &witness)) {
		add_rule(c, RULES_UNREADABLE, rule)->text = rule->pattern;
		return;
	}
	for (size_t i = 0; i < witness.n; i++) /* as all text is that rules are asked about */
		witness.texts[i] = text_squeeze(c->arena, witness.texts[i]);
	for (size_t i = 0; i < variants || i < witness.n; i++) {
		struct rule_facts facts;
		struct rule_hit hit;

		variants = facts_like(c->arena, rule->scope, i, &facts);
		hit = rules_first(c->rules, c->scratch, &facts, witness.texts[i % witness.n]);
		if (hit.rule == rule)
			return;
		if (hit.rule)
			winner = hit.rule;
	}
	report_loser(c, rule, winner, &witness);
}

/* ---- cases ---- */

static void check_case(struct checking *c, const struct rules_case *one)
{
	const struct rule *rule = rules_find(c->rules, one->id);
	struct rule_hit hit;
	struct rules_finding *finding;

	if (!one->bad && word_check_takes(one))
		return;
	if (one->bad) {
		add(c, RULES_BAD_CASE, one->source, one->line)->text = one->words;
	} else if (!rule) {
		add(c, RULES_STRAY_CASE, one->source, one->line)->id = one->id;
	} else {
		hit = rules_first(
			c->rules, c->scratch, &one->facts, mask_names(c->arena, one->words));
		if (hit.rule == rule)
			return;
		finding = add(c, RULES_WRONG_CASE, one->source, one->line);
		finding->id = one->id;
		finding->text = one->words;
		if (hit.rule)
			finding->other = hit.rule->id;
	}
}

static struct rules_finding *add_for_words(
	void *context, enum rules_trouble trouble, struct str source, unsigned line)
{
	return add(context, trouble, source, line);
}

void rules_check(const struct rules *rules, const struct parse_source *cases, size_t n_cases,
	struct arena *arena, struct rules_findings *ret_findings)
{
	const struct matcher *matcher = rules_matcher(rules);
	struct checking c = { .arena = arena, .rules = rules };
	struct rules_cases golden = rules_cases_read(arena, cases, n_cases);

	c.scratch = matcher_scratch_new(&matcher, 1);
	for (size_t i = 0; i < rules_count(rules); i++) {
		const struct rule *rule = rules_at(rules, i);

		check_rule(&c, rule);
		if (!rules_cases_name(&golden, rule->id))
			add_rule(&c, RULES_NO_CASE, rule);
	}
	for (size_t i = 0; i < golden.n; i++)
		check_case(&c, &golden.items[i]);
	word_check(rules_lexicon(rules), arena, &golden, add_for_words, &c);
	matcher_scratch_free(c.scratch);
	*ret_findings = c.found;
}
