#include "store/store_suppress.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "store/pg/pg_copy_out.h"
#include "store/store_priv.h"
#include "store/suppression_row_priv.h"

#include <assert.h>

enum {
	SUPPRESSION_BY_BYTES = 128,
	SUPPRESSION_SEEN_DOMAINS = 1024,
	SUPPRESSION_SOURCE_BYTES = 128,
	SUPPRESSION_ANALYZE_ROWS = 5000
};

/* ---- reading ---- */

static enum err hand_out(
	enum err err, struct pg_rows *take_rows, store_suppression_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = take_rows;

	for (size_t i = 0; !err && i < pg_rows_count(rows); i++) {
		struct store_suppression row = suppression_row_read(rows, i);

		if (!fn(context, &row))
			break;
	}
	return err;
}

enum err store_suppressions(struct store *store, const struct store_suppressions_query *query,
	store_suppression_fn *fn, void *context)
{
	struct store_suppression_place after = { STR_EMPTY, STR_EMPTY };
	struct str state = STR_EMPTY, stream = STR_EMPTY;
	struct pg_rows *rows = NULL;
	enum err err;

	assert(query->limit && query->limit <= LIMIT_PAGE_ROWS);
	if (query->after)
		after = *query->after;
	if (query->state >= 0)
		state = suppression_state_name((enum suppression_state)query->state);
	if (query->stream)
		stream = *query->stream;
	err = PG_RUN(store->pg, QUERY_SUPPRESSIONS, &rows, pg_text(after.address),
		pg_text(after.stream), pg_text(state), pg_text(query->domain),
		pg_i64(query->stream != NULL), pg_text(stream), pg_i64((int64_t)query->limit),
		pg_time(query->now_us));
	return hand_out(err, rows, fn, context);
}

static int64_t number_of(uint64_t seq)
{
	return seq < INT64_MAX ? (int64_t)seq : INT64_MAX;
}

enum err store_suppression_changes(struct store *store, uint64_t after_seq, uint64_t up_to_seq,
	size_t limit, store_suppression_fn *fn, void *context)
{
	struct pg_rows *rows = NULL;
	enum err err;

	assert(limit && limit <= LIMIT_PAGE_ROWS);
	err = PG_RUN(store->pg, QUERY_SUPPRESSION_CHANGES, &rows, pg_i64(number_of(after_seq)),
		pg_i64(number_of(up_to_seq)), pg_i64((int64_t)limit));
	return hand_out(err, rows, fn, context);
}

static void own(struct arena *arena, struct store_suppression *row)
{
	struct str *const texts[] = { &row->address, &row->stream, &row->domain, &row->source,
		&row->status, &row->diagnostic, &row->changed_by };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = arena_dup(arena, *texts[i]);
}

enum err store_suppression_get(struct store *store, struct arena *arena, struct str address,
	struct str stream, struct store_suppression *ret_row)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct store_suppression row;
	enum err err =
		PG_RUN(store->pg, QUERY_SUPPRESSION, &rows, pg_text(address), pg_text(stream));

	if (err)
		return err;
	if (!pg_rows_count(rows))
		return ERR_NOT_FOUND;
	row = suppression_row_read(rows, 0);
	own(arena, &row);
	*ret_row = row;
	return ERR_OK;
}

enum err store_suppression_evidence(struct store *store, struct arena *arena, struct str address,
	struct str stream, size_t limit, struct store_evidence **ret_events, size_t *ret_n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct store_evidence *events;
	enum err err;

	assert(limit <= LIMIT_PAGE_ROWS);
	err = PG_RUN(store->pg, QUERY_SUPPRESSION_EVENTS, &rows, pg_text(address), pg_text(stream),
		pg_i64((int64_t)limit));
	if (err)
		return err;
	events = arena_calloc(arena, pg_rows_count(rows), sizeof *events);
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		events[i] =
			(struct store_evidence){ pg_get_uuid(rows, i, 0), pg_get_time(rows, i, 1) };
	*ret_n = pg_rows_count(rows);
	*ret_events = events;
	return ERR_OK;
}

/* The domains of the addresses, as entries have them. Most are the same few, and need not come twice. */
static void put_domains(const struct str *addresses, size_t n, struct buf *lines)
{
	struct str seen[SUPPRESSION_SEEN_DOMAINS] = { 0 };

	for (size_t i = 0; i < n; i++) {
		struct str domain = suppression_domain(addresses[i]);
		struct str *slot = &seen[str_ihash(domain) % SUPPRESSION_SEEN_DOMAINS];

		if (str_eq(*slot, domain))
			continue;
		*slot = domain;
		buf_putc(lines, '@');
		buf_put(lines, domain);
		buf_putc(lines, '\n');
	}
}

enum err store_suppression_check(struct store *store, const struct str *addresses, size_t n,
	const struct str *stream, enum store_digest digest, store_suppression_fn *fn, void *context)
{
	struct buf lines = BUF_INIT(2ul * LIMIT_SUPPRESSION_ROWS * (LIMIT_ADDRESS_BYTES + 2));
	enum err err = n > LIMIT_SUPPRESSION_ROWS ? ERR_LIMIT : ERR_OK;
	struct pg_rows *rows = NULL;

	for (size_t i = 0; i < n && !err; i++) {
		buf_put(&lines, addresses[i]);
		buf_putc(&lines, '\n');
	}
	put_domains(addresses, err ? 0 : n, &lines);
	if (!err)
		err = buf_check(&lines);
	if (!err)
		err = PG_RUN(store->pg, QUERY_SUPPRESSION_CHECK, &rows, pg_text(buf_str(&lines)),
			pg_i64(stream != NULL), pg_text(stream ? *stream : STR_EMPTY),
			pg_i64(digest == STORE_DIGEST_TELL));
	buf_release(&lines);
	return hand_out(err, rows, fn, context);
}

static void hand_out_events(const struct pg_rows *rows, store_evidence_fn *fn, void *context)
{
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		fn(context, pg_get_text(rows, i, 0), pg_get_text(rows, i, 1),
			&(struct store_evidence){
				pg_get_uuid(rows, i, 2), pg_get_time(rows, i, 3) });
}

enum err store_suppression_events(struct store *store, const struct store_reference *entries,
	size_t n, size_t limit, store_evidence_fn *fn, void *context)
{
	const size_t max_bytes = 2ul * LIMIT_SUPPRESSION_ROWS * (LIMIT_ADDRESS_BYTES + 1);
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct buf addresses = BUF_INIT(max_bytes), streams = BUF_INIT(max_bytes);
	enum err err = n > 2ul * LIMIT_SUPPRESSION_ROWS ? ERR_LIMIT : ERR_OK;
	enum query query;

	for (size_t i = 0; i < n && !err; i++) {
		if (str_chr(entries[i].stream, '\n') != STR_NPOS)
			continue; /* would be two lines */
		buf_printf(&addresses, "%.*s\n", STR_ARG(entries[i].address));
		buf_printf(&streams, "%.*s\n", STR_ARG(entries[i].stream));
	}
	if (!err)
		err = buf_check(addresses.failed ? &addresses : &streams);
	if (!err && n)
		err = store_choose(store, QUERY_SUPPRESSION_EVENTS_OF,
			QUERY_CITUS_SUPPRESSION_EVENTS_OF, &query);
	if (!err && n)
		err = PG_RUN(store->pg, query, &rows, pg_text(buf_str(&addresses)),
			pg_text(buf_str(&streams)), pg_i64((int64_t)limit));
	if (!err && n)
		hand_out_events(rows, fn, context);
	buf_release(&addresses);
	buf_release(&streams);
	return err;
}

/* ---- numbers ---- */

static enum err number_in_transaction(struct store *store, uint64_t *ret_seq)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	size_t numbered = 0;
	enum err err = pg_do(store->pg, QUERY_SUPPRESSION_LOCK, NULL);

	if (!err)
		err = pg_do(store->pg, QUERY_SUPPRESSION_NUMBER, &numbered);
	if (!err)
		err = PG_RUN(store->pg, QUERY_SUPPRESSION_COUNT, &rows, pg_i64((int64_t)numbered));
	if (!err && numbered >= SUPPRESSION_ANALYZE_ROWS)
		err = pg_do(store->pg, QUERY_SUPPRESSION_ANALYZE, NULL);
	if (err)
		return err;
	*ret_seq = (uint64_t)pg_get_i64(rows, 0, 0);
	return ERR_OK;
}

enum err store_suppressions_number(struct store *store, uint64_t *ret_seq)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	uint64_t seq = 0;
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = PG_RUN(store->pg, QUERY_SUPPRESSION_UNNUMBERED, &rows);
	if (!err)
		seq = (uint64_t)pg_get_i64(rows, 0, 0);
	if (!err && pg_get_bool(rows, 0, 1))
		err = number_in_transaction(store, &seq);
	err = pg_end(store->pg, err);
	if (!err)
		*ret_seq = seq;
	return err;
}

/* ---- writing ---- */

static bool is_text(struct str s, size_t max_bytes)
{
	return s.n <= max_bytes && utf8_valid(s);
}

static bool is_moment(int64_t at_us)
{
	return at_us >= timestamp_days(1, 1, 1) * TIMESTAMP_DAY_US &&
	       at_us < timestamp_days(10000, 1, 1) * TIMESTAMP_DAY_US;
}

static enum err check_row(const struct store_suppression *row)
{
	bool good = row->address.n && is_text(row->address, LIMIT_ADDRESS_BYTES) &&
		    is_text(row->stream, STORE_STREAM_BYTES) &&
		    is_text(row->domain, LIMIT_ADDRESS_BYTES) &&
		    is_text(row->source, SUPPRESSION_SOURCE_BYTES) &&
		    is_text(row->status, LIMIT_FIELD_TEXT_BYTES) &&
		    is_text(row->diagnostic, LIMIT_DIAGNOSTIC_BYTES) &&
		    is_text(row->changed_by, SUPPRESSION_BY_BYTES) &&
		    is_moment(row->first_seen_us) && is_moment(row->last_seen_us) &&
		    (row->expires_at_us == TIMESTAMP_NONE || is_moment(row->expires_at_us));

	return good ? ERR_OK : ERR_RANGE;
}

static enum err touch_others(
	struct store *store, struct str address, struct str stream, int64_t at_us)
{
	return PG_RUN(store->pg, QUERY_SUPPRESSION_TOUCH, NULL, pg_text(address), pg_text(stream),
		pg_time(at_us));
}

static enum err put_row(struct store *store, const struct store_suppression *row, size_t *kept)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = check_row(row);

	if (err)
		return err;
	err = PG_RUN(store->pg, QUERY_SUPPRESSION_PUT, &rows, pg_text(row->address),
		pg_text(row->stream), pg_text(row->domain), pg_text(reason_name(row->reason)),
		pg_text(reason_class_name(row->class)), pg_text(row->source),
		pg_time(row->first_seen_us), pg_time(row->last_seen_us),
		pg_time(row->expires_at_us), pg_text(row->status), pg_text(row->diagnostic),
		pg_text(suppression_state_name(row->state)), pg_text(row->changed_by));
	if (err)
		return err;
	*kept += pg_rows_touched(rows);
	return row->state == SUPPRESSION_ALLOWED
		       ? touch_others(store, row->address, row->stream, row->last_seen_us)
		       : ERR_OK;
}

/* Rows are locked in the order in which they come: of two calls that meet in a ring one gets ERR_CONFLICT and
 * has done nothing. */
enum err store_suppressions_put(
	struct store *store, const struct store_suppression *rows, size_t n, size_t *ret_kept)
{
	size_t kept = 0;
	enum err err = n > LIMIT_SUPPRESSION_ROWS ? ERR_LIMIT : pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	for (size_t i = 0; i < n && !err; i++)
		err = put_row(store, &rows[i], &kept);
	err = pg_end(store->pg, err);
	if (!err)
		*ret_kept = kept;
	return err;
}

static enum err remove_in_transaction(
	struct store *store, struct str address, struct str stream, struct str by, int64_t now_us)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_SUPPRESSION_REMOVE, &rows, pg_text(address),
		pg_text(stream), pg_time(now_us), pg_text(by));

	if (err)
		return err;
	if (!pg_rows_touched(rows))
		return ERR_NOT_FOUND;
	err = PG_RUN(store->pg, QUERY_SUPPRESSION_FORGET, NULL, pg_text(address), pg_text(stream));
	return err ? err : touch_others(store, address, stream, now_us);
}

enum err store_suppression_remove(
	struct store *store, struct str address, struct str stream, struct str by, int64_t now_us)
{
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	return pg_end(store->pg, remove_in_transaction(store, address, stream, by, now_us));
}

static enum err expire_in_transaction(struct store *store, int64_t now_us, size_t *expired)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_SUPPRESSION_TOUCH_EXPIRING, NULL, pg_time(now_us));

	if (!err)
		err = PG_RUN(store->pg, QUERY_SUPPRESSION_EXPIRE, &rows, pg_time(now_us));
	if (!err)
		*expired = pg_rows_touched(rows);
	return err;
}

enum err store_suppressions_expire(struct store *store, int64_t now_us, size_t *ret_expired)
{
	size_t expired = 0;
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = pg_end(store->pg, expire_in_transaction(store, now_us, &expired));
	if (!err)
		*ret_expired = expired;
	return err;
}

static enum err purge_in_transaction(struct store *store, int64_t before_us, size_t *purged)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_SUPPRESSION_PURGE, &rows, pg_time(before_us));

	if (!err)
		err = PG_RUN(store->pg, QUERY_SUPPRESSION_PURGE_HEADS, NULL, pg_time(before_us));
	if (!err)
		err = PG_RUN(store->pg, QUERY_SUPPRESSION_PURGE_NETWORKS, NULL, pg_time(before_us));
	if (!err)
		*purged = pg_rows_touched(rows);
	return err;
}

enum err store_suppression_purge(struct store *store, int64_t before_us, size_t *ret_purged)
{
	size_t purged = 0;
	enum err err = pg_do(store->pg, QUERY_BEGIN, NULL);

	if (err)
		return err;
	err = pg_end(store->pg, purge_in_transaction(store, before_us, &purged));
	if (!err)
		*ret_purged = purged;
	return err;
}

/* ---- the whole list ---- */

static enum err open_walk(struct store *store, enum store_walk walk, uint64_t from_seq,
	uint64_t to_seq, const struct store_suppression_place *after)
{
	if (walk != STORE_WALK_AFFECTED)
		return PG_RUN(store->pg,
			walk == STORE_WALK_HELD ? QUERY_WALK_HELD : QUERY_WALK_ACTIVE, NULL,
			pg_text(after->address), pg_text(after->stream));
	return PG_RUN(store->pg, QUERY_WALK_AFFECTED, NULL, pg_i64(number_of(from_seq)),
		pg_i64(number_of(to_seq)), pg_text(after->address));
}

static enum err next_rows(
	struct store *store, store_suppression_fn *fn, void *context, bool *ret_more)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = pg_run(store->pg, QUERY_WALK_NEXT, NULL, 0, &rows);

	if (err)
		return err;
	*ret_more = pg_rows_count(rows) > 0;
	for (size_t i = 0; i < pg_rows_count(rows) && *ret_more; i++) {
		struct store_suppression row = suppression_row_read(rows, i);

		*ret_more = fn(context, &row);
	}
	return ERR_OK;
}

static enum err walk_from(struct store *store, enum store_walk walk, uint64_t from_seq,
	uint64_t to_seq, const struct store_suppression_place *after, store_suppression_fn *fn,
	void *context)
{
	enum err err = pg_do(store->pg, QUERY_WALK_WAITS, NULL);
	bool more = true;

	if (!err)
		err = open_walk(store, walk, from_seq, to_seq, after);
	while (!err && more)
		err = next_rows(store, fn, context, &more);
	return err;
}

static enum err copy_rows(
	struct store *store, enum query query, store_suppression_fn *fn, void *context)
{
	struct pg_copy_out *copy = NULL;
	enum err err = pg_copy_out_begin(store->pg, query, &copy);
	bool more = true;

	while (!err && more) {
		const struct pg_rows *rows;
		struct store_suppression row;

		err = pg_copy_out_next(copy, &rows);
		if (err || !rows)
			break;
		row = suppression_row_read(rows, 0);
		more = fn(context, &row);
	}
	pg_copy_out_end(copy);
	return err;
}

enum err store_suppressions_allowed(struct store *store, store_suppression_fn *fn, void *context)
{
	return copy_rows(store, QUERY_ALL_ALLOWED, fn, context);
}

static enum err walk_all(struct store *store, enum store_walk walk, uint64_t from_seq,
	uint64_t to_seq, store_suppression_fn *fn, void *context)
{
	static const enum query queries[] = { [STORE_WALK_ACTIVE] = QUERY_ALL_ACTIVE,
		[STORE_WALK_HELD] = QUERY_ALL_HELD,
		[STORE_WALK_AFFECTED] = QUERY_ALL_AFFECTED };
	enum err err = PG_RUN(store->pg, QUERY_ALL_SETTINGS, NULL, pg_i64(number_of(from_seq)),
		pg_i64(number_of(to_seq)));

	return err ? err : copy_rows(store, queries[walk], fn, context);
}

enum err store_suppression_walk(struct store *store, enum store_walk walk, uint64_t from_seq,
	uint64_t to_seq, const struct store_suppression_place *after, store_suppression_fn *fn,
	void *context)
{
	enum err err = pg_do(store->pg, QUERY_BEGIN_SNAPSHOT, NULL);

	if (err)
		return err;
	err = after ? walk_from(store, walk, from_seq, to_seq, after, fn, context)
		    : walk_all(store, walk, from_seq, to_seq, fn, context);
	return pg_end(store->pg, err);
}

enum err store_suppressions_count(
	struct store *store, uint64_t ret_counts[static SUPPRESSION_STATE_COUNT])
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = pg_run(store->pg, QUERY_SUPPRESSION_COUNTS, NULL, 0, &rows);
	enum suppression_state state;

	if (err)
		return err;
	for (int i = 0; i < SUPPRESSION_STATE_COUNT; i++)
		ret_counts[i] = 0;
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		if (suppression_state_from_name(pg_get_text(rows, i, 0), &state))
			ret_counts[state] = (uint64_t)pg_get_i64(rows, i, 1);
	return ERR_OK;
}
