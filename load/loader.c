/* load/loader.c -- the loading loop: lanes are read, parsed and stored in turn.
 * While the database works on one batch of a lane the parsers work on the next. */
#define _GNU_SOURCE
#include "load/loader.h"

#include "core/limits.h"
#include "core/log.h"
#include "load/loader_store.h"
#include "spool/backlog.h"
#include "spool/lanes.h"
#include "suppress/proof/token_keys.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* ---- lanes ---- */

/* A lane that cannot be read must not hold up the others: it is told once and tried again each second. */
static void note_trouble(struct lane *lane, enum err err)
{
	if (err && err != lane->trouble)
		log_event(LOG_ERROR, "lane_stuck", LOG_C("lane", lane->name), LOG_ERR(err));
	else if (!err && lane->trouble)
		log_event(LOG_INFO, "lane_reads_again", LOG_C("lane", lane->name));
	lane->trouble = err;
}

/* Is it still the one that was loaded? Then where it goes on, else its oldest record: the folder was set back to an
 * older copy, and what it took since then has sequences that the database has passed already. What the database has
 * counts nothing again (store_id). */
static enum err read_history(
	struct lane *lane, const struct store_place *place, uint64_t *ret_position)
{
	enum spool_history history = SPOOL_HISTORY_UNKNOWN;
	enum err err = ERR_OK;

	*ret_position = place->sequence;
	if (place->sequence > 1)
		err = spool_reader_compare(
			lane->reader, place->sequence - 1, place->record_at_us, &history);
	if (!err && history == SPOOL_HISTORY_OTHER)
		err = spool_reader_oldest(lane->reader, ret_position);
	return err ? err : spool_reader_seek(lane->reader, *ret_position ? *ret_position - 1 : 0);
}

static enum err set_back(struct loader *l, struct lane *lane, uint64_t from, uint64_t to)
{
	enum err err = store_set_back(l->store, str_c(lane->spool_id), from, to);

	if (!err)
		log_event(LOG_WARN, "spool_set_back", LOG_C("lane", lane->name),
			LOG_C("spool", lane->spool_id), LOG_U64("position", from),
			LOG_U64("again_from", to));
	return err;
}

static void start_at(struct loader *l, struct lane *lane, uint64_t position)
{
	lane->now = &lane->batches[0];
	lane->next = &lane->batches[1];
	batch_reset(lane->now, position);
	lane->rows = store_batch_new(l->store, str_c(lane->spool_id));
	store_batch_set_judge(lane->rows, &l->store_judge);
	store_batch_set_hook(lane->rows, config_bool(l->config, CONFIG_WEBHOOK_EVENTS));
	log_event(LOG_INFO, "loading", LOG_C("lane", lane->name), LOG_C("spool", lane->spool_id),
		LOG_U64("position", position));
}

/* After a power cut it may be so until the writer has recovered. */
static void warn_if_behind(const struct lane *lane, const char *folder, uint64_t position)
{
	struct spool_backlog backlog;

	if (spool_backlog(folder, &backlog) || position <= backlog.durable + 1)
		return;
	log_event(LOG_WARN, "spool_behind", LOG_C("lane", lane->name),
		LOG_C("spool", lane->spool_id), LOG_U64("position", position),
		LOG_U64("durable", backlog.durable));
}

/* Only a lane that is the one which was loaded hears how far that went: its writer deletes what is behind.
 * The lane is closed again where its folder cannot be read. */
static enum err find_position(struct loader *l, struct lane *lane, const char *folder)
{
	struct store_place place = { 0 };
	uint64_t position = 0;
	enum err err = store_place(l->store, str_c(lane->spool_id), &place), of_lane;

	if (err)
		return err;
	of_lane = read_history(lane, &place, &position);
	note_trouble(lane, of_lane);
	if (of_lane) {
		spool_reader_close(lane->reader);
		lane->reader = NULL;
		return ERR_OK;
	}
	if (position != place.sequence)
		err = set_back(l, lane, place.sequence, position);
	else if (position)
		spool_reader_publish(lane->reader, position - 1);
	if (err)
		return err;
	start_at(l, lane, position);
	warn_if_behind(lane, folder, position);
	return ERR_OK;
}

/* A lane is made by its writer, which may start after this process, or never: it is looked for in each turn. */
static enum err open_lane(struct loader *l, struct lane *lane)
{
	enum err err = spool_reader_open(lane->folder, &lane->reader);

	if (err && err != ERR_NOT_FOUND)
		note_trouble(lane, err);
	if (err)
		return ERR_OK;
	snprintf(lane->spool_id, sizeof lane->spool_id, "%016" PRIx64,
		spool_reader_id(lane->reader));
	return find_position(l, lane, lane->folder);
}

static void close_lane(struct lane *lane)
{
	store_batch_free(lane->rows);
	spool_reader_close(lane->reader);
	batch_release(&lane->batches[0]);
	batch_release(&lane->batches[1]);
}

/* One turn of a lane: reads what is durable, stores what is parsed. *ret_busy: a batch was stored, so
 * that there may be more at once. What was read in front of a trouble is stored all the same. */
static enum err turn_lane(struct loader *l, struct lane *lane, bool *ret_busy)
{
	struct batch *done = lane->now;
	enum err err;

	note_trouble(lane, batch_fill(lane->now, lane->reader, l->pool));
	parser_pool_flush(l->pool);
	*ret_busy = false;
	if (!batch_parsed(lane->now))
		return ERR_OK;
	batch_reset(lane->next, lane->now->to);
	if (!lane->trouble)
		note_trouble(lane, batch_fill(lane->next, lane->reader, l->pool));
	parser_pool_flush(l->pool);
	err = loader_store(l, lane, lane->now);
	lane->now = lane->next;
	lane->next = done;
	*ret_busy = !err;
	return err;
}

/* ---- the loop ---- */

static void take_parsers(struct loader *l)
{
	int fd;

	while ((fd = l->outside.take_parser(l->outside.context)) >= 0)
		if (!parser_pool_add(l->pool, fd))
			log_event(LOG_WARN, "too_many_parsers");
}

/* Waits for a parser's answer, a new parser, new mail in a lane, or the end. */
static void wait_for_work(struct loader *l, struct lane *lanes)
{
	struct pollfd fds[2 + LANES + POOL_MAX_PARSERS];
	size_t n;

	fds[0] = (struct pollfd){ l->outside.stop_fd, POLLIN, 0 };
	fds[1] = (struct pollfd){ l->outside.parsers_fd, POLLIN, 0 };
	for (size_t i = 0; i < LANES; i++)
		fds[2 + i] =
			(struct pollfd){ lanes[i].reader ? spool_reader_fd(lanes[i].reader) : -1,
				POLLIN, 0 };
	n = parser_pool_poll_fds(l->pool, fds + 2 + LANES, POOL_MAX_PARSERS);
	if (poll(fds, 2 + LANES + n, SPOOL_POLL_MS) <= 0)
		return;
	if (fds[0].revents || fds[1].revents & POLLHUP)
		l->stopping = true;
	if (fds[1].revents & POLLIN)
		take_parsers(l);
	for (size_t i = 0; i < LANES; i++)
		if (lanes[i].reader && fds[2 + i].revents)
			spool_reader_drain(lanes[i].reader);
	parser_pool_handle(l->pool, fds + 2 + LANES, n);
}

/* All that is on stable storage was read and is stored. A lane that cannot be read is no reason to wait. */
static bool is_drained(const struct lane *lane)
{
	return !lane->reader || lane->trouble ||
	       (!batch_has_progress(lane->now) && !spool_reader_backlog(lane->reader));
}

static bool all_drained(const struct loader *l)
{
	for (size_t i = 0; i < LANES; i++)
		if (!is_drained(&l->lanes[i]))
			return false;
	return true;
}

static enum err run_lanes(struct loader *l)
{
	struct lane *lanes = l->lanes;
	enum err err = ERR_OK;

	while (!l->stopping && !err) {
		bool busy = false, lane_busy = false;

		err = loader_check_positions(l);
		if (!err && l->outside.turn && store_connected(l->store))
			l->outside.turn(l->outside.context, l->store);
		for (size_t i = 0; i < LANES && !err; i++) {
			if (!lanes[i].reader)
				err = open_lane(l, &lanes[i]);
			if (!err && lanes[i].reader)
				err = turn_lane(l, &lanes[i], &lane_busy);
			busy |= lane_busy;
		}
		/* A lane that is busy must not starve the news from the others. */
		l->stopping |= !err && l->outside.drains && all_drained(l);
		if (!err && !l->stopping && (!busy || loader_wait_stop(l, 0)))
			wait_for_work(l, lanes);
	}
	return err == ERR_CLOSED ? ERR_OK : err;
}

/* ---- its life ---- */

static enum err load_settings(struct loader *l)
{
	struct str trouble;
	enum err err = token_keys_load(l->config, l->arena, &l->token_keys, &trouble);

	if (!err)
		err = verp_load(l->config, l->arena, &l->verp, &trouble);
	if (!err)
		err = suppress_settings_load(l->config, l->arena, &l->suppress, &trouble);
	if (err)
		log_event(LOG_ERROR, "settings_refused", LOG_STR("reason", trouble));
	suppress_judge(&l->suppress, &l->judge, &l->store_judge);
	l->scratch = arena_new();
	l->keep_raw = config_bool(l->config, CONFIG_LOADER_KEEP_RAW);
	l->weights = arena_calloc(l->arena, LIMIT_EVENTS, sizeof *l->weights);
	l->standings = arena_calloc(l->arena, LIMIT_EVENTS, sizeof *l->standings);
	l->unsigned_recipients = (size_t)config_int(l->config, CONFIG_LOADER_UNSIGNED_RECIPIENTS);
	return err;
}

enum err loader_new(const struct config *config, struct loader **ret_loader)
{
	size_t max = (size_t)config_int(config, CONFIG_LOADER_BATCH_MESSAGES);
	struct arena *arena = arena_new();
	struct loader *l = arena_zalloc(arena, sizeof *l);
	enum err err;

	*l = (struct loader){ .config = config, .arena = arena, .pool = parser_pool_new() };
	l->lanes = arena_calloc(arena, LANES, sizeof *l->lanes);
	for (size_t i = 0; i < LANES; i++) {
		l->lanes[i].name = lanes_names[i];
		l->lanes[i].folder = lanes_path(config, arena, lanes_names[i]);
		batch_init(&l->lanes[i].batches[0], max);
		batch_init(&l->lanes[i].batches[1], max);
	}
	srand((unsigned)getpid());
	err = load_settings(l);
	if (err) {
		loader_free(l);
		return err;
	}
	*ret_loader = l;
	return ERR_OK;
}

enum err loader_run(
	struct loader *loader, struct store *store, const struct loader_outside *outside)
{
	loader->store = store;
	loader->outside = *outside;
	return run_lanes(loader);
}

void loader_free(struct loader *loader)
{
	if (!loader)
		return;
	for (size_t i = 0; i < LANES; i++)
		close_lane(&loader->lanes[i]);
	token_keys_release(&loader->token_keys);
	parser_pool_free(loader->pool);
	arena_free(loader->scratch);
	arena_free(loader->arena);
}
