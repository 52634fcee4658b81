#include "core/sieve.h"

/* Pairs of a word that are looked at: enough to stop nearly every word that does not occur. */
enum { PAIRS_ASKED = 8 };

/* Five bits of each byte: every pair of letters has a bit of its own. */
static unsigned bit_of(char a, char b)
{
	return ((unsigned)(unsigned char)ascii_lower(a) << 5 & 0x3E0) |
	       ((unsigned char)ascii_lower(b) & 0x1F);
}

struct sieve sieve_of(struct str text)
{
	struct sieve sieve = { 0 };

	for (size_t i = 1; i < text.n; i++) {
		unsigned bit = bit_of(text.p[i - 1], text.p[i]);

		sieve.pairs[bit / 64] |= UINT64_C(1) << bit % 64;
	}
	return sieve;
}

bool sieve_passes(const struct sieve *sieve, struct str word)
{
	size_t n = word.n < PAIRS_ASKED + 1 ? word.n : PAIRS_ASKED + 1;

	for (size_t i = 1; i < n; i++) {
		unsigned bit = bit_of(word.p[i - 1], word.p[i]);

		if (!(sieve->pairs[bit / 64] >> bit % 64 & 1))
			return false;
	}
	return true;
}
