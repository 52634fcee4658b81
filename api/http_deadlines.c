#include "api/http_deadlines_priv.h"
#include "core/timestamp.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { DEADLINES_LOOK_MS = 100 };

struct deadline {
	struct deadline *next, **back;
	int fd;
	int64_t at_us; /* 0: none */
	bool known;    /* it sent a whole header once */
};

struct deadlines {
	pthread_mutex_t mutex;
	pthread_cond_t stop;
	pthread_t thread;
	bool stopping;
	struct deadline *first; /* the newest */
	unsigned strangers;
	int64_t header_us, body_us;
};

static int64_t monotonic_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

static void shut(struct deadline *deadline)
{
	(void)shutdown(deadline->fd, SHUT_RDWR);
	deadline->at_us = 0;
}

static void shut_strangers(struct deadlines *deadlines)
{
	unsigned n = 0;

	for (struct deadline *deadline = deadlines->first; deadline; deadline = deadline->next)
		if (!deadline->known && deadline->at_us && ++n > deadlines->strangers)
			shut(deadline);
}

static void shut_late(struct deadlines *deadlines)
{
	int64_t now_us = monotonic_us();

	for (struct deadline *deadline = deadlines->first; deadline; deadline = deadline->next) {
		if (!deadline->at_us || deadline->at_us > now_us)
			continue;
		shut(deadline);
	}
}

static void *watch(void *context)
{
	struct deadlines *deadlines = context;

	pthread_mutex_lock(&deadlines->mutex);
	while (!deadlines->stopping) {
		int64_t next_us = monotonic_us() + DEADLINES_LOOK_MS * 1000;
		struct timespec next = { next_us / TIMESTAMP_SECOND_US,
			next_us % TIMESTAMP_SECOND_US * 1000 };

		pthread_cond_timedwait(&deadlines->stop, &deadlines->mutex, &next);
		shut_late(deadlines);
	}
	pthread_mutex_unlock(&deadlines->mutex);
	return NULL;
}

struct deadlines *deadlines_start(unsigned header_ms, unsigned body_ms, unsigned strangers)
{
	struct deadlines *deadlines = calloc(1, sizeof *deadlines);
	pthread_condattr_t attributes;

	if (!deadlines)
		abort();
	deadlines->header_us = (int64_t)header_ms * 1000;
	deadlines->body_us = (int64_t)body_ms * 1000;
	deadlines->strangers = strangers;
	pthread_mutex_init(&deadlines->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&deadlines->stop, &attributes);
	pthread_condattr_destroy(&attributes);
	if (pthread_create(&deadlines->thread, NULL, watch, deadlines))
		abort();
	return deadlines;
}

void deadlines_stop(struct deadlines *deadlines)
{
	pthread_mutex_lock(&deadlines->mutex);
	deadlines->stopping = true;
	pthread_cond_signal(&deadlines->stop);
	pthread_mutex_unlock(&deadlines->mutex);
	pthread_join(deadlines->thread, NULL);
	pthread_cond_destroy(&deadlines->stop);
	pthread_mutex_destroy(&deadlines->mutex);
	free(deadlines);
}

static int64_t phase_end_us(const struct deadlines *deadlines, enum deadline_phase phase)
{
	if (phase == DEADLINE_NONE)
		return 0;
	return monotonic_us() +
	       (phase == DEADLINE_HEADER ? deadlines->header_us : deadlines->body_us);
}

struct deadline *deadline_new(struct deadlines *deadlines, int fd)
{
	struct deadline *deadline = calloc(1, sizeof *deadline);

	if (!deadline)
		abort();
	deadline->fd = fd;
	deadline->at_us = phase_end_us(deadlines, DEADLINE_HEADER);
	pthread_mutex_lock(&deadlines->mutex);
	deadline->next = deadlines->first;
	deadline->back = &deadlines->first;
	if (deadline->next)
		deadline->next->back = &deadline->next;
	deadlines->first = deadline;
	shut_strangers(deadlines);
	pthread_mutex_unlock(&deadlines->mutex);
	return deadline;
}

void deadline_free(struct deadlines *deadlines, struct deadline *deadline)
{
	if (!deadline)
		return;
	pthread_mutex_lock(&deadlines->mutex);
	*deadline->back = deadline->next;
	if (deadline->next)
		deadline->next->back = deadline->back;
	pthread_mutex_unlock(&deadlines->mutex);
	free(deadline);
}

void deadline_set(struct deadlines *deadlines, struct deadline *deadline, enum deadline_phase phase)
{
	if (!deadline)
		return;
	pthread_mutex_lock(&deadlines->mutex);
	deadline->at_us = phase_end_us(deadlines, phase);
	deadline->known |= phase == DEADLINE_BODY;
	pthread_mutex_unlock(&deadlines->mutex);
}
