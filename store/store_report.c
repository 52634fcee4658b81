#include "core/limits.h"
#include "store/store_priv.h"

#include <assert.h>

/* In the order of enum store_sort; QUERY_DOMAINS has the same words. */
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

static const struct str basis_names[STORE_BASIS_COUNT] = {
	[STORE_BASIS_EVENT] = STR_INIT("event"),
	[STORE_BASIS_SEND] = STR_INIT("send"),
};

struct str store_sort_name(enum store_sort sort)
{
	assert(sort < STORE_SORT_COUNT);
	return sort_names[sort];
}

struct str store_basis_name(enum store_basis basis)
{
	assert(basis < STORE_BASIS_COUNT);
	return basis_names[basis];
}

/* The whole days inside of a window; from == to, at the window's start, where there are none. */
struct days {
	int64_t from_us, to_us;
};

static struct days days_inside(const struct store_window *window)
{
	int64_t from = timestamp_floor(window->from_us + TIMESTAMP_DAY_US - 1, TIMESTAMP_DAY_US);
	int64_t to = timestamp_floor(window->to_us, TIMESTAMP_DAY_US);

	if (from >= to)
		return (struct days){ window->from_us, window->from_us };
	return (struct days){ from, to };
}

static uint64_t get_count(const struct pg_rows *rows, size_t row, size_t column)
{
	return (uint64_t)pg_get_i64(rows, row, column);
}

/* COUNTS_I8 of queries.def, from `first` on. */
struct store_counts store_get_counts(const struct pg_rows *rows, size_t row, size_t first)
{
	struct store_counts counts = { .has_volume = !pg_is_null(rows, row, first) };
	uint64_t *const fields[] = { &counts.attempted, &counts.failed, &counts.hard, &counts.soft,
		&counts.block, &counts.delayed, &counts.delivered, &counts.relayed,
		&counts.expanded, &counts.complaints, &counts.failed_covered, &counts.hard_covered,
		&counts.soft_covered, &counts.block_covered };

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		*fields[i] = get_count(rows, row, first + i);
	return counts;
}

/* `domain` has no bytes and no address for all domains: the empty one is a domain of its own. */
static enum err run_domains(struct store *store, const struct store_domains_query *query,
	struct pg_value domain, struct pg_rows **ret_rows)
{
	const struct store_window *window = &query->window;
	const struct store_domain_place *after = query->after;
	struct days days = days_inside(window);

	return PG_RUN(store->pg, QUERY_DOMAINS, ret_rows, pg_time(window->from_us),
		pg_time(window->to_us), pg_text(window->stream),
		pg_text(store_basis_name(window->basis)), domain, pg_time(days.from_us),
		pg_time(days.to_us), pg_text(store_sort_name(query->sort)),
		pg_i64((int64_t)query->min_attempted), after ? pg_f64(after->value) : pg_null('f'),
		after ? pg_text(after->domain) : pg_null('t'), pg_i64((int64_t)query->limit));
}

enum err store_domains(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err;

	assert(query->limit <= LIMIT_PAGE_ROWS);
	err = run_domains(store, query, pg_null('t'), &rows);
	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_domain_row row = { .domain = pg_get_text(rows, i, 0),
			.counts = store_get_counts(rows, i, 2),
			.place = { pg_get_f64(rows, i, 1), pg_get_text(rows, i, 0) } };

		more = fn(context, &row);
	}
	return err;
}

enum err store_domain_counts(struct store *store, const struct store_window *window,
	struct str domain, struct store_counts *ret_counts)
{
	struct store_domains_query query = { .window = *window, .limit = 1 };
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = run_domains(store, &query, pg_text(domain), &rows);

	if (err)
		return err;
	*ret_counts =
		pg_rows_count(rows) ? store_get_counts(rows, 0, 2) : (struct store_counts){ 0 };
	return ERR_OK;
}

enum err store_domain_reasons(struct store *store, const struct store_window *window,
	struct str domain, store_reason_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err = PG_RUN(store->pg, QUERY_DOMAIN_REASONS, &rows, pg_time(window->from_us),
		pg_time(window->to_us), pg_text(window->stream),
		pg_text(store_basis_name(window->basis)), pg_text(domain));

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_reason_row row = { .reason = pg_get_text(rows, i, 1),
			.class = pg_get_text(rows, i, 2),
			.count = get_count(rows, i, 3) };

		if (!outcome_from_name(pg_get_text(rows, i, 0), &row.outcome))
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

enum err store_domain_series(struct store *store, const struct store_window *window,
	struct str domain, enum store_step step, store_series_fn *fn, void *context)
{
	static const double seconds[] = { [STORE_STEP_HOUR] = 3600, [STORE_STEP_DAY] = 86400 };
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	bool more = true;
	enum err err = PG_RUN(store->pg, QUERY_DOMAIN_SERIES, &rows, pg_time(window->from_us),
		pg_time(window->to_us), pg_text(window->stream),
		pg_text(store_basis_name(window->basis)), pg_text(domain), pg_f64(seconds[step]));

	for (size_t i = 0; !err && more && i < pg_rows_count(rows); i++) {
		struct store_series_row row = { .at_us = pg_get_time(rows, i, 0),
			.counts = store_get_counts(rows, i, 1) };

		more = fn(context, &row);
	}
	return err;
}
