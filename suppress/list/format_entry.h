/* suppress/list/format_entry.h -- a row on its way into a list, as the function of each format gets it. */
#pragma once
#include "core/buf.h"
#include "suppress/list/list_kind.h"

struct format_entry {
	const struct store_suppression *row;
	struct str
		key; /* the address as its reader wants it, not quoted yet; of a domain what format.def says */
	bool is_domain;
	bool is_digest; /* of an address that nobody knows any more: the key is digest_of it */
};
