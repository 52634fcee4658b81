/* core/names_priv.h -- position of a name in a table of names, shared by the word lists of core. */
#pragma once
#include "core/str.h"

static inline bool name_index(
	const struct str *names, size_t n_names, struct str name, size_t *ret_index)
{
	for (size_t i = 0; i < n_names; i++) {
		if (!name.n || !str_eq(names[i], name))
			continue;
		*ret_index = i;
		return true;
	}
	return false;
}
