#define _GNU_SOURCE
#include "serve/parse_desk.h"

#include "core/envelope.h"
#include "core/log.h"
#include "core/report_json.h"
#include "load/parser_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

enum { DESK_JSON_BYTES = 64 << 20, DESK_ENVELOPE_BYTES = 1024, DESK_TEXT_BYTES = 1 << 20 };

/* One message. Whoever asked may give up before a parser answers, so that it belongs to the desk. */
struct ask {
	struct job job;
	struct arena *arena; /* holds this, too */
	bool abandoned, done;
	struct ask *next;
};

struct parse_desk {
	pthread_mutex_t lock;
	pthread_cond_t answered;
	struct parser_pool *pool; /* of the polling thread alone */
	struct ask *fresh;        /* not yet with the pool */
	struct ask *working;      /* with the pool; of the polling thread alone */
	size_t n, n_parsers;
	int wake_fd;
	bool stopped;
};

struct parse_desk *parse_desk_new(void)
{
	struct parse_desk *desk = calloc(1, sizeof *desk);
	pthread_condattr_t attr;

	if (!desk)
		abort();
	pthread_mutex_init(&desk->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&desk->answered, &attr);
	pthread_condattr_destroy(&attr);
	desk->pool = parser_pool_new();
	desk->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return desk;
}

static void free_asks(struct ask *ask)
{
	while (ask) {
		struct ask *next = ask->next;

		arena_free(ask->arena);
		ask = next;
	}
}

void parse_desk_free(struct parse_desk *desk)
{
	if (!desk)
		return;
	parser_pool_free(desk->pool);
	free_asks(desk->fresh);
	free_asks(desk->working);
	close(desk->wake_fd);
	pthread_cond_destroy(&desk->answered);
	pthread_mutex_destroy(&desk->lock);
	free(desk);
}

/* ---- the thread that asks ---- */

static struct ask *ask_new(struct str message)
{
	const struct envelope envelope = { .source = SOURCE_HTTP };
	struct buf bytes = BUF_INIT(DESK_ENVELOPE_BYTES);
	struct arena *arena = arena_new();
	struct ask *ask = arena_zalloc(arena, sizeof *ask);

	envelope_encode(&envelope, &bytes);
	ask->arena = arena;
	ask->job = (struct job){ .envelope = arena_dup(arena, buf_str(&bytes)),
		.message = arena_dup(arena, message),
		.arena = arena };
	buf_release(&bytes);
	return ask;
}

static enum err hand_in(struct parse_desk *desk, struct ask *ask)
{
	const uint64_t one = 1;

	if (desk->stopped || !desk->n_parsers || desk->n >= DESK_QUEUE)
		return ERR_UNAVAILABLE;
	ask->next = desk->fresh;
	desk->fresh = ask;
	desk->n++;
	/* A full counter is readable already. */
	(void)!write(desk->wake_fd, &one, sizeof one);
	return ERR_OK;
}

static struct timespec patience_end(void)
{
	struct timespec end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += DESK_PATIENCE_MS / 1000;
	return end;
}

static enum err wait_for_answer(struct parse_desk *desk, const struct ask *ask)
{
	const struct timespec end = patience_end();

	/* A request must not hold its thread, and the others on it, until a dead parser is replaced. */
	while (!ask->done && !desk->stopped && desk->n_parsers)
		if (pthread_cond_timedwait(&desk->answered, &desk->lock, &end))
			break;
	if (ask->done)
		return ERR_OK;
	return desk->stopped || !desk->n_parsers ? ERR_UNAVAILABLE : ERR_TIMEOUT;
}

static enum err write_answer(struct arena *arena, const struct ask *ask, struct str *ret_json)
{
	const struct report_json_options style = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	struct buf json = BUF_INIT(DESK_JSON_BYTES);
	enum err err = report_json_write(&ask->job.report, STR_EMPTY, style, &json);

	if (!err)
		*ret_json = arena_dup(arena, buf_str(&json));
	buf_release(&json);
	return err;
}

/* The text of a server, and rules for it: no message, and judged all the same where messages are. */
static struct ask *text_new(const struct api_text *asked)
{
	struct buf bytes = BUF_INIT(DESK_TEXT_BYTES);
	struct arena *arena = arena_new();
	struct ask *ask = arena_zalloc(arena, sizeof *ask);

	buf_put_str32(&bytes, asked->rules);
	buf_put(&bytes, asked->text);
	ask->arena = arena;
	ask->job = (struct job){ .envelope = arena_dup(arena, asked->remote_mta),
		.message = arena_dup(arena, buf_str(&bytes)),
		.classify = true,
		.arena = arena };
	buf_release(&bytes);
	return ask;
}

static enum err write_verdict(
	struct arena *arena, const struct ask *ask, struct api_verdict *ret_verdict)
{
	const struct report_json_options style = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	struct buf json = BUF_INIT(DESK_JSON_BYTES);
	enum err err = ERR_OK;

	if (ask->job.report.n_events)
		err = report_json_write_event(&ask->job.report.events[0], style, &json);
	if (!err)
		*ret_verdict = (struct api_verdict){ .event_json = arena_dup(arena, buf_str(&json)),
			.account = arena_dup(arena, ask->job.account),
			.trouble = arena_dup(arena, ask->job.trouble) };
	buf_release(&json);
	return err;
}

/* ERR_OK: the answer is there, and the ask is the caller's again; else it is gone, or will be. */
static enum err ask_and_wait(struct parse_desk *desk, struct ask *ask)
{
	enum err err;

	pthread_mutex_lock(&desk->lock);
	err = hand_in(desk, ask);
	if (err) {
		pthread_mutex_unlock(&desk->lock);
		arena_free(ask->arena);
		return err;
	}
	err = wait_for_answer(desk, ask);
	ask->abandoned = err != ERR_OK;
	pthread_mutex_unlock(&desk->lock);
	return err;
}

enum err parse_desk_ask(
	void *context, struct arena *arena, struct str message, struct str *ret_json)
{
	struct ask *ask = ask_new(message);
	enum err err = ask_and_wait(context, ask);

	if (err)
		return err;
	err = write_answer(arena, ask, ret_json);
	arena_free(ask->arena);
	return err;
}

enum err parse_desk_classify(void *context, struct arena *arena, const struct api_text *asked,
	struct api_verdict *ret_verdict)
{
	struct ask *ask = text_new(asked);
	enum err err = ask_and_wait(context, ask);

	if (err)
		return err;
	err = write_verdict(arena, ask, ret_verdict);
	arena_free(ask->arena);
	return err;
}

/* ---- the thread that polls ---- */

static void take_packets(struct parse_desk *desk, parse_desk_fds_fn *fn, void *context)
{
	int fds[ROLE_FDS_AT_ONCE];
	enum control packet;
	size_t n;

	while (role_take_packet(&packet, fds, &n))
		if (packet != CONTROL_PARSER || n != 1)
			fn(context, packet, fds, n);
		else if (!parser_pool_add(desk->pool, fds[0]))
			log_event(LOG_WARN, "too_many_parsers");
}

static void take_fresh(struct parse_desk *desk)
{
	struct ask *ask;
	uint64_t count;

	(void)!read(desk->wake_fd, &count, sizeof count);
	pthread_mutex_lock(&desk->lock);
	while ((ask = desk->fresh)) {
		desk->fresh = ask->next;
		ask->next = desk->working;
		desk->working = ask;
		parser_pool_submit(desk->pool, &ask->job);
	}
	pthread_mutex_unlock(&desk->lock);
	parser_pool_flush(desk->pool);
}

/* What nobody waits for any more goes when the pool is through with it. */
static void hand_out(struct parse_desk *desk)
{
	struct ask **place = &desk->working, *ask;

	pthread_mutex_lock(&desk->lock);
	desk->n_parsers = parser_pool_count(desk->pool);
	while ((ask = *place)) {
		if (ask->job.state != JOB_DONE) {
			place = &ask->next;
			continue;
		}
		*place = ask->next;
		desk->n--;
		ask->done = true;
		if (ask->abandoned)
			arena_free(ask->arena);
	}
	pthread_cond_broadcast(&desk->answered);
	pthread_mutex_unlock(&desk->lock);
}

static void stop(struct parse_desk *desk)
{
	pthread_mutex_lock(&desk->lock);
	desk->stopped = true;
	pthread_cond_broadcast(&desk->answered);
	pthread_mutex_unlock(&desk->lock);
}

void parse_desk_run(
	struct parse_desk *desk, const struct role *role, parse_desk_fds_fn *fn, void *context)
{
	for (;;) {
		struct pollfd fds[3 + POOL_MAX_PARSERS] = { { role->stop_fd, POLLIN, 0 },
			{ ROLE_CONTROL_FD, POLLIN, 0 }, { desk->wake_fd, POLLIN, 0 } };
		size_t n = parser_pool_poll_fds(desk->pool, fds + 3, POOL_MAX_PARSERS);

		if (poll(fds, 3 + n, -1) <= 0)
			continue;
		if (fds[0].revents || fds[1].revents & POLLHUP)
			break;
		if (fds[1].revents & POLLIN)
			take_packets(desk, fn, context);
		parser_pool_handle(desk->pool, fds + 3, n);
		take_fresh(desk);
		hand_out(desk);
	}
	stop(desk);
}
