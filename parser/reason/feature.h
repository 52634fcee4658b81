/* parser/reason/feature.h -- what a learnt judgement looks at in a refusal: its words, pairs and parts of words, the things and
 * states that the reader of meaning found, frames that fit, codes. Each is a row of a table of weights, by its hash.
 * Knows: what counts as a word in scripts with spaces and without. Does not know reasons or weights. Pure; the same text gives the
 * same rows on every machine. Bounds: FEATURES_MOST of each kind, the first that stand in the text. */
#pragma once
#include "parser/reason/meaning.h"

enum {
	FEATURE_ROWS = 1 << 16,
	FEATURES_MOST = 512,
	FEATURE_SPANS = 128, /* whole words whose places are kept */
};

/* Words as they are written, and what they mean, are two kinds: each weighs as much as the other, however many there are of it. */
enum feature_kind { FEATURE_WORDS, FEATURE_SENSES, FEATURE_KINDS };

struct feature_group {
	uint16_t rows[FEATURES_MOST]; /* each once */
	size_t n;
};
struct feature_span {
	uint16_t row;
	uint32_t from, to; /* of the folded text */
};
struct features {
	struct feature_group groups[FEATURE_KINDS];
	struct feature_span spans[FEATURE_SPANS];
	size_t n_spans;
	/* What its reader has of each row, at `stride` bytes from one to the next: asked of memory as soon as a row is known. */
	const char *table;
	size_t stride; /* 0: nothing */
};

/* Of a text that was read, `table` being set; `codes` are those of its context. */
void features_of_meaning(const struct meaning *meaning, const struct str codes[static FRAME_CODES],
	struct features *ret_features);
