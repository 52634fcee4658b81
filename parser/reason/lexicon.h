/* parser/reason/lexicon.h -- words and what they mean, and what follows from a thing in a state: a set that is compiled.
 * Read-only after loading, may be shared by threads. */
#pragma once
#include "parser/reason/lexicon_index.h"

struct lexicon;

/* The blocks `words` and `frame` of the files; others are passed over. Errors as of parse_rules_load. */
MUST_CHECK enum err lexicon_load(struct arena *arena, const struct parse_source *sources, size_t n,
	struct lexicon **ret_lexicon, struct str *ret_trouble);
void lexicon_free(struct lexicon *lexicon);

const struct fold_table *lexicon_folds(const struct lexicon *lexicon);
const struct lexicon_index *lexicon_places(const struct lexicon *lexicon);
size_t lexicon_words(const struct lexicon *lexicon);
const struct lexicon_word *lexicon_word_at(const struct lexicon *lexicon, size_t i);
size_t lexicon_frames(const struct lexicon *lexicon);
const struct frame *lexicon_frame_at(const struct lexicon *lexicon, size_t i);
/* Frames that may fit a thing, in the order of the files; of CONCEPT_NONE: those that ask for no thing. */
const struct frame *const *lexicon_frames_of(
	const struct lexicon *lexicon, enum concept thing, size_t *ret_n);
