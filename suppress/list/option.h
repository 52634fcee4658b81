/* suppress/list/option.h -- settings that hold several things, each with options: "NAME key=value key="with spaces"; NAME ...".
 * Knows: where one ends and the next begins. Does not know which options there are. Pure; texts borrow from `rest`. */
#pragma once
#include "core/str.h"

/* The next thing, up to a `;` that stands in no quotes; may be empty. False when nothing is left. */
bool option_next_group(struct str *rest, struct str *ret_text);
/* Its next word: a name with an empty value, or key and value. False when none is left. */
bool option_next(struct str *rest, struct str *ret_key, struct str *ret_value);
