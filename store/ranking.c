#include "store/ranking.h"

#include "core/limits.h"
#include "store/form/pack_walk.h"
#include "store/store_priv.h"

#include <math.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* ---- the names of domains, by number ---- */

/* Each holds some 30 MB while it adds up, and a processor. */
enum { RANKINGS_AT_ONCE = 2 };

struct store_names {
	pthread_rwlock_t lock;
	sem_t turns; /* of rankings that are being added up */
	struct arena *arena;
	struct str *names; /* names[number]; an empty one with p NULL is not known */
	uint64_t n, room;
};

struct store_names *store_names_new(void)
{
	struct store_names *names = calloc(1, sizeof *names);

	if (!names || pthread_rwlock_init(&names->lock, NULL) ||
		sem_init(&names->turns, 0, RANKINGS_AT_ONCE))
		abort();
	names->arena = arena_new();
	return names;
}

void store_names_free(struct store_names *names)
{
	if (!names)
		return;
	sem_destroy(&names->turns);
	pthread_rwlock_destroy(&names->lock);
	arena_free(names->arena);
	free(names->names);
	free(names);
}

static void add_name(struct store_names *names, uint64_t number, struct str name)
{
	while (number >= names->room) {
		uint64_t room = names->room ? names->room * 2 : 1024;

		names->names = realloc(names->names, room * sizeof *names->names);
		if (!names->names)
			abort();
		memset(names->names + names->room, 0, (room - names->room) * sizeof *names->names);
		names->room = room;
	}
	names->names[number] = arena_dup(names->arena, name);
	names->n = number + 1;
}

/* Numbers only grow; fewer than before mean another database, such as a copy that was restored. */
static enum err learn_names(struct store *store, struct store_names *names, uint64_t newest)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err;

	if (names->n > newest + 1) {
		arena_reset(names->arena);
		memset(names->names, 0, names->room * sizeof *names->names);
		names->n = 0;
	}
	if (names->n == newest + 1)
		return ERR_OK;
	err = PG_RUN(
		store->pg, QUERY_DOMAIN_NAMES, &rows, pg_i64(names->n ? (int64_t)names->n - 1 : 0));
	for (size_t i = 0; !err && i < pg_rows_count(rows); i++)
		add_name(names, (uint64_t)pg_get_i64(rows, i, 0), pg_get_text(rows, i, 1));
	return err;
}

enum err store_names_learn(struct store *store, struct store_names *names)
{
	enum err err;

	pthread_rwlock_wrlock(&names->lock);
	err = learn_names(store, names, UINT64_MAX - 1);
	pthread_rwlock_unlock(&names->lock);
	return err;
}

/* ---- adding up ---- */

struct rank {
	uint64_t sum; /* of the column that is sorted by */
	uint64_t failed, covered;
	uint64_t attempted : 62;
	bool seen : 1; /* not of zeros alone, which are left of what moved away */
	bool has_volume : 1;
};

/* So many entries, of two octets and more, lie between two places where the second walk may begin. All parts go on by so many
 * numbers in turn: their ranks stay in the processor's own memory meanwhile. */
enum { MARK_ENTRIES = 16, TURN_NUMBERS = 4096 };

struct part {
	bool volume, chosen, rated;
	struct str packed;
	struct pack_reader
		reader; /* of the first walk, which makes the marks, before each MARK_ENTRIES entries */
	struct pack_reader *marks;
	size_t n_marks;
};

struct sums {
	const struct store_domains_query *query;
	struct pg_rows *rows; /* what the parts borrow from */
	struct part *parts;
	size_t n_parts;
	struct rank *ranks; /* by number, below n */
	uint64_t n;
};

static bool is_chosen(struct str wanted, struct str proof, bool rated)
{
	return wanted.n ? str_eq(wanted, STR("all")) || str_eq(wanted, proof) : rated;
}

static void read_parts(struct sums *sums, struct arena *arena)
{
	sums->n_parts = pg_rows_count(sums->rows);
	sums->parts = arena_calloc(arena, sums->n_parts, sizeof *sums->parts);
	for (size_t i = 0; i < sums->n_parts; i++) {
		bool rated = pg_get_bool(sums->rows, i, 2);

		sums->parts[i] = (struct part){ .volume = str_eq(pg_get_text(sums->rows, i, 0),
							STR("volume")),
			.chosen = is_chosen(
				sums->query->window.proof, pg_get_text(sums->rows, i, 1), rated),
			.rated = rated,
			.packed = pg_get_text(sums->rows, i, 3) };
		pack_open(&sums->parts[i].reader, sums->parts[i].packed);
		sums->parts[i].marks =
			arena_calloc(arena, sums->parts[i].packed.n / (2 * MARK_ENTRIES) + 2,
				sizeof(struct pack_reader));
	}
}

/* By failures where the order is not one of these. */
static const enum pack_column sort_columns[STORE_SORT_COUNT] = { [STORE_SORT_HARD] = PACK_HARD,
	[STORE_SORT_SOFT] = PACK_SOFT,
	[STORE_SORT_BLOCK] = PACK_BLOCK,
	[STORE_SORT_DELAYED] = PACK_DELAYED,
	[STORE_SORT_COMPLAINTS] = PACK_COMPLAINTS };

/* What the order is made of; the last is the column that is sorted by. */
enum { FEW_FAILED, FEW_OTHER, FEW_SORTED };

static void open_walk(struct pack_walk *walk, bool volume, enum pack_column sorted)
{
	const enum pack_column columns[PACK_FEW] = { [FEW_FAILED] = PACK_FAILED,
		[FEW_OTHER] = volume ? PACK_ATTEMPTED : PACK_FAILED_UNCOVERED,
		[FEW_SORTED] = sorted };

	pack_walk_open(walk, columns);
}

static inline void add_rank(struct rank *rank, const struct pack_few *few, const struct part *part)
{
	if (part->volume) {
		rank->seen = rank->has_volume = true;
		rank->attempted += few->value[FEW_OTHER];
		return;
	}
	rank->seen |= part->chosen ? few->set : !part->rated && few->value[FEW_FAILED];
	if (!part->chosen)
		return;
	rank->failed += few->value[FEW_FAILED];
	rank->covered += few->value[FEW_FAILED] - few->value[FEW_OTHER];
	rank->sum += few->value[FEW_SORTED];
}

/* Up to the first entry from number `below` on, or a few behind it. */
static enum err add_part(
	struct sums *sums, struct part *part, const struct pack_walk *walk, uint64_t below)
{
	struct pack_few few[MARK_ENTRIES];

	while (part->reader.rest.n && part->reader.last < below) {
		size_t n;

		part->marks[part->n_marks++] = part->reader;
		n = pack_walk_next(walk, &part->reader, few, MARK_ENTRIES);
		if (part->reader.bad || few[n - 1].number >= sums->n)
			return ERR_CORRUPT;
		for (size_t i = 0; i < n; i++)
			add_rank(&sums->ranks[few[i].number], &few[i], part);
	}
	return part->reader.bad ? ERR_CORRUPT : ERR_OK;
}

/* First walk: what the order is made of, of every domain. */
static enum err add_up(struct sums *sums)
{
	struct pack_walk walks[2];
	enum pack_column sorted = sort_columns[sums->query->sort];
	enum err err = ERR_OK;

	open_walk(&walks[false], false, sorted);
	open_walk(&walks[true], true, sorted);
	for (uint64_t below = TURN_NUMBERS; !err && below < sums->n + TURN_NUMBERS;
		below += TURN_NUMBERS)
		for (size_t i = 0; !err && i < sums->n_parts; i++)
			err = add_part(sums, &sums->parts[i], &walks[sums->parts[i].volume], below);
	return err;
}

static uint64_t get(const struct pack_entry *entry, enum pack_column column)
{
	return entry->set & 1u << column ? entry->column[column] : 0;
}

static void add_counts(
	struct store_counts *counts, const struct pack_entry *entry, const struct part *part)
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

struct pick {
	uint64_t number;
	struct store_counts *counts;
};

static int by_number(const void *a, const void *b)
{
	const struct pick *x = a, *y = b;

	return (x->number > y->number) - (x->number < y->number);
}

/* Counts of picks from this mark on; both come by rising number. */
static void fill_between(const struct part *part, struct pack_reader reader,
	const struct pick *pick, const struct pick *end)
{
	struct pack_entry entry;

	for (size_t n = 0; n < MARK_ENTRIES && pack_next(&reader, &entry); n++) {
		while (pick < end && pick->number < entry.number)
			pick++;
		if (pick < end && pick->number == entry.number)
			add_counts(pick->counts, &entry, part);
	}
}

/* Second walk: all counts, of the n domains that were picked; between two marks without one of them nothing is read. */
static void fill_picked(
	const struct sums *sums, struct arena *arena, struct store_domain_row *rows, size_t n)
{
	struct pick *picks = arena_calloc(arena, n + 1, sizeof *picks);
	const struct pick *end = picks + n;

	for (size_t i = 0; i < n; i++)
		picks[i] = (struct pick){ rows[i].number, &rows[i].counts };
	qsort(picks, n, sizeof *picks, by_number);
	for (const struct part *part = sums->parts; part < sums->parts + sums->n_parts; part++) {
		const struct pick *next = picks;

		for (size_t k = 0; k < part->n_marks; k++) {
			uint64_t to = k + 1 < part->n_marks ? part->marks[k + 1].last : UINT64_MAX;

			while (next < end && next->number <= part->marks[k].last)
				next++;
			if (next < end && next->number <= to)
				fill_between(part, part->marks[k], next, end);
		}
	}
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

/* ---- the whole ---- */

static enum err rank_and_hand_out(struct sums *sums, struct arena *arena, struct store_names *names,
	store_domain_fn *fn, void *context)
{
	struct store_domain_row *rows;
	enum err err = add_up(sums);
	size_t n = 0;

	if (err)
		return err;
	rows = calloc(sums->query->limit, sizeof *rows);
	if (!rows)
		abort();
	pthread_rwlock_rdlock(&names->lock);
	n = rank_pick(sums->query, sums->ranks, names->names, sums->n, rows);
	fill_picked(sums, arena, rows, n);
	for (size_t i = 0; i < n; i++)
		if (!fn(context, &rows[i]))
			break;
	pthread_rwlock_unlock(&names->lock);
	free(rows);
	return ERR_OK;
}

/* One snapshot for state and days: what is told to be packed must be what is read. */
static enum err read_packed(struct store *store, const struct store_domains_query *query,
	struct sums *sums, bool *ret_done)
{
	const struct store_window *window = &query->window;
	struct pack_state state;
	enum err err = store_pack_state(store, window, &state, ret_done);

	if (err || !*ret_done)
		return err;
	if (query->as_of_us && state.stale_us != TIMESTAMP_NONE)
		*query->as_of_us = state.stale_us;
	pthread_rwlock_wrlock(&query->names->lock);
	err = learn_names(store, query->names, state.newest);
	sums->n = query->names->n;
	pthread_rwlock_unlock(&query->names->lock);
	if (err)
		return err;
	return PG_RUN(store->pg, QUERY_PACKED, &sums->rows, pg_time(window->from_us),
		pg_time(window->to_us), pg_text(window->stream),
		pg_text(store_basis_name(window->basis)));
}

static enum err rank(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context, bool *ret_done)
{
	struct sums sums = { .query = query };
	struct arena *arena;
	enum err err = pg_do(store->pg, QUERY_BEGIN_SNAPSHOT, NULL);

	*ret_done = false;
	if (err)
		return err;
	err = pg_end(store->pg, read_packed(store, query, &sums, ret_done));
	if (!err && *ret_done) {
		arena = arena_new();
		sums.ranks = calloc(sums.n + 1, sizeof *sums.ranks);
		if (!sums.ranks)
			abort();
		read_parts(&sums, arena);
		err = rank_and_hand_out(&sums, arena, query->names, fn, context);
		free(sums.ranks);
		arena_free(arena);
	}
	pg_rows_free(sums.rows);
	return err;
}

enum err store_ranking(struct store *store, const struct store_domains_query *query,
	store_domain_fn *fn, void *context, bool *ret_done)
{
	enum err err;

	while (sem_wait(&query->names->turns))
		continue; /* a signal */
	err = rank(store, query, fn, context, ret_done);
	sem_post(&query->names->turns);
	return err;
}
