/* parser/text/glob.h -- words with `*`, as conditions of rules and frames have them: "*.mail.example", "5.2.*".
 * Pure. The time is the product of the lengths at most. */
#pragma once
#include "core/str.h"

/* Words of a condition, any of which may fit. */
struct glob_words {
	struct str *items;
	size_t n;
};

/* `*` stands for any run of bytes; the rest is compared without regard to ASCII case. */
bool glob_fits(struct str pattern, struct str s);
/* Does any of the words fit? An empty fact fits none. */
bool glob_any(const struct glob_words *words, struct str fact);
