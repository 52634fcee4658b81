#include "parser/reason/rules.h"

#include "core/limits.h"

#include <stdlib.h>
#include <string.h>

struct rules {
	struct arena *arena;
	struct rule *items; /* provider rules first, then text rules; in file order within each */
	size_t n;
	size_t *with_pattern; /* position in the matcher -> position in items */
	size_t *without;      /* positions in items, rising: those that only have conditions */
	size_t n_without;
	struct str *patterns; /* in the order of the files, as the matcher has them */
	size_t n_patterns;
	struct matcher *matcher;
	struct lexicon *lexicon;
};

static const struct str condition_names[RULE_CONDITION_COUNT] = {
	[RULE_MTA] = STR_INIT("mta"),
	[RULE_DOMAIN] = STR_INIT("domain"),
	[RULE_STATUS] = STR_INIT("status"),
	[RULE_CODE] = STR_INIT("code"),
	[RULE_COMMAND] = STR_INIT("command"),
	[RULE_FORMAT] = STR_INIT("format"),
	[RULE_HOST] = STR_INIT("host"),
};

bool rule_condition_from_name(struct str name, enum rule_condition *ret_condition)
{
	for (size_t i = 0; i < RULE_CONDITION_COUNT; i++)
		if (str_eq(name, condition_names[i])) {
			*ret_condition = (enum rule_condition)i;
			return true;
		}
	return false;
}

/* ---- reading a file ---- */

struct reading {
	struct arena *arena;         /* of the rules */
	struct arena *trouble_arena; /* of the caller */
	struct rule *items;
	size_t n, cap;
	struct str source;
	unsigned line;
	struct rule head; /* of the block at hand */
	struct rule_scope *scope;
	bool elsewhere; /* in a block that is none of rules */
	bool own;       /* the file is an operator's */
	struct str trouble;
};

static enum err fail(struct reading *r, enum err err, const char *what, struct str word)
{
	r->trouble = arena_printf(r->trouble_arena, "%.*s:%u: %s \"%.*s\"", STR_ARG(r->source),
		r->line, what, STR_ARG(str_head(word, 200)));
	return err;
}

static bool next_word(struct str *rest, struct str *ret_word)
{
	return str_next_word(rest, " \t", ret_word);
}

/* "0.95"; at most two decimals, 0 to 1. */
static bool read_confidence(struct str word, double *ret_value)
{
	struct str whole, decimals;
	uint64_t n;

	if (str_eq(word, STR("1"))) {
		*ret_value = 1;
		return true;
	}
	if (!str_cut(word, '.', &whole, &decimals) || !str_eq(whole, STR("0")) || !decimals.n ||
		decimals.n > 2 || !str_to_u64(decimals, 99, &n))
		return false;
	*ret_value = (double)n / (decimals.n == 1 ? 10 : 100);
	return true;
}

static bool read_layer(struct str name, enum layer *ret_layer)
{
	if (str_starts(name, STR("provider.")))
		*ret_layer = LAYER_PROVIDER;
	else if (str_starts(name, STR("text.")))
		*ret_layer = LAYER_TEXT;
	else
		return false;
	return true;
}

/* "rule text.user_unknown = recipient.unknown 0.95" */
static enum err read_head(struct reading *r, struct str rest)
{
	struct rule head = { .source = r->source, .line = r->line, .confidence = 0.9 };
	struct str name = STR_EMPTY, word;

	if (!next_word(&rest, &name) || !read_layer(name, &head.layer))
		return fail(
			r, ERR_SYNTAX, "a rule's name starts with text. or provider., not", name);
	if (!next_word(&rest, &word) || !str_eq(word, STR("=")))
		return fail(r, ERR_SYNTAX, "missing \"=\" behind", name);
	if (!next_word(&rest, &word) || !reason_from_name(word, &head.reason))
		return fail(r, ERR_SYNTAX, "unknown reason", word);
	if (next_word(&rest, &word) && !read_confidence(word, &head.confidence))
		return fail(r, ERR_SYNTAX, "no confidence between 0 and 1:", word);
	if (next_word(&rest, &word))
		return fail(r, ERR_SYNTAX, "unexpected", word);
	head.id = arena_dup(r->arena, name);
	r->scope = arena_zalloc(r->arena, sizeof *r->scope);
	head.scope = r->scope;
	r->head = head;
	return ERR_OK;
}

/* "when mta *.example.com mx.example.net" */
static enum err read_condition(struct reading *r, struct str rest)
{
	struct str name = STR_EMPTY, word;
	struct glob_words *words;
	enum rule_condition condition;
	size_t most = rest.n / 2 + 1;

	if (!r->head.id.n)
		return fail(r, ERR_SYNTAX, "a condition before the first rule:", rest);
	next_word(&rest, &name);
	if (!rule_condition_from_name(name, &condition))
		return fail(r, ERR_SYNTAX, "unknown condition", name);
	words = &r->scope->words[condition];
	if (words->n)
		return fail(r, ERR_EXISTS, "a condition twice:", name);
	words->items = arena_calloc(r->arena, most, sizeof *words->items);
	while (next_word(&rest, &word))
		words->items[words->n++] = arena_dup(r->arena, word);
	return words->n ? ERR_OK : fail(r, ERR_SYNTAX, "a condition without a word:", name);
}

static bool has_condition(const struct rule_scope *scope)
{
	for (size_t i = 0; i < RULE_CONDITION_COUNT; i++)
		if (scope->words[i].n)
			return true;
	return false;
}

static struct rule *add_rule(struct reading *r)
{
	if (r->n == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 256;
		struct rule *grown = arena_calloc(r->arena, cap, sizeof *grown);

		if (r->n)
			memcpy(grown, r->items, r->n * sizeof *grown);
		r->items = grown;
		r->cap = cap;
	}
	return &r->items[r->n++];
}

/* "3  no such user": the number is part of the id and never used again. */
static enum err read_pattern(struct reading *r, struct str number, struct str pattern)
{
	struct rule *rule;
	uint64_t value;

	pattern = str_trim(pattern);
	if (!r->head.id.n)
		return fail(r, ERR_SYNTAX, "a pattern before the first rule:", pattern);
	if (!str_to_u64(number, 9999, &value) || !value)
		return fail(r, ERR_SYNTAX, "a pattern starts with its number, not", number);
	if (!pattern.n)
		return fail(r, ERR_SYNTAX, "no pattern behind", number);
	if (str_eq(pattern, STR("*")) && !has_condition(r->scope))
		return fail(r, ERR_SYNTAX, "a rule without a condition cannot be", pattern);
	if (r->n == LIMIT_RULES)
		return fail(r, ERR_LIMIT, "too many rules at", r->head.id);
	rule = add_rule(r);
	*rule = r->head;
	rule->line = r->line;
	rule->own = r->own;
	rule->id = arena_printf(r->arena, "%.*s.%u", STR_ARG(r->head.id), (unsigned)value);
	rule->pattern = str_eq(pattern, STR("*")) ? STR_EMPTY : arena_dup(r->arena, pattern);
	return ERR_OK;
}

static enum err read_line(struct reading *r, struct str line)
{
	struct str rest = line, word;

	if (!next_word(&rest, &word) || word.p[0] == '#')
		return ERR_OK;
	if (str_eq(word, STR("words")) || str_eq(word, STR("frame"))) {
		r->elsewhere = true; /* blocks of the lexicon */
		return ERR_OK;
	}
	if (str_eq(word, STR("rule"))) {
		r->elsewhere = false;
		return read_head(r, rest);
	}
	if (r->elsewhere)
		return ERR_OK;
	if (str_eq(word, STR("when")))
		return read_condition(r, rest);
	return read_pattern(r, word, rest);
}

static enum err read_source(struct reading *r, const struct parse_source *source)
{
	struct str rest = source->text, line;
	enum err err = ERR_OK;

	r->source = arena_dup(r->arena, source->name);
	r->line = 0;
	r->head = (struct rule){ 0 };
	r->own = !source->builtin;
	r->elsewhere = false;
	if (rest.n > LIMIT_RULES_BYTES)
		return fail(r, ERR_LIMIT, "the file is too large:", r->source);
	while (!err && str_next_line(&rest, &line)) {
		r->line++;
		err = read_line(r, str_trim(line));
	}
	return err;
}

/* ---- the set ---- */

static int compare_ids(const void *a, const void *b)
{
	const struct rule *x = *(const struct rule *const *)a, *y = *(const struct rule *const *)b;

	return str_cmp(x->id, y->id);
}

static enum err refuse_twins(struct reading *r)
{
	const struct rule **sorted = arena_calloc(r->arena, r->n + 1, sizeof *sorted);

	for (size_t i = 0; i < r->n; i++)
		sorted[i] = &r->items[i];
	qsort(sorted, r->n, sizeof *sorted, compare_ids);
	for (size_t i = 1; i < r->n; i++)
		if (str_eq(sorted[i - 1]->id, sorted[i]->id)) {
			r->source = sorted[i]->source;
			r->line = sorted[i]->line;
			return fail(r, ERR_EXISTS, "a rule twice:", sorted[i]->id);
		}
	return ERR_OK;
}

/* Provider rules before text rules, the order of the files kept in each. The matcher has its patterns in
 * the order of the files alone, so that those of the program stand together at its end. */
static void order_by_layer(struct rules *rules, const struct reading *r)
{
	size_t *place = arena_calloc(rules->arena, r->n + 1, sizeof *place);

	rules->items = arena_calloc(rules->arena, r->n + 1, sizeof *rules->items);
	rules->with_pattern = arena_calloc(rules->arena, r->n + 1, sizeof *rules->with_pattern);
	rules->patterns = arena_calloc(rules->arena, r->n + 1, sizeof *rules->patterns);
	for (size_t layer = 0; layer < LAYER_COUNT; layer++)
		for (size_t i = 0; i < r->n; i++)
			if (r->items[i].layer == (enum layer)layer) {
				place[i] = rules->n;
				rules->items[rules->n++] = r->items[i];
			}
	rules->without = arena_calloc(rules->arena, r->n + 1, sizeof *rules->without);
	for (size_t i = 0; i < rules->n; i++)
		if (!rules->items[i].pattern.n)
			rules->without[rules->n_without++] = i;
	for (size_t i = 0; i < r->n; i++) {
		if (!r->items[i].pattern.n)
			continue;
		rules->with_pattern[rules->n_patterns] = place[i];
		rules->patterns[rules->n_patterns++] = r->items[i].pattern;
	}
}

static enum err compile(struct rules *rules, struct reading *r)
{
	size_t bad = 0;
	struct str why;
	enum err err = matcher_compile(r->trouble_arena, rules->patterns, rules->n_patterns,
		MATCHER_ONE_SPACE, &rules->matcher, &bad, &why);

	if (err == ERR_SYNTAX) {
		const struct rule *rule = &rules->items[rules->with_pattern[bad]];

		r->source = rule->source;
		r->line = rule->line;
		return fail(r, err, "the pattern is wrong:", why);
	}
	return err ? fail(r, err, "the patterns are too large together:", why) : ERR_OK;
}

enum err rules_load(struct arena *arena, const struct parse_source *sources, size_t n,
	struct rules **ret_rules, struct str *ret_trouble)
{
	struct rules *rules = calloc(1, sizeof *rules);
	struct reading r = { .trouble_arena = arena };
	enum err err = ERR_OK;

	if (!rules)
		abort();
	r.arena = rules->arena = arena_new();
	for (size_t i = 0; !err && i < n; i++)
		err = read_source(&r, &sources[i]);
	if (!err)
		err = refuse_twins(&r);
	if (!err) {
		order_by_layer(rules, &r);
		err = compile(rules, &r);
	}
	if (!err)
		err = lexicon_load(arena, sources, n, &rules->lexicon, &r.trouble);
	if (err) {
		rules_free(rules);
		*ret_trouble = r.trouble;
		return err;
	}
	*ret_rules = rules;
	return ERR_OK;
}

void rules_free(struct rules *rules)
{
	if (!rules)
		return;
	matcher_free(rules->matcher);
	lexicon_free(rules->lexicon);
	arena_free(rules->arena);
	free(rules);
}

size_t rules_count(const struct rules *rules)
{
	return rules->n;
}

const struct rule *rules_at(const struct rules *rules, size_t i)
{
	return &rules->items[i];
}

const struct rule *rules_find(const struct rules *rules, struct str id)
{
	for (size_t i = 0; i < rules->n; i++)
		if (str_eq(rules->items[i].id, id))
			return &rules->items[i];
	return NULL;
}

const struct matcher *rules_matcher(const struct rules *rules)
{
	return rules->matcher;
}

const struct lexicon *rules_lexicon(const struct rules *rules)
{
	return rules->lexicon;
}

struct str rules_serialize(struct arena *arena, const struct rules *rules)
{
	return matcher_serialize(arena, rules->patterns, rules->n_patterns, MATCHER_ONE_SPACE);
}

/* ---- asking ---- */

static bool scope_holds(const struct rule_scope *scope, const struct rule_facts *facts)
{
	for (size_t i = 0; i < RULE_CONDITION_COUNT; i++) {
		const struct glob_words *words = &scope->words[i];

		if (!words->n || glob_any(words, facts->fact[i]))
			continue;
		if (i != RULE_MTA || !glob_any(words, facts->reporting_mta))
			return false;
	}
	return true;
}

struct asking {
	const struct rules *rules;
	const struct rule_facts *facts;
	size_t best; /* position in items */
	size_t pattern, to;
};

static bool on_match(void *context, size_t pattern, size_t to)
{
	struct asking *a = context;
	size_t i = a->rules->with_pattern[pattern];

	if (i > a->best || (i == a->best && to >= a->to))
		return true;
	if (i < a->best && !scope_holds(a->rules->items[i].scope, a->facts))
		return true;
	a->best = i;
	a->pattern = pattern;
	a->to = to;
	return true;
}

struct rule_hit rules_first(const struct rules *rules, struct matcher_scratch *scratch,
	const struct rule_facts *facts, struct str text)
{
	struct asking a = { .rules = rules, .facts = facts, .best = rules->n };
	struct rule_hit hit = { 0 };

	matcher_scan(rules->matcher, scratch, text, on_match, &a);
	for (size_t i = 0; i < rules->n_without && rules->without[i] < a.best; i++)
		if (scope_holds(rules->items[rules->without[i]].scope, facts))
			a.best = rules->without[i];
	if (a.best == rules->n)
		return hit;
	hit.rule = &rules->items[a.best];
	if (hit.rule->pattern.n) {
		hit.to = a.to;
		hit.from = matcher_start(rules->matcher, scratch, a.pattern, text, a.to);
	}
	return hit;
}
