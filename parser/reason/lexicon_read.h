/* parser/reason/lexicon_read.h -- words and frames as they stand in files.
 * Knows: the grammar of `words` and `frame` blocks in a rules file (docs/rules.md), other spellings of a word. Does not know
 * how they are found or what a clause is. Bounds: LIMIT_RULES_BYTES a file, LIMIT_LEXICON_WORDS, LIMIT_FRAMES. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/reason.h"
#include "parser/reason/concept.h"
#include "parser/reason/fold.h"
#include "parser/text/glob.h"
#include "parser/text/source.h"

enum { WORD_CONCEPTS = 2 };
struct lexicon_word {
	struct str text; /* folded; with a star within, what stands in front of it */
	struct str tail; /* what follows: "* na"; empty without a star within */
	enum concept concepts[WORD_CONCEPTS]; /* the second may be CONCEPT_NONE */
	bool spelling;                        /* another spelling of the word in front of it */
	bool open_left, open_right;           /* "*konto", "exist*": part of a longer word */
	struct str language, source;
	unsigned line;
};

enum { FRAME_WITH = 3 };
/* What a frame may ask of the codes: "5.2.*", "45*", "RCPT". */
enum frame_code { FRAME_STATUS, FRAME_CODE, FRAME_COMMAND, FRAME_CODES };
/* What follows where a thing of `things` is in a state of `states`. An empty set: not asked. */
struct frame {
	struct str id; /* "meaning.mailbox.absent" */
	enum reason reason;
	double confidence;
	struct concepts things, states;
	struct concepts with[FRAME_WITH];     /* one of each also stands in the sentence */
	struct concepts without;              /* none of these does */
	struct glob_words codes[FRAME_CODES]; /* without words: not asked */
	bool own;                             /* of an operator's file */
	struct str source;
	unsigned line;
};

struct lexicon_text {
	struct lexicon_word *words;
	size_t n_words;
	struct frame *frames;
	size_t n_frames;
};

/* The blocks of all sources, in `arena`; other blocks are passed over. *ret_trouble, in `trouble_arena`, says what is wrong
 * and where, on ERR_SYNTAX, ERR_LIMIT and ERR_EXISTS. */
MUST_CHECK enum err lexicon_read(struct arena *arena, const struct fold_table *folds,
	const struct parse_source *sources, size_t n, struct lexicon_text *ret_text,
	struct arena *trouble_arena, struct str *ret_trouble);
