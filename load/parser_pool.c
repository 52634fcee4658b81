#define _GNU_SOURCE
#include "load/parser_pool.h"

#include "core/envelope.h"
#include "core/frame.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/report_json.h"
#include "core/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	POOL_QUEUE_BYTES = 8 << 20, /* that wait for one parser; one larger message may go beyond */
	POOL_READ_BYTES = 256 << 10,
};

struct queue {
	struct job *head, **tail;
};

struct remote {
	int fd;
	struct buf out, in;
	struct queue sent; /* in the order of their answers */
	bool leaves;       /* it said that it ends by order */
	int64_t busy_us;   /* since when it works on the oldest of `sent` */
};

struct parser_pool {
	struct remote remotes[POOL_MAX_PARSERS];
	size_t n;
	struct queue waiting;
};

static void queue_init(struct queue *queue)
{
	queue->head = NULL;
	queue->tail = &queue->head;
}

static void queue_push(struct queue *queue, struct job *job)
{
	job->next = NULL;
	*queue->tail = job;
	queue->tail = &job->next;
}

static struct job *queue_pop(struct queue *queue)
{
	struct job *job = queue->head;

	if (!job)
		return NULL;
	queue->head = job->next;
	if (!queue->head)
		queue->tail = &queue->head;
	return job;
}

static void queue_push_front(struct queue *queue, struct job *job)
{
	job->next = queue->head;
	if (!queue->head)
		queue->tail = &job->next;
	queue->head = job;
}

struct parser_pool *parser_pool_new(void)
{
	struct parser_pool *pool = calloc(1, sizeof *pool);

	if (!pool)
		abort();
	queue_init(&pool->waiting);
	return pool;
}

static void remote_release(struct remote *remote)
{
	close(remote->fd);
	buf_release(&remote->out);
	buf_release(&remote->in);
}

void parser_pool_free(struct parser_pool *pool)
{
	if (!pool)
		return;
	for (size_t i = 0; i < pool->n; i++)
		remote_release(&pool->remotes[i]);
	free(pool);
}

bool parser_pool_add(struct parser_pool *pool, int take_fd)
{
	struct remote *remote;

	if (pool->n == POOL_MAX_PARSERS) {
		close(take_fd);
		return false;
	}
	fcntl(take_fd, F_SETFL, O_NONBLOCK);
	remote = &pool->remotes[pool->n++];
	remote->fd = take_fd;
	remote->leaves = false;
	buf_init(&remote->out, 2 * (size_t)LIMIT_FRAME_BYTES);
	buf_init(&remote->in, 2 * (size_t)LIMIT_FRAME_BYTES);
	queue_init(&remote->sent);
	return true;
}

size_t parser_pool_count(const struct parser_pool *pool)
{
	return pool->n;
}

static int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- the end of a job ---- */

/* Someone must look at the mail, so the line has the id of the connection that brought it. */
static void log_set_aside(const struct job *job)
{
	struct arena *arena = arena_new();
	struct envelope envelope;
	bool known = !job->classify && envelope_decode(arena, job->envelope, &envelope) == ERR_OK;

	log_event(job->classify ? LOG_WARN : LOG_ERROR,
		job->classify ? "text_set_aside" : "message_set_aside",
		LOG_STR("id", known ? envelope.session_id : STR("-")),
		LOG_U64("bytes", job->message.n), LOG_U64("crashes", job->crashes));
	arena_free(arena);
}

static void set_aside(struct job *job)
{
	report_init(&job->report);
	job->report.flaws = FLAW_BIT(FLAW_PARSER_CRASHED);
	job->state = JOB_DONE;
	log_set_aside(job);
}

void parser_pool_submit(struct parser_pool *pool, struct job *job)
{
	job->state = JOB_WAITING;
	job->parse_us = -1;
	queue_push(&pool->waiting, job);
}

/* Of a question that can be asked again nothing is lost. */
static unsigned most_crashes(const struct job *job)
{
	return job->classify ? 1 : POOL_MAX_CRASHES;
}

/* The parser is gone: the job that it worked on is suspect, unless the parser left by order; the others
 * are only late. Returns jobs that became done. */
static size_t drop_remote(struct parser_pool *pool, struct remote *remote)
{
	struct job *suspect = queue_pop(&remote->sent), *job;
	struct queue again;
	size_t done = 0;

	queue_init(&again);
	if (suspect && !remote->leaves && ++suspect->crashes >= most_crashes(suspect)) {
		set_aside(suspect);
		done = 1;
	} else if (suspect) {
		queue_push(&again, suspect);
	}
	while ((job = queue_pop(&remote->sent)))
		queue_push(&again, job);
	while ((job = queue_pop(&pool->waiting)))
		queue_push(&again, job);
	while ((job = queue_pop(&again))) {
		job->state = JOB_WAITING;
		queue_push(&pool->waiting, job);
	}
	remote_release(remote);
	*remote = pool->remotes[--pool->n];
	if (!remote->sent.head)
		queue_init(&remote->sent); /* its tail pointed into the old place */
	return done;
}

/* ---- writing ---- */

static void encode_job(struct remote *remote, struct job *job)
{
	size_t place = frame_begin(&remote->out, job->classify ? FRAME_CLASSIFY : FRAME_PARSE);

	buf_put_str32(&remote->out, job->envelope);
	buf_put(&remote->out, job->message);
	if (frame_end(&remote->out, place)) {
		/* No parser would take it: over LIMIT_FRAME_BYTES, which the spool's limits rule out. */
		remote->out.n = place;
		remote->out.failed = false;
		set_aside(job);
		return;
	}
	job->state = JOB_SENT;
	if (!remote->sent.head)
		remote->busy_us = monotonic_us();
	queue_push(&remote->sent, job);
}

static void write_out(struct remote *remote)
{
	size_t written = 0;

	while (written < remote->out.n) {
		ssize_t n = send(remote->fd, remote->out.p + written, remote->out.n - written,
			MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			break; /* full, or gone: reading will tell */
		written += (size_t)n;
	}
	buf_consume(&remote->out, written);
}

static struct remote *least_busy(struct parser_pool *pool)
{
	struct remote *best = NULL;

	for (size_t i = 0; i < pool->n; i++)
		if (pool->remotes[i].out.n < POOL_QUEUE_BYTES &&
			(!best || pool->remotes[i].out.n < best->out.n))
			best = &pool->remotes[i];
	return best;
}

void parser_pool_flush(struct parser_pool *pool)
{
	struct remote *remote;
	size_t turn = 0;

	while (pool->waiting.head && (remote = least_busy(pool))) {
		/* Equal queues take turns, so that all of them work. */
		if (pool->remotes[turn % pool->n].out.n == remote->out.n)
			remote = &pool->remotes[turn % pool->n];
		turn++;
		encode_job(remote, queue_pop(&pool->waiting));
		write_out(remote);
	}
	for (size_t i = 0; i < pool->n; i++)
		write_out(&pool->remotes[i]);
}

/* ---- reading ---- */

static bool read_verdict(struct job *job, struct str body)
{
	struct str json, account;

	if (!str_take_str32(&body, &json) || !str_take_str32(&body, &account) ||
		!utf8_valid(account) || !utf8_valid(body) ||
		report_json_read(job->arena, json, &job->report) ||
		job->report.n_events != (body.n ? 0 : 1))
		return false;
	job->account = arena_dup(job->arena, account);
	job->trouble = arena_dup(job->arena, body);
	return true;
}

static bool read_answer(struct job *job, enum frame_type type, struct str body)
{
	if (type != (job->classify ? FRAME_VERDICT : FRAME_REPORT))
		return false;
	return job->classify ? read_verdict(job, body)
			     : report_json_read(job->arena, body, &job->report) == ERR_OK;
}

/* False: the parser talks nonsense. A parser works on one message after the other, in the order in which it got them. */
static bool take_answer(
	struct remote *remote, enum frame_type type, struct str body, size_t *ret_done)
{
	struct job *job = queue_pop(&remote->sent);
	int64_t now_us = monotonic_us();

	if (!job)
		return false;
	if (!read_answer(job, type, body)) {
		queue_push_front(&remote->sent, job);
		return false;
	}
	job->state = JOB_DONE;
	job->parse_us = now_us - remote->busy_us;
	remote->busy_us = now_us;
	++*ret_done;
	return true;
}

static bool take_frames(struct remote *remote, size_t *ret_done)
{
	struct str rest = buf_str(&remote->in), body;
	enum frame_type type;
	enum step step;
	size_t n;

	while ((step = frame_next(rest, &type, &body, &n)) == STEP_DONE) {
		remote->leaves = type == FRAME_BYE;
		if (type == FRAME_BYE || !take_answer(remote, type, body, ret_done))
			return false;
		rest = str_skip(rest, n);
	}
	buf_consume(&remote->in, remote->in.n - rest.n);
	return step != STEP_BAD;
}

/* False: the parser is gone or talks nonsense. */
static bool read_in(struct remote *remote, size_t *ret_done)
{
	for (;;) {
		char *room = buf_reserve(&remote->in, POOL_READ_BYTES);
		ssize_t n = room ? recv(remote->fd, room, POOL_READ_BYTES, MSG_DONTWAIT) : 0;

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n <= 0)
			return false;
		remote->in.n += (size_t)n;
		if (!take_frames(remote, ret_done))
			return false;
	}
}

size_t parser_pool_poll_fds(const struct parser_pool *pool, struct pollfd *fds, size_t max)
{
	size_t n = 0;

	for (; n < pool->n && n < max; n++)
		fds[n] = (struct pollfd){ pool->remotes[n].fd,
			(short)(pool->remotes[n].out.n ? POLLIN | POLLOUT : POLLIN), 0 };
	return n;
}

size_t parser_pool_handle(struct parser_pool *pool, const struct pollfd *fds, size_t n)
{
	size_t done = 0;

	/* From the end: a dropped parser's place is taken by the last one. */
	for (size_t i = n; i-- > 0;)
		if (fds[i].revents && i < pool->n && pool->remotes[i].fd == fds[i].fd &&
			!read_in(&pool->remotes[i], &done))
			done += drop_remote(pool, &pool->remotes[i]);
	parser_pool_flush(pool);
	return done;
}
