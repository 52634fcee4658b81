#include "suppress/entry.h"

#include "suppress/list/digest.h"

enum err entry_remove(struct store *store, struct arena *arena, struct str address,
	struct str stream, struct str who, int64_t now_us)
{
	enum err own = store_suppression_remove(store, address, stream, who, now_us), erased;

	if ((own && own != ERR_NOT_FOUND) || suppression_is_domain(address))
		return own;
	erased = store_suppression_remove(store, digest_of(arena, address), stream, who, now_us);
	return erased == ERR_NOT_FOUND ? own : erased;
}

enum err entry_erase(struct store *store, struct arena *arena, struct str text, int64_t now_us,
	struct store_erased *ret_erased)
{
	struct store_erase what = { .address = text, .now_us = now_us };

	if (!suppression_address(arena, text, &what.entry))
		return ERR_SYNTAX;
	what.digest = digest_of(arena, what.entry);
	return store_erase(store, &what, ret_erased);
}
