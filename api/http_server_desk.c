#include "api/http_server_desk_priv.h"

#include <pthread.h>
#include <stdlib.h>

struct desk {
	const struct service *service;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t filled;
	struct desk_question *first, **last;
	bool closed;
};

/* Up to SERVICE_JOIN_MOST that wait; waits for one. 0: none will come any more. */
static size_t take_some(struct desk *desk, struct desk_question **ret_taken)
{
	size_t n = 0;

	pthread_mutex_lock(&desk->mutex);
	while (!desk->first && !desk->closed)
		pthread_cond_wait(&desk->filled, &desk->mutex);
	while (desk->first && n < SERVICE_JOIN_MOST) {
		ret_taken[n++] = desk->first;
		desk->first = desk->first->next;
	}
	if (!desk->first)
		desk->last = &desk->first;
	pthread_mutex_unlock(&desk->mutex);
	return n;
}

static void answer_some(struct desk *desk, struct desk_question **taken, size_t n)
{
	struct service_question questions[SERVICE_JOIN_MOST];

	for (size_t i = 0; i < n; i++)
		questions[i] =
			(struct service_question){ &taken[i]->request, &taken[i]->answer, ERR_OK };
	service_answer_joined(desk->service, questions, n);
	for (size_t i = 0; i < n; i++) {
		struct MHD_Connection *connection = taken[i]->connection;

		taken[i]->err = questions[i].err;
		taken[i]->answered = true;
		/* From here on the question may be gone: libmicrohttpd's lock orders what was written before. */
		MHD_resume_connection(connection);
	}
}

static void *run_desk(void *context)
{
	struct desk_question *taken[SERVICE_JOIN_MOST];
	struct desk *desk = context;
	size_t n;

	while ((n = take_some(desk, taken)))
		answer_some(desk, taken, n);
	return NULL;
}

struct desk *desk_start(const struct service *service)
{
	struct desk *desk = calloc(1, sizeof *desk);

	if (!desk)
		abort();
	desk->service = service;
	desk->last = &desk->first;
	pthread_mutex_init(&desk->mutex, NULL);
	pthread_cond_init(&desk->filled, NULL);
	if (!pthread_create(&desk->thread, NULL, run_desk, desk))
		return desk;
	free(desk);
	return NULL;
}

bool desk_put(struct desk *desk, struct desk_question *question)
{
	bool taken;

	pthread_mutex_lock(&desk->mutex);
	taken = !desk->closed;
	if (taken) {
		/* Before it can be resumed. */
		MHD_suspend_connection(question->connection);
		question->next = NULL;
		*desk->last = question;
		desk->last = &question->next;
		pthread_cond_signal(&desk->filled);
	}
	pthread_mutex_unlock(&desk->mutex);
	return taken;
}

void desk_close(struct desk *desk)
{
	pthread_mutex_lock(&desk->mutex);
	desk->closed = true;
	pthread_cond_signal(&desk->filled);
	pthread_mutex_unlock(&desk->mutex);
	pthread_join(desk->thread, NULL);
}

void desk_free(struct desk *desk)
{
	if (!desk)
		return;
	pthread_cond_destroy(&desk->filled);
	pthread_mutex_destroy(&desk->mutex);
	free(desk);
}
