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

/* Numbers only grow; fewer than before mean another database, such as a copy that was restored. */
static enum err learn(struct names *names, struct pg *pg, uint64_t newest)
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
	err = PG_RUN(pg, QUERY_DOMAIN_NAMES, &rows, pg_i64(names->n ? (int64_t)names->n - 1 : 0));
	for (size_t i = 0; !err && i < pg_rows_count(rows); i++)
		add_name(names, (uint64_t)pg_get_i64(rows, i, 0), pg_get_text(rows, i, 1));
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
