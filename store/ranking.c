#include "store/ranking.h"

#include "core/limits.h"
#include "store/rank/days.h"
#include "store/rank/heads.h"
#include "store/rank/names.h"
#include "store/store_priv.h"

#include <math.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* Each holds some 30 MB while it adds up, and a processor. */
enum { RANKINGS_AT_ONCE = 2 };

struct store_names {
	struct names *names;
	sem_t turns; /* of rankings that are being added up */
};

struct store_names *store_names_new(void)
{
	struct store_names *names = calloc(1, sizeof *names);

	if (!names || sem_init(&names->turns, 0, RANKINGS_AT_ONCE))
		abort();
	names->names = names_new();
	return names;
}

void store_names_free(struct store_names *names)
{
	if (!names)
		return;
	sem_destroy(&names->turns);
	names_free(names->names);
	free(names);
}

enum err store_names_learn(struct store *store, struct store_names *names)
{
	uint64_t n;

	return names_learn(names->names, store->pg, UINT64_MAX - 1, &n);
}

/* ---- adding up ---- */

static bool is_chosen(struct str wanted, struct str proof, bool rated)
{
	return wanted.n ? str_eq(wanted, STR("all")) || str_eq(wanted, proof) : rated;
}

/* Of rows of QUERY_PACKED or QUERY_HEADS. */
static struct rank_part *read_parts(
	const struct store_domains_query *query, const struct pg_rows *rows, struct arena *arena)
{
	struct rank_part *parts = arena_calloc(arena, pg_rows_count(rows), sizeof *parts);

	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		bool rated = pg_get_bool(rows, i, 2);

		parts[i] = (struct rank_part){ .volume = str_eq(
						       pg_get_text(rows, i, 0), STR("volume")),
			.chosen = is_chosen(query->window.proof, pg_get_text(rows, i, 1), rated),
			.rated = rated,
			.packed = pg_get_text(rows, i, 3) };
	}
	return parts;
}

/* By failures where the order is not one of these. */
static const enum pack_column sort_columns[STORE_SORT_COUNT] = { [STORE_SORT_HARD] = PACK_HARD,
	[STORE_SORT_SOFT] = PACK_SOFT,
	[STORE_SORT_BLOCK] = PACK_BLOCK,
	[STORE_SORT_DELAYED] = PACK_DELAYED,
	[STORE_SORT_COMPLAINTS] = PACK_COMPLAINTS };

static uint64_t get(const struct pack_entry *entry, enum pack_column column)
{
	return entry->set & 1u << column ? entry->column[column] : 0;
}

static void add_counts(
	struct store_counts *counts, const struct pack_entry *entry, const struct rank_part *part)
{
	uint64_t *const fields[PACK_COLUMNS] = { [PACK_FAILED] = &counts->failed,
		[PACK_HARD] = &counts->hard,
		[PACK_SOFT] = &counts->soft,
		[PACK_BLOCK] = &counts->block,
		[PACK_DELAYED] = &counts->delayed,
		[PACK_DELIVERED] = &counts->delivered,
		[PACK_RELAYED] = &counts->relayed,
		[PACK_EXPANDED] = &counts->expanded,
		[PACK_COMPLAINTS] = &counts->complaints };
	uint64_t *const covers[] = { &counts->failed_covered, &counts->hard_covered,
		&counts->soft_covered, &counts->block_covered };

	if (part->volume) {
		counts->has_volume = true;
		counts->attempted += get(entry, PACK_ATTEMPTED);
		counts->accepted += get(entry, PACK_ACCEPTED);
		counts->has_accepted = counts->accepted > 0;
		return;
	}
	if (!part->rated)
		counts->unproven += get(entry, PACK_FAILED);
	for (size_t i = 0; i < ARRAY_LEN(fields) && part->chosen; i++)
		if (fields[i])
			*fields[i] += get(entry, (enum pack_column)i);
	for (size_t i = 0; i < ARRAY_LEN(covers) && part->chosen; i++)
		*covers[i] += get(entry, (enum pack_column)i) -
			      get(entry, (enum pack_column)(PACK_FAILED_UNCOVERED + i));
}

/* ---- the page ---- */

static double size_of(const struct rank *rank, enum store_sort sort)
{
	if (sort == STORE_SORT_DOMAIN)
		return 0;
	if (sort == STORE_SORT_ATTEMPTED)
		return rank->has_volume ? (double)rank->attempted : -1;
	if (sort != STORE_SORT_FAILURE_RATE)
		return (double)rank->sum;
	return rank->attempted && rank->covered <= rank->attempted &&
			       (!rank->failed || rank->covered)
		       ? (double)rank->covered / (double)rank->attempted
		       : -1;
}

/* The larger, the nearer to the front, whatever the order; -1 is a size that is not known. */
static double value_of(const struct rank *rank, const struct store_domains_query *query)
{
	double size = size_of(rank, query->sort);

	if (!query->reversed)
		return size;
	return size < 0 ? -INFINITY : -size;
}

/* Does a stand behind b on the list? Larger values first, then names from a to z. */
static bool is_behind(const struct store_domain_place *a, const struct store_domain_place *b)
{
	if (a->value < b->value || a->value > b->value)
		return a->value < b->value;
	return a->z_to_a ? str_cmp(a->domain, b->domain) < 0 : str_cmp(a->domain, b->domain) > 0;
}

/* rows[0] is the hindmost of the n that were kept. */
static void sink(struct store_domain_row *rows, size_t n, size_t at)
{
	for (;;) {
		size_t hind = at, child = 2 * at + 1;
		struct store_domain_row row;

		for (size_t i = child; i < n && i < child + 2; i++)
			if (is_behind(&rows[i].place, &rows[hind].place))
				hind = i;
		if (hind == at)
			return;
		row = rows[at];
		rows[at] = rows[hind];
		rows[hind] = row;
		at = hind;
	}
}

static void rise(struct store_domain_row *rows, size_t at)
{
	while (at && is_behind(&rows[at].place, &rows[(at - 1) / 2].place)) {
		struct store_domain_row row = rows[at];

		rows[at] = rows[(at - 1) / 2];
		rows[(at - 1) / 2] = row;
		at = (at - 1) / 2;
	}
}

/* The heap in its order, the foremost first. */
static void put_in_order(struct store_domain_row *rows, size_t n)
{
	while (n > 1) {
		struct store_domain_row row = rows[0];

		rows[0] = rows[--n];
		rows[n] = row;
		sink(rows, n, 0);
	}
}

static bool is_wanted(const struct store_domains_query *query, const struct rank *rank,
	const struct store_domain_place *place)
{
	if (!rank->seen || (query->min_attempted &&
				   (!rank->has_volume || rank->attempted < query->min_attempted)))
		return false;
	return !query->after || is_behind(place, query->after);
}

/* Of ranks[1] to ranks[n - 1] the rows of the page, and how many: domain and place; counts stay as they are. */
static size_t rank_pick(const struct store_domains_query *query, const struct rank *ranks,
	const struct str *names, uint64_t n, struct store_domain_row *rows)
{
	size_t kept = 0;

	for (uint64_t i = 1; i < n; i++) {
		bool full = kept == query->limit;
		struct store_domain_place place = { value_of(&ranks[i], query), names[i],
			query->reversed && query->sort == STORE_SORT_DOMAIN };

		if (!is_wanted(query, &ranks[i], &place) ||
			(full && !is_behind(&rows[0].place, &place)))
			continue;
		rows[full ? 0 : kept] = (struct store_domain_row){
			.domain = place.domain, .place = place, .number = i
		};
		if (full)
			sink(rows, kept, 0);
		else
			rise(rows, kept++);
	}
	put_in_order(rows, kept);
	return kept;
}

/* ---- of the first of them, which heads name ---- */

struct top {
	const struct store_domains_query *query;
	uint64_t *numbers; /* of domains that may be on the page */
	size_t n;
	struct rank *ranks; /* from [1] on */
	struct str *names;  /* likewise */
	struct store_counts *counts;
};

/* Rates depend on domains that have next to nothing, and a list from the least count on begins with them. */
static bool is_of_large(const struct store_domains_query *query)
{
	return !query->reversed && query->sort != STORE_SORT_FAILURE_RATE &&
	       query->sort != STORE_SORT_DOMAIN;
}

/* In other orders all that have enough attempts may be the first. */
static struct heads_wish wish_of(const struct store_domains_query *query)
{
	bool of_large = is_of_large(query);

	return (struct heads_wish){ .column = of_large && query->sort != STORE_SORT_ATTEMPTED
						      ? sort_columns[query->sort]
						      : PACK_ATTEMPTED,
		.min_attempted = query->min_attempted,
		.before = query->after ? query->after->value : INFINITY,
		.limit = of_large ? query->limit : 0 };
}

static void add_top(
	void *context, size_t i, const struct rank_part *part, const struct pack_entry *entry)
{
	struct top *top = context;
	struct pack_few few = { .number = entry->number, .set = entry->set };

	few.value[RANK_FAILED] = get(entry, PACK_FAILED);
	few.value[RANK_OTHER] = get(entry, rank_other(part->volume));
	few.value[RANK_SORTED] = get(entry, sort_columns[top->query->sort]);
	rank_add(&top->ranks[i + 1], &few, part);
	add_counts(&top->counts[i], entry, part);
}

static void make_room(struct top *top, struct arena *arena, const uint64_t *numbers)
{
	top->numbers = arena_calloc(arena, top->n, sizeof *top->numbers);
	memcpy(top->numbers, numbers, top->n * sizeof *numbers);
	top->ranks = arena_calloc(arena, top->n + 1, sizeof *top->ranks);
	top->names = arena_calloc(arena, top->n + 1, sizeof *top->names);
	top->counts = arena_calloc(arena, top->n, sizeof *top->counts);
}

static enum err read_top(struct store *store, const struct pg_rows *rows, struct arena *arena,
	struct top *top, bool *ret_found)
{
	const struct store_domains_query *query = top->query;
	const struct heads_wish wish = wish_of(query);
	const uint64_t *numbers;
	struct heads *heads = heads_new(rows, read_parts(query, rows, arena));
	enum err err = ERR_OK;

	if (heads && heads_choose(heads, &wish, &numbers, &top->n)) {
		make_room(top, arena, numbers);
		err = heads_read(heads, store->pg, add_top, top, ret_found);
	}
	heads_free(heads);
	return err;
}

static enum err find_top(struct store *store, struct arena *arena, struct top *top, bool *ret_found)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	const struct store_window *window = &top->query->window;
	enum err err;

	if (!is_of_large(top->query) && !top->query->min_attempted)
		return ERR_OK;
	err = PG_RUN(store->pg, QUERY_HEADS, &rows, pg_time(window->from_us),
		pg_time(window->to_us), pg_text(window->stream),
		pg_text(store_basis_name(window->basis)));
	return err ? err : read_top(store, rows, arena, top, ret_found);
}

static enum err hand_out_top(
	struct top *top, struct arena *arena, uint64_t known, store_domain_fn *fn, void *context)
{
	const struct store_domains_query *query = top->query;
	struct store_domain_row *rows;
	const struct str *names;
	size_t n;

	if (top->n && top->numbers[top->n - 1] >= known)
		return ERR_CORRUPT;
	rows = arena_calloc(arena, query->limit, sizeof *rows);
	names = names_lock(query->names->names);
	for (size_t i = 0; i < top->n; i++)
		top->names[i + 1] = names[top->numbers[i]];
	n = rank_pick(query, top->ranks, top->names, top->n + 1, rows);
	for (size_t i = 0; i < n; i++) {
		rows[i].counts = top->counts[rows[i].number - 1];
		rows[i].number = top->numbers[rows[i].number - 1];
		if (!fn(context, &rows[i]))
			break;
	}
	names_unlock(query->names->names);
	return ERR_OK;
}

/* ---- of all of them ---- */

struct pick {
	uint64_t number;
	struct store_counts *counts;
};

static int by_number(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

static void add_pick(
	void *context, size_t i, const struct rank_part *part, const struct pack_entry *entry)
{
	struct pick *picks = context;

	add_counts(picks[i].counts, entry, part);
}

static void fill_picked(
	const struct days *days, struct arena *arena, struct store_domain_row *rows, size_t n)
{
	struct pick *picks = arena_calloc(arena, n + 1, sizeof *picks);
	uint64_t *numbers = arena_calloc(arena, n + 1, sizeof *numbers);

	for (size_t i = 0; i < n; i++)
		picks[i] = (struct pick){ rows[i].number, &rows[i].counts };
	qsort(picks, n, sizeof *picks, by_number);
	for (size_t i = 0; i < n; i++)
		numbers[i] = picks[i].number;
	days_read(days, numbers, n, add_pick, picks);
}

/* Of ranks[1] to ranks[known - 1]. */
static void hand_out_all(const struct store_domains_query *query, const struct days *days,
	struct arena *arena, const struct rank *ranks, uint64_t known, store_domain_fn *fn,
	void *context)
{
	struct store_domain_row *rows = arena_calloc(arena, query->limit, sizeof *rows);
	const struct str *names = names_lock(query->names->names);
	size_t n = rank_pick(query, ranks, names, known, rows);

	fill_picked(days, arena, rows, n);
	for (size_t i = 0; i < n; i++)
		if (!fn(context, &rows[i]))
			break;
	names_unlock(query->names->names);
}

static enum err rank_all(const struct store_domains_query *query, const struct pg_rows *packed,
	struct arena *arena, uint64_t known, store_domain_fn *fn, void *context)
{
	struct days *days = days_new(read_parts(query, packed, arena), pg_rows_count(packed));
	struct rank *ranks = calloc(known + 1, sizeof *ranks);
	enum err err;

	if (!ranks)
		abort();
	err = days_add_up(days, sort_columns[query->sort], ranks, known);
	if (!err)
		hand_out_all(query, days, arena, ranks, known, fn, context);
	free(ranks);
	days_free(days);
	return err;
}

/* ---- the whole ---- */

static enum err read_state(struct store *store, const struct store_domains_query *query,
	uint64_t *ret_known, bool *ret_good)
{
	struct pack_state state;
	enum err err = store_pack_state(store, &query->window, &state, ret_good);

	if (err || !*ret_good)
		return err;
	if (query->as_of_us && state.stale_us != TIMESTAMP_NONE)
		*query->as_of_us = state.stale_us;
	return names_learn(query->names->names, store->pg, state.newest, ret_known);
}

struct reading {
	struct arena *arena;
	struct pg_rows *packed;
	uint64_t known; /* numbers of domains are below it */
	struct top top;
	bool good, found;
};

/* One snapshot for state and days: what is told to be packed must be what is read. */
static enum err read_packed(
	struct store *store, const struct store_domains_query *query, struct reading *r)
{
	const struct store_window *window = &query->window;
	enum err err = read_state(store, query, &r->known, &r->good);

	if (!err && r->good)
		err = find_top(store, r->arena, &r->top, &r->found);
	if (err || !r->good || r->found)
		return err;
	return PG_RUN(store->pg, QUERY_PACKED, &r->packed, pg_time(window->from_us),
		pg_time(window->to_us), pg_text(window->stream),
		pg_text(store_basis_name(window->basis)));
}

static enum err rank(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context, bool *ret_done)
{
	struct reading r = { .top = { .query = query } };
	enum err err = pg_do(store->pg, QUERY_BEGIN_SNAPSHOT, NULL);

	if (err)
		return err;
	r.arena = arena_new();
	err = pg_end(store->pg, read_packed(store, query, &r));
	*ret_done = !err && r.good;
	if (*ret_done)
		err = r.found ? hand_out_top(&r.top, r.arena, r.known, fn, context)
			      : rank_all(query, r.packed, r.arena, r.known, fn, context);
	pg_rows_free(r.packed);
	arena_free(r.arena);
	return err;
}

enum err store_ranking(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context, bool *ret_done)
{
	enum err err;

	*ret_done = false;
	while (sem_wait(&query->names->turns))
		continue; /* a signal */
	err = rank(store, query, fn, context, ret_done);
	sem_post(&query->names->turns);
	return err;
}
