#include "store/store_hook.h"

#include "store/store_priv.h"

enum err store_hook_target(struct store *store, struct str name, uint64_t *ret_seq)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_HOOK_TARGET, NULL, pg_text(name));

	if (!err)
		err = PG_RUN(store->pg, QUERY_HOOK_TARGET_SEQ, &rows, pg_text(name));
	if (err)
		return err;
	*ret_seq = pg_rows_count(rows) ? (uint64_t)pg_get_i64(rows, 0, 0) : 0;
	return ERR_OK;
}

/* ---- the outbox ---- */

enum err store_hook_begin(struct store *store)
{
	return pg_do(store->pg, QUERY_BEGIN, NULL);
}

enum err store_hook_end(struct store *store, enum err err)
{
	return pg_end(store->pg, err);
}

enum err store_hook_take_events(struct store *store, size_t limit, store_hook_event_fn *fn,
	void *context, size_t *ret_taken)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_HOOK_TAKE_EVENTS, &rows, pg_i64((int64_t)limit));

	if (err)
		return err;
	*ret_taken = pg_rows_count(rows);
	for (size_t i = 0; i < pg_rows_count(rows); i++) {
		const struct store_hook_event event = { .id = pg_get_uuid(rows, i, 0),
			.message_id = pg_get_uuid(rows, i, 1),
			.received_us = pg_get_time(rows, i, 2),
			.stream = pg_get_text(rows, i, 3),
			.campaign = pg_get_text(rows, i, 4),
			.kind = pg_get_text(rows, i, 5),
			.recipient = pg_get_text(rows, i, 6),
			.domain = pg_get_text(rows, i, 7),
			.outcome = pg_get_text(rows, i, 8),
			.status = pg_get_text(rows, i, 9),
			.reply_code = pg_get_i64(rows, i, 10),
			.reason = pg_get_text(rows, i, 11),
			.class = pg_get_text(rows, i, 12),
			.diagnostic = pg_get_text(rows, i, 13),
			.proof = pg_get_text(rows, i, 14) };

		fn(context, &event);
	}
	return ERR_OK;
}

enum err store_hook_add(
	struct store *store, const struct store_hook_message *message, int64_t now_us)
{
	return PG_RUN(store->pg, QUERY_HOOK_ADD, NULL, pg_text(message->target),
		pg_text(message->kind), pg_text(message->body), pg_time(now_us));
}

enum err store_hook_moved(struct store *store, struct str name, uint64_t seq)
{
	return PG_RUN(store->pg, QUERY_HOOK_MOVED, NULL, pg_text(name), pg_i64((int64_t)seq));
}

/* ---- messages ---- */

static enum err hand_out(enum err err, struct pg_rows *take_rows, store_hook_fn *fn, void *context)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = take_rows;

	for (size_t i = 0; !err && i < pg_rows_count(rows); i++) {
		const struct store_hook_message message = { .id = pg_get_i64(rows, i, 0),
			.target = pg_get_text(rows, i, 1),
			.kind = pg_get_text(rows, i, 2),
			.body = pg_get_text(rows, i, 3),
			.error = pg_get_text(rows, i, 4),
			.created_us = pg_get_time(rows, i, 5),
			.due_us = pg_get_time(rows, i, 6),
			.attempts = (uint64_t)pg_get_i64(rows, i, 7),
			.dead = str_eq(pg_get_text(rows, i, 8), STR("dead")) };

		if (!fn(context, &message))
			break;
	}
	return err;
}

enum err store_hook_due(
	struct store *store, int64_t now_us, size_t limit, store_hook_fn *fn, void *context)
{
	struct pg_rows *rows = NULL;
	enum err err =
		PG_RUN(store->pg, QUERY_HOOK_DUE, &rows, pg_time(now_us), pg_i64((int64_t)limit));

	return hand_out(err, rows, fn, context);
}

enum err store_hook_sent(struct store *store, int64_t id)
{
	return PG_RUN(store->pg, QUERY_HOOK_SENT, NULL, pg_i64(id));
}

enum err store_hook_failed(struct store *store, const struct store_hook_message *message)
{
	return PG_RUN(store->pg, QUERY_HOOK_FAILED, NULL, pg_i64(message->id),
		pg_text(message->error), pg_time(message->due_us),
		pg_text(message->dead ? STR("dead") : STR("waiting")));
}

enum err store_hook_list(struct store *store, store_hook_fn *fn, void *context)
{
	struct pg_rows *rows = NULL;
	enum err err = pg_run(store->pg, QUERY_HOOK_LIST, NULL, 0, &rows);

	return hand_out(err, rows, fn, context);
}

enum err store_hook_replay(struct store *store, int64_t id, int64_t now_us, size_t *ret_replayed)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_HOOK_REPLAY, &rows, pg_i64(id), pg_time(now_us));

	if (!err)
		*ret_replayed = pg_rows_touched(rows);
	return err;
}
