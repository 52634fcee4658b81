#include "core/limits.h"
#include "store/store_priv.h"

#include <assert.h>

/* In the order of enum store_sort; DOMAINS_OF of queries_report.def has the same words. */
static const struct str sort_names[STORE_SORT_COUNT] = {
	[STORE_SORT_FAILED] = STR_INIT("failed"),
	[STORE_SORT_FAILURE_RATE] = STR_INIT("failure_rate"),
	[STORE_SORT_ATTEMPTED] = STR_INIT("attempted"),
	[STORE_SORT_HARD] = STR_INIT("hard"),
	[STORE_SORT_SOFT] = STR_INIT("soft"),
	[STORE_SORT_BLOCK] = STR_INIT("block"),
	[STORE_SORT_DELAYED] = STR_INIT("delayed"),
	[STORE_SORT_COMPLAINTS] = STR_INIT("complaints"),
	[STORE_SORT_DOMAIN] = STR_INIT("domain"),
};

struct str store_sort_name(enum store_sort sort)
{
	assert(sort < STORE_SORT_COUNT);
	return sort_names[sort];
}

bool store_window_is_days(const struct store_window *window)
{
	return timestamp_floor(window->from_us, TIMESTAMP_DAY_US) == window->from_us &&
	       timestamp_floor(window->to_us, TIMESTAMP_DAY_US) == window->to_us;
}

static uint64_t get_count(const struct pg_rows *rows, size_t row, size_t column)
{
	return (uint64_t)pg_get_i64(rows, row, column);
}

/* COUNTS_OUT of queries_report.def, from `first` on. */
struct store_counts store_get_counts(const struct pg_rows *rows, size_t row, size_t first)
{
	struct store_counts counts = { .has_volume = !pg_is_null(rows, row, first),
		.has_accepted = !pg_is_null(rows, row, first + 1) };
	uint64_t *const fields[] = { &counts.attempted, &counts.accepted, &counts.failed,
		&counts.hard, &counts.soft, &counts.block, &counts.delayed, &counts.delivered,
		&counts.relayed, &counts.expanded, &counts.complaints, &counts.failed_covered,
		&counts.hard_covered, &counts.soft_covered, &counts.block_covered,
		&counts.unproven };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		*fields[i] = get_count(rows, row, first + i);
	counts.cut = get_count(rows, row, first + ARRAY_LEN(fields));
	return counts;
}

static const struct store_filters no_filters;

/* $7 to $12 of RANKED. */
#define PAGE_VALUES(query)                                                                         \
	pg_text(store_sort_name((query)->sort)), pg_i64((int64_t)(query)->min_attempted),          \
		(query)->after ? pg_f64((query)->after->value) : pg_null('f'),                     \
		(query)->after ? pg_text((query)->after->domain) : pg_null('t'),                   \
		pg_i64((int64_t)(query)->limit), pg_i64((query)->reversed)

/* The daily table where it has the window, else the one of quarters. */
static enum err run_domains(
	struct store *store, const struct store_domains_query *query, struct pg_rows **ret_rows)
{
	const struct store_window *window = &query->window;

	return PG_RUN(store->pg,
		store_window_is_days(window) ? QUERY_DOMAINS_DAY : QUERY_DOMAINS_15M, ret_rows,
		WINDOW_VALUES(window, STR_EMPTY), PAGE_VALUES(query));
}

static enum err run_by(
	struct store *store, const struct store_domains_query *query, struct pg_rows **ret_rows)
{
	const struct store_window *window = &query->window;
	const struct store_filters *f = window->filters ? window->filters : &no_filters;
	enum query sql = QUERY_BY_EVENTS;

	switch (store_counted_from(query->by, f)) {
	case STORE_FROM_TOTALS:
		sql = store_window_is_days(window) ? QUERY_BY_TOTAL_DAY : QUERY_BY_TOTAL_15M;
		break;
	case STORE_FROM_DAYS:
		sql = query->by == STORE_BY_ORG_DOMAIN ? QUERY_BY_ORG_DOMAIN : QUERY_BY_DIMENSION;
		break;
	case STORE_FROM_DOMAINS:
	case STORE_FROM_EVENTS:
		break;
	}
	return PG_RUN(store->pg, sql, ret_rows, WINDOW_VALUES(window, f->value[STORE_BY_DOMAIN]),
		PAGE_VALUES(query), pg_text(store_dimension_name(query->by)), FILTER_VALUES(f));
}

/* All domains, without a filter: also from packed days. */
static bool is_of_domains(const struct store_domains_query *query)
{
	return query->by == STORE_BY_DOMAIN && !store_filters_any(query->window.filters);
}

/* The table of quarters is read faster than packed days are for what is shorter. */
static bool is_long(const struct store_window *window)
{
	return store_window_is_days(window) &&
	       window->to_us - window->from_us > 2 * TIMESTAMP_DAY_US;
}

enum err store_domains(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true, done = false;
	enum err err = ERR_OK;

	assert(query->limit <= LIMIT_PAGE_ROWS);
	if (query->names && is_of_domains(query) && is_long(&query->window))
		err = store_ranking(store, query, fn, context, &done);
	if (err || done)
		return err;
	err = is_of_domains(query) ? run_domains(store, query, &rows) : run_by(store, query, &rows);
	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_domain_row row = { .domain = pg_get_text(rows, i, 0),
			.counts = store_get_counts(rows, i, 2),
			.place = { .value = pg_get_f64(rows, i, 1),
				.domain = pg_get_text(rows, i, 0) } };

		more = fn(context, &row);
	}
	return err;
}

enum err store_dimensions_since(struct store *store, int64_t *ret_since_us)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_DROPPED_BEFORE, &rows, pg_text(STR("dimensions")));

	if (err)
		return err;
	*ret_since_us = pg_rows_count(rows) ? pg_get_time(rows, 0, 0) : TIMESTAMP_NONE;
	return ERR_OK;
}

enum err store_domain_counts(struct store *store, const struct store_window *window,
	struct str domain, struct store_counts *ret_counts)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg,
		store_window_is_days(window) ? QUERY_COUNTS_DAY : QUERY_COUNTS_15M, &rows,
		WINDOW_VALUES(window, domain));

	if (err)
		return err;
	*ret_counts =
		pg_rows_count(rows) ? store_get_counts(rows, 0, 0) : (struct store_counts){ 0 };
	return ERR_OK;
}

bool store_get_reason(const struct pg_rows *rows, size_t row, struct store_reason_row *ret_reason)
{
	struct store_reason_row reason = { .reason = pg_get_text(rows, row, 1),
		.class = pg_get_text(rows, row, 2),
		.count = get_count(rows, row, 3) };

	if (!outcome_from_name(pg_get_text(rows, row, 0), &reason.outcome))
		return false;
	*ret_reason = reason;
	return true;
}

enum err store_domain_reasons(struct store *store, const struct store_window *window,
	struct str domain, store_reason_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err = PG_RUN(store->pg,
		store_window_is_days(window) ? QUERY_DOMAIN_REASONS_DAY : QUERY_DOMAIN_REASONS,
		&rows, WINDOW_VALUES(window, domain));

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_reason_row row;

		if (!store_get_reason(rows, i, &row))
			return ERR_CORRUPT;
		more = fn(context, &row);
	}
	return err;
}

enum err store_domain_diagnostics(struct store *store, const struct store_window *window,
	struct str domain, size_t limit, store_diagnostic_fn *fn, void *context)
{
	int64_t from = timestamp_floor(window->from_us, TIMESTAMP_DAY_US);
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err = PG_RUN(store->pg, QUERY_DOMAIN_DIAGNOSTICS, &rows, pg_time(from),
		pg_time(window->to_us), pg_text(window->stream), pg_text(domain),
		pg_i64((int64_t)limit));

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_diagnostic_row row = { .template = pg_get_text(rows, i, 0),
			.reason = pg_get_text(rows, i, 1),
			.class = pg_get_text(rows, i, 2),
			.count = get_count(rows, i, 3),
			.example = pg_get_uuid(rows, i, 4) };

		more = fn(context, &row);
	}
	return err;
}
