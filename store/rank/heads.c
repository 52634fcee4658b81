#include "store/rank/heads.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Beyond these, and HEADS_CHOSEN, all days are read: looking up one by one would take as long. */
enum { MAX_LOOK_UPS = 4096, MAX_LINES_BYTES = 1 << 20 };
/* An entry is below two hundred octets. */
enum { FIRST_SLOTS = 4096, MAX_PLACE_BYTES = 200 * PACK_HEAD_MARK_ENTRIES };

/* Columns of QUERY_HEADS. */
enum { ROW_HEAD = 3, ROW_WHOLE, ROW_PLACE };

/* What heads say of a domain. */
struct slot {
	uint64_t number; /* 0: none */
	uint64_t least;  /* it has for certain, of the column that is sorted by */
	uint64_t
		known; /* the sum of what those beyond have at most, of parts in whose heads it is */
	uint64_t attempted;
};

/* Octets of a packed day in which some of the chosen are, if they are in it at all. */
struct look_up {
	struct pack_place place;
	size_t part, first, n; /* missing[first] to missing[first + n - 1] */
};

struct heads {
	const struct pg_rows *rows;
	const struct rank_part *parts;
	struct pack_head *heads;
	size_t n;
	enum heads_part part;
	struct slot *slots;
	size_t room, used; /* room is a power of two */
	uint64_t *chosen;
	size_t n_chosen;
	size_t *missing; /* of the chosen, part by part */
	size_t n_missing, missing_room;
	struct look_up *look_ups;
	size_t n_look_ups, look_ups_room;
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static bool open_heads(struct heads *h)
{
	for (size_t i = 0; i < h->n; i++) {
		if (pg_is_null(h->rows, i, ROW_HEAD))
			return false;
		if (pg_get_bool(h->rows, i, ROW_WHOLE))
			pack_head_whole(&h->heads[i], h->parts[i].packed);
		else if (!pack_head_open(&h->heads[i], h->parts[i].packed))
			return false;
	}
	return true;
}

struct heads *heads_new(
	const struct pg_rows *rows, const struct rank_part *parts, enum heads_part part)
{
	struct heads *h = must(calloc(1, sizeof *h));

	h->rows = rows;
	h->parts = parts;
	h->part = part;
	h->n = pg_rows_count(rows);
	h->heads = must(calloc(h->n + 1, sizeof *h->heads));
	h->room = FIRST_SLOTS;
	h->slots = must(calloc(h->room, sizeof *h->slots));
	if (open_heads(h))
		return h;
	heads_free(h);
	return NULL;
}

void heads_free(struct heads *h)
{
	if (!h)
		return;
	free(h->heads);
	free(h->slots);
	free(h->chosen);
	free(h->missing);
	free(h->look_ups);
	free(h);
}

/* ---- what heads say of each domain ---- */

/* Its slot, or an empty one. Numbers are dense: multiplied by the golden ratio they spread. */
static struct slot *find_slot(struct slot *slots, size_t room, uint64_t number)
{
	size_t at = (size_t)((number * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (room - 1);

	while (slots[at].number && slots[at].number != number)
		at = (at + 1) & (room - 1);
	return &slots[at];
}

static void grow(struct heads *h)
{
	size_t room = 2 * h->room;
	struct slot *slots = must(calloc(room, sizeof *slots));

	for (size_t i = 0; i < h->room; i++)
		if (h->slots[i].number)
			*find_slot(slots, room, h->slots[i].number) = h->slots[i];
	free(h->slots);
	h->slots = slots;
	h->room = room;
}

static struct slot *slot_of(struct heads *h, uint64_t number)
{
	struct slot *slot;

	if (2 * h->used >= h->room)
		grow(h);
	slot = find_slot(h->slots, h->room, number);
	h->used += !slot->number;
	slot->number = number;
	return slot;
}

static bool counts(const struct rank_part *part, enum pack_column column)
{
	return column == PACK_ATTEMPTED ? part->volume : !part->volume && part->chosen;
}

static bool add_head(struct heads *h, size_t i, enum pack_column column)
{
	const bool sorted = counts(&h->parts[i], column), volume = h->parts[i].volume;
	struct pack_reader reader = h->heads[i].entries;
	struct pack_entry entry;

	while ((sorted || volume) && pack_next(&reader, &entry)) {
		struct slot *slot = slot_of(h, entry.number);

		if (!entry.number)
			return false;
		if (volume)
			slot->attempted += rank_value(&entry, PACK_ATTEMPTED);
		if (!sorted)
			continue;
		slot->least += rank_value(&entry, column);
		slot->known += h->heads[i].beyond[column];
	}
	return !reader.bad;
}

/* ---- choosing ---- */

static int larger_first(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x < y) - (x > y);
}

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double most(const struct slot *slot, uint64_t beyond)
{
	return (double)(slot->least + (beyond - slot->known));
}

/* What the last row of the page has at least; -1: there are fewer rows for certain than it may have. */
static double threshold(const struct heads *h, const struct heads_wish *wish, uint64_t beyond)
{
	double *certain = must(calloc(h->used + 1, sizeof *certain)), least = -1;
	size_t n = 0;

	for (size_t i = 0; i < h->room; i++)
		if (h->slots[i].number && h->slots[i].attempted >= wish->min_attempted &&
			most(&h->slots[i], beyond) < wish->before)
			certain[n++] = (double)h->slots[i].least;
	if (n >= wish->limit) {
		qsort(certain, n, sizeof *certain, larger_first);
		least = certain[wish->limit - 1];
	}
	free(certain);
	return least;
}

static bool choose(struct heads *h, double least, uint64_t beyond)
{
	h->chosen = must(calloc(HEADS_CHOSEN, sizeof *h->chosen));
	h->n_chosen = 0;
	for (size_t i = 0; i < h->room; i++) {
		if (!h->slots[i].number || most(&h->slots[i], beyond) < least)
			continue;
		if (h->n_chosen == HEADS_CHOSEN)
			return false;
		h->chosen[h->n_chosen++] = h->slots[i].number;
	}
	qsort(h->chosen, h->n_chosen, sizeof *h->chosen, by_number);
	return true;
}

bool heads_choose(struct heads *h, const struct heads_wish *wish, struct heads_choice *ret_choice)
{
	uint64_t beyond = 0;
	double least;
	bool any;

	for (size_t i = 0; i < h->n; i++) {
		if (!add_head(h, i, wish->column))
			return false;
		if (counts(&h->parts[i], wish->column))
			beyond += h->heads[i].beyond[wish->column];
	}
	least = wish->limit ? threshold(h, wish, beyond) : (double)wish->min_attempted;
	any = wish->or_any && !beyond && least < 1;
	if (any)
		least = 1;
	/* What is in no head, and ties with the last row by its name, would be missed. */
	if (least <= (double)beyond || !choose(h, least, beyond))
		return false;
	*ret_choice = (struct heads_choice){ h->chosen, h->n_chosen, any };
	return true;
}

void heads_take(struct heads *h, const uint64_t *numbers, size_t n)
{
	assert(n <= HEADS_CHOSEN);
	if (!h->chosen)
		h->chosen = must(calloc(HEADS_CHOSEN, sizeof *h->chosen));
	memcpy(h->chosen, numbers, n * sizeof *numbers);
	h->n_chosen = n;
	h->n_missing = h->n_look_ups = 0;
}

/* ---- the entries of those that were chosen ---- */

static void miss(struct heads *h, size_t part, size_t i)
{
	struct look_up *last = h->n_look_ups ? &h->look_ups[h->n_look_ups - 1] : NULL;

	if (h->n_missing == h->missing_room) {
		h->missing_room = h->missing_room ? 2 * h->missing_room : 256;
		h->missing = must(realloc(h->missing, h->missing_room * sizeof *h->missing));
	}
	h->missing[h->n_missing++] = i;
	if (last && last->part == part && h->chosen[i] <= last->place.next) {
		last->n++;
		return;
	}
	if (h->n_look_ups == h->look_ups_room) {
		h->look_ups_room = h->look_ups_room ? 2 * h->look_ups_room : 256;
		h->look_ups = must(realloc(h->look_ups, h->look_ups_room * sizeof *h->look_ups));
	}
	last = &h->look_ups[h->n_look_ups++];
	*last = (struct look_up){ .place = pack_head_find(&h->heads[part], h->chosen[i]),
		.part = part,
		.first = h->n_missing - 1,
		.n = 1 };
}

/* Both by rising number. What is not in the head may be in the day, unless the head is all of it. */
static bool read_head(struct heads *h, size_t part, rank_fn *fn, void *context)
{
	struct pack_reader reader = h->heads[part].entries;
	bool has_entries = h->part == HEADS_ALL || h->heads[part].whole;
	struct pack_entry entry;
	bool more = has_entries && pack_next(&reader, &entry);

	for (size_t i = 0; i < h->n_chosen; i++) {
		while (more && entry.number < h->chosen[i])
			more = pack_next(&reader, &entry);
		if (more && entry.number == h->chosen[i])
			fn(context, i, &h->parts[part], &entry);
		else if (!h->heads[part].whole)
			miss(h, part, i);
	}
	return !reader.bad;
}

static void read_place(struct heads *h, const struct look_up *look_up, struct str bytes,
	rank_fn *fn, void *context, bool *ret_good)
{
	const size_t *missing = h->missing + look_up->first, *end = missing + look_up->n;
	struct pack_reader reader = pack_head_read(&look_up->place, bytes);
	struct pack_entry entry;

	while (missing < end && pack_next(&reader, &entry)) {
		while (missing < end && h->chosen[*missing] < entry.number)
			missing++;
		if (missing < end && h->chosen[*missing] == entry.number)
			fn(context, *missing, &h->parts[look_up->part], &entry);
	}
	*ret_good = !reader.bad;
}

/* Lines of the parameters: where a row of packed_day is, and which octets of its day. */
static void write_look_ups(
	const struct heads *h, struct buf *places, struct buf *starts, struct buf *lengths)
{
	for (size_t i = 0; i < h->n_look_ups; i++) {
		const struct look_up *l = &h->look_ups[i];
		const char *sep = i ? "\n" : "";
		uint64_t n = l->place.end - l->place.at;

		buf_printf(
			places, "%s%.*s", sep, STR_ARG(pg_get_text(h->rows, l->part, ROW_PLACE)));
		buf_printf(starts, "%s%llu", sep, (unsigned long long)l->place.at + 1);
		buf_printf(lengths, "%s%llu", sep,
			(unsigned long long)(n < MAX_PLACE_BYTES ? n : MAX_PLACE_BYTES));
	}
}

static enum err look_up(struct heads *h, struct pg *pg, struct pg_rows **ret_rows)
{
	struct buf places = BUF_INIT(MAX_LINES_BYTES), starts = BUF_INIT(MAX_LINES_BYTES),
		   lengths = BUF_INIT(MAX_LINES_BYTES);
	enum err err;

	write_look_ups(h, &places, &starts, &lengths);
	err = PG_RUN(pg, QUERY_HEAD_LOOK_UP, ret_rows, pg_text(buf_str(&places)),
		pg_text(buf_str(&starts)), pg_text(buf_str(&lengths)));
	buf_release(&places);
	buf_release(&starts);
	buf_release(&lengths);
	return err;
}

static enum err read_look_ups(struct heads *h, struct pg *pg, rank_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = look_up(h, pg, &rows);
	bool good = true;

	if (!err && pg_rows_count(rows) != h->n_look_ups)
		err = ERR_CORRUPT;
	for (size_t i = 0; !err && i < h->n_look_ups; i++) {
		read_place(h, &h->look_ups[i], pg_get_text(rows, i, 0), fn, context, &good);
		if (!good)
			err = ERR_CORRUPT;
	}
	return err;
}

enum err heads_read(struct heads *h, struct pg *pg, rank_fn *fn, void *context, bool *ret_done)
{
	*ret_done = false;
	for (size_t i = 0; i < h->n; i++)
		if (!read_head(h, i, fn, context))
			return ERR_CORRUPT;
	if (h->n_look_ups > MAX_LOOK_UPS)
		return ERR_OK;
	*ret_done = true;
	return h->n_look_ups ? read_look_ups(h, pg, fn, context) : ERR_OK;
}
