#include "store/rank/walk.h"

#include "store/rank/heads.h"

#include <math.h>
#include <stdlib.h>

enum { FIRST_CHUNK = 256 };

/* A rate is one at most; without volumes there is none, and no attempts. */
static bool foremost(const struct rank_order *order, bool volumes, struct walk_value *ret_value)
{
	switch (order->by) {
	case RANK_BY_NAME:
		*ret_value = (struct walk_value){ 0, true };
		return true;
	case RANK_BY_SUM:
		*ret_value = (struct walk_value){ 0, false };
		return order->reversed;
	case RANK_BY_RATE:
	case RANK_BY_ATTEMPTED:
		break;
	}
	if (volumes)
		*ret_value = (struct walk_value){ order->reversed ? 0 : 1, false };
	else
		*ret_value = (struct walk_value){ order->reversed ? -INFINITY : -1, true };
	return !volumes || order->by == RANK_BY_RATE;
}

bool walk_suits(const struct rank_order *order, bool volumes, struct walk_value *ret_value)
{
	return foremost(order, volumes, ret_value) &&
	       (!order->after || order->after->value >= ret_value->value);
}

struct walking {
	const struct walk *walk;
	struct heads *heads;
	struct rank_name *names; /* of this chunk, as they are on the list */
	size_t n;
	uint64_t *numbers;  /* the same by rising number */
	struct rank *ranks; /* by these */
	size_t first;       /* what the first of these is to walk->fn */
	struct walk_row *rows;
	size_t n_rows;
};

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void add_entry(
	void *context, size_t i, const struct rank_part *part, const struct pack_entry *entry)
{
	const struct walking *w = context;

	rank_add_entry(&w->ranks[i], entry, part, w->walk->sorted);
	w->walk->fn(w->walk->context, w->first + i, part, entry);
}

static void take_rows(struct walking *w)
{
	const struct rank_order *order = w->walk->order;
	const double value = w->walk->value.value;

	for (size_t k = 0; k < w->n && w->n_rows < order->limit; k++) {
		const uint64_t *number = bsearch(
			&w->names[k].number, w->numbers, w->n, sizeof *w->numbers, by_number);
		size_t i = (size_t)(number - w->numbers);
		struct rank_place place =
			rank_place_of(order, &w->ranks[i], w->names[k].name, *number);

		if (rank_is_wanted(order, &w->ranks[i], &place) && place.value >= value &&
			place.value <= value)
			w->rows[w->n_rows++] = (struct walk_row){ place, w->first + i };
	}
}

static enum err look_at(struct walking *w, struct pg *pg, bool *ret_done)
{
	enum err err;

	w->numbers = arena_calloc(w->walk->arena, w->n, sizeof *w->numbers);
	w->ranks = arena_calloc(w->walk->arena, w->n, sizeof *w->ranks);
	for (size_t k = 0; k < w->n; k++)
		w->numbers[k] = w->names[k].number;
	qsort(w->numbers, w->n, sizeof *w->numbers, by_number);
	heads_take(w->heads, w->numbers, w->n);
	err = heads_read(w->heads, pg, add_entry, w, ret_done);
	if (!err && *ret_done)
		take_rows(w);
	return err;
}

/* As many at a time as the page may need by what was found; 0: more than there may be. */
static size_t next_chunk(const struct walking *w, size_t seen)
{
	size_t limit = w->walk->order->limit, left = limit - w->n_rows, n = 2 * limit;

	if (seen)
		n = w->n_rows ? left * seen / w->n_rows * 5 / 4 : WALK_MOST;
	if (n < FIRST_CHUNK)
		n = FIRST_CHUNK;
	if (seen + n > WALK_MOST)
		return 0;
	return n < HEADS_CHOSEN ? n : HEADS_CHOSEN;
}

static enum err walk_names(struct walking *w, struct pg *pg, bool *ret_done)
{
	const struct rank_order *order = w->walk->order;
	struct names_walk at = { .arena = w->walk->arena,
		.z_to_a = order->reversed && order->by == RANK_BY_NAME,
		.begun = order->after && order->after->value <= w->walk->value.value };
	bool read = true, end = false;
	enum err err = ERR_OK;
	size_t chunk;

	if (at.begun)
		at.last = order->after->name;
	while (!err && read && !end && w->n_rows < order->limit &&
		(chunk = next_chunk(w, w->first))) {
		w->names = arena_calloc(w->walk->arena, chunk, sizeof *w->names);
		w->n = names_walk(w->walk->names, &at, w->names, chunk);
		end = w->n < chunk;
		if (w->n)
			err = look_at(w, pg, &read);
		w->first += w->n;
	}
	*ret_done = w->n_rows == order->limit || (read && end && w->walk->value.to_the_end);
	return err;
}

enum err walk_run(const struct walk *walk, struct pg *pg, struct walk_row *rows, size_t *ret_n,
	bool *ret_done)
{
	struct walking w = { .walk = walk, .rows = rows };
	enum err err = ERR_OK;

	*ret_done = false;
	w.heads = heads_new(walk->rows, walk->parts, HEADS_MARKS);
	if (w.heads)
		err = walk_names(&w, pg, ret_done);
	heads_free(w.heads);
	*ret_n = w.n_rows;
	return err;
}
