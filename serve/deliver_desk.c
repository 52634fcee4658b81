#define _GNU_SOURCE
#include "serve/deliver_desk.h"

#include "core/log.h"
#include "serve/role.h"
#include "suppress/export/delivery.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	DESK_BUSY_MS = 200,
	DESK_IDLE_MS = 1000,
	DESK_RETRY_S = 5,
	DESK_RETRY_MAX_S = 3600,
};

struct deliver_desk {
	struct arena *arena; /* jobs */
	struct export_job jobs[EXPORT_JOBS];
	struct {
		uint64_t id; /* of the step; 0: none runs */
		struct store_delivery delivery;
	} running[EXPORT_JOBS];
	size_t n;
	uint64_t last_id;
	int fd; /* -1: nobody executes */
};

bool deliver_desk_wanted(const struct config *config)
{
	struct deliver_desk *desk = deliver_desk_new(config);
	bool wanted = false;

	for (size_t i = 0; i < desk->n; i++)
		wanted |= desk->jobs[i].command.n > 0;
	deliver_desk_free(desk);
	return wanted;
}

struct deliver_desk *deliver_desk_new(const struct config *config)
{
	struct deliver_desk *desk = calloc(1, sizeof *desk);
	struct str trouble;

	if (!desk)
		abort();
	desk->arena = arena_new();
	desk->fd = -1;
	if (export_jobs_read(desk->arena, config_str(config, CONFIG_EXPORT_JOBS), desk->jobs,
		    &desk->n, &trouble))
		desk->n = 0;
	return desk;
}

void deliver_desk_free(struct deliver_desk *desk)
{
	if (!desk)
		return;
	if (desk->fd >= 0)
		close(desk->fd);
	arena_free(desk->arena);
	free(desk);
}

/* ---- what there is to deliver ---- */

enum err deliver_desk_note(const struct export_job *job, struct store *store, int64_t now_us)
{
	struct arena *arena;
	struct store_delivery delivery;
	enum err err;

	if (!job->command.n)
		return ERR_OK;
	arena = arena_new();
	err = delivery_read(job, arena, &delivery);
	if (!err)
		err = store_delivery_add(store, &delivery, now_us);
	else if (err == ERR_NOT_FOUND)
		err = ERR_OK;
	arena_free(arena);
	return err;
}

enum err deliver_desk_plan(struct deliver_desk *desk, struct store *store)
{
	struct str names[EXPORT_JOBS];
	size_t n = 0;

	for (size_t i = 0; i < desk->n; i++)
		if (desk->jobs[i].command.n)
			names[n++] = desk->jobs[i].name;
	return store_delivery_forget(store, names, n);
}

/* ---- how one ended ---- */

static int64_t retry_us(uint64_t failures)
{
	uint64_t seconds = DESK_RETRY_S;

	while (--failures && seconds < DESK_RETRY_MAX_S)
		seconds *= 2;
	return (int64_t)(seconds < DESK_RETRY_MAX_S ? seconds : DESK_RETRY_MAX_S) *
	       TIMESTAMP_SECOND_US;
}

static void ended(
	struct deliver_desk *desk, struct store *store, size_t i, struct str status, int64_t now_us)
{
	struct store_delivery *delivery = &desk->running[i].delivery;
	bool good = !status.n;
	enum err err;

	desk->running[i].id = 0;
	delivery->job = desk->jobs[i].name;
	delivery->done_files += good;
	delivery->failures = good ? 0 : delivery->failures + 1;
	delivery->next_us = good ? now_us : now_us + retry_us(delivery->failures);
	if (good && delivery->done_files >= delivery_steps(&desk->jobs[i], delivery))
		delivery->next_us = TIMESTAMP_NONE;
	if (good)
		log_event(LOG_INFO, "delivered", LOG_STR("job", delivery->job),
			LOG_U64("to_seq", delivery->to_seq), LOG_U64("file", delivery->done_files));
	else
		log_event(LOG_WARN, "delivery_failed", LOG_STR("job", delivery->job),
			LOG_U64("to_seq", delivery->to_seq), LOG_STR("status", status),
			LOG_U64("failures", delivery->failures));
	err = store_delivery_tried(store, delivery, status, now_us);
	if (err) /* it is delivered once more */
		log_event(LOG_WARN, "delivery_not_noted", LOG_STR("job", delivery->job),
			LOG_ERR(err), LOG_STR("reason", store_error(store)));
}

/* The deliver role is gone, and what it ran with it. */
static void lost(struct deliver_desk *desk, struct store *store, int64_t now_us)
{
	close(desk->fd);
	desk->fd = -1;
	for (size_t i = 0; i < desk->n; i++)
		if (desk->running[i].id)
			ended(desk, store, i, STR("interrupted"), now_us);
}

static void read_answers(struct deliver_desk *desk, struct store *store, int64_t now_us)
{
	char room[DELIVERY_PACKET_BYTES];
	struct str status;
	uint64_t id;
	ssize_t n;

	while (desk->fd >= 0 && (n = recv(desk->fd, room, sizeof room, MSG_DONTWAIT)) != -1) {
		if (!n || !delivery_get_answer(str_from(room, (size_t)n), &id, &status)) {
			lost(desk, store, now_us);
			return;
		}
		for (size_t i = 0; i < desk->n; i++)
			if (id && desk->running[i].id == id)
				ended(desk, store, i, status, now_us);
	}
	if (desk->fd >= 0 && errno != EAGAIN && errno != EINTR)
		lost(desk, store, now_us);
}

/* ---- handing out ---- */

static enum err hand_out(
	struct deliver_desk *desk, struct store *store, size_t i, struct store_delivery *delivery)
{
	struct buf packet = BUF_INIT(DELIVERY_PACKET_BYTES);
	struct delivery_step step;
	enum err err = ERR_NOT_FOUND;

	if (delivery_step(&desk->jobs[i], delivery, delivery->done_files, &step)) {
		step.id = ++desk->last_id;
		err = delivery_put_step(&step, &packet);
		if (!err && send(desk->fd, packet.p, packet.n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			err = err_from_errno(errno);
	}
	buf_release(&packet);
	desk->running[i].delivery = *delivery;
	desk->running[i].delivery.files = STR_EMPTY; /* lived in an arena of this round */
	desk->running[i].id = desk->last_id;
	if (err)
		ended(desk, store, i, STR("not handed out"), delivery->next_us);
	return err;
}

static enum err look_at_job(struct deliver_desk *desk, struct store *store, size_t i,
	struct arena *arena, int64_t now_us)
{
	struct store_delivery delivery;
	enum err err;

	if (!desk->jobs[i].command.n || desk->running[i].id)
		return ERR_OK;
	err = store_delivery_next(store, desk->jobs[i].name, arena, &delivery);
	if (err == ERR_NOT_FOUND)
		return ERR_OK;
	if (err || delivery.next_us > now_us)
		return err;
	delivery.next_us = now_us;
	ERR_IGNORE(hand_out(desk, store, i, &delivery), "it is noted in the row");
	return ERR_OK;
}

int64_t deliver_desk_run(struct deliver_desk *desk, struct store *store, int64_t now_us)
{
	struct arena *arena = arena_new();
	bool gone, busy = false;
	enum err err = ERR_OK;
	int fd;

	while (role_take_fds(CONTROL_DELIVERY, &fd, 1, &gone)) {
		if (desk->fd >= 0)
			lost(desk, store, now_us);
		desk->fd = fd;
	}
	if (desk->fd >= 0)
		read_answers(desk, store, now_us);
	for (size_t i = 0; i < desk->n && desk->fd >= 0 && !err; i++) {
		err = look_at_job(desk, store, i, arena, now_us);
		busy |= desk->running[i].id;
	}
	if (err)
		log_event(LOG_WARN, "deliveries_wait", LOG_ERR(err),
			LOG_STR("reason", store_error(store)));
	arena_free(arena);
	return busy ? DESK_BUSY_MS : DESK_IDLE_MS;
}

void deliver_desk_drop(struct deliver_desk *desk)
{
	bool busy = false;

	for (size_t i = 0; i < desk->n; i++) {
		busy |= desk->running[i].id;
		desk->running[i].id = 0;
	}
	if (!busy || desk->fd < 0)
		return;
	close(desk->fd);
	desk->fd = -1;
}
