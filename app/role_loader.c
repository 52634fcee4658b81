/* app/role_loader.c -- from a spool lane, through the parsers, into the database, exactly once.
 * While the database works on one batch the parsers work on the next. */
#define _GNU_SOURCE
#include "app/batch.h"
#include "app/commands.h"
#include "app/database.h"
#include "app/role.h"
#include "app/settings.h"
#include "app/token_keys.h"
#include "core/limits.h"
#include "core/log.h"
#include "store/store.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LOADER_LOG_ID_BYTES = 24, LOADER_PAUSE_MAX_MS = 10000 };

struct loader {
	struct role *role;
	struct arena *arena;
	struct spool_reader *reader;
	struct store *store;
	struct store_batch *rows;
	struct parser_pool *pool;
	struct batch batches[2];
	struct token_keys token_keys;
	char spool_id[LOADER_LOG_ID_BYTES];
	bool keep_raw, stopping;
};

/* ---- the digest that finds a second delivery ---- */

/* Envelope and bytes: the peer that lost our 250 repeats both. */
static void digest_message(const struct item *item, uint8_t ret_digest[STORE_DIGEST_BYTES])
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	const struct envelope *envelope = &item->envelope;
	struct buf head = BUF_INIT(LIMIT_FRAME_BYTES);
	gsize n = STORE_DIGEST_BYTES;

	buf_put_str32(&head, envelope->reverse_path);
	for (size_t i = 0; i < envelope->n_forward_paths; i++)
		buf_put_str32(&head, envelope->forward_paths[i]);
	buf_put_u64(&head, item->job.message.n);
	g_checksum_update(sum, (const guchar *)head.p, (gssize)head.n);
	if (item->job.message.n)
		g_checksum_update(
			sum, (const guchar *)item->job.message.p, (gssize)item->job.message.n);
	g_checksum_get_digest(sum, ret_digest, &n);
	g_checksum_free(sum);
	buf_release(&head);
}

/* ---- storing ---- */

static void add_item(struct loader *l, struct item *item)
{
	struct store_message message = { .sequence = item->sequence,
		.envelope = &item->envelope,
		.report = &item->job.report,
		.size = item->job.message.n,
		.raw = l->keep_raw ? item->job.message : STR_EMPTY };

	token_judge(&l->token_keys, &item->envelope, &item->job.report.token);
	digest_message(item, message.digest);
	if (store_batch_add(l->rows, &message) == ERR_OK)
		return;
	/* STORE_BATCH_BYTES is over twice BATCH_BYTES, so only our own mistake can come here. */
	log_event(LOG_ERROR, "batch_full", LOG_U64("sequence", item->sequence));
	abort();
}

static void log_stored(const struct loader *l, const struct item *item)
{
	const struct report *report = &item->job.report;
	struct str rule = report->n_events ? report->events[0].rule.id : STR_EMPTY;

	log_event(LOG_INFO, "report_stored", LOG_STR("id", item->envelope.session_id),
		LOG_C("spool", l->spool_id), LOG_U64("sequence", item->sequence),
		LOG_STR("kind", kind_name(report->kind)), LOG_U64("events", report->n_events),
		LOG_STR("rule", rule));
}

/* A pause that grows, with jitter, so that many loaders do not come back at once. True: stop. */
static bool pause_before_retry(struct loader *l, unsigned attempt)
{
	int64_t ms = attempt < 8 ? 100 << attempt : LOADER_PAUSE_MAX_MS;

	ms = ms < LOADER_PAUSE_MAX_MS ? ms : LOADER_PAUSE_MAX_MS;
	return role_wait_stop(l->role, (int)(ms / 2 + rand() % (ms / 2)));
}

/* Has the database everything up to `position` already? Asked after a commit whose end is unknown. */
static enum err committed_already(struct loader *l, uint64_t position, bool *ret_committed)
{
	uint64_t stored;
	enum err err = store_connected(l->store) ? ERR_OK : store_reopen(l->store);

	if (!err)
		err = store_position(l->store, str_c(l->spool_id), &stored);
	if (!err)
		*ret_committed = stored >= position;
	return err;
}

/* Stores items [first, first + n) and moves the position from `from` to `to`; tries until it is done or the
 * role is to stop (ERR_CLOSED), or the database refuses the rows (ERR_DATABASE). */
static enum err store_items(
	struct loader *l, const struct item *items, size_t n, uint64_t from, uint64_t to)
{
	struct store_batch_result result = { 0 };
	bool committed = false;
	enum err err;

	store_batch_reset(l->rows);
	for (size_t i = 0; i < n; i++)
		add_item(l, &items[i]);
	for (unsigned attempt = 0;; attempt++) {
		err = store_batch_commit(l->rows, from, to, &result);
		if (!err || err == ERR_DATABASE)
			break;
		log_event(LOG_WARN, "batch_not_stored", LOG_ERR(err),
			LOG_STR("reason", store_error(l->store)), LOG_U64("attempt", attempt));
		if (committed_already(l, to, &committed) == ERR_OK && committed)
			return ERR_OK;
		if (pause_before_retry(l, attempt))
			return ERR_CLOSED;
	}
	if (!err && result.second_deliveries)
		log_event(LOG_INFO, "second_deliveries",
			LOG_U64("messages", result.second_deliveries));
	return err;
}

/* One message that the database refuses must not hold up the lane: it is kept without its events. */
static enum err store_one_by_one(struct loader *l, struct batch *batch)
{
	uint64_t from = batch->from;
	enum err err = ERR_OK;

	for (size_t i = 0; i < batch->n && !err; i++) {
		struct item *item = &batch->items[i];
		uint64_t to = i + 1 < batch->n ? batch->items[i + 1].sequence : batch->to;

		err = store_items(l, item, 1, from, to);
		if (err == ERR_DATABASE) {
			log_event(LOG_ERROR, "message_set_aside",
				LOG_U64("sequence", item->sequence),
				LOG_STR("reason", store_error(l->store)));
			report_init(&item->job.report);
			item->job.report.flaws = FLAW_BIT(FLAW_PARSER_CRASHED);
			err = store_items(l, item, 1, from, to);
		}
		from = to;
	}
	return err;
}

static enum err store_batch_rows(struct loader *l, struct batch *batch)
{
	enum err err = store_items(l, batch->items, batch->n, batch->from, batch->to);

	if (err == ERR_DATABASE && batch->n)
		err = store_one_by_one(l, batch);
	if (err)
		return err;
	for (size_t i = 0; i < batch->n; i++)
		log_stored(l, &batch->items[i]);
	spool_reader_publish(l->reader, batch->to - 1);
	return ERR_OK;
}

/* ---- the loop ---- */

static void take_parsers(struct loader *l)
{
	int fd;

	while ((fd = role_take_parser(l->role)) >= 0)
		if (!parser_pool_add(l->pool, fd))
			log_event(LOG_WARN, "too_many_parsers");
}

/* Waits for a parser's answer, a new parser, new mail in the spool, or the end. */
static void wait_for_work(struct loader *l)
{
	struct pollfd fds[3 + POOL_MAX_PARSERS];
	size_t n;

	fds[0] = (struct pollfd){ l->role->stop_fd, POLLIN, 0 };
	fds[1] = (struct pollfd){ ROLE_CONTROL_FD, POLLIN, 0 };
	fds[2] = (struct pollfd){ spool_reader_fd(l->reader), POLLIN, 0 };
	n = parser_pool_poll_fds(l->pool, fds + 3, POOL_MAX_PARSERS);
	poll(fds, 3 + n, SPOOL_POLL_MS);
	if (fds[0].revents || fds[1].revents & POLLHUP)
		l->stopping = true;
	if (fds[1].revents & POLLIN)
		take_parsers(l);
	if (fds[2].revents)
		spool_reader_drain(l->reader);
	parser_pool_handle(l->pool, fds + 3, n);
}

static enum err run(struct loader *l)
{
	struct batch *now = &l->batches[0], *next = &l->batches[1], *swap;
	enum err err = ERR_OK;

	while (!l->stopping && !err) {
		err = batch_fill(now, l->reader, l->pool);
		parser_pool_flush(l->pool);
		if (err)
			break;
		if (!batch_parsed(now)) {
			wait_for_work(l);
			continue;
		}
		batch_reset(next, now->to);
		err = batch_fill(next, l->reader, l->pool);
		parser_pool_flush(l->pool);
		if (!err)
			err = store_batch_rows(l, now);
		swap = now;
		now = next;
		next = swap;
	}
	return err == ERR_CLOSED ? ERR_OK : err;
}

/* The lane is made by its writer, which may start after this process. */
static enum err open_lane(struct loader *l)
{
	const char *folder = settings_spool_lane(l->role->config, l->arena, "smtp");
	enum err err;

	while ((err = spool_reader_open(folder, &l->reader)) == ERR_NOT_FOUND)
		if (role_wait_stop(l->role, 200))
			return ERR_CLOSED;
	if (!err)
		snprintf(
			l->spool_id, sizeof l->spool_id, "%016" PRIx64, spool_reader_id(l->reader));
	return err;
}

static enum err start_at_position(struct loader *l)
{
	uint64_t position = 0;
	enum err err = store_position(l->store, str_c(l->spool_id), &position);

	if (!err)
		err = spool_reader_seek(l->reader, position ? position - 1 : 0);
	if (!err && position)
		spool_reader_publish(l->reader, position - 1);
	batch_reset(&l->batches[0], position);
	log_event(LOG_INFO, "loading", LOG_C("spool", l->spool_id), LOG_U64("position", position),
		LOG_ERR(err));
	return err;
}

static enum err load_keys(struct loader *l)
{
	struct str trouble;
	enum err err = token_keys_load(l->role->config, l->arena, &l->token_keys, &trouble);

	if (err)
		log_event(LOG_ERROR, "keys_refused", LOG_STR("reason", trouble));
	return err;
}

int role_loader(struct role *role)
{
	struct loader loader = { .role = role, .arena = arena_new() }, *l = &loader;
	size_t max = (size_t)config_int(role->config, CONFIG_LOADER_BATCH_MESSAGES);
	enum err err;

	l->keep_raw = config_bool(role->config, CONFIG_LOADER_KEEP_RAW);
	l->pool = parser_pool_new();
	batch_init(&l->batches[0], max);
	batch_init(&l->batches[1], max);
	srand((unsigned)getpid());
	err = load_keys(l);
	if (!err)
		err = open_lane(l);
	if (!err)
		err = database_open(role, "bounced loader", &l->store);
	if (!err)
		err = start_at_position(l);
	if (!err) {
		l->rows = store_batch_new(l->store, str_c(l->spool_id));
		role_ready(role);
		err = run(l);
	}
	if (err && err != ERR_CLOSED)
		log_event(LOG_ERROR, "loader_stopped", LOG_ERR(err));
	token_keys_release(&l->token_keys);
	store_batch_free(l->rows);
	store_close(l->store);
	spool_reader_close(l->reader);
	parser_pool_free(l->pool);
	batch_release(&l->batches[0]);
	batch_release(&l->batches[1]);
	arena_free(l->arena);
	return err && err != ERR_CLOSED ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}
