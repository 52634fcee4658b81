#include "store/store_priv.h"

static enum err erase_one(struct store *store, enum query query, struct str address, size_t *ret_n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, query, &rows, pg_text(address));

	if (!err)
		*ret_n = pg_rows_touched(rows);
	return err;
}

enum err store_erase(struct store *store, struct str address, struct store_erased *ret_erased)
{
	struct store_erased erased = { 0 };
	size_t failures, delivered, kept = 0;
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	/* Events last: they tell which messages are meant, and which other reports. */
	err = erase_one(store, QUERY_ERASE_RAW, address, &erased.raw);
	if (!err)
		err = erase_one(store, QUERY_ERASE_RAW_KEPT, address, &kept);
	erased.raw += kept;
	if (!err)
		err = erase_one(store, QUERY_ERASE_MESSAGES, address, &erased.messages);
	if (!err)
		err = erase_one(store, QUERY_ERASE_FAILURES, address, &failures);
	if (!err)
		err = erase_one(store, QUERY_ERASE_DELIVERED, address, &delivered);
	if (!err)
		err = erase_one(store, QUERY_ERASE_EVENTS, address, &erased.events);
	err = pg_end(store->pg, err);
	if (!err)
		*ret_erased = erased;
	return err;
}
