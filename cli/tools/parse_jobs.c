#include "cli/tools/parse_jobs.h"

#include "cli/command/command_line.h"
#include "core/arena.h"
#include "core/limits.h"
#include "ingest/mailbox/mailbox.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

struct shared {
	const struct parse_jobs *jobs;
	pthread_mutex_t lock;
	pthread_cond_t turn_changed;
	size_t next, turn; /* the file to be taken next, and the one that may be printed */
	bool failed;
};
struct worker {
	struct shared *shared;
	struct parser *parser;
	struct arena *arena;
	struct buf out;
	size_t mine;
	bool failed;
};

static void wait_for_turn(struct worker *w)
{
	struct shared *s = w->shared;

	pthread_mutex_lock(&s->lock);
	while (s->turn != w->mine)
		pthread_cond_wait(&s->turn_changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

static void print(struct worker *w)
{
	wait_for_turn(w);
	if (fwrite(w->out.p, 1, w->out.n, stdout) != w->out.n)
		w->failed = true;
	buf_reset(&w->out);
}

static void pass_turn(struct worker *w)
{
	struct shared *s = w->shared;

	pthread_mutex_lock(&s->lock);
	s->turn++;
	s->failed |= w->failed;
	pthread_cond_broadcast(&s->turn_changed);
	pthread_mutex_unlock(&s->lock);
}

static void parse_mail(struct worker *w, const char *path, struct str message)
{
	const struct parse_jobs *jobs = w->shared->jobs;
	size_t before = w->out.n;
	struct report report;

	parse_message(w->parser, w->arena, NULL, message, &report);
	jobs->report(jobs->context, &report, path, &w->out);
	if (buf_check(&w->out)) {
		command_failed("%s: the report is too large", path);
		w->failed = true;
		w->out.n = before;
		w->out.failed = false;
	}
	arena_reset(w->arena);
	if (w->out.n > JOBS_HELD_BYTES)
		print(w);
}

static void say_unread(struct worker *w, const char *path, enum err err)
{
	command_failed("%s: %s", path, err_text(err));
	w->failed = true;
}

static void parse_file(struct worker *w, const char *path)
{
	struct mailbox_message message;
	struct mailbox *mailbox;
	enum err err = mailbox_open(path, MAILBOX_AUTO, &mailbox);

	if (err) {
		say_unread(w, path, err);
		return;
	}
	while ((err = mailbox_next(mailbox, w->arena, &message)) != ERR_NOT_FOUND) {
		if (err)
			say_unread(w, path, err);
		else
			parse_mail(w, path, message.bytes);
	}
	mailbox_free(mailbox);
}

static bool take_file(struct worker *w)
{
	struct shared *s = w->shared;

	pthread_mutex_lock(&s->lock);
	w->mine = s->next++;
	pthread_mutex_unlock(&s->lock);
	return w->mine < s->jobs->n_paths;
}

static void *work(void *context)
{
	struct shared *shared = context;
	struct worker w = {
		.shared = shared, .parser = parser_new(shared->jobs->rules), .arena = arena_new()
	};

	parser_ask_account(w.parser, shared->jobs->account);
	buf_init(&w.out, LIMIT_FRAME_BYTES);
	while (take_file(&w)) {
		parse_file(&w, shared->jobs->paths[w.mine]);
		print(&w);
		pass_turn(&w);
	}
	buf_release(&w.out);
	arena_free(w.arena);
	parser_free(w.parser);
	return NULL;
}

static void run_threads(struct shared *shared, unsigned n)
{
	pthread_t threads[JOBS_MOST];
	unsigned made = 0;

	while (made < n && !pthread_create(&threads[made], NULL, work, shared))
		made++;
	if (!made)
		work(shared);
	while (made)
		pthread_join(threads[--made], NULL);
}

bool parse_jobs_run(const struct parse_jobs *jobs)
{
	struct shared shared = { .jobs = jobs,
		.lock = PTHREAD_MUTEX_INITIALIZER,
		.turn_changed = PTHREAD_COND_INITIALIZER };

	if (jobs->threads > 1)
		run_threads(&shared, jobs->threads);
	else
		work(&shared);
	return !shared.failed && !fflush(stdout);
}
