#include "store/rank/names.h"

#include "core/arena.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct names {
	pthread_rwlock_t lock;
	struct arena *arena;
	struct str *names; /* names[number]; an empty one with p NULL is not known */
	uint64_t n, room;
	struct str origin; /* whose numbers these are */
	uint32_t *by_name; /* numbers in the order of their names; as many names fit no memory */
	size_t n_by_name, by_name_room;
};

struct names *names_new(void)
{
	struct names *names = calloc(1, sizeof *names);

	if (!names || pthread_rwlock_init(&names->lock, NULL))
		abort();
	names->arena = arena_new();
	return names;
}

void names_free(struct names *names)
{
	if (!names)
		return;
	pthread_rwlock_destroy(&names->lock);
	arena_free(names->arena);
	free(names->names);
	free(names->by_name);
	free(names);
}

static void add_name(struct names *names, uint64_t number, struct str name)
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

/* ---- by name ---- */

static bool is_before(const struct names *names, uint32_t a, uint32_t b)
{
	return str_cmp(names->names[a], names->names[b]) < 0;
}

/* How many of the first n in order stand before the name, or are it where `with` says so. */
static size_t count_before(const struct names *names, size_t n, struct str name, bool with)
{
	size_t low = 0;

	while (low < n) {
		size_t at = low + (n - low) / 2;

		if (str_cmp(names->names[names->by_name[at]], name) < (int)with)
			low = at + 1;
		else
			n = at;
	}
	return low;
}

/* Two neighbouring runs in order, of n and of m numbers, become one; `spare` has room for m. */
static void merge(const struct names *names, uint32_t *run, size_t n, size_t m, uint32_t *spare)
{
	memcpy(spare, run + n, m * sizeof *spare);
	while (n && m) {
		bool left = is_before(names, spare[m - 1], run[n - 1]);

		run[n + m - 1] = left ? run[n - 1] : spare[m - 1];
		n -= left;
		m -= !left;
	}
	memcpy(run, spare, m * sizeof *spare);
}

static size_t run_length(const struct names *names, const uint32_t *run, size_t n)
{
	size_t length = 1;

	while (length < n && !is_before(names, run[length], run[length - 1]))
		length++;
	return length;
}

/* The domains of a day got their numbers by name: there are as many runs as days. */
static void sort_runs(const struct names *names, uint32_t *numbers, size_t n, uint32_t *spare)
{
	bool more = true;

	while (more && n) {
		more = false;
		for (size_t at = 0; at < n;) {
			size_t a = run_length(names, numbers + at, n - at), b = 0;

			if (at + a < n)
				b = run_length(names, numbers + at + a, n - at - a);
			merge(names, numbers + at, a, b, spare);
			at += a + b;
			more |= at < n;
		}
	}
}

/* A few new ones among many: each finds its place, and those behind move up. */
static void insert(const struct names *names, size_t n, size_t m, const uint32_t *fresh)
{
	for (; m; m--) {
		size_t at = count_before(names, n, names->names[fresh[m - 1]], false);

		memmove(names->by_name + at + m, names->by_name + at,
			(n - at) * sizeof *names->by_name);
		names->by_name[at + m - 1] = fresh[m - 1];
		n = at;
	}
}

static void put_in_order(struct names *names, uint64_t from)
{
	size_t n = names->n_by_name, m = 0;
	uint32_t *spare;

	if (names->n == from)
		return;
	spare = calloc(names->n - from, sizeof *spare);
	if (names->by_name_room < names->n) {
		names->by_name_room = names->room;
		names->by_name = realloc(names->by_name, names->room * sizeof *names->by_name);
	}
	if (!spare || !names->by_name)
		abort();
	for (uint64_t number = from; number < names->n; number++)
		if (names->names[number].p)
			names->by_name[n + m++] = (uint32_t)number;
	sort_runs(names, names->by_name + n, m, spare);
	memcpy(spare, names->by_name + n, m * sizeof *spare);
	insert(names, n, m, spare);
	names->n_by_name = n + m;
	free(spare);
}

/* Numbers only grow, and whose snapshot is older has fewer. Of another origin, such as a copy that was restored, none is known. */
static void take_origin(struct names *names, struct str origin)
{
	if (str_eq(names->origin, origin))
		return;
	arena_reset(names->arena);
	if (names->room)
		memset(names->names, 0, names->room * sizeof *names->names);
	names->n = names->n_by_name = 0;
	names->origin = arena_dup(names->arena, origin);
}

static enum err learn(struct names *names, struct pg *pg, uint64_t newest)
{
	CLEANUP(pg_rows_freep) struct pg_rows *origin = NULL, *rows = NULL;
	uint64_t from;
	enum err err = PG_RUN(pg, QUERY_NAMES_ORIGIN, &origin);

	if (err)
		return err;
	take_origin(names, pg_get_text(origin, 0, 0));
	if (names->n > newest)
		return ERR_OK;
	from = names->n;
	err = PG_RUN(pg, QUERY_DOMAIN_NAMES, &rows, pg_i64(names->n ? (int64_t)names->n - 1 : 0));
	for (size_t i = 0; !err && i < pg_rows_count(rows); i++)
		add_name(names, (uint64_t)pg_get_i64(rows, i, 0), pg_get_text(rows, i, 1));
	put_in_order(names, from);
	return err;
}

enum err names_learn(struct names *names, struct pg *pg, uint64_t newest, uint64_t *ret_n)
{
	enum err err;

	pthread_rwlock_wrlock(&names->lock);
	err = learn(names, pg, newest);
	*ret_n = names->n;
	pthread_rwlock_unlock(&names->lock);
	return err;
}

const struct str *names_lock(struct names *names)
{
	pthread_rwlock_rdlock(&names->lock);
	return names->names;
}

void names_unlock(struct names *names)
{
	pthread_rwlock_unlock(&names->lock);
}

size_t names_walk(
	struct names *names, struct names_walk *walk, struct rank_name *ret_names, size_t max)
{
	size_t n = 0, at, left;

	pthread_rwlock_rdlock(&names->lock);
	at = walk->begun ? count_before(names, names->n_by_name, walk->last, !walk->z_to_a)
			 : (walk->z_to_a ? names->n_by_name : 0);
	left = walk->z_to_a ? at : names->n_by_name - at;
	for (; n < max && n < left; n++) {
		uint32_t number = names->by_name[walk->z_to_a ? at - 1 - n : at + n];

		ret_names[n] =
			(struct rank_name){ number, arena_dup(walk->arena, names->names[number]) };
	}
	pthread_rwlock_unlock(&names->lock);
	if (n)
		walk->last = ret_names[n - 1].name;
	walk->begun |= n > 0;
	return n;
}
