#include "store/form/pack_head.h"
#include "store/ranking.h"
#include "store/store_priv.h"

#include <string.h>

#define PACK_LOCK_KEY ((int64_t)0x626f756e63656405)
/* A domain, its distance and fifteen numbers are below two hundred octets. */
#define PACK_DAY_BYTES ((size_t)512 << 20)

enum { SPAN_DAYS = 8 };

/* What one stream's counts are packed as; `stream` is empty for all of them together. */
struct part {
	struct str stream, proof, packed;
	bool rated;
};

struct parts {
	struct arena *arena; /* holds what the parts borrow */
	struct part *items;
	size_t n, room;
};

struct day {
	struct str basis;
	int64_t at_us;
	int64_t days; /* 1, or 8 for a span */
};

static bool is_volume(const struct day *day)
{
	return str_eq(day->basis, STR("volume"));
}

static void add_part(struct parts *parts, struct part part)
{
	if (parts->n == parts->room) {
		size_t room = parts->room ? parts->room * 2 : 64;
		struct part *items = arena_calloc(parts->arena, room, sizeof *items);

		if (parts->n)
			memcpy(items, parts->items, parts->n * sizeof *items);
		parts->items = items;
		parts->room = room;
	}
	parts->items[parts->n++] = part;
}

/* ---- rows to parts ---- */

static struct pack_entry entry_of(const struct pg_rows *rows, size_t row, bool volume)
{
	static const enum pack_column counts[] = { PACK_FAILED, PACK_HARD, PACK_SOFT, PACK_BLOCK,
		PACK_DELAYED, PACK_DELIVERED, PACK_RELAYED, PACK_EXPANDED, PACK_COMPLAINTS };
	static const enum pack_column sent[] = { PACK_ATTEMPTED, PACK_ACCEPTED };
	const enum pack_column *columns = volume ? sent : counts;
	size_t n = volume ? ARRAY_LEN(sent) : ARRAY_LEN(counts);
	bool covered = pg_get_bool(rows, row, 4);
	struct pack_entry entry = { .number = (uint64_t)pg_get_i64(rows, row, 3) };

	for (size_t i = 0; i < n; i++) {
		entry.column[columns[i]] = (uint64_t)pg_get_i64(rows, row, 5 + i);
		if (entry.column[columns[i]] || (volume && !i))
			entry.set |= 1u << columns[i];
	}
	for (unsigned i = 0; i <= PACK_BLOCK && !covered; i++) {
		entry.column[PACK_FAILED_UNCOVERED + i] = entry.column[PACK_FAILED + i];
		entry.set |= (entry.set >> (PACK_FAILED + i) & 1) << (PACK_FAILED_UNCOVERED + i);
	}
	return entry;
}

static bool same_part(const struct pg_rows *rows, size_t a, size_t b)
{
	return str_eq(pg_get_text(rows, a, 0), pg_get_text(rows, b, 0)) &&
	       str_eq(pg_get_text(rows, a, 1), pg_get_text(rows, b, 1)) &&
	       pg_get_bool(rows, a, 2) == pg_get_bool(rows, b, 2);
}

static enum err parts_of_rows(struct parts *parts, const struct pg_rows *rows, bool volume)
{
	struct buf out = BUF_INIT(PACK_DAY_BYTES);
	size_t n = pg_rows_count(rows);
	uint64_t last = 0;
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && !err; i++) {
		struct pack_entry entry = entry_of(rows, i, volume);

		if (!i || !same_part(rows, i - 1, i))
			pack_start(&out, &last);
		if (entry.set)
			pack_put(&out, &last, &entry);
		if (i + 1 < n && same_part(rows, i, i + 1))
			continue;
		err = buf_check(&out);
		if (!err)
			add_part(parts,
				(struct part){ pg_get_text(rows, i, 0), pg_get_text(rows, i, 1),
					arena_dup(parts->arena, buf_str(&out)),
					pg_get_bool(rows, i, 2) });
	}
	buf_release(&out);
	return err;
}

/* ---- several parts to one ---- */

static bool same_kind(const struct part *a, const struct part *b, bool by_stream)
{
	return str_eq(a->proof, b->proof) && a->rated == b->rated &&
	       (!by_stream || str_eq(a->stream, b->stream));
}

static bool came_before(const struct part *parts, size_t i, bool by_stream)
{
	for (size_t k = 0; k < i; k++)
		if (same_kind(&parts[k], &parts[i], by_stream))
			return true;
	return false;
}

/* Of all that are of the kind of `first`, from there on. */
static enum err merge_kind(struct arena *arena, const struct parts *from, size_t first,
	bool by_stream, struct part *ret_part)
{
	struct pack_reader *readers = arena_calloc(arena, from->n, sizeof *readers);
	struct buf out = BUF_INIT(PACK_DAY_BYTES);
	enum err err;
	size_t n = 0;

	for (size_t i = first; i < from->n; i++)
		if (same_kind(&from->items[i], &from->items[first], by_stream))
			pack_open(&readers[n++], from->items[i].packed);
	err = pack_merge(readers, n, &out) ? buf_check(&out) : ERR_CORRUPT;
	if (!err) {
		*ret_part = from->items[first];
		ret_part->packed = arena_dup(arena, buf_str(&out));
	}
	buf_release(&out);
	return err;
}

/* Adds to `to` a part for each kind in `from`: of a stream, or of all streams. */
static enum err merge_parts(const struct parts *from, bool by_stream, struct parts *to)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < from->n && !err; i++) {
		struct part part;

		if (came_before(from->items, i, by_stream))
			continue;
		err = merge_kind(to->arena, from, i, by_stream, &part);
		if (err)
			break;
		if (!by_stream)
			part.stream = STR_EMPTY;
		add_part(to, part);
	}
	return err;
}

static enum err put_part(
	struct pg *pg, const struct day *day, const struct part *part, struct buf *head)
{
	if (!pack_head_make(part->packed, PACK_HEAD_LARGEST, head))
		return ERR_CORRUPT;
	return PG_RUN(pg, QUERY_PACK_PUT, NULL, pg_text(day->basis), pg_time(day->at_us),
		pg_i64(day->days), pg_text(part->stream), pg_text(part->proof), pg_i64(part->rated),
		pg_bytes(part->packed), pg_bytes(buf_str(head)));
}

static enum err put_parts(struct pg *pg, const struct day *day, const struct parts *parts)
{
	struct buf head = BUF_INIT(PACK_DAY_BYTES);
	enum err err = ERR_OK;

	for (size_t i = 0; i < parts->n && !err; i++)
		err = put_part(pg, day, &parts->items[i], &head);
	buf_release(&head);
	return err;
}

/* ---- a day ---- */

static enum err read_day(struct pg *pg, const struct day *day, struct pg_rows **ret_rows)
{
	enum err err;

	if (is_volume(day)) {
		err = PG_RUN(pg, QUERY_PACK_VOLUME_NUMBERS, NULL, pg_time(day->at_us));
		return err ? err : PG_RUN(pg, QUERY_PACK_VOLUMES, ret_rows, pg_time(day->at_us));
	}
	err = PG_RUN(pg, QUERY_PACK_NUMBERS, NULL, pg_time(day->at_us), pg_text(day->basis));
	return err ? err
		   : PG_RUN(pg, QUERY_PACK_ROWS, ret_rows, pg_time(day->at_us),
			     pg_text(day->basis));
}

static enum err mark_uncovered(struct pg *pg, const struct day *day)
{
	CLEANUP(pg_rows_freep) struct pg_rows *changed = NULL;
	enum err err = PG_RUN(pg, QUERY_PACK_COVERED, &changed, pg_time(day->at_us));

	if (err || !pg_rows_count(changed))
		return err;
	return PG_RUN(pg, QUERY_PACK_MARK, NULL, pg_time(day->at_us));
}

static enum err pack_rows(struct pg *pg, const struct day *day, const struct pg_rows *rows)
{
	struct arena *arena = arena_new();
	struct parts streams = { .arena = arena }, all = { .arena = arena };
	enum err err = parts_of_rows(&streams, rows, is_volume(day));

	if (!err)
		err = merge_parts(&streams, false, &all);
	if (!err)
		err = put_parts(pg, day, &streams);
	if (!err)
		err = put_parts(pg, day, &all);
	arena_free(arena);
	return err;
}

static enum err pack_day(struct pg *pg, const struct day *day)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(pg, QUERY_PACK_TAKE, NULL, pg_text(day->basis), pg_time(day->at_us));

	if (!err)
		err = read_day(pg, day, &rows);
	if (!err && is_volume(day))
		err = mark_uncovered(pg, day);
	if (!err)
		err = PG_RUN(pg, QUERY_PACK_CLEAR, NULL, pg_text(day->basis), pg_time(day->at_us));
	if (!err)
		err = PG_RUN(pg, QUERY_SPAN_BREAK, NULL, pg_text(day->basis), pg_time(day->at_us));
	if (!err && !is_volume(day))
		err = PG_RUN(pg, QUERY_SUM_BREAK, NULL, pg_text(day->basis), pg_time(day->at_us));
	return err ? err : pack_rows(pg, day, rows);
}

/* ---- a span ---- */

static enum err merge_days(struct pg *pg, const struct day *span, const struct pg_rows *rows)
{
	struct arena *arena = arena_new();
	struct parts days = { .arena = arena }, whole = { .arena = arena };
	enum err err;

	for (size_t i = 0; i < pg_rows_count(rows); i++)
		add_part(&days, (struct part){ pg_get_text(rows, i, 0), pg_get_text(rows, i, 1),
					pg_get_text(rows, i, 3), pg_get_bool(rows, i, 2) });
	err = merge_parts(&days, true, &whole);
	if (!err)
		err = put_parts(pg, span, &whole);
	arena_free(arena);
	return err;
}

static enum err pack_span(struct pg *pg, const struct day *span)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err =
		PG_RUN(pg, QUERY_SPAN_TAKE, NULL, pg_text(span->basis), pg_time(span->at_us));

	if (!err)
		err = PG_RUN(
			pg, QUERY_SPAN_DAYS, &rows, pg_text(span->basis), pg_time(span->at_us));
	return err ? err : merge_days(pg, span, rows);
}

/* ---- heads of what was packed before there were any ---- */

static enum err put_head(
	struct pg *pg, const struct day *day, const struct pg_rows *rows, size_t row)
{
	struct buf head = BUF_INIT(PACK_DAY_BYTES);
	enum err err = ERR_CORRUPT;

	if (pack_head_make(pg_get_text(rows, row, 4), PACK_HEAD_LARGEST, &head))
		err = PG_RUN(pg, QUERY_HEAD_PUT, NULL, pg_text(day->basis), pg_time(day->at_us),
			pg_i64(pg_get_i64(rows, row, 0)), pg_text(pg_get_text(rows, row, 1)),
			pg_text(pg_get_text(rows, row, 2)), pg_i64(pg_get_bool(rows, row, 3)),
			pg_bytes(buf_str(&head)));
	buf_release(&head);
	return err;
}

static enum err make_heads(struct pg *pg, const struct day *day)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(pg, QUERY_HEAD_DAYS, &rows, pg_text(day->basis), pg_time(day->at_us));

	for (size_t i = 0; !err && i < pg_rows_count(rows); i++)
		err = put_head(pg, day, rows, i);
	return err;
}

/* ---- the reasons of a day ---- */

static enum err sum_day(struct pg *pg, const struct day *day)
{
	static const enum query steps[] = { QUERY_SUM_TAKE, QUERY_SUM_CLEAR, QUERY_SUM_MAKE };
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(steps) && !err; i++)
		err = PG_RUN(pg, steps[i], NULL, pg_text(day->basis), pg_time(day->at_us));
	return err;
}

/* ---- in transactions ---- */

typedef enum err pack_fn(struct pg *pg, const struct day *day);

static enum err pack_locked(struct pg *pg, const struct day *day, pack_fn *fn)
{
	CLEANUP(pg_rows_freep) struct pg_rows *lock = NULL;
	enum err err = PG_RUN(pg, QUERY_PACK_LOCK, &lock, pg_i64(PACK_LOCK_KEY));

	if (!err && !pg_get_bool(lock, 0, 0))
		err = ERR_CONFLICT;
	if (err)
		return err;
	return fn(pg, day);
}

static enum err pack(struct pg *pg, const struct day *day, pack_fn *fn)
{
	enum err err = pg_do(pg, QUERY_BEGIN, NULL);

	return err ? err : pg_end(pg, pack_locked(pg, day, fn));
}

static enum err pack_days(struct pg *pg, size_t max, size_t *ret_days)
{
	CLEANUP(pg_rows_freep) struct pg_rows *stale = NULL;
	enum err err = PG_RUN(pg, QUERY_PACK_STALE, &stale, pg_i64((int64_t)max));
	size_t n = 0;

	for (; !err && n < pg_rows_count(stale); n++)
		err = pack(pg,
			&(struct day){ pg_get_text(stale, n, 0), pg_get_time(stale, n, 1), 1 },
			pack_day);
	if (!err)
		*ret_days = n;
	return err;
}

/* One at most: days that wait come first. */
static enum err pack_waiting(
	struct pg *pg, enum query next_query, int64_t days, pack_fn *fn, size_t *ret_n)
{
	CLEANUP(pg_rows_freep) struct pg_rows *next = NULL;
	enum err err = pg_run(pg, next_query, NULL, 0, &next);

	if (!err && pg_rows_count(next))
		err = pack(pg,
			&(struct day){ pg_get_text(next, 0, 0), pg_get_time(next, 0, 1), days },
			fn);
	if (!err)
		*ret_n = pg_rows_count(next);
	return err;
}

enum err store_pack(struct store *store, size_t max, size_t *ret_days)
{
	size_t days, spans, sums, heads;
	enum err err = pack_days(store->pg, max, &days);

	if (!err)
		err = pack_waiting(store->pg, QUERY_SPAN_NEXT, SPAN_DAYS, pack_span, &spans);
	if (!err)
		err = pack_waiting(store->pg, QUERY_SUM_NEXT, 1, sum_day, &sums);
	if (!err)
		err = pack_waiting(store->pg, QUERY_HEAD_NEXT, 1, make_heads, &heads);
	if (!err)
		*ret_days = days + spans + sums + heads;
	return err;
}

enum err store_join_totals(struct store *store)
{
	static const enum query steps[] = { QUERY_JOIN_TOTAL_15M, QUERY_JOIN_TOTAL_DAY,
		QUERY_JOIN_TOTAL_VOLUME };
	enum err err = ERR_OK;

	for (size_t i = 0; i < ARRAY_LEN(steps) && !err; i++)
		err = pg_do(store->pg, steps[i], NULL);
	return err;
}
