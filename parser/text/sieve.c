#include "parser/text/sieve.h"

/* Pairs of a word that are looked at: enough to stop nearly every word that does not occur. */
enum { PAIRS_ASKED = 8 };

/* Of the pair that `next` makes with the one before it, whose place `last` is. Five bits of each byte:
 * those in which large and small letters are alike, and every pair of letters has a place of its own. */
static unsigned place_of(unsigned last, char next)
{
	return (last << 5 & 0x3E0) | ((unsigned)next & 0x1F);
}

/* Each pair is made of its own two bytes, since a place that goes on from the one before it waits for that. */
struct sieve sieve_of(struct str text)
{
	struct sieve sieve = { 0 };

	for (size_t i = 1; i < text.n; i++)
		sieve.pairs[place_of((unsigned char)text.p[i - 1], text.p[i])] = true;
	return sieve;
}

bool sieve_passes(const struct sieve *sieve, struct str word)
{
	size_t n = word.n < PAIRS_ASKED + 1 ? word.n : PAIRS_ASKED + 1;

	unsigned place = n ? (unsigned)word.p[0] : 0;

	for (size_t i = 1; i < n; i++) {
		place = place_of(place, word.p[i]);
		if (!sieve->pairs[place])
			return false;
	}
	return true;
}

bool sieve_any(struct str text, const struct str *words, size_t n)
{
	const struct sieve sieve = sieve_of(text);

	for (size_t i = 0; i < n; i++)
		if (sieve_passes(&sieve, words[i]) && str_ifind(text, words[i]) != STR_NPOS)
			return true;
	return false;
}
