#include "store/rank/whole.h"

#include "store/rank/tally.h"

#include <string.h>

/* Columns of QUERY_PACKED_ROWS. */
enum { ROW_KEY = 3, ROW_PLACE };

struct adding {
	const struct whole *whole;
	struct kept_column **held; /* one an item */
	struct tally_item *items;
	size_t n;
};

static void add_item(struct adding *a, enum tally_to to, struct kept_column *held)
{
	a->held[a->n] = held;
	a->items[a->n++] = (struct tally_item){ to, held->column };
}

/* Of a row that was read; those of its columns that are not kept yet. */
static enum err make(struct adding *a, struct str key, struct str packed,
	const struct tally_want *wants, size_t n)
{
	struct column *columns[COLUMNS_AT_ONCE];
	unsigned wanted[COLUMNS_AT_ONCE];

	for (size_t i = 0; i < n; i++)
		wanted[i] = wants[i].column;
	if (!column_make(packed, a->whole->known, wanted, n, columns))
		return ERR_CORRUPT;
	for (size_t i = 0; i < n; i++)
		add_item(a, wants[i].to, kept_put(a->whole->kept, key, wanted[i], columns[i]));
	return ERR_OK;
}

static enum err read_row(
	struct adding *a, struct pg *pg, size_t row, const struct tally_want *wants, size_t n)
{
	const struct pg_rows *rows = a->whole->rows;
	CLEANUP(pg_rows_freep) struct pg_rows *packed = NULL;
	enum err err =
		PG_RUN(pg, QUERY_PACKED_ROW, &packed, pg_text(pg_get_text(rows, row, ROW_PLACE)));

	if (!err && pg_rows_count(packed) != 1)
		err = ERR_CORRUPT;
	return err ? err
		   : make(a, pg_get_text(rows, row, ROW_KEY), pg_get_text(packed, 0, 0), wants, n);
}

static enum err add_row(struct adding *a, struct pg *pg, size_t row)
{
	const struct whole *whole = a->whole;
	struct tally_want wants[COLUMNS_AT_ONCE], missing[COLUMNS_AT_ONCE];
	size_t n = tally_wants(whole->order, whole->sorted, &whole->parts[row], wants),
	       n_missing = 0;

	for (size_t i = 0; i < n; i++) {
		struct kept_column *held = kept_take(
			whole->kept, pg_get_text(whole->rows, row, ROW_KEY), wants[i].column);

		if (!held)
			missing[n_missing++] = wants[i];
		else
			add_item(a, wants[i].to, held);
	}
	return n_missing ? read_row(a, pg, row, missing, n_missing) : ERR_OK;
}

/* A column that was kept is of fewer numbers than are known now, unless this is another database. */
static enum err check_columns(const struct adding *a)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->items[i].column->n > a->whole->known)
			return ERR_CORRUPT;
	return ERR_OK;
}

static size_t pick(const struct adding *a, struct rank_place *places)
{
	const struct whole *whole = a->whole;
	const struct str *names = names_lock(whole->names);
	size_t n = tally_pick(a->items, a->n, whole->known, whole->order, names, places);

	for (size_t i = 0; i < n; i++)
		places[i].name = arena_dup(whole->arena, places[i].name);
	names_unlock(whole->names);
	return n;
}

bool whole_is_kept(const struct whole *whole)
{
	struct tally_want wants[COLUMNS_AT_ONCE];
	bool kept = true;

	for (size_t row = 0; kept && row < pg_rows_count(whole->rows); row++) {
		size_t n = tally_wants(whole->order, whole->sorted, &whole->parts[row], wants);

		for (size_t i = 0; kept && i < n; i++)
			kept = kept_has(whole->kept, pg_get_text(whole->rows, row, ROW_KEY),
				wants[i].column);
	}
	return kept;
}

enum err whole_run(
	const struct whole *whole, struct pg *pg, struct rank_place *places, size_t *ret_n)
{
	const size_t room = pg_rows_count(whole->rows) * COLUMNS_AT_ONCE + 1;
	struct adding a = { .whole = whole,
		.held = arena_calloc(whole->arena, room, sizeof *a.held),
		.items = arena_calloc(whole->arena, room, sizeof *a.items) };
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < pg_rows_count(whole->rows); i++)
		err = add_row(&a, pg, i);
	if (!err)
		err = check_columns(&a);
	if (!err)
		*ret_n = pick(&a, places);
	for (size_t i = 0; i < a.n; i++)
		kept_give(whole->kept, a.held[i]);
	return err;
}
