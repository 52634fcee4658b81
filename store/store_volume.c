#include "core/limits.h"
#include "core/utf8.h"
#include "domain/org_domain.h"
#include "store/form/copy.h"
#include "store/pg/pg_copy_in.h"
#include "store/store_priv.h"

#include <assert.h>

enum { VOLUME_FIELDS = 12, VOLUME_ROW_BYTES = 1024 };

static bool is_text(struct str s, size_t max_bytes)
{
	return s.n <= max_bytes && utf8_valid(s);
}

static enum err check_row(const struct store_volume *row)
{
	int64_t step_us = row->quarter ? 15 * TIMESTAMP_MINUTE_US : TIMESTAMP_HOUR_US;
	bool good = row->attempted <= STORE_VOLUME_MAX && row->accepted <= STORE_VOLUME_MAX &&
		    row->deferred <= STORE_VOLUME_MAX &&
		    timestamp_floor(row->at_us, step_us) == row->at_us &&
		    row->at_us >= timestamp_days(1, 1, 1) * TIMESTAMP_DAY_US &&
		    row->at_us < timestamp_days(10000, 1, 1) * TIMESTAMP_DAY_US &&
		    is_text(row->stream, STORE_STREAM_BYTES) &&
		    is_text(row->campaign, STORE_LABEL_BYTES) &&
		    is_text(row->source, STORE_LABEL_BYTES) &&
		    is_text(row->domain, LIMIT_DOMAIN_BYTES);

	return good ? ERR_OK : ERR_RANGE;
}

static void put_told(struct buf *out, bool told, uint64_t number)
{
	if (told)
		copy_i64(out, (int64_t)number);
	else
		copy_null(out);
}

static void put_row(struct buf *out, const struct store_volume *row, size_t number,
	const struct providers *providers)
{
	copy_row(out, VOLUME_FIELDS);
	copy_i64(out, (int64_t)number);
	copy_text(out, row->domain);
	copy_time(out, row->at_us);
	copy_text(out, row->stream.n ? row->stream : STR(STORE_DEFAULT_STREAM));
	copy_text(out, row->campaign);
	copy_text(out, row->source);
	copy_i64(out, row->quarter ? 15 : 60);
	copy_i64(out, (int64_t)row->attempted);
	put_told(out, row->has_accepted, row->accepted);
	put_told(out, row->has_deferred, row->deferred);
	copy_text(out, provider_of(providers, row->domain));
	copy_text(out, org_domain(row->domain));
}

enum err store_volume_encode(struct buf *out, const struct store_volume *row, size_t number,
	const struct providers *providers)
{
	enum err err = check_row(row);

	if (!err)
		put_row(out, row, number, providers);
	return err;
}

static enum err encode_rows(const struct store_volume *rows, size_t n, struct buf *out,
	const struct providers *providers)
{
	enum err err = ERR_OK;

	copy_header(out);
	for (size_t i = 0; i < n && !err; i++) {
		err = store_volume_encode(out, &rows[i], i, providers);
	}
	copy_trailer(out);
	return err ? err : buf_check(out);
}

/* What a row had before is taken off the totals, so nobody may change it between the two. */
static enum err change_volumes(struct store *store, struct str bytes)
{
	struct pg *pg = store->pg;
	static const enum query steps[] = { QUERY_VOLUME_TOTAL, QUERY_VOLUME_WORDS,
		QUERY_VOLUME_PUT, QUERY_VOLUME_STALE };
	enum err err = store_mx_stores(store);

	if (!err)
		err = pg_copy(pg, QUERY_VOLUME_COPY, bytes);
	if (!err)
		err = store_mx_volumes(store);
	if (!err)
		err = PG_RUN(pg, QUERY_VOLUME_LOCK, NULL, pg_i64(VOLUME_LOCK_KEY));
	return err ? err : store_do_all(pg, steps, ARRAY_LEN(steps));
}

static enum err write_rows(struct store *store, struct str bytes)
{
	enum err err = ERR_OK;

	if (!store->has_volume_table)
		err = pg_do(store->pg, QUERY_VOLUME_TABLE, NULL);
	if (err)
		return err;
	store->has_volume_table = true;
	err = pg_do(store->pg, QUERY_BEGIN, NULL);
	if (err)
		return err;
	return pg_end(store->pg, change_volumes(store, bytes));
}

enum err store_volume_put(struct store *store, const struct store_volume *rows, size_t n)
{
	struct buf out = BUF_INIT((size_t)LIMIT_VOLUME_ROWS * VOLUME_ROW_BYTES);
	enum err err;

	if (n > LIMIT_VOLUME_ROWS)
		return ERR_LIMIT;
	err = encode_rows(rows, n, &out, store->providers);
	if (!err)
		err = write_rows(store, buf_str(&out));
	buf_release(&out);
	return err;
}

/* ---- what is there ---- */

/* $1 to $6 of VOLUME_WHERE. */
#define VOLUME_VALUES(query)                                                                       \
	pg_time((query)->from_us), pg_time((query)->to_us), pg_text((query)->stream),              \
		pg_text((query)->domain), pg_text((query)->campaign), pg_text((query)->source)

static struct store_volume get_row(const struct pg_rows *rows, size_t i)
{
	return (struct store_volume){ .domain = pg_get_text(rows, i, 0),
		.at_us = pg_get_time(rows, i, 1),
		.stream = pg_get_text(rows, i, 2),
		.campaign = pg_get_text(rows, i, 3),
		.source = pg_get_text(rows, i, 4),
		.quarter = pg_get_i64(rows, i, 5) == 15,
		.attempted = (uint64_t)pg_get_i64(rows, i, 6),
		.has_accepted = !pg_is_null(rows, i, 7),
		.accepted = (uint64_t)pg_get_i64(rows, i, 7),
		.has_deferred = !pg_is_null(rows, i, 8),
		.deferred = (uint64_t)pg_get_i64(rows, i, 8) };
}

enum err store_volumes(struct store *store, const struct store_volumes_query *query,
	store_volume_fn *fn, void *context)
{
	static const struct store_volume none = { .at_us = 0 };
	const struct store_volume *after = query->after ? query->after : &none;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err;

	assert(query->limit <= LIMIT_PAGE_ROWS);
	err = PG_RUN(store->pg, QUERY_VOLUMES, &rows, VOLUME_VALUES(query), pg_i64(after != &none),
		pg_time(after->at_us), pg_text(after->domain), pg_text(after->stream),
		pg_text(after->campaign), pg_text(after->source), pg_i64((int64_t)query->limit));
	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_volume row = get_row(rows, i);

		more = fn(context, &row);
	}
	return err;
}

static enum err delete_volumes(
	struct store *store, const struct store_volumes_query *query, uint64_t *ret_n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_VOLUME_LOCK, NULL, pg_i64(VOLUME_LOCK_KEY));

	if (!err)
		err = PG_RUN(store->pg, QUERY_VOLUME_DELETE, &rows, VOLUME_VALUES(query));
	if (!err)
		*ret_n = (uint64_t)pg_get_i64(rows, 0, 0);
	return err;
}

enum err store_volumes_delete(
	struct store *store, const struct store_volumes_query *query, uint64_t *ret_n)
{
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	return err ? err : pg_end(store->pg, delete_volumes(store, query, ret_n));
}
