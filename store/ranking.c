#include "store/ranking.h"

#include "core/limits.h"
#include "store/rank/days.h"
#include "store/rank/heads.h"
#include "store/rank/names.h"
#include "store/rank/walk.h"
#include "store/rank/whole.h"
#include "store/store_priv.h"

#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* Each takes a processor. Of half a million domains a column of a day takes half a megabyte; that is a quarter of a year, and
 * more of a few streams. */
enum { RANKINGS_AT_ONCE = 2, KEPT_BYTES = 80 << 20 };

struct store_names {
	struct names *names;
	struct kept *kept;
	sem_t turns; /* of rankings that are being made */
};

struct store_names *store_names_new(void)
{
	struct store_names *names = calloc(1, sizeof *names);

	if (!names || sem_init(&names->turns, 0, RANKINGS_AT_ONCE))
		abort();
	names->names = names_new();
	names->kept = kept_new(KEPT_BYTES);
	return names;
}

void store_names_free(struct store_names *names)
{
	if (!names)
		return;
	sem_destroy(&names->turns);
	kept_free(names->kept);
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

/* Of rows of QUERY_PACKED and the like. */
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
		counts->attempted += rank_value(entry, PACK_ATTEMPTED);
		counts->accepted += rank_value(entry, PACK_ACCEPTED);
		counts->has_accepted = counts->accepted > 0;
		return;
	}
	if (!part->rated)
		counts->unproven += rank_value(entry, PACK_FAILED);
	for (size_t i = 0; i < ARRAY_LEN(fields) && part->chosen; i++)
		if (fields[i])
			*fields[i] += rank_value(entry, (enum pack_column)i);
	for (size_t i = 0; i < ARRAY_LEN(covers) && part->chosen; i++)
		*covers[i] += rank_value(entry, (enum pack_column)i) -
			      rank_value(entry, (enum pack_column)(PACK_FAILED_UNCOVERED + i));
}

/* ---- what is asked ---- */

/* What is read for one question, and what is made of it. */
struct reading {
	const struct store_domains_query *query;
	struct rank_order order;
	struct rank_place after; /* where the page begins, if order.after is set */
	struct arena *arena;
	struct pg_rows *marks;       /* NULL: not read yet */
	uint64_t known;              /* numbers of domains are below it */
	struct store_counts *counts; /* of domains that are looked up */
	struct store_domain_row *rows;
	size_t n;
	bool good, found; /* is it of packed days; are rows found already */
	bool rest;        /* are the rows that are not found those of domains that have nothing */
};

static void open_reading(struct reading *r)
{
	static const enum rank_by by[STORE_SORT_COUNT] = { [STORE_SORT_DOMAIN] = RANK_BY_NAME,
		[STORE_SORT_ATTEMPTED] = RANK_BY_ATTEMPTED,
		[STORE_SORT_FAILURE_RATE] = RANK_BY_RATE };
	const struct store_domains_query *query = r->query;

	r->arena = arena_new();
	r->rows = arena_calloc(r->arena, query->limit, sizeof *r->rows);
	r->order = (struct rank_order){ .by = by[query->sort],
		.reversed = query->reversed,
		.min_attempted = query->min_attempted,
		.limit = query->limit };
	if (!query->after)
		return;
	r->after =
		(struct rank_place){ .value = query->after->value, .name = query->after->domain };
	r->order.after = &r->after;
}

static void put_row(
	struct reading *r, const struct rank_place *place, const struct store_counts *counts)
{
	r->rows[r->n++] = (struct store_domain_row){ .domain = place->name,
		.counts = *counts,
		.place = { place->value, place->name },
		.number = place->number };
}

static enum err run(
	struct store *store, const struct reading *r, enum query sql, struct pg_rows **ret_rows)
{
	const struct store_window *window = &r->query->window;

	return PG_RUN(store->pg, sql, ret_rows, pg_time(window->from_us), pg_time(window->to_us),
		pg_text(window->stream), pg_text(store_basis_name(window->basis)));
}

/* ---- of the first of them, which heads name ---- */

struct top {
	struct reading *r;
	struct heads_choice choice; /* who may be on the page */
	struct rank *ranks;         /* of these */
};

/* Rates depend on domains that have next to nothing, and a list from the least count on begins with them. */
static bool is_of_large(const struct rank_order *order)
{
	return !order->reversed && order->by != RANK_BY_RATE && order->by != RANK_BY_NAME;
}

/* In other orders all that have enough attempts may be the first. */
static struct heads_wish wish_of(const struct reading *r)
{
	bool of_large = is_of_large(&r->order);

	return (struct heads_wish){ .column = of_large && r->order.by == RANK_BY_SUM
						      ? sort_columns[r->query->sort]
						      : PACK_ATTEMPTED,
		.min_attempted = r->order.min_attempted,
		.before = r->order.after ? r->order.after->value : INFINITY,
		.or_any = of_large && r->order.by == RANK_BY_SUM,
		.limit = of_large ? r->order.limit : 0 };
}

static void add_top(
	void *context, size_t i, const struct rank_part *part, const struct pack_entry *entry)
{
	struct top *top = context;

	rank_add_entry(&top->ranks[i], entry, part, sort_columns[top->r->query->sort]);
	add_counts(&top->r->counts[i], entry, part);
}

static enum err put_top(struct top *top)
{
	struct reading *r = top->r;
	const struct heads_choice *c = &top->choice;
	struct rank_page page = { .order = &r->order,
		.places = arena_calloc(r->arena, r->order.limit, sizeof *page.places) };
	const struct str *names;

	if (c->n && c->numbers[c->n - 1] >= r->known)
		return ERR_CORRUPT;
	names = names_lock(r->query->names->names);
	for (size_t i = 0; i < c->n; i++)
		rank_offer(&page, &top->ranks[i], arena_dup(r->arena, names[c->numbers[i]]), i);
	names_unlock(r->query->names->names);
	rank_put_in_order(&page);
	for (size_t k = 0; k < page.n; k++) {
		size_t i = page.places[k].number;

		page.places[k].number = c->numbers[i];
		put_row(r, &page.places[k], &r->counts[i]);
	}
	r->rest = c->any && page.n < r->order.limit;
	r->found = !r->rest;
	return ERR_OK;
}

static enum err read_top(struct store *store, struct reading *r, const struct pg_rows *rows)
{
	const struct heads_wish wish = wish_of(r);
	struct heads *heads = heads_new(rows, read_parts(r->query, rows, r->arena), HEADS_ALL);
	struct top top = { .r = r };
	enum err err = ERR_OK;

	if (heads && heads_choose(heads, &wish, &top.choice)) {
		top.ranks = arena_calloc(r->arena, top.choice.n + 1, sizeof *top.ranks);
		r->counts = arena_calloc(r->arena, top.choice.n + 1, sizeof *r->counts);
		err = heads_read(heads, store->pg, add_top, &top, &r->found);
		if (!err && r->found)
			err = put_top(&top);
	}
	heads_free(heads);
	return err;
}

static enum err find_top(struct store *store, struct reading *r)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err;

	if (!is_of_large(&r->order) && !r->order.min_attempted)
		return ERR_OK;
	err = run(store, r, QUERY_HEADS, &rows);
	return err ? err : read_top(store, r, rows);
}

/* ---- of those that have what nothing stands before, or behind ---- */

static void add_looked_up(
	void *context, size_t i, const struct rank_part *part, const struct pack_entry *entry)
{
	struct reading *r = context;

	add_counts(&r->counts[i], entry, part);
}

static bool has_volumes(const struct rank_part *parts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (parts[i].volume)
			return true;
	return false;
}

static enum err read_marks(struct store *store, struct reading *r)
{
	return r->marks ? ERR_OK : run(store, r, QUERY_HEAD_MARKS, &r->marks);
}

static enum err walk(struct store *store, struct reading *r)
{
	struct rank_order order = r->order;
	struct walk walk = { .order = &order,
		.value = { 0, true },
		.sorted = sort_columns[r->query->sort],
		.names = r->query->names->names,
		.arena = r->arena,
		.rows = r->marks,
		.parts = read_parts(r->query, r->marks, r->arena),
		.fn = add_looked_up,
		.context = r };
	struct walk_row *found;
	enum err err;
	size_t n;

	order.limit -= r->n;
	if (!r->rest &&
		!walk_suits(&order, has_volumes(walk.parts, pg_rows_count(r->marks)), &walk.value))
		return ERR_OK;
	found = arena_calloc(r->arena, order.limit, sizeof *found);
	r->counts = arena_calloc(r->arena, WALK_MOST, sizeof *r->counts);
	err = walk_run(&walk, store->pg, found, &n, &r->found);
	for (size_t i = 0; !err && r->found && i < n; i++)
		put_row(r, &found[i].place, &r->counts[found[i].i]);
	return err;
}

static enum err find_by_name(struct store *store, struct reading *r)
{
	enum err err;

	if (is_of_large(&r->order) && !r->rest && r->order.by == RANK_BY_SUM)
		return ERR_OK;
	err = read_marks(store, r);
	return err ? err : walk(store, r);
}

/* ---- of all of them ---- */

static int by_number(const void *a, const void *b)
{
	const struct store_domain_row *const *x = a, *const *y = b;

	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

static void add_row(
	void *context, size_t i, const struct rank_part *part, const struct pack_entry *entry)
{
	struct store_domain_row *const *rows = context;

	add_counts(&rows[i]->counts, entry, part);
}

/* By the marks in front of days. *ret_done false: nothing is counted. */
static enum err look_rows_up(struct store *store, struct reading *r, const uint64_t *numbers,
	struct store_domain_row **rows, bool *ret_done)
{
	static const struct store_counts none;
	struct heads *heads;
	enum err err = read_marks(store, r);

	*ret_done = false;
	if (err)
		return err;
	heads = heads_new(r->marks, read_parts(r->query, r->marks, r->arena), HEADS_MARKS);
	if (heads) {
		heads_take(heads, numbers, r->n);
		err = heads_read(heads, store->pg, add_row, rows, ret_done);
	}
	heads_free(heads);
	for (size_t i = 0; i < r->n && !*ret_done; i++)
		rows[i]->counts = none;
	return err;
}

static enum err read_rows(struct store *store, struct reading *r, const uint64_t *numbers,
	struct store_domain_row **rows)
{
	CLEANUP(pg_rows_freep) struct pg_rows *packed = NULL;
	enum err err = run(store, r, QUERY_PACKED, &packed);

	return err ? err
		   : days_read(read_parts(r->query, packed, r->arena), pg_rows_count(packed),
			     numbers, r->n, add_row, rows);
}

/* Of rows that stand in their order. */
static enum err count_rows(struct store *store, struct reading *r)
{
	struct store_domain_row **rows = arena_calloc(r->arena, r->n + 1, sizeof(void *));
	uint64_t *numbers = arena_calloc(r->arena, r->n + 1, sizeof *numbers);
	bool done = false;
	enum err err = ERR_OK;

	for (size_t i = 0; i < r->n; i++)
		rows[i] = &r->rows[i];
	qsort(rows, r->n, sizeof *rows, by_number);
	for (size_t i = 0; i < r->n; i++)
		numbers[i] = rows[i]->number;
	if (r->n <= HEADS_CHOSEN)
		err = look_rows_up(store, r, numbers, rows, &done);
	return err || done ? err : read_rows(store, r, numbers, rows);
}

/* `all` false: only where nothing has to be read for it. */
static enum err find_in_all(struct store *store, struct reading *r, bool all)
{
	static const struct store_counts none;
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = run(store, r, QUERY_PACKED_ROWS, &rows);
	const struct whole whole = { .order = &r->order,
		.sorted = sort_columns[r->query->sort],
		.names = r->query->names->names,
		.known = r->known,
		.kept = r->query->names->kept,
		.arena = r->arena,
		.rows = rows,
		.parts = err ? NULL : read_parts(r->query, rows, r->arena) };
	struct rank_place *places = arena_calloc(r->arena, r->order.limit, sizeof *places);
	size_t n;

	if (err || (!all && !whole_is_kept(&whole)))
		return err;
	err = whole_run(&whole, store->pg, places, &n);
	r->n = 0;
	for (size_t i = 0; !err && i < n; i++)
		put_row(r, &places[i], &none);
	r->found = !err;
	return err ? err : count_rows(store, r);
}

/* ---- the whole ---- */

static enum err read_state(struct store *store, struct reading *r)
{
	const struct store_domains_query *query = r->query;
	struct pack_state state;
	enum err err = store_pack_state(store, &query->window, &state, &r->good);

	if (err || !r->good)
		return err;
	if (query->as_of_us && state.stale_us != TIMESTAMP_NONE)
		*query->as_of_us = state.stale_us;
	return names_learn(query->names->names, store->pg, state.newest, &r->known);
}

/* One snapshot for state and days: what is told to be packed must be what is read. */
static enum err read_packed(struct store *store, struct reading *r)
{
	enum err err = read_state(store, r);

	if (!err && r->good)
		err = find_top(store, r);
	if (!err && r->good && !r->found && r->order.by != RANK_BY_NAME)
		err = find_in_all(store, r, false);
	if (!err && r->good && !r->found)
		err = find_by_name(store, r);
	if (!err && r->good && !r->found)
		err = find_in_all(store, r, true);
	return err;
}

static enum err rank(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context, bool *ret_done)
{
	struct reading r = { .query = query };
	enum err err = pg_do(store->pg, QUERY_BEGIN_SNAPSHOT, NULL);

	if (err)
		return err;
	open_reading(&r);
	err = pg_end(store->pg, read_packed(store, &r));
	*ret_done = !err && r.good;
	for (size_t i = 0; *ret_done && !err && i < r.n && fn(context, &r.rows[i]); i++)
		continue;
	pg_rows_free(r.marks);
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
