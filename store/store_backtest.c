#include "store/store_backtest.h"

#include "store/form/copy.h"
#include "store/pg/pg_copy_in.h"
#include "store/pg/pg_copy_out.h"
#include "store/store_priv.h"

#include <stdlib.h>

enum { BACKTEST_FULL_FIELDS = 10, BACKTEST_FULL_BYTES = 64 << 20 };

/* Rows of a cursor, some thousand at a time. */
struct cursor {
	enum query next;
	struct pg_rows *rows;
	size_t i;
	bool ended;
};

struct store_backtest {
	struct store *store;
	struct pg *beside; /* sees the same snapshot, while events come on the store's own */
	int64_t since_us;
	struct buf full;
	size_t n_full;
	struct pg_copy_out *events;
	struct cursor groups, entries, deliveries;
};

/* ---- cursors ---- */

/* False in *ret_more: there are no more rows. Else row cursor->i - 1 is the next. */
static enum err advance(struct pg *pg, struct cursor *cursor, bool *ret_more)
{
	enum err err;

	if (!cursor->ended && (!cursor->rows || cursor->i == pg_rows_count(cursor->rows))) {
		pg_rows_free(cursor->rows);
		cursor->rows = NULL;
		cursor->i = 0;
		err = pg_run(pg, cursor->next, NULL, 0, &cursor->rows);
		if (err)
			return err;
		cursor->ended = !pg_rows_count(cursor->rows);
	}
	*ret_more = !cursor->ended;
	cursor->i += !cursor->ended;
	return ERR_OK;
}

/* What failed beside is told by the store, as all that fails. */
static enum err told(struct store_backtest *backtest, enum err err)
{
	if (err)
		pg_set_error(backtest->store->pg, pg_error(backtest->beside));
	return err;
}

static enum err advance_beside(
	struct store_backtest *backtest, struct cursor *cursor, bool *ret_more)
{
	return told(backtest, advance(backtest->beside, cursor, ret_more));
}

/* ---- the snapshot ---- */

/* The name of a snapshot (PostgreSQL documentation, "Snapshot Synchronization Functions") cannot be a value of a query. */
static enum err take_snapshot(struct pg *pg, struct str name)
{
	struct buf sql = BUF_INIT(256);
	enum err err = pg_do(pg, QUERY_BEGIN_SNAPSHOT, NULL);

	for (size_t i = 0; i < name.n; i++)
		if (str_chr(STR("0123456789ABCDEFabcdef-"), name.p[i]) == STR_NPOS)
			err = err ? err : ERR_CORRUPT;
	buf_printf(&sql, "SET TRANSACTION SNAPSHOT '%.*s'", STR_ARG(name));
	buf_putc(&sql, '\0');
	if (!err)
		err = buf_check(&sql);
	if (!err)
		err = pg_script(pg, sql.p);
	buf_release(&sql);
	return err;
}

static enum err begin_snapshot(struct store_backtest *backtest)
{
	CLEANUP(pg_rows_freep) struct pg_rows *name = NULL;
	const struct pg_value since = pg_time(backtest->since_us);
	struct pg *pg = backtest->store->pg;
	enum err err = pg_do(pg, QUERY_BEGIN_SNAPSHOT, NULL);

	if (!err)
		err = PG_RUN(pg, QUERY_BACKTEST_SETTINGS, NULL, since);
	if (!err)
		err = pg_run(pg, QUERY_BACKTEST_SNAPSHOT, NULL, 0, &name);
	if (!err)
		err = pg_open_beside(pg, &backtest->beside);
	if (err)
		return err;
	err = take_snapshot(backtest->beside, pg_get_text(name, 0, 0));
	if (!err)
		err = PG_RUN(backtest->beside, QUERY_BACKTEST_SETTINGS, NULL, since);
	return told(backtest, err);
}

enum err store_backtest_open(
	struct store *store, int64_t since_us, struct store_backtest **ret_backtest)
{
	struct store_backtest *backtest;
	enum err err = pg_do(store->pg, QUERY_BACKTEST_FULL_TABLE, NULL);

	if (!err)
		err = pg_do(store->pg, QUERY_BACKTEST_OVER_TABLE, NULL);
	if (err)
		return err;
	backtest = calloc(1, sizeof *backtest);
	if (!backtest)
		abort();
	backtest->store = store;
	backtest->since_us = since_us;
	backtest->full = (struct buf)BUF_INIT(BACKTEST_FULL_BYTES);
	backtest->groups.next = QUERY_BACKTEST_NETWORKS_NEXT;
	backtest->entries.next = QUERY_BACKTEST_ENTRIES_NEXT;
	backtest->deliveries.next = QUERY_BACKTEST_DELIVERED_NEXT;
	copy_header(&backtest->full);
	err = begin_snapshot(backtest);
	if (err) {
		store_backtest_close(backtest);
		return err;
	}
	*ret_backtest = backtest;
	return ERR_OK;
}

void store_backtest_close(struct store_backtest *backtest)
{
	if (!backtest)
		return;
	pg_rows_free(backtest->groups.rows);
	pg_rows_free(backtest->entries.rows);
	pg_rows_free(backtest->deliveries.rows);
	pg_copy_out_end(backtest->events);
	/* What failed stays in pg_error. */
	ERR_IGNORE(pg_end(backtest->store->pg, ERR_CONFLICT), "nothing was written");
	pg_close(backtest->beside);
	buf_release(&backtest->full);
	free(backtest);
}

/* ---- words; those that this program does not know (a newer one wrote them) weigh nothing ---- */

static enum reason reason_of(struct str text)
{
	enum reason reason;

	return reason_from_name(text, &reason) ? reason : REASON_NONE;
}

static enum reason_class class_of(struct str text)
{
	enum reason_class class;

	return reason_class_from_name(text, &class) ? class : CLASS_NONE;
}

static enum outcome outcome_of(struct str text)
{
	enum outcome outcome;

	return outcome_from_name(text, &outcome) ? outcome : OUTCOME_DELAYED;
}

static enum kind kind_of(struct str text)
{
	enum kind kind;

	return kind_from_name(text, &kind) ? kind : KIND_UNKNOWN;
}

static enum proof proof_of(struct str text)
{
	enum proof proof;

	return proof_from_name(text, &proof) ? proof : PROOF_INVALID;
}

/* ---- too many of one network ---- */

enum err store_backtest_is_loud(struct store_backtest *backtest, unsigned most, bool *ret_loud)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum query loud;
	enum err err = store_choose(
		backtest->store, QUERY_BACKTEST_LOUD, QUERY_CITUS_BACKTEST_LOUD, &loud);

	if (!err)
		err = PG_RUN(backtest->store->pg, loud, &rows, pg_time(backtest->since_us),
			pg_i64(most));
	if (!err)
		*ret_loud = pg_rows_count(rows) != 0;
	return err;
}

enum err store_backtest_groups(
	struct store_backtest *backtest, store_backtest_group_fn *fn, void *context)
{
	struct cursor *cursor = &backtest->groups;
	bool more = true;
	enum query networks;
	enum err err = store_choose(backtest->store, QUERY_BACKTEST_NETWORKS,
		QUERY_CITUS_BACKTEST_NETWORKS, &networks);

	if (!err)
		err = PG_RUN(backtest->store->pg, networks, NULL, pg_time(backtest->since_us));
	while (!err) {
		struct store_backtest_group group;

		err = advance(backtest->store->pg, cursor, &more);
		if (err || !more)
			break;
		group = (struct store_backtest_group){
			.day_us = pg_get_time(cursor->rows, cursor->i - 1, 0),
			.peer = pg_get_text(cursor->rows, cursor->i - 1, 1),
			.stream = pg_get_text(cursor->rows, cursor->i - 1, 2),
			.reason_text = pg_get_text(cursor->rows, cursor->i - 1, 3),
			.reason = reason_of(pg_get_text(cursor->rows, cursor->i - 1, 3)),
			.class = class_of(pg_get_text(cursor->rows, cursor->i - 1, 4)),
			.outcome = outcome_of(pg_get_text(cursor->rows, cursor->i - 1, 5)),
			.kind = kind_of(pg_get_text(cursor->rows, cursor->i - 1, 6)),
			.n = (uint64_t)pg_get_i64(cursor->rows, cursor->i - 1, 7),
		};
		err = fn(context, &group);
	}
	return err;
}

void store_backtest_add_full(
	struct store_backtest *backtest, const struct store_backtest_full *full)
{
	struct buf *out = &backtest->full;

	copy_row(out, BACKTEST_FULL_FIELDS);
	copy_i64(out, full->bit);
	copy_i64(out, full->most);
	copy_text(out, full->network);
	copy_time(out, full->group->day_us);
	copy_text(out, full->group->peer);
	copy_text(out, full->group->stream);
	copy_text(out, full->group->reason_text);
	copy_text(out, reason_class_name(full->group->class));
	copy_text(out, outcome_name(full->group->outcome));
	copy_text(out, kind_name(full->group->kind));
	backtest->n_full++;
}

static enum err take_full(struct store_backtest *backtest)
{
	enum query over;
	enum err err = store_choose(
		backtest->store, QUERY_BACKTEST_OVER, QUERY_CITUS_BACKTEST_OVER, &over);

	if (!err)
		err = pg_copy_in(backtest->store->pg, QUERY_BACKTEST_FULL_COPY, &backtest->full);
	if (!err)
		err = PG_RUN(backtest->store->pg, over, NULL, pg_time(backtest->since_us));
	return err;
}

static enum err begin_events(struct store_backtest *backtest)
{
	enum query events;
	enum err err = backtest->n_full
			       ? store_choose(backtest->store, QUERY_BACKTEST_EVENTS_OVER,
					 QUERY_CITUS_BACKTEST_EVENTS_OVER, &events)
			       : store_choose(backtest->store, QUERY_BACKTEST_EVENTS,
					 QUERY_CITUS_BACKTEST_EVENTS, &events);

	if (!err)
		err = pg_copy_out_begin(backtest->store->pg, events, &backtest->events);
	return err;
}

enum err store_backtest_begin(struct store_backtest *backtest)
{
	enum err err = buf_check(&backtest->full);

	if (!err && backtest->n_full)
		err = take_full(backtest);
	if (!err)
		err = begin_events(backtest);
	if (!err)
		err = told(backtest, pg_do(backtest->beside, QUERY_BACKTEST_ENTRIES, NULL));
	if (!err)
		err = told(backtest, pg_do(backtest->beside, QUERY_BACKTEST_DELIVERED, NULL));
	return err;
}

/* ---- what is read ---- */

enum err store_backtest_event(
	struct store_backtest *backtest, struct store_backtest_event *ret_event, bool *ret_more)
{
	const struct pg_rows *rows;
	const size_t i = 0;
	enum err err = pg_copy_out_next(backtest->events, &rows);

	*ret_more = !err && rows;
	if (!*ret_more)
		return err;
	*ret_event = (struct store_backtest_event){
		.address = pg_get_text(rows, i, 0),
		.strike = { .event_id = pg_get_uuid(rows, i, 2),
			.at_us = pg_get_time(rows, i, 1),
			.stream = pg_get_text(rows, i, 3),
			.reason = reason_of(pg_get_text(rows, i, 4)),
			.class = class_of(pg_get_text(rows, i, 5)),
			.held = pg_get_bool(rows, i, 13) },
		.outcome = outcome_of(pg_get_text(rows, i, 6)),
		.kind = kind_of(pg_get_text(rows, i, 7)),
		.proof = proof_of(pg_get_text(rows, i, 8)),
		.provider = pg_get_text(rows, i, 9),
		.domain = pg_get_text(rows, i, 10),
		.remote_mta = pg_get_text(rows, i, 11),
		.peer = pg_get_text(rows, i, 12),
		.over = (unsigned)pg_get_i64(rows, i, 14),
	};
	ret_event->strike.complaint = ret_event->kind == KIND_COMPLAINT;
	return ERR_OK;
}

enum err store_backtest_entry(
	struct store_backtest *backtest, struct store_backtest_entry *ret_entry, bool *ret_more)
{
	struct cursor *cursor = &backtest->entries;
	enum err err = advance_beside(backtest, cursor, ret_more);
	const struct pg_rows *rows = cursor->rows;
	size_t i = cursor->i - 1;

	if (err || !*ret_more)
		return err;
	*ret_entry =
		(struct store_backtest_entry){ .entry = { .address = pg_get_text(rows, i, 0),
						       .stream = pg_get_text(rows, i, 1),
						       .source = pg_get_text(rows, i, 3),
						       .expires_at_us = pg_get_time(rows, i, 4) },
			.forgiven_us = pg_get_time(rows, i, 5) };
	if (!suppression_state_from_name(pg_get_text(rows, i, 2), &ret_entry->entry.state))
		ret_entry->entry.state = SUPPRESSION_ACTIVE;
	return ERR_OK;
}

enum err store_backtest_delivery(struct store_backtest *backtest,
	struct store_backtest_delivery *ret_delivery, bool *ret_more)
{
	struct cursor *cursor = &backtest->deliveries;
	enum err err = advance_beside(backtest, cursor, ret_more);
	const struct pg_rows *rows = cursor->rows;
	size_t i = cursor->i - 1;

	if (err || !*ret_more)
		return err;
	*ret_delivery = (struct store_backtest_delivery){ pg_get_text(rows, i, 0),
		pg_get_text(rows, i, 1), pg_get_time(rows, i, 2) };
	return ERR_OK;
}
