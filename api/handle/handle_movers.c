/* api/handle/handle_movers.c -- domains and providers whose failures changed most since the equally long window before. */
#include "api/handle/handle.h"
#include "core/arena.h"

#include <math.h>
#include <stdlib.h>

enum { LOOKED_AT = 200, TOLD = 10 };

struct mover {
	struct str name;
	struct store_counts now, then;
	bool is_now, is_then; /* was it among those that were looked at? */
};

struct movers {
	struct handle *handle;
	enum store_dimension by;
	struct mover *rows; /* of both windows, at most 2 * LOOKED_AT */
	size_t n, first_n;  /* of this window */
	size_t seen;        /* of the window that is being read */
	bool is_before;
};

static struct mover *find(struct movers *movers, struct str name)
{
	for (size_t i = 0; i < movers->first_n; i++)
		if (str_eq(movers->rows[i].name, name))
			return &movers->rows[i];
	return NULL;
}

static bool add(void *context, const struct store_domain_row *row)
{
	struct movers *movers = context;
	struct mover *mover = movers->is_before ? find(movers, row->domain) : NULL;

	if (movers->seen++ == LOOKED_AT)
		return false;
	if (!mover) {
		mover = &movers->rows[movers->n++];
		*mover = (struct mover){ .name = arena_dup(movers->handle->arena, row->domain) };
	}
	*(movers->is_before ? &mover->then : &mover->now) = row->counts;
	*(movers->is_before ? &mover->is_then : &mover->is_now) = true;
	return true;
}

/* True in *ret_whole: nobody else had a failure. */
static enum err read_window(
	struct movers *movers, const struct store_window *window, bool *ret_whole)
{
	const struct store_domains_query query = { .window = *window,
		.by = movers->by,
		.sort = STORE_SORT_FAILED,
		.limit = LOOKED_AT + 1,
		.names = movers->handle->service->names };
	enum err err;

	movers->seen = 0;
	err = store_domains(movers->handle->store, &query, add, movers);
	*ret_whole = movers->seen <= LOOKED_AT;
	return err;
}

/* In standard deviations of counts: twenty more of a thousand is less of a change than of five. */
static double weight(const struct mover *mover)
{
	double now = (double)mover->now.failed, then = (double)mover->then.failed;

	return fabs(now - then) / sqrt(now + then + 1);
}

static int heavier(const void *a, const void *b)
{
	double x = weight(a), y = weight(b);

	return x != y ? (x < y ? 1 : -1)
		      : str_cmp(((const struct mover *)a)->name, ((const struct mover *)b)->name);
}

static json_t *mover_json(const struct movers *movers, const struct mover *mover)
{
	json_t *json = json_object(), *before = json_object();

	json_object_set_new(json, store_dimension_name(movers->by).p,
		json_stringn(mover->name.p, mover->name.n));
	json_object_set_new(json, "difference",
		json_integer((json_int_t)mover->now.failed - (json_int_t)mover->then.failed));
	handle_set_counts(json, &mover->now);
	handle_set_rates(movers->handle, json, &mover->now);
	handle_set_counts(before, &mover->then);
	handle_set_rates(movers->handle, before, &mover->then);
	json_object_set_new(json, "before", before);
	return json;
}

static void before(struct store_window *window)
{
	int64_t width_us = window->to_us - window->from_us;

	window->to_us = window->from_us;
	window->from_us -= width_us;
}

/* Who is not among the first of a window that has more of them is left out: no change is guessed. */
static enum err move(struct handle *handle, enum store_dimension by, struct store_window window,
	json_t **ret_rows)
{
	struct movers movers = { .handle = handle, .by = by };
	bool now_whole, then_whole;
	json_t *rows;
	size_t n = 0;
	enum err err;

	movers.rows = arena_calloc(handle->arena, (size_t)2 * LOOKED_AT, sizeof *movers.rows);
	err = read_window(&movers, &window, &now_whole);
	if (err)
		return err;
	movers.first_n = movers.n;
	movers.is_before = true;
	before(&window);
	err = read_window(&movers, &window, &then_whole);
	if (err)
		return err;
	for (size_t i = 0; i < movers.n; i++) {
		const struct mover *mover = &movers.rows[i];

		if ((mover->is_now || now_whole) && (mover->is_then || then_whole) &&
			mover->now.failed != mover->then.failed)
			movers.rows[n++] = *mover;
	}
	qsort(movers.rows, n, sizeof *movers.rows, heavier);
	rows = json_array();
	for (size_t i = 0; i < n && i < TOLD; i++)
		json_array_append_new(rows, mover_json(&movers, &movers.rows[i]));
	*ret_rows = rows;
	return ERR_OK;
}

static enum err add_movers(
	struct handle *handle, enum store_dimension by, const char *key, json_t *json)
{
	struct store_window window;
	enum store_counted counted;
	json_t *rows;
	enum err err;

	if (!handle_window(handle, &window) || !handle_counted(handle, by, &window, &counted))
		return ERR_OK;
	err = move(handle, by, window, &rows);
	if (!err)
		json_object_set_new(json, key, rows);
	return err;
}

enum err handle_movers(struct handle *handle)
{
	struct store_window window, earlier;
	enum store_counted counted;
	json_t *json;
	enum err err;

	if (!handle_window(handle, &window) ||
		!handle_counted(handle, STORE_BY_DOMAIN, &window, &counted))
		return ERR_OK;
	earlier = window;
	before(&earlier);
	json = handle_window_json(handle, &window, counted);
	json_object_set_new(json, "before",
		json_pack("{s:o,s:o}", "from", json_time(earlier.from_us), "to",
			json_time(earlier.to_us)));
	err = add_movers(handle, STORE_BY_DOMAIN, "domains", json);
	if (!err)
		err = add_movers(handle, STORE_BY_PROVIDER, "providers", json);
	if (err)
		json_decref(json);
	else
		answer_json(handle->answer, 200, json);
	return err;
}
