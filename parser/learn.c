#include "parser/learn.h"

#include "parser/reason/likeness_learn.h"
#include "parser/reason/rules_case.h"
#include "parser/reply_list.h"

enum { EXAMPLES_AT_FIRST = 1024 };

struct learning {
	struct arena *arena;
	const struct rules *rules;
	struct parser *parser;
	struct features features;
	struct likeness_example *examples;
	size_t n, cap;
};

static void grow(struct learning *l)
{
	struct likeness_example *more;

	if (l->n < l->cap)
		return;
	l->cap = l->cap ? l->cap * 2 : EXAMPLES_AT_FIRST;
	more = arena_calloc(l->arena, l->cap, sizeof *more);
	for (size_t i = 0; i < l->n; i++)
		more[i] = l->examples[i];
	l->examples = more;
}

static void add_example(struct learning *l, struct str reply, struct str remote_mta,
	uint64_t reasons, enum example_hard hard)
{
	struct arena *work = arena_new();
	struct event event;

	l->features.groups[FEATURE_WORDS].n = l->features.groups[FEATURE_SENSES].n = 0;
	parse_reply(l->parser, work, reply, remote_mta, &event);
	arena_free(work);
	if (!l->features.groups[FEATURE_WORDS].n)
		return;
	grow(l);
	l->examples[l->n++] = likeness_example_of(l->arena, &l->features, reasons, hard);
}

/* ---- golden cases ---- */

static enum reason reason_of_frame(const struct lexicon *lexicon, struct str id)
{
	for (size_t i = 0; i < lexicon_frames(lexicon); i++)
		if (str_eq(lexicon_frame_at(lexicon, i)->id, id))
			return lexicon_frame_at(lexicon, i)->reason;
	return REASON_NONE;
}

static enum reason reason_of_id(const struct rules *rules, struct str id)
{
	const struct rule *rule = rules_find(rules, id);

	return rule ? rule->reason : reason_of_frame(rules_lexicon(rules), id);
}

/* What a case says for good: a temporary code leaves it open, as evidence does. */
static void add_cases(struct learning *l)
{
	const struct parse_source *sources;
	size_t n = parse_builtin_cases(&sources);
	struct rules_cases cases = rules_cases_read(l->arena, sources, n);

	for (size_t i = 0; i < cases.n; i++) {
		const struct rules_case *one = &cases.items[i];
		enum reason reason = one->bad ? REASON_NONE : reason_of_id(l->rules, one->id);

		if (reason == REASON_NONE)
			continue;
		add_example(l, one->words, one->facts.fact[RULE_MTA], (uint64_t)1 << reason,
			reason_class(reason) != CLASS_HARD                 ? EXAMPLE_NOT_HARD
			: str_starts(one->facts.fact[RULE_CODE], STR("4")) ? EXAMPLE_EITHER
									   : EXAMPLE_HARD);
	}
}

/* ---- lists of replies ---- */

static enum err add_list(
	struct learning *l, const struct parse_source *source, struct str *ret_trouble)
{
	struct reply_rows rows;
	enum err err = reply_list_read(l->arena, source, &rows, ret_trouble);

	for (size_t i = 0; !err && i < rows.n; i++)
		add_example(l, rows.items[i].reply, rows.items[i].remote_mta,
			rows.items[i].accepted, (enum example_hard)rows.items[i].hard);
	return err;
}

enum err learn_likeness(struct arena *arena, struct parse_rules *rules,
	const struct parse_source *lists, size_t n_lists, struct str *ret_bytes,
	struct str *ret_trouble)
{
	struct learning *l = arena_zalloc(arena, sizeof *l);
	enum err err = ERR_OK;

	*l = (struct learning){
		.arena = arena, .rules = parse_rules_set(rules), .parser = parser_new(rules)
	};
	parser_ask_features(l->parser, &l->features);
	add_cases(l);
	for (size_t i = 0; !err && i < n_lists; i++)
		err = add_list(l, &lists[i], ret_trouble);
	if (!err)
		*ret_bytes = likeness_learn(arena, l->examples, l->n);
	parser_free(l->parser);
	return err;
}
