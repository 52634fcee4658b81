/* parser/reason/witness.h -- texts that a pattern is written for, made from the pattern itself.
 * Knows: the regular expressions that rules use (docs/rules.md): groups, alternatives, classes, counts.
 * Does not know rules or the matcher: whether a text really fits is for the caller to ask.
 * Pure; texts are in `arena`. Bounds: WITNESS_DEPTH groups, WITNESS_TEXTS texts, WITNESS_BYTES each. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

enum { WITNESS_DEPTH = 32, WITNESS_TEXTS = 64, WITNESS_BYTES = 4096 };

struct witness {
	struct str texts[WITNESS_TEXTS];
	size_t n;
};

/* As many texts as it takes for every alternative to stand in one, each with and without what is
 * optional. ERR_SYNTAX: the pattern uses something that is not known here; ERR_LIMIT: too deep or long. */
MUST_CHECK enum err witness_make(
	struct arena *arena, struct str pattern, struct witness *ret_witness);
