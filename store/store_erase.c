#include "store/store_priv.h"

static enum err erase_one(struct store *store, enum query query, struct str address, size_t *ret_n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, query, &rows, pg_text(address));

	if (!err)
		*ret_n = pg_rows_touched(rows);
	return err;
}

static enum err erase_entries(
	struct store *store, const struct store_erase *erase, size_t *ret_entries)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err;

	if (!erase->digest.n)
		return ERR_OK;
	err = PG_RUN(
		store->pg, QUERY_ERASE_DIGEST, NULL, pg_text(erase->entry), pg_text(erase->digest));
	if (!err)
		err = PG_RUN(store->pg, QUERY_ERASE_ENTRY, &rows, pg_text(erase->entry),
			pg_text(erase->digest), pg_time(erase->now_us));
	if (!err)
		*ret_entries = pg_rows_touched(rows);
	return err ? err : PG_RUN(store->pg, QUERY_ERASE_EVIDENCE, NULL, pg_text(erase->entry));
}

enum err store_erase(
	struct store *store, const struct store_erase *erase, struct store_erased *ret_erased)
{
	struct str address = erase->address;
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
		err = PG_RUN(store->pg, QUERY_ERASE_AUDIT, NULL, pg_text(address));
	if (!err)
		err = erase_one(store, QUERY_ERASE_EVENTS, address, &erased.events);
	if (!err)
		err = erase_entries(store, erase, &erased.entries);
	err = pg_end(store->pg, err);
	if (!err)
		*ret_erased = erased;
	return err;
}
