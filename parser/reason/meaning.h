/* parser/reason/meaning.h -- what a refusal means: the frames that its things and states fit, the strongest first.
 * Does not know mails or sentences of servers: words and frames are a lexicon's. Pure, given the lexicon; deterministic. */
#pragma once
#include "parser/reason/turn.h"

/* Whose addresses and hosts stand in a reply, and what its codes are; each may be empty. */
struct meaning_context {
	struct str recipient, sender;
	struct str codes[FRAME_CODES]; /* status, reply code, command as text */
	enum said_of said_of;
};
enum { MEANING_CANDIDATES = 24 };

struct meaning_candidate {
	const struct frame *frame;
	double strength;
	size_t from, to;                  /* span in the text as it was given */
	const struct mark *thing, *state; /* NULL: the frame asks for none */
};
struct meaning {
	struct marks marks;
	struct meaning_candidate candidates[MEANING_CANDIDATES];
	size_t n;
};

/* `text` is valid UTF-8 with single spaces. The meaning lives as long as `arena` and `text`. */
void meaning_read(const struct lexicon *lexicon, struct arena *arena,
	const struct meaning_context *context, struct str text, struct meaning *ret_meaning);
