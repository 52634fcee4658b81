/* parser/text/sieve.h -- which of many words can occur in a text at all.
 * Knows: the pairs of neighbouring bytes in a text, without regard to ASCII case. To look for dozens of
 * words one after the other costs a walk through the text for each; nearly all of them have a pair that
 * the text has not. Pure; a kilobyte, nothing to free. */
#pragma once
#include "core/str.h"

struct sieve {
	bool pairs
		[1024]; /* two may share one; a byte each, since setting a bit waits for the one before it */
};

struct sieve sieve_of(struct str text);
/* False: the word does not occur in the text. True: it may. */
bool sieve_passes(const struct sieve *sieve, struct str word);
/* Does any of the words occur in the text, without regard to ASCII case? */
bool sieve_any(struct str text, const struct str *words, size_t n);
