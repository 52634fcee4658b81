#include "parser/text/glob.h"

/* Only the last star seen is ever tried again: what an earlier one could take more of, the later one can as well. So the time is the
 * product of the lengths at most. */
bool glob_fits(struct str pattern, struct str s)
{
	size_t p = 0, i = 0, star = STR_NPOS, resume = 0;

	while (i < s.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			resume = i;
		} else if (p < pattern.n && ascii_lower(pattern.p[p]) == ascii_lower(s.p[i])) {
			p++;
			i++;
		} else if (star != STR_NPOS) {
			p = star + 1;
			i = ++resume;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

bool glob_any(const struct glob_words *words, struct str fact)
{
	for (size_t i = 0; fact.n && i < words->n; i++)
		if (glob_fits(words->items[i], fact))
			return true;
	return false;
}
