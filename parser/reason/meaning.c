#include "parser/reason/meaning.h"

#include <string.h>

enum { UNITS_MOST = 40 };      /* words between a thing and its state */
#define LOST_BY_UNIT     0.012 /* of the strength, for each word between a thing and its state */
#define LOST_BY_CLAUSE   0.06
#define LOST_BY_SENTENCE 0.25
#define LOST_BY_LATER    0.012 /* for each clause in front: what is said first is the ground */
#define LEAST_SHARE      0.3
#define SHARE_OF_ADVICE  0.5

struct trying {
	const struct lexicon *lexicon;
	const struct meaning_context *context;
	struct meaning *m;
	struct concepts there; /* in the whole text */
	struct concepts in_sentence[256];
};

static void keep(struct meaning *m, struct meaning_candidate one)
{
	size_t at = m->n;

	for (size_t i = 0; i < m->n; i++)
		if (m->candidates[i].frame == one.frame) {
			if (m->candidates[i].strength >= one.strength)
				return;
			memmove(&m->candidates[i], &m->candidates[i + 1],
				(m->n - i - 1) * sizeof *m->candidates);
			m->n--;
			break;
		}
	for (at = m->n; at && m->candidates[at - 1].strength < one.strength; at--)
		;
	if (at == MEANING_CANDIDATES)
		return;
	m->n -= m->n == MEANING_CANDIDATES;
	memmove(&m->candidates[at + 1], &m->candidates[at], (m->n - at) * sizeof *m->candidates);
	m->candidates[at] = one;
	m->n++;
}

static bool context_fits(const struct trying *t, const struct frame *frame, const struct mark *a,
	const struct mark *b)
{
	struct concepts there = t->in_sentence[a->sentence];

	there.bits[0] |= t->in_sentence[b->sentence].bits[0];
	there.bits[1] |= t->in_sentence[b->sentence].bits[1];
	for (size_t i = 0; i < FRAME_CODES; i++)
		if (frame->codes[i].n && !glob_any(&frame->codes[i], t->context->codes[i]))
			return false;
	for (size_t i = 0; i < FRAME_WITH; i++)
		if (!concepts_empty(&frame->with[i]) && !concepts_meet(&frame->with[i], &there))
			return false;
	return !concepts_meet(&frame->without, &there);
}

static double share_of(const struct mark *thing, const struct mark *state)
{
	const struct mark *first = thing->clause < state->clause ? thing : state;
	double share = 1 - LOST_BY_UNIT * marks_apart(thing, state) - LOST_BY_LATER * first->clause;
	unsigned clauses = thing->clause > state->clause
				   ? (unsigned)(thing->clause - state->clause)
				   : (unsigned)(state->clause - thing->clause);

	share -= LOST_BY_CLAUSE * clauses;
	if (thing->sentence != state->sentence)
		share -= LOST_BY_SENTENCE;
	if (share < LEAST_SHARE)
		share = LEAST_SHARE;
	return thing->advice || state->advice ? share * SHARE_OF_ADVICE : share;
}

static void offer(struct trying *t, const struct frame *frame, const struct mark *thing,
	const struct mark *state)
{
	const struct mark *a = thing ? thing : state, *b = state ? state : thing;
	struct meaning_candidate one = { .frame = frame, .thing = thing, .state = state };

	if (!context_fits(t, frame, a, b))
		return;
	one.strength = frame->confidence * share_of(a, b);
	one.from = fold_source(&t->m->marks.folding, a->from < b->from ? a->from : b->from);
	one.to = fold_source(&t->m->marks.folding, a->to > b->to ? a->to : b->to);
	keep(t->m, one);
}

static void try_frame(struct trying *t, const struct frame *frame, const struct mark *thing)
{
	const struct meaning *m = t->m;

	if (concepts_empty(&frame->states)) {
		offer(t, frame, thing, NULL);
		return;
	}
	if (!concepts_meet(&frame->states, &t->there))
		return;
	for (size_t i = 0; i < m->marks.n; i++) {
		const struct mark *state = &m->marks.items[i];

		if (!concepts_has(&frame->states, state->concept))
			continue;
		if (thing && (marks_apart(thing, state) > UNITS_MOST ||
				     thing->sentence > state->sentence + 1 ||
				     state->sentence > thing->sentence + 1))
			continue;
		offer(t, frame, thing, state);
	}
}

static void try_frames(struct trying *t)
{
	struct meaning *m = t->m;
	const struct frame *const *frames;
	size_t n;

	for (size_t i = 0; i < m->marks.n; i++)
		t->in_sentence[m->marks.items[i].sentence] = (struct concepts){ { 0 } };
	t->there = (struct concepts){ { 0 } };
	for (size_t i = 0; i < m->marks.n; i++) {
		concepts_add(
			&t->in_sentence[m->marks.items[i].sentence], m->marks.items[i].concept);
		concepts_add(&t->there, m->marks.items[i].concept);
	}
	for (size_t i = 0; i < m->marks.n; i++) {
		if (!mark_is_thing(&m->marks.items[i]))
			continue;
		frames = lexicon_frames_of(t->lexicon, m->marks.items[i].concept, &n);
		for (size_t k = 0; k < n; k++)
			try_frame(t, frames[k], &m->marks.items[i]);
	}
	frames = lexicon_frames_of(t->lexicon, CONCEPT_NONE, &n);
	for (size_t k = 0; k < n; k++)
		try_frame(t, frames[k], NULL);
}

void meaning_read(const struct lexicon *lexicon, struct arena *arena,
	const struct meaning_context *context, struct str text, struct meaning *ret_meaning)
{
	struct trying *t = arena_alloc(arena, sizeof *t);

	t->lexicon = lexicon;
	t->context = context;
	t->m = ret_meaning;
	ret_meaning->n = 0;
	marks_take(lexicon, arena, context->recipient, context->sender, text, &ret_meaning->marks);
	marks_turn(&ret_meaning->marks, context->said_of);
	try_frames(t);
}
