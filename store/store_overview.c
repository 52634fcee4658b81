#include "core/limits.h"
#include "store/overview.h"
#include "store/store_priv.h"

#include <assert.h>

/* STEP of queries_report.def has the same words; all but the first are units of date_trunc. */
static const struct {
	struct str name;
	int64_t shortest_us;
	struct str look; /* so often, that none is missed, in any time zone */
} intervals[STORE_INTERVAL_COUNT] = {
	[STORE_INTERVAL_15M] = { STR_INIT("15m"), 15 * TIMESTAMP_MINUTE_US,
		STR_INIT("15 minutes") },
	[STORE_INTERVAL_HOUR] = { STR_INIT("hour"), TIMESTAMP_HOUR_US, STR_INIT("15 minutes") },
	[STORE_INTERVAL_DAY] = { STR_INIT("day"), TIMESTAMP_DAY_US, STR_INIT("12 hours") },
	[STORE_INTERVAL_WEEK] = { STR_INIT("week"), 7 * TIMESTAMP_DAY_US, STR_INIT("1 day") },
	[STORE_INTERVAL_MONTH] = { STR_INIT("month"), 28 * TIMESTAMP_DAY_US, STR_INIT("1 day") },
};

struct str store_interval_name(enum store_interval interval)
{
	assert(interval < STORE_INTERVAL_COUNT);
	return intervals[interval].name;
}

int64_t store_interval_us(enum store_interval interval)
{
	assert(interval < STORE_INTERVAL_COUNT);
	return intervals[interval].shortest_us;
}

enum err store_timezone_known(struct store *store, struct str timezone)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_TIMEZONE, &rows, pg_text(timezone));

	return !err && !pg_get_bool(rows, 0, 0) ? ERR_NOT_FOUND : err;
}

enum err store_interval_starts(struct store *store, struct arena *arena,
	const struct store_window *window, enum store_interval interval, struct str timezone,
	int64_t **ret_starts, size_t *ret_n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_STEPS, &rows, pg_time(window->from_us),
		pg_time(window->to_us), pg_text(intervals[interval].name), pg_text(timezone),
		pg_text(intervals[interval].look));
	int64_t *starts;

	if (err)
		return err;
	starts = arena_calloc(arena, pg_rows_count(rows), sizeof *starts);
	for (size_t i = 0; i < pg_rows_count(rows); i++)
		starts[i] = pg_get_time(rows, i, 0);
	*ret_starts = starts;
	*ret_n = pg_rows_count(rows);
	return ERR_OK;
}

static struct str domain_text(const struct str *domain)
{
	return domain ? *domain : STR_EMPTY;
}

/* The tables of a report: of one domain or of all, of days where they have the whole of it. */
enum tables { OF_ALL_15M, OF_ALL_DAY, OF_DOMAIN_15M, OF_DOMAIN_DAY };

static enum tables tables_of(const struct str *domain, bool days)
{
	return (enum tables)((domain ? OF_DOMAIN_15M : OF_ALL_15M) + days);
}

/* By more than a domain, which the verbs have by themselves. */
static bool is_filtered(const struct store_window *window)
{
	return window->filters &&
	       store_counted_from(STORE_BY_STREAM, window->filters) != STORE_FROM_DOMAINS &&
	       store_filters_any(window->filters);
}

/* Days of rollup_dimension are those of UTC. */
static enum query filtered_series(const struct store_filters *filters, bool days)
{
	switch (store_counted_from(STORE_DIMENSION_COUNT, filters)) {
	case STORE_FROM_TOTALS:
		return days ? QUERY_SERIES_TOTAL_DAY : QUERY_SERIES_TOTAL_15M;
	case STORE_FROM_DAYS:
		if (!days)
			return QUERY_SERIES_EVENTS;
		if (filters->value[STORE_BY_ORG_DOMAIN].n)
			return QUERY_SERIES_ORG_DOMAIN;
		return filters->value[STORE_BY_PROVIDER].n ? QUERY_SERIES_PROVIDER
							   : QUERY_SERIES_STATUS;
	case STORE_FROM_DOMAINS:
	case STORE_FROM_EVENTS:
		break;
	}
	return QUERY_SERIES_EVENTS;
}

static enum query filtered_reasons(const struct store_window *window)
{
	if (store_counted_from(STORE_BY_REASON, window->filters) != STORE_FROM_TOTALS)
		return QUERY_REASONS_EVENTS;
	return store_window_is_days(window) ? QUERY_REASONS_TOTAL_DAY : QUERY_REASONS_TOTAL_15M;
}

enum err store_timeseries(struct store *store, const struct store_window *window,
	const struct str *domain, enum store_interval interval, struct str timezone,
	store_series_fn *fn, void *context)
{
	static const enum query queries[] = { [OF_ALL_15M] = QUERY_SERIES_15M,
		[OF_ALL_DAY] = QUERY_SERIES_DAY,
		[OF_DOMAIN_15M] = QUERY_DOMAIN_SERIES_15M,
		[OF_DOMAIN_DAY] = QUERY_DOMAIN_SERIES_DAY };
	bool days = store_window_is_days(window) && interval >= STORE_INTERVAL_DAY &&
		    str_eq(timezone, STR("UTC"));
	const struct store_filters *f = window->filters;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err;

	if (is_filtered(window))
		err = PG_RUN(store->pg, filtered_series(f, days), &rows,
			WINDOW_VALUES(window, f->value[STORE_BY_DOMAIN]),
			pg_text(store_interval_name(interval)), pg_text(timezone),
			FILTER_VALUES(f));
	else
		err = PG_RUN(store->pg, queries[tables_of(domain, days)], &rows,
			WINDOW_VALUES(window, domain_text(domain)),
			pg_text(store_interval_name(interval)), pg_text(timezone));

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_series_row row = { .at_us = pg_get_time(rows, i, 0),
			.counts = store_get_counts(rows, i, 1) };

		more = fn(context, &row);
	}
	return err;
}

enum err store_reasons(struct store *store, const struct store_window *window,
	const struct str *domain, store_reason_fn *fn, void *context)
{
	enum query query = store_window_is_days(window) ? QUERY_REASONS_DAY : QUERY_REASONS_15M;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err;

	if (domain && !is_filtered(window))
		return store_domain_reasons(store, window, *domain, fn, context);
	if (is_filtered(window))
		err = PG_RUN(store->pg, filtered_reasons(window), &rows,
			WINDOW_VALUES(window, window->filters->value[STORE_BY_DOMAIN]),
			FILTER_VALUES(window->filters));
	else
		err = PG_RUN(store->pg, query, &rows, WINDOW_VALUES(window, STR_EMPTY));
	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_reason_row row;

		if (!store_get_reason(rows, i, &row))
			return ERR_CORRUPT;
		more = fn(context, &row);
	}
	return err;
}

enum err store_reason_series(struct store *store, const struct store_window *window,
	enum store_interval interval, struct str timezone, size_t most, store_reason_step_fn *fn,
	void *context)
{
	bool days = store_window_is_days(window) && interval >= STORE_INTERVAL_DAY &&
		    str_eq(timezone, STR("UTC"));
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err = PG_RUN(store->pg, days ? QUERY_REASON_SERIES_DAY : QUERY_REASON_SERIES_15M,
		&rows, WINDOW_VALUES(window, STR_EMPTY), pg_text(store_interval_name(interval)),
		pg_text(timezone), pg_i64((int64_t)most));

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_reason_step step = { pg_get_text(rows, i, 0), pg_get_time(rows, i, 1),
			(uint64_t)pg_get_i64(rows, i, 2) };

		more = fn(context, &step);
	}
	return err;
}

enum err store_streams(struct store *store, const struct store_window *window,
	const struct str *domain, store_stream_fn *fn, void *context)
{
	static const enum query queries[] = { [OF_ALL_15M] = QUERY_STREAMS_15M,
		[OF_ALL_DAY] = QUERY_STREAMS_DAY,
		[OF_DOMAIN_15M] = QUERY_DOMAIN_STREAMS_15M,
		[OF_DOMAIN_DAY] = QUERY_DOMAIN_STREAMS_DAY };
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err = PG_RUN(store->pg, queries[tables_of(domain, store_window_is_days(window))],
		&rows, WINDOW_VALUES(window, domain_text(domain)), pg_i64(LIMIT_PAGE_ROWS));

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_stream_row row = { .stream = pg_get_text(rows, i, 0),
			.counts = store_get_counts(rows, i, 1) };

		more = fn(context, &row);
	}
	return err;
}

enum err store_diagnostics(struct store *store, const struct store_diagnostics_query *query,
	store_text_fn *fn, void *context)
{
	static const struct store_diagnostic_row none = { .count = 0 };
	const struct store_diagnostic_row *after = query->after ? query->after : &none;
	bool unclassified = str_eq(after->reason, reason_name(REASON_UNKNOWN_UNCLASSIFIED));
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err = PG_RUN(store->pg, QUERY_DIAGNOSTICS, &rows,
		pg_time(timestamp_floor(query->window->from_us, TIMESTAMP_DAY_US)),
		pg_time(query->window->to_us), pg_text(query->window->stream),
		pg_text(query->domain), pg_text(query->reason), pg_text(query->class),
		pg_i64(query->after != NULL), pg_i64(unclassified), pg_i64((int64_t)after->count),
		pg_text(after->template), pg_text(after->reason), pg_text(after->class),
		pg_i64((int64_t)query->limit));

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_text_row row = { .diagnostic = { .template = pg_get_text(rows, i, 0),
						      .reason = pg_get_text(rows, i, 1),
						      .class = pg_get_text(rows, i, 2),
						      .count = (uint64_t)pg_get_i64(rows, i, 3),
						      .example = pg_get_uuid(rows, i, 4) },
			.domains = (uint64_t)pg_get_i64(rows, i, 5),
			.first_us = pg_get_time(rows, i, 6),
			.last_us = pg_get_time(rows, i, 7) };

		more = fn(context, &row);
	}
	return err;
}

enum err store_recipient(struct store *store, struct str address, struct str stream,
	struct store_recipient *ret_recipient)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_RECIPIENT, &rows, pg_text(address), pg_text(stream));
	struct store_recipient counts;
	uint64_t *const fields[] = { &counts.events, &counts.failed, &counts.hard, &counts.soft,
		&counts.block, &counts.delayed, &counts.delivered, &counts.complaints };

	if (err)
		return err;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		*fields[i] = (uint64_t)pg_get_i64(rows, 0, i);
	counts.first_us = pg_get_time(rows, 0, ARRAY_LEN(fields));
	counts.last_us = pg_get_time(rows, 0, ARRAY_LEN(fields) + 1);
	*ret_recipient = counts;
	return ERR_OK;
}

enum err store_message_raw(struct store *store, struct arena *arena, const struct uuid *id,
	struct str *ret_stream, struct str *ret_raw)
{
	int64_t from_us = store_id_received_ms(id) * 1000;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err;

	/* An id that nobody made may lie beyond every calendar. */
	if (from_us >= timestamp_days(10000, 1, 1) * TIMESTAMP_DAY_US)
		return ERR_NOT_FOUND;
	err = PG_RUN(store->pg, QUERY_MESSAGE_RAW, &rows, pg_uuid(id), pg_time(from_us),
		pg_time(from_us + 1000));
	if (err)
		return err;
	if (!pg_rows_count(rows))
		return ERR_NOT_FOUND;
	*ret_stream = arena_dup(arena, pg_get_text(rows, 0, 0));
	*ret_raw = arena_dup(arena, pg_get_text(rows, 0, 1));
	return ERR_OK;
}

enum err store_spools(struct store *store, store_spool_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_SPOOLS, &rows, pg_i64(LIMIT_PAGE_ROWS));
	bool more = true;

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_spool_row row = { .spool_id = pg_get_text(rows, i, 0),
			.sequence = (uint64_t)pg_get_i64(rows, i, 1),
			.messages = (uint64_t)pg_get_i64(rows, i, 2),
			.events = (uint64_t)pg_get_i64(rows, i, 3),
			.second_deliveries = (uint64_t)pg_get_i64(rows, i, 4) };

		more = fn(context, &row);
	}
	return err;
}

enum err store_volume_sources(
	struct store *store, int64_t since_us, store_source_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(
		store->pg, QUERY_VOLUME_SOURCES, &rows, pg_time(since_us), pg_i64(LIMIT_PAGE_ROWS));
	bool more = true;

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_source_row row = { .stream = pg_get_text(rows, i, 0),
			.source = pg_get_text(rows, i, 1),
			.first_us = pg_get_time(rows, i, 2),
			.last_us = pg_get_time(rows, i, 3),
			.times = (uint64_t)pg_get_i64(rows, i, 4) };

		more = fn(context, &row);
	}
	return err;
}

enum { SILENT_HOURS = 36, SILENT_TIMES = 3 };

bool store_source_silent(const struct store_source_row *row, int64_t now_us)
{
	int64_t silent_us = now_us - row->last_us;
	int64_t mean_us = row->times > 1
				  ? (row->last_us - row->first_us) / (int64_t)(row->times - 1)
				  : INT64_MAX;

	return silent_us > SILENT_HOURS * TIMESTAMP_HOUR_US && silent_us / SILENT_TIMES > mean_us;
}

/* ---- nodes ---- */

enum err store_node_tell(struct store *store, const struct store_node_told *told)
{
	return PG_RUN(store->pg, QUERY_NODE_TELL, NULL, pg_text(told->node_id), pg_text(told->role),
		pg_text(told->host), pg_text(told->version));
}

enum err store_lane_tell(struct store *store, const struct store_lane_told *told)
{
	return PG_RUN(store->pg, QUERY_NODE_LANE_TELL, NULL, pg_text(told->spool_id),
		pg_text(told->node_id), pg_text(told->lane), pg_i64((int64_t)told->durable),
		pg_i64(told->waiting_s));
}

enum err store_nodes(struct store *store, store_node_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_NODES, &rows,
		pg_i64(store_actor_key(STORE_ACTOR_SCHEDULER)),
		pg_i64(store_actor_key(STORE_ACTOR_HOOK)),
		pg_i64(store_actor_key(STORE_ACTOR_RESOLVER)));

	for (size_t i = 0; !err && i < pg_rows_count(rows); i++) {
		const struct store_node_row row = { .node_id = pg_get_text(rows, i, 0),
			.role = pg_get_text(rows, i, 1),
			.host = pg_get_text(rows, i, 2),
			.version = pg_get_text(rows, i, 3),
			.seen_us = pg_get_time(rows, i, 4),
			.age_s = pg_get_i64(rows, i, 5),
			.acts = pg_get_bool(rows, i, 6),
			.adopted = pg_get_bool(rows, i, 7) };

		fn(context, &row);
	}
	return err;
}

enum err store_node_lanes(struct store *store, store_lane_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_NODE_LANES, &rows);

	for (size_t i = 0; !err && i < pg_rows_count(rows); i++) {
		int64_t position = pg_get_i64(rows, i, 3), durable = pg_get_i64(rows, i, 4);
		int64_t loaded = position ? position - 1 : 0;
		const struct store_lane_row row = { .node_id = pg_get_text(rows, i, 0),
			.lane = pg_get_text(rows, i, 1),
			.spool_id = pg_get_text(rows, i, 2),
			.position = (uint64_t)position,
			.backlog = durable > loaded ? (uint64_t)(durable - loaded) : 0,
			.waiting_s = pg_get_i64(rows, i, 5),
			.told = durable >= 0 };

		fn(context, &row);
	}
	return err;
}

/* Since when it has stood as it stands now. */
static int64_t stands_since(
	const struct store_hung *hung, const struct pg_rows *rows, size_t row, int64_t now_ms)
{
	for (size_t i = 0; i < hung->n; i++)
		if (hung->seen[i].pid == pg_get_i64(rows, row, 0) &&
			hung->seen[i].begun_us == pg_get_i64(rows, row, 1) &&
			hung->seen[i].bytes == pg_get_i64(rows, row, 2))
			return hung->seen[i].since_ms;
	return now_ms;
}

static enum err end_hung(struct store *store, const struct pg_rows *seen, size_t row, size_t *n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_NODE_HUNG_END, &rows,
		pg_i64(pg_get_i64(seen, row, 0)), pg_i64(pg_get_i64(seen, row, 1)),
		pg_i64(pg_get_i64(seen, row, 2)));

	*n += err ? 0 : pg_rows_count(rows);
	return err;
}

enum err store_end_hung(
	struct store *store, struct store_hung *hung, int64_t now_ms, int64_t for_ms, size_t *ret_n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct store_hung next = { .n = 0 };
	enum err err = PG_RUN(store->pg, QUERY_NODE_HUNG, &rows);

	*ret_n = 0;
	for (size_t i = 0; !err && i < pg_rows_count(rows) && next.n < STORE_HUNG; i++) {
		int64_t since_ms = stands_since(hung, rows, i, now_ms);

		if (now_ms - since_ms >= for_ms) {
			err = end_hung(store, rows, i, ret_n);
			continue;
		}
		next.seen[next.n].pid = pg_get_i64(rows, i, 0);
		next.seen[next.n].begun_us = pg_get_i64(rows, i, 1);
		next.seen[next.n].bytes = pg_get_i64(rows, i, 2);
		next.seen[next.n++].since_ms = since_ms;
	}
	*hung = next;
	return err;
}

enum err store_node_forget(struct store *store, struct str id)
{
	static const enum query places[] = { QUERY_NODE_FORGET, QUERY_NODE_LANES_FORGET,
		QUERY_NODE_SPOOL_FORGET };
	uint64_t touched = 0;
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(places) && !err; i++) {
		CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;

		err = PG_RUN(store->pg, places[i], &rows, pg_text(id));
		touched += err ? 0 : pg_rows_touched(rows);
	}
	return err || touched ? err : ERR_NOT_FOUND;
}

enum err store_node_adopted(struct store *store, struct str node_id)
{
	return PG_RUN(store->pg, QUERY_NODE_ADOPTED, NULL, pg_text(node_id));
}
