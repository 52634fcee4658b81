/* parser/learn.h -- what the build learns ahead: the weights of parser/reason/likeness.h, from golden cases of the rules and from
 * lists of replies (reply_list.h). For cmake/learn_likeness.c and for measuring: what a list gets that was left out.
 * Knows: how a reply becomes an example. Does not know files. */
#pragma once
#include "parser/parse.h"

/* Bytes for parse_rules_weigh, in `arena`. ERR_SYNTAX, ERR_LIMIT: a list is wrong, and *ret_trouble says where. */
MUST_CHECK enum err learn_likeness(struct arena *arena, struct parse_rules *rules,
	const struct parse_source *lists, size_t n_lists, struct str *ret_bytes,
	struct str *ret_trouble);
