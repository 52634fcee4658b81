#include "suppress/hook/hook_round.h"

#include "store/store_suppress.h"
#include "suppress/export/listing.h"
#include "suppress/hook/hook_send.h"

enum { ROUND_EVENTS = 500, MESSAGE_ROWS = 100, ROUND_MESSAGES = 50, BODY_BYTES = 4 << 20 };

/* ---- messages of what happened ---- */

struct writing {
	const struct hook_round *round;
	struct store *store;
	const struct hook_target *target;
	struct str type;
	struct buf body;
	size_t rows;
	uint64_t last_seq;
	enum err err;
};

static void flush(struct writing *w)
{
	const struct store_hook_message message = {
		.target = w->target->name, .kind = w->type, .body = buf_str(&w->body)
	};

	if (!w->rows || w->err)
		return;
	if (w->target->kind == HOOK_GENERIC)
		hook_body_close(&w->body);
	w->err = buf_check(&w->body);
	if (!w->err)
		w->err = store_hook_add(w->store,
			&(struct store_hook_message){ .target = message.target,
				.kind = message.kind,
				.body = buf_str(&w->body) },
			w->round->now_us());
	buf_reset(&w->body);
	w->rows = 0;
}

static void open_body(struct writing *w)
{
	if (!w->rows && w->target->kind == HOOK_GENERIC)
		hook_body_open(w->type, w->round->now_us(), &w->body);
}

static bool add_change(void *context, const struct store_suppression *row)
{
	struct writing *w = context;

	open_body(w);
	hook_body_suppression(row, &w->body);
	w->last_seq = row->seq;
	return ++w->rows < MESSAGE_ROWS;
}

/* Changes of the list since the last message to the target. */
static enum err tell_changes(struct writing *w, uint64_t to_seq, bool *busy)
{
	uint64_t seq = 0;
	enum err err = store_hook_target(w->store, w->target->name, &seq);

	if (err || seq >= to_seq)
		return err;
	err = store_hook_begin(w->store);
	if (err)
		return err;
	w->type = STR("suppressions");
	w->last_seq = to_seq;
	w->err = listing_walk(w->store, LISTING_CHANGES, seq, to_seq, add_change, w);
	*busy |= w->rows == MESSAGE_ROWS;
	seq = w->rows == MESSAGE_ROWS ? w->last_seq : to_seq;
	flush(w);
	if (!w->err)
		w->err = store_hook_moved(w->store, w->target->name, seq);
	return store_hook_end(w->store, w->err);
}

/* One event to all targets that are told of events. */
struct telling {
	struct writing writings[HOOK_TARGETS];
	size_t n;
};

static void add_event(void *context, const struct store_hook_event *event)
{
	struct telling *telling = context;

	for (size_t i = 0; i < telling->n; i++) {
		struct writing *w = &telling->writings[i];

		if (!(w->target->tell & HOOK_EVENTS))
			continue;
		if (w->target->kind == HOOK_LISTMONK) {
			w->rows = hook_body_listmonk(event, &w->body);
			flush(w);
			continue;
		}
		open_body(w);
		hook_body_event(event, &w->body);
		if (++w->rows == MESSAGE_ROWS)
			flush(w);
	}
}

static enum err tell_events(struct telling *telling, struct store *store, bool *busy)
{
	size_t taken = 0;
	enum err err = store_hook_begin(store);

	if (err)
		return err;
	err = store_hook_take_events(store, ROUND_EVENTS, add_event, telling, &taken);
	*busy |= taken == ROUND_EVENTS;
	for (size_t i = 0; i < telling->n && !err; i++) {
		flush(&telling->writings[i]);
		err = telling->writings[i].err;
	}
	return store_hook_end(store, err);
}

static enum err write_down(const struct hook_round *round, struct store *store, bool *busy)
{
	struct telling telling = { .n = round->n };
	uint64_t to_seq = 0;
	enum err err = store_suppressions_number(store, &to_seq);

	for (size_t i = 0; i < round->n; i++) {
		telling.writings[i] = (struct writing){ .round = round,
			.store = store,
			.target = &round->targets[i],
			.body = BUF_INIT(BODY_BYTES) };
		if (!err && round->targets[i].tell & HOOK_SUPPRESSIONS)
			err = tell_changes(&telling.writings[i], to_seq, busy);
		telling.writings[i].type = STR("events");
		telling.writings[i].err = ERR_OK;
	}
	if (!err)
		err = tell_events(&telling, store, busy);
	for (size_t i = 0; i < round->n; i++)
		buf_release(&telling.writings[i].body);
	return err;
}

/* ---- messages to their targets ---- */

struct due {
	struct arena *arena;
	struct store_hook_message messages[ROUND_MESSAGES];
	size_t n;
};

static bool take_due(void *context, const struct store_hook_message *message)
{
	struct due *due = context;
	struct store_hook_message *copy = &due->messages[due->n++];

	*copy = *message;
	copy->target = arena_dup(due->arena, message->target);
	copy->body = arena_dup(due->arena, message->body);
	return due->n < ARRAY_LEN(due->messages);
}

static size_t target_of(const struct hook_round *round, struct str name)
{
	for (size_t i = 0; i < round->n; i++)
		if (str_eq(round->targets[i].name, name))
			return i;
	return round->n;
}

static enum err send_one(const struct hook_round *round, struct store *store,
	struct store_hook_message *message, const struct hook_target *target, bool *ret_taken)
{
	char problem[HOOK_PROBLEM_BYTES] = "there is no such target any more";
	int64_t now_us = round->now_us();
	enum err err = target ? hook_send(target, message->id, message->body, now_us, problem)
			      : ERR_NOT_FOUND;

	*ret_taken = !err;
	if (!err) {
		round->said(message->target, message->id, STR_EMPTY, false);
		return store_hook_sent(store, message->id);
	}
	message->error = str_c(problem);
	message->due_us = hook_next_attempt(message->created_us, message->attempts, now_us);
	message->dead = message->due_us == TIMESTAMP_NONE;
	if (message->dead)
		message->due_us = now_us;
	round->said(message->target, message->id, message->error, message->dead);
	return store_hook_failed(store, message);
}

/* Of a target that did not take one the others wait for the next round: it is likely down. */
static enum err send_due(const struct hook_round *round, struct store *store, bool *busy)
{
	struct due due = { .arena = arena_new() };
	bool down[HOOK_TARGETS + 1] = { false };
	enum err err = store_hook_due(store, round->now_us(), ROUND_MESSAGES, take_due, &due);

	for (size_t i = 0; i < due.n && !err; i++) {
		size_t target = target_of(round, due.messages[i].target);
		bool taken = false;

		if (down[target])
			continue;
		err = send_one(round, store, &due.messages[i],
			target < round->n ? &round->targets[target] : NULL, &taken);
		down[target] = !taken && target < round->n;
		*busy |= taken && due.n == ROUND_MESSAGES;
	}
	arena_free(due.arena);
	return err;
}

enum err hook_round_run(const struct hook_round *round, struct store *store, bool *ret_busy)
{
	bool busy = false;
	enum err err = write_down(round, store, &busy);

	if (!err)
		err = send_due(round, store, &busy);
	*ret_busy = busy;
	return err;
}

enum err hook_round_test(const struct hook_round *round, struct store *store, size_t target)
{
	struct buf body = BUF_INIT(1024);
	enum err err;

	hook_body_open(STR("test"), round->now_us(), &body);
	hook_body_close(&body);
	err = store_hook_add(store,
		&(struct store_hook_message){ .target = round->targets[target].name,
			.kind = STR("test"),
			.body = buf_str(&body) },
		round->now_us());
	buf_release(&body);
	return err;
}
