#include "core/limits.h"
#include "store/form/copy.h"
#include "store/pg/pg_copy_in.h"
#include "store/store_judge_priv.h"
#include "store/suppression_row_priv.h"

#include <string.h>

enum {
	JUDGED_FIELDS = 14,
	JUDGED_BYTES = 64 << 20,
	/* columns of JUDGE_CASES behind those of an entry */
	CASE_FORGIVEN = 17,
	CASE_DELIVERED,
	CASE_EVENT,
	CASE_SEEN,
	CASE_ORIGIN,
	CASE_NETWORK,
	CASE_REASON,
	CASE_CLASS,
	CASE_DECISION,
	CASE_COMPLAINT,
	CASE_SERVES,
	CASE_HELD
};

enum err store_judge_tables(struct store *store)
{
	enum err err = ERR_OK;

	if (!store->has_judge_tables)
		err = pg_do(store->pg, QUERY_JUDGE_KEY_TABLE, NULL);
	if (!err && !store->has_judge_tables)
		err = pg_do(store->pg, QUERY_JUDGED_TABLE, NULL);
	store->has_judge_tables |= !err;
	return err;
}

/* ---- providers that are not to be believed ---- */

/* Is the hold on still? Keeps whoever decides it waiting until this batch is stored. */
static enum err goes_on(
	struct store *store, int64_t hold_id, int64_t quarter_us, bool too_many, bool *ret_on)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	enum err err = PG_RUN(store->pg, QUERY_HOLD_GOES_ON, &rows, pg_i64(hold_id),
		pg_time(quarter_us), pg_i64(too_many));

	if (!err)
		*ret_on = pg_rows_touched(rows) != 0;
	return err;
}

/* Opens a hold, or goes on with the one that is on, and marks what of the batch waits. */
static enum err hold(
	struct store *store, const struct pg_rows *asked, size_t i, uint64_t n, uint64_t limit)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct str provider = pg_get_text(asked, i, 0);
	int64_t quarter_us = pg_get_time(asked, i, 1), hold_id = pg_get_i64(asked, i, 7);
	bool is_on = false;
	enum err err = ERR_OK;

	if (!pg_is_null(asked, i, 7))
		err = goes_on(store, hold_id, quarter_us, n > limit, &is_on);
	if (err || (!is_on && n <= limit))
		return err;
	if (!is_on) {
		err = PG_RUN(store->pg, QUERY_HOLD_OPEN, &rows, pg_text(provider),
			pg_time(quarter_us), pg_i64((int64_t)n), pg_i64((int64_t)limit));
		hold_id = err ? 0 : pg_get_i64(rows, 0, 0);
	}
	return err ? err
		   : PG_RUN(store->pg, QUERY_BATCH_HOLD, NULL, pg_text(provider),
			     pg_time(quarter_us), pg_i64(hold_id), pg_i64((int64_t)n),
			     pg_i64(is_on ? -1 : (int64_t)limit));
}

static enum err guard(struct store *store, store_guard_fn *limit_of)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	size_t counted = 0;
	enum err err = pg_do(store->pg, QUERY_GUARD_COUNT, &counted);

	if (!err && counted)
		err = pg_run(store->pg, QUERY_GUARD_ASK, NULL, 0, &rows);
	for (size_t i = 0; !err && counted && i < pg_rows_count(rows); i++) {
		const struct store_answers answers = { (uint64_t)pg_get_i64(rows, i, 3),
			(uint64_t)pg_get_i64(rows, i, 4), (uint64_t)pg_get_i64(rows, i, 5),
			(unsigned)pg_get_i64(rows, i, 6) };
		uint64_t n = (uint64_t)pg_get_i64(rows, i, 2), limit = limit_of(&answers);

		if (n > limit || !pg_is_null(rows, i, 7))
			err = hold(store, rows, i, n, limit);
	}
	return err;
}

/* ---- evidence ---- */

enum err store_judge_evidence(struct store *store, const struct store_judge *judge)
{
	struct pg *pg = store->pg;
	enum err err = pg_do(pg, QUERY_BATCH_DECIDED, NULL);

	if (!err)
		err = pg_do(pg, QUERY_BATCH_FRESH, NULL);
	if (!err)
		err = PG_RUN(pg, QUERY_BATCH_NETWORKS, NULL, pg_i64(judge->network_strikes));
	if (!err && judge->guard)
		err = guard(store, judge->guard);
	if (!err)
		err = pg_do(pg, QUERY_BATCH_HEADS, NULL);
	if (!err)
		err = pg_do(pg, QUERY_BATCH_EVIDENCE, NULL);
	return err ? err : pg_do(pg, QUERY_BATCH_JUDGE_KEYS, NULL);
}

/* A word that this program does not know (a newer one wrote it) counts least. */
static struct store_strike read_strike(const struct pg_rows *rows, size_t i)
{
	struct store_strike strike = { .event_id = pg_get_uuid(rows, i, CASE_EVENT) };

	strike.at_us = pg_get_time(rows, i, CASE_SEEN);
	strike.stream = pg_get_text(rows, i, CASE_ORIGIN);
	strike.network = pg_get_text(rows, i, CASE_NETWORK);
	if (!reason_from_name(pg_get_text(rows, i, CASE_REASON), &strike.reason))
		strike.reason = REASON_NONE;
	if (!reason_class_from_name(pg_get_text(rows, i, CASE_CLASS), &strike.class))
		strike.class = CLASS_NONE;
	strike.decision =
		str_eq(pg_get_text(rows, i, CASE_DECISION), STR("suppress")) ? DECISION_SUPPRESS
		: str_eq(pg_get_text(rows, i, CASE_DECISION), STR("hold"))   ? DECISION_HOLD
									     : DECISION_STRIKE;
	strike.complaint = pg_get_bool(rows, i, CASE_COMPLAINT);
	strike.serves = pg_get_bool(rows, i, CASE_SERVES);
	strike.held = pg_get_bool(rows, i, CASE_HELD);
	return strike;
}

/* Does the entry get the words of another event than it has? */
static bool wants_text(const struct store_suppression *entry, const struct store_verdict *verdict)
{
	bool is_same = entry->has_evidence && entry->reason != REASON_NONE &&
		       !memcmp(&entry->evidence, &verdict->evidence, sizeof verdict->evidence);

	return verdict->has_evidence && !verdict->keeps_cause && !is_same;
}

/* In the order of JUDGED_COPY. */
static void put_verdict(
	struct buf *out, const struct store_suppression *entry, const struct store_verdict *verdict)
{
	copy_row(out, JUDGED_FIELDS);
	copy_text(out, entry->address);
	copy_text(out, entry->stream);
	copy_text(out, suppression_state_name(verdict->state));
	copy_bool(out, verdict->keeps_cause);
	copy_text(out, reason_name(verdict->reason));
	copy_text(out, reason_class_name(verdict->class));
	copy_text(out, verdict->complaint ? STR("complaint") : STR("bounce"));
	copy_time(out, verdict->first_seen_us);
	copy_time(out, verdict->last_seen_us);
	copy_time(out, verdict->expires_at_us);
	copy_i64(out, (int64_t)verdict->count);
	if (verdict->has_evidence)
		copy_uuid(out, &verdict->evidence);
	else
		copy_null(out);
	copy_time(out, verdict->has_evidence ? verdict->evidence_at_us : TIMESTAMP_NONE);
	copy_bool(out, wants_text(entry, verdict));
}

/* Judges the rows from i on that are of one entry; returns how many they are. */
static size_t judge_one(const struct store_judge *judge, const struct pg_rows *rows, size_t i,
	struct store_strike *strikes, struct buf *out)
{
	struct store_suppression entry = suppression_row_read(rows, i);
	struct store_case item = { .entry = &entry,
		.forgiven_us = pg_get_time(rows, i, CASE_FORGIVEN),
		.delivered_us = pg_get_time(rows, i, CASE_DELIVERED),
		.strikes = strikes };
	struct store_verdict verdict;
	size_t n = 0;

	do {
		if (!pg_is_null(rows, i + n, CASE_EVENT) && item.n_strikes < LIMIT_JUDGED_STRIKES)
			strikes[item.n_strikes++] = read_strike(rows, i + n);
		n++;
	} while (i + n < pg_rows_count(rows) &&
		 str_eq(pg_get_text(rows, i + n, 0), entry.address) &&
		 str_eq(pg_get_text(rows, i + n, 1), entry.stream));
	judge->judge(judge->context, &item, &verdict);
	put_verdict(out, &entry, &verdict);
	return n;
}

static enum err judge_rows(
	const struct store_judge *judge, const struct pg_rows *rows, struct buf *out)
{
	struct arena *arena = arena_new();
	struct store_strike *strikes = arena_calloc(arena, LIMIT_JUDGED_STRIKES, sizeof *strikes);
	size_t n = pg_rows_count(rows);

	copy_header(out);
	for (size_t i = 0; i < n;)
		i += judge_one(judge, rows, i, strikes, out);
	arena_free(arena);
	return buf_check(out);
}

enum err store_judge_keys(struct store *store, const struct store_judge *judge, int64_t now_us)
{
	CLEANUP(pg_rows_freep) struct pg_rows *rows = NULL;
	struct buf out = BUF_INIT(JUDGED_BYTES);
	enum query cases;
	enum err err = store_choose(store, QUERY_JUDGE_CASES, QUERY_CITUS_JUDGE_CASES, &cases);

	if (!err)
		err = PG_RUN(store->pg, cases, &rows, pg_i64(LIMIT_JUDGED_STRIKES));
	if (!err && pg_rows_count(rows)) {
		err = judge_rows(judge, rows, &out);
		if (!err)
			err = pg_copy_in(store->pg, QUERY_JUDGED_COPY, &out);
		if (!err)
			err = PG_RUN(store->pg, QUERY_JUDGED_PUT, NULL, pg_time(now_us));
	}
	buf_release(&out);
	return err;
}
