/* serve/role_deliver.c -- runs the commands of export jobs: the one role that may execute programs. It holds the text of
 * export.jobs and no other setting: no word of the database, of keys or of mail. The scheduler says which file of which job; the
 * words of the command are those of the configuration. */
#define _GNU_SOURCE
#include "core/log.h"
#include "core/err.h"
#include "serve/program/program_run.h"
#include "serve/roles.h"
#include "suppress/export/delivery.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <time.h>

enum {
	DELIVER_LOOK_MS = 500,
	DELIVER_NONE_MS = 10000,
	DELIVER_LOG_BYTES = 240,
	DELIVER_LOG_LINES = 8
};

struct delivering {
	struct program_run run;
	uint64_t id;
};
struct executor {
	struct role *role;
	struct export_job jobs[EXPORT_JOBS];
	struct delivering slots[EXPORT_JOBS]; /* one for each job */
	size_t n;
	int64_t limit_ms;
	int fd;
	bool gone;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void answer(struct executor *e, uint64_t id, struct str status)
{
	struct buf out = BUF_INIT(DELIVERY_PACKET_BYTES);

	if (delivery_put_answer(id, status, &out) || send(e->fd, out.p, out.n, MSG_NOSIGNAL) < 0)
		e->gone = true;
	buf_release(&out);
}

/* ---- starting ---- */

static void start(struct executor *e, const struct delivery_step *step)
{
	struct arena *arena = arena_new();
	struct delivering *slot = NULL;
	char **argv = NULL;

	for (size_t i = 0; i < e->n; i++) {
		if (!str_eq(e->jobs[i].name, step->job))
			continue;
		slot = &e->slots[i];
		argv = delivery_argv(&e->jobs[i], step, arena);
	}
	if (!argv)
		answer(e, step->id, STR("refused"));
	else if (slot->run.pid)
		answer(e, step->id, STR("busy"));
	else if (!program_start(&slot->run, argv, now_ms(), e->limit_ms))
		answer(e, step->id, STR("no process"));
	else
		slot->id = step->id;
	arena_free(arena);
}

static void read_steps(struct executor *e)
{
	struct delivery_step step;
	char room[DELIVERY_PACKET_BYTES];
	ssize_t n;

	while ((n = recv(e->fd, room, sizeof room, MSG_DONTWAIT)) > 0)
		if (delivery_get_step(str_from(room, (size_t)n), &step))
			start(e, &step);
	e->gone |= !n || (errno != EAGAIN && errno != EINTR);
}

/* ---- ending ---- */

/* Line by line, as a line of the log is cut. */
static void log_output(struct str job, const struct program_run *run)
{
	struct str rest = str_from(run->output, run->output_n), line;
	int lines = 0;

	while (lines < DELIVER_LOG_LINES && str_next_line(&rest, &line)) {
		log_event(LOG_INFO, "delivery_said", LOG_STR("job", job),
			LOG_STR("text", str_head(line, DELIVER_LOG_BYTES)));
		lines++;
	}
	if (rest.n || run->output_lost)
		log_event(LOG_INFO, "delivery_said_more", LOG_STR("job", job),
			LOG_U64("bytes", rest.n + run->output_lost));
}

static void look(struct executor *e, size_t i)
{
	struct delivering *slot = &e->slots[i];
	char status[PROGRAM_STATUS_BYTES];

	if (!slot->run.pid || !program_look(&slot->run, now_ms(), status))
		return;
	log_output(e->jobs[i].name, &slot->run);
	answer(e, slot->id, str_c(status));
}

/* ---- the loop ---- */

static void wait_for_news(const struct executor *e)
{
	struct pollfd fds[2 + 2 * EXPORT_JOBS] = { { e->role->stop_fd, POLLIN, 0 },
		{ e->fd, POLLIN, 0 } };
	int64_t wait_ms = DELIVER_NONE_MS;
	nfds_t n = 2;

	for (size_t i = 0; i < e->n; i++) {
		if (!e->slots[i].run.pid)
			continue;
		fds[n++] = (struct pollfd){ e->slots[i].run.end_fd, POLLIN, 0 };
		wait_ms = DELIVER_LOOK_MS; /* which reads its output as well */
	}
	poll(fds, n, (int)wait_ms);
}

int role_deliver(struct role *role)
{
	struct arena *arena = arena_new();
	struct executor *e = arena_zalloc(arena, sizeof *e);
	struct str trouble = STR_EMPTY;
	enum err err = export_jobs_read(
		arena, config_str(role->config, CONFIG_EXPORT_JOBS), e->jobs, &e->n, &trouble);

	e->role = role;
	e->fd = role->fds[0];
	e->limit_ms = config_int(role->config, CONFIG_EXPORT_COMMAND_TIMEOUT_S) * 1000;
	if (err)
		log_event(LOG_ERROR, "settings_refused", LOG_STR("reason", trouble));
	else
		role_ready(role);
	while (!err && !e->gone && !role_wait_stop(role, 0)) {
		wait_for_news(e);
		read_steps(e);
		for (size_t i = 0; i < e->n; i++)
			look(e, i);
	}
	for (size_t i = 0; i < e->n; i++)
		program_kill(
			&e->slots[i].run); /* nobody would hear how it ended; it is run again */
	arena_free(arena);
	return err ? EXIT_CODE_USAGE : EXIT_CODE_OK;
}
