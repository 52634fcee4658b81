/* parser/reason/mark.h -- the words of a refusal that a lexicon knows, and the names in it, by clause and sentence.
 * Knows: which of several words counts, where clauses and sentences end. Does not know how words turn each other, or what follows
 * from them. Pure. Bounds: MARKS_MOST words of one text. */
#pragma once
#include "parser/reason/lexicon.h"

enum { MARKS_MOST = 192 };
#define MARK_OF_NAME UINT32_MAX

/* A word of the text that the lexicon knows, or a name. */
struct mark {
	enum concept concept;
	uint32_t from, to; /* in the folded text */
	uint32_t word;     /* its position in the lexicon; MARK_OF_NAME: it is a name */
	uint16_t unit;     /* how many words stand in front */
	uint8_t clause, sentence;
	bool advice, negated;
};
struct marks {
	struct folding folding;
	struct mark items[MARKS_MOST];
	size_t n;
	bool soon; /* words of time: it may be otherwise tomorrow */
};

static inline bool mark_is_thing(const struct mark *mark)
{
	return concept_role(mark->concept) == AS_THING;
}

static inline bool mark_is_state(const struct mark *mark)
{
	return concept_role(mark->concept) == AS_STATE;
}

static inline unsigned marks_apart(const struct mark *a, const struct mark *b)
{
	return a->unit > b->unit ? (unsigned)(a->unit - b->unit) : (unsigned)(b->unit - a->unit);
}

/* Does text[i] end a sentence? */
static inline bool ends_sentence(struct str text, size_t i)
{
	char next = i + 1 < text.n ? text.p[i + 1] : ' ';

	if (text.p[i] == ';')
		return true;
	if (text.p[i] == '!' || text.p[i] == '?' || text.p[i] == '.')
		return next == ' ' || (unsigned char)next >= 0x80 ||
		       (text.p[i] == '.' && next == '"');
	return false;
}

/* `text` is valid UTF-8 with single spaces. An address that is the recipient's or the sender's, where these are known, is
 * one. Lives as long as `arena` and `text`. */
void marks_take(const struct lexicon *lexicon, struct arena *arena, struct str recipient,
	struct str sender, struct str text, struct marks *ret_marks);
