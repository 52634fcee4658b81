#include "store/store_log.h"

#include "core/limits.h"
#include "core/suppression.h"
#include "core/utf8.h"
#include "store/form/copy.h"
#include "store/pg/pg_copy_in.h"
#include "store/store_priv.h"

enum { DELIVERED_FIELDS = 3, LOG_TEXT_BYTES = 4096 };

void store_log_rows_init(struct store_log_rows *rows)
{
	buf_init(&rows->volumes, STORE_BATCH_BYTES);
	buf_init(&rows->delivered, STORE_BATCH_BYTES);
	buf_init(&rows->texts, STORE_LOG_STATE_BYTES + (1 << 16));
}

void store_log_rows_release(struct store_log_rows *rows)
{
	buf_release(&rows->volumes);
	buf_release(&rows->delivered);
	buf_release(&rows->texts);
}

void store_log_rows_reset(struct store_log_rows *rows)
{
	buf_reset(&rows->volumes);
	buf_reset(&rows->delivered);
	buf_reset(&rows->texts);
	copy_header(&rows->volumes);
	copy_header(&rows->delivered);
	rows->n_volumes = rows->n_delivered = 0;
	rows->has_log = false;
}

size_t store_log_rows_bytes(const struct store_log_rows *rows)
{
	return rows->volumes.n + rows->delivered.n;
}

enum err store_log_rows_set(struct store_log_rows *rows, const struct store_log *log)
{
	if (log->tail.n > STORE_LOG_TAIL_BYTES || log->state.n > STORE_LOG_STATE_BYTES ||
		log->log.n > LOG_TEXT_BYTES || log->format.n > STORE_LABEL_BYTES ||
		!utf8_valid(log->log) || !utf8_valid(log->format))
		return ERR_LIMIT;
	buf_reset(&rows->texts);
	buf_put_str32(&rows->texts, log->log);
	buf_put_str32(&rows->texts, log->format);
	buf_put_str32(&rows->texts, log->tail);
	buf_put_str32(&rows->texts, log->state);
	rows->seen_at_us = log->seen_at_us;
	rows->has_log = true;
	return buf_check(&rows->texts);
}

enum err store_log_rows_add_volumes(struct store_log_rows *rows, const struct store_volume *volumes,
	size_t n, const struct providers *providers)
{
	struct buf *out = &rows->volumes;
	const size_t before = out->n;
	enum err err = ERR_OK;

	for (size_t i = 0; i < n && !err; i++)
		err = store_volume_encode(out, &volumes[i], rows->n_volumes + i, providers);
	if (!err && out->failed)
		err = ERR_LIMIT;
	if (err) {
		out->n = before;
		out->failed = false;
		return err;
	}
	rows->n_volumes += n;
	return ERR_OK;
}

enum err store_log_rows_add_delivered(struct store_log_rows *rows, struct arena *scratch,
	struct str address, struct str stream, int64_t at_us)
{
	struct buf *out = &rows->delivered;
	const size_t before = out->n;
	struct str clean;

	if (!suppression_address(scratch, address, &clean))
		return ERR_OK;
	copy_row(out, DELIVERED_FIELDS);
	copy_text(out, clean);
	copy_text(out, stream.n ? utf8_clean(scratch, stream) : STR(STORE_DEFAULT_STREAM));
	copy_time(out, at_us);
	if (out->failed) {
		out->n = before;
		out->failed = false;
		return ERR_LIMIT;
	}
	rows->n_delivered++;
	return ERR_OK;
}

/* ---- in the transaction ---- */

static enum err add_volumes(struct store *store, struct buf *volumes)
{
	struct pg *pg = store->pg;
	static const enum query steps[] = { QUERY_VOLUME_ADD_TOTAL, QUERY_VOLUME_ADD_WORDS,
		QUERY_VOLUME_ADD, QUERY_VOLUME_STALE };
	enum err err = pg_copy_in(pg, QUERY_VOLUME_COPY, volumes);

	if (!err)
		err = store_mx_volumes(store);
	if (!err)
		err = PG_RUN(pg, QUERY_VOLUME_LOCK, NULL, pg_i64(VOLUME_LOCK_KEY));
	return err ? err : store_do_all(pg, steps, ARRAY_LEN(steps));
}

static enum err put_log(struct pg *pg, const struct store_log_rows *rows, struct str spool_id)
{
	struct str rest = buf_str(&rows->texts), log = STR_EMPTY, format = STR_EMPTY,
		   tail = STR_EMPTY, state = STR_EMPTY;

	if (!str_take_str32(&rest, &log) || !str_take_str32(&rest, &format) ||
		!str_take_str32(&rest, &tail) || !str_take_str32(&rest, &state))
		return ERR_SYNTAX;
	return PG_RUN(pg, QUERY_LOG_PUT, NULL, pg_text(spool_id), pg_text(log), pg_text(format),
		pg_time(rows->seen_at_us), pg_bytes(tail), pg_bytes(state));
}

/* Deliveries behind the events of the batch, whose evidence may be what they come after. */
enum err store_log_rows_write(struct store_log_rows *rows, struct store *store, struct str spool_id)
{
	enum err err = rows->n_volumes ? add_volumes(store, &rows->volumes) : ERR_OK;

	if (!err && rows->has_log)
		err = put_log(store->pg, rows, spool_id);
	if (err || !rows->n_delivered)
		return err;
	err = pg_copy_in(store->pg, QUERY_DELIVERED_COPY, &rows->delivered);
	return err ? err : pg_do(store->pg, QUERY_DELIVERED_PUT, NULL);
}

/* ---- asked ---- */

static struct store_log get_log(const struct pg_rows *rows, struct arena *arena)
{
	return (struct store_log){ .log = arena_dup(arena, pg_get_text(rows, 0, 0)),
		.format = arena_dup(arena, pg_get_text(rows, 0, 1)),
		.seen_at_us = pg_get_time(rows, 0, 2),
		.tail = arena_dup(arena, pg_get_text(rows, 0, 3)),
		.state = arena_dup(arena, pg_get_text(rows, 0, 4)) };
}

enum err store_log_find(struct store *store, struct str spool_id, struct arena *arena,
	struct store_log *ret_log, uint64_t *ret_position)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_LOG_FIND, &rows, pg_text(spool_id));

	if (err)
		return err;
	if (!pg_rows_count(rows))
		return ERR_NOT_FOUND;
	*ret_log = get_log(rows, arena);
	*ret_position = (uint64_t)pg_get_i64(rows, 0, 5);
	return ERR_OK;
}

enum err store_log_last(
	struct store *store, struct str log, struct arena *arena, struct store_log *ret_log)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_LOG_LAST, &rows, pg_text(log));

	if (err)
		return err;
	if (!pg_rows_count(rows))
		return ERR_NOT_FOUND;
	*ret_log = get_log(rows, arena);
	return ERR_OK;
}

enum err store_delivered(
	struct store *store, struct str address, struct str stream, int64_t *ret_at_us)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_DELIVERED, &rows, pg_text(address), pg_text(stream));

	if (err)
		return err;
	*ret_at_us = pg_rows_count(rows) ? pg_get_time(rows, 0, 0) : TIMESTAMP_NONE;
	return ERR_OK;
}

enum err store_log_forget(struct store *store, int64_t before_us)
{
	enum err err = PG_RUN(store->pg, QUERY_LOG_FORGET, NULL, pg_time(before_us));

	return err ? err : pg_do(store->pg, QUERY_DELIVERED_FORGET, NULL);
}
