#include "parser/word_check.h"

#include "parser/reason/meaning.h"

struct checking {
	const struct lexicon *lexicon;
	struct arena *arena, *work;
	word_check_add *add;
	void *context;
	bool *read; /* of each word: does a case read it? */
};

bool word_check_takes(const struct rules_case *one)
{
	return str_starts(one->id, STR("meaning.")) || str_starts(one->id, STR("words."));
}

static bool same_text(const struct lexicon_word *a, const struct lexicon_word *b)
{
	return str_eq(a->text, b->text) && str_eq(a->tail, b->tail) &&
	       a->open_left == b->open_left && a->open_right == b->open_right;
}

/* The first word of the same text: it is the one that is read. */
static size_t first_of(const struct lexicon *lexicon, size_t i)
{
	const struct lexicon_word *word = lexicon_word_at(lexicon, i);

	for (size_t k = 0; k < i; k++)
		if (same_text(lexicon_word_at(lexicon, k), word))
			return k;
	return i;
}

static struct str name_of(struct arena *arena, const struct lexicon_word *word)
{
	return arena_printf(arena, "words.%.*s.%.*s", STR_ARG(word->language),
		STR_ARG(concept_name(word->concepts[0])));
}

static bool same_meaning(const struct lexicon_word *a, const struct lexicon_word *b)
{
	return a->concepts[0] == b->concepts[0] && a->concepts[1] == b->concepts[1];
}

/* Is the word read, or one of the same text and meaning, "spf*" for "spf"? */
static bool is_read(const struct checking *c, const struct lexicon_word *word)
{
	for (size_t i = 0; i < lexicon_words(c->lexicon); i++) {
		const struct lexicon_word *other = lexicon_word_at(c->lexicon, i);

		if (c->read[i] && str_eq(other->text, word->text) && same_meaning(other, word))
			return true;
	}
	return false;
}

static void check_word(struct checking *c, size_t i)
{
	const struct lexicon_word *word = lexicon_word_at(c->lexicon, i);
	size_t first = first_of(c->lexicon, i);
	const struct lexicon_word *other = lexicon_word_at(c->lexicon, first);
	bool shadowed = !same_meaning(word, other);
	struct rules_finding *finding;

	if (word->spelling || (!shadowed && is_read(c, word)))
		return;
	finding = c->add(
		c->context, shadowed ? RULES_SHADOWED : RULES_NO_CASE, word->source, word->line);
	finding->id = name_of(c->arena, word);
	finding->text = word->text;
	if (shadowed)
		finding->other = name_of(c->arena, other);
}

static void read_case(struct checking *c, const struct rules_case *one, struct meaning *ret_meaning)
{
	const struct str *fact = one->facts.fact;
	const struct meaning_context context = { .codes = { fact[RULE_STATUS], fact[RULE_CODE],
							 fact[RULE_COMMAND] } };

	meaning_read(c->lexicon, c->work, &context, one->words, ret_meaning);
}

static void note_words(struct checking *c, const struct meaning *m)
{
	for (size_t i = 0; i < m->marks.n; i++)
		if (m->marks.items[i].word != MARK_OF_NAME)
			c->read[m->marks.items[i].word] = true; /* of equals the first is read */
}

static void check_frame_case(
	struct checking *c, const struct rules_case *one, const struct meaning *m)
{
	struct rules_finding *finding;

	if (!str_starts(one->id, STR("meaning.")) ||
		(m->n && str_eq(m->candidates[0].frame->id, one->id)))
		return;
	finding = c->add(c->context, RULES_WRONG_CASE, one->source, one->line);
	finding->id = one->id;
	finding->text = one->words;
	if (m->n)
		finding->other = m->candidates[0].frame->id;
}

static void check_frames(struct checking *c, const struct rules_cases *cases)
{
	for (size_t i = 0; i < lexicon_frames(c->lexicon); i++) {
		const struct frame *frame = lexicon_frame_at(c->lexicon, i);

		if (!rules_cases_name(cases, frame->id))
			c->add(c->context, RULES_NO_CASE, frame->source, frame->line)->id =
				frame->id;
	}
}

void word_check(const struct lexicon *lexicon, struct arena *arena, const struct rules_cases *cases,
	word_check_add *add, void *context)
{
	struct checking c = { .lexicon = lexicon, .arena = arena, .add = add, .context = context };
	CLEANUP(arena_freep) struct arena *work = c.work = arena_new();
	struct meaning *m = arena_alloc(arena, sizeof *m);

	c.read = arena_calloc(arena, lexicon_words(lexicon) + 1, sizeof *c.read);
	for (size_t i = 0; i < cases->n; i++) {
		read_case(&c, &cases->items[i], m);
		note_words(&c, m);
		check_frame_case(&c, &cases->items[i], m);
		arena_reset(work);
	}
	check_frames(&c, cases);
	for (size_t i = 0; i < lexicon_words(lexicon); i++)
		check_word(&c, i);
}
