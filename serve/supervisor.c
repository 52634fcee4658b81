#define _GNU_SOURCE
#include "serve/supervisor.h"

#include "core/err.h"
#include "core/log.h"
#include "serve/deliver_desk.h"
#include "serve/quickstart_hints.h"
#include "serve/supervisor_parts_priv.h"
#include "serve/systemd.h"
#include "store/cluster/cluster_log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	SUPERVISOR_GRACE_MS =
		40000, /* a role that has not ended by then is killed; smtp takes 30 s */
	POSTGRES_LINE_BYTES = 8192,
	PARSER_SOCKET_BYTES =
		4 << 20, /* a batch of ordinary bounces, so that a parser never waits */
};

/* ---- starting ---- */

static struct child *add_child(struct supervisor *s, enum role_id role, struct child *client)
{
	struct child *child = &s->children[s->n_children++];

	*child = (struct child){ .role = role,
		.client = client,
		.word = s->options->word,
		.drains = s->options->drains && role == ROLE_LOADER,
		.control_fd = -1,
		.hand_over_fd = -1 };
	return child;
}

static bool wanted(const struct supervisor *s, enum role_id role)
{
	return s->options->roles & (1u << role);
}

static void add_children(struct supervisor *s)
{
	int64_t workers = config_int(s->config, CONFIG_PARSER_WORKERS);
	long processors = sysconf(_SC_NPROCESSORS_ONLN);

	if (!workers)
		workers = processors > 0 ? processors : 1;
	if (workers > 256)
		workers = 256;
	for (int role = 0; role < ROLE_COUNT; role++) {
		unsigned flags = role_flags((enum role_id)role);
		int64_t parsers = flags & ROLE_ONE_PARSER ? 1 : workers;
		struct child *client;

		if (!wanted(s, (enum role_id)role) || flags & ROLE_NEEDS_CLIENT)
			continue;
		client = add_child(s, (enum role_id)role, NULL);
		for (int64_t i = 0; i < parsers; i++)
			if (flags & ROLE_USES_PARSERS)
				add_child(s, ROLE_PARSER, client);
		if (flags & ROLE_USES_DELIVERY && deliver_desk_wanted(s->config))
			add_child(s, ROLE_DELIVER, client);
	}
}

/* A role and its client are joined by a socket pair. The client gets its end when the role is ready: a parser
 * that dies before, for want of right rules, must not be blamed on a message. */
static void start_paired(struct supervisor *s, struct child *parser)
{
	bool parses = parser->role == ROLE_PARSER;
	int pair[2], size = PARSER_SOCKET_BYTES;
	int fds[2];
	struct child_start start = { s->config, fds, 1 };
	int rules_fd = parser == s->trial ? s->candidate_fd : s->rules_fd;

	if (socketpair(AF_UNIX, (parses ? SOCK_STREAM : SOCK_SEQPACKET) | SOCK_CLOEXEC, 0, pair)) {
		parser->due_ms = child_now_ms() + child_backoff_ms(++parser->failures);
		return;
	}
	for (int i = 0; i < 2; i++) {
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
		setsockopt(pair[i], SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	}
	fds[0] = pair[0];
	if (rules_fd >= 0 && parses)
		fds[start.n_fds++] = rules_fd;
	s->trial_started |= parser == s->trial;
	if (child_start(parser, &start))
		parser->hand_over_fd = pair[1];
	else
		close(pair[1]);
	close(pair[0]);
}

static void put_tls(const struct tls_files *tls, int *fds, size_t *n_fds)
{
	for (size_t i = 0; i < TLS_FILES && tls->fds[i] >= 0; i++)
		fds[(*n_fds)++] = tls->fds[i];
}

/* The sockets in the order of smtp.listen, then certificate and key if there are any. */
static void start_smtp(struct supervisor *s, struct child *child)
{
	int fds[LISTENERS_MAX + TLS_FILES];
	struct child_start start = { s->config, fds, s->options->smtp.n };

	memcpy(fds, s->options->smtp.fds, start.n_fds * sizeof *fds);
	put_tls(&s->tls[TLS_OF_SMTP], fds, &start.n_fds);
	child_start(child, &start);
}

/* Its socket, certificate and key if there are any, the page of the node if there is one. */
static void start_api(struct supervisor *s, struct child *child)
{
	int fds[2 + TLS_FILES] = { s->options->http_fd };
	struct child_start start = { s->config, fds, 1 };

	put_tls(&s->tls[TLS_OF_API], fds, &start.n_fds);
	if (node_status_fd(s->status) >= 0)
		fds[start.n_fds++] = node_status_fd(s->status);
	child_start(child, &start);
}

/* The end that the server writes to is its own alone: the other one tells by its end that the server is gone. */
static void start_postgres(struct supervisor *s, struct child *child)
{
	struct child_start start = { s->config, NULL, 0 };
	int fds[2] = { -1, -1 };

	if (s->postgres_fd >= 0)
		close(s->postgres_fd);
	s->postgres_fd = -1;
	if (!pipe2(fds, O_CLOEXEC)) {
		start.fds = &fds[1];
		start.n_fds = 1;
		s->postgres_fd = fds[0];
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
	}
	child_start(child, &start);
	if (fds[1] >= 0)
		close(fds[1]);
}

static bool may_start(const struct supervisor *s, const struct child *child, int64_t now_ms)
{
	unsigned flags = role_flags(child->role);

	if (child->state != CHILD_WAITING || s->stopping || now_ms < child->due_ms)
		return false;
	if (flags & ROLE_NEEDS_SCHEMA && !s->schema_ready)
		return false;
	return !(flags & ROLE_NEEDS_CLIENT) || child->client->pid;
}

static void start_due(struct supervisor *s)
{
	int64_t now_ms = child_now_ms();

	for (size_t i = 0; i < s->n_children; i++) {
		struct child *child = &s->children[i];
		struct child_start start = { s->config, NULL, 0 };

		if (!may_start(s, child, now_ms))
			continue;
		if (role_flags(child->role) & ROLE_NEEDS_CLIENT)
			start_paired(s, child);
		else if (child->role == ROLE_SMTP)
			start_smtp(s, child);
		else if (child->role == ROLE_API)
			start_api(s, child);
		else if (child->role == ROLE_POSTGRES)
			start_postgres(s, child);
		else
			child_start(child, &start);
	}
}

/* ---- what happens ---- */

static void schema_is_ready(struct supervisor *s)
{
	s->schema_ready = true;
	log_event(LOG_INFO, "schema_ready");
}

static void begin_stop(struct supervisor *s)
{
	if (s->stopping)
		return;
	s->stopping = true;
	s->stop_order = 0;
	systemd_say(SYSTEMD_STOPPING);
	log_event(LOG_INFO, "stopping");
}

/* A role that can never start, before all of them did: nobody waits for what will not come. Later mail is taken, whatever
 * becomes of the others. */
static bool ends_for_good(const struct supervisor *s, int wait_status)
{
	return !s->announced && !s->stopping && WIFEXITED(wait_status) &&
	       WEXITSTATUS(wait_status) == EXIT_CODE_NEVER;
}

static void give_up(struct supervisor *s, const struct child *child)
{
	log_event(LOG_ERROR, "gives_up", LOG_C("name", role_name(child->role)),
		LOG_C("why", "started again it would end the same way: the line above says how"));
	s->exit_code = EXIT_CODE_USAGE;
	begin_stop(s);
}

static void reap(struct supervisor *s)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < s->n_children; i++) {
			struct child *child = &s->children[i];

			if (child->pid != pid)
				continue;
			child_ended(child, status);
			if (ends_for_good(s, status))
				give_up(s, child);
			else if (child->failures)
				node_status_died(s->status, child->role);
			if (child == s->trial && s->trial_started)
				supervisor_end_rules(s, false);
			if (child->drains && child->state == CHILD_ENDED)
				begin_stop(s);
			if (child->role == ROLE_MIGRATE && child->state == CHILD_ENDED &&
				!s->stopping)
				schema_is_ready(s);
		}
	}
}

static void read_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof info) == sizeof info)
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			begin_stop(s);
		else if (info.ssi_signo == SIGHUP)
			supervisor_reload(s);
	reap(s);
}

/* Who stops takes no parser any more, and that is no news. */
static void hand_over(const struct supervisor *s, struct child *child)
{
	enum control packet = child->role == ROLE_DELIVER ? CONTROL_DELIVERY : CONTROL_PARSER;

	if (child->hand_over_fd < 0)
		return;
	if (!s->stopping && !child_send_fds(child->client, packet, &child->hand_over_fd, 1))
		log_event(LOG_WARN, "socket_not_handed_over", LOG_C("of", role_name(child->role)),
			LOG_I64("pid", child->pid));
	close(child->hand_over_fd); /* one that nobody has reads the end of its socket and ends */
	child->hand_over_fd = -1;
}

static void read_control(struct supervisor *s, struct child *child)
{
	char packet;
	ssize_t n = recv(child->control_fd, &packet, 1, MSG_DONTWAIT);

	if (n == 1 && packet == CONTROL_READY && child->state == CHILD_STARTING) {
		child_enter(child, CHILD_READY);
		hand_over(s, child);
		if (child == s->trial && s->trial_started)
			supervisor_end_rules(s, true);
	}
	if (n > 0 || (n < 0 && errno == EAGAIN))
		return;
	close(child->control_fd); /* it ended, or executed PostgreSQL */
	child->control_fd = -1;
}

/* The others wait for a schema, and so for a database, which may be away for hours. */
static bool needs_schema(const struct child *child)
{
	enum role_id role = child->client ? child->client->role : child->role;

	return role == ROLE_MIGRATE || role_flags(role) & ROLE_NEEDS_SCHEMA;
}

static bool all_ready(const struct supervisor *s, bool but_for_schema)
{
	for (size_t i = 0; i < s->n_children; i++) {
		const struct child *child = &s->children[i];

		if (child->state != CHILD_READY && child->role != ROLE_MIGRATE &&
			!(but_for_schema && needs_schema(child)))
			return false;
	}
	return true;
}

/* The service manager hears of the start before the database has to be there: mail is taken without one, and a
 * manager ends what it does not hear of in time, be it in the middle of a migration. */
static void tell_manager(struct supervisor *s)
{
	if (s->told_manager || !all_ready(s, true))
		return;
	s->told_manager = true;
	systemd_say(SYSTEMD_READY);
	if (!all_ready(s, false))
		systemd_say(SYSTEMD_WAITING);
}

static void announce(struct supervisor *s)
{
	if (!all_ready(s, false))
		return;
	s->announced = true;
	systemd_say(SYSTEMD_WORKING);
	log_event(LOG_INFO, "ready", LOG_U64("processes", s->n_children));
	quickstart_hints(s->config);
}

/* ---- stopping ---- */

/* Stops the roles of the lowest order that still run; true when none is left. */
static bool stop_next(struct supervisor *s)
{
	unsigned order = UINT32_MAX;
	bool due = false;

	for (size_t i = 0; i < s->n_children; i++) {
		struct child *child = &s->children[i];

		if (child->state == CHILD_WAITING)
			child_stop(child);
		if (child->pid && role_stop_order(child->role) < order)
			order = role_stop_order(child->role);
	}
	if (order == UINT32_MAX)
		return true;
	due = order != s->stop_order || child_now_ms() >= s->stop_due_ms;
	s->stop_order = order;
	for (size_t i = 0; i < s->n_children && due; i++)
		if (s->children[i].pid && role_stop_order(s->children[i].role) == order)
			child_stop(&s->children[i]);
	if (due)
		s->stop_due_ms = child_now_ms() + SUPERVISOR_GRACE_MS;
	return false;
}

/* ---- the loop ---- */

/* A loop that hangs stops the beat, and the service manager starts all of it again. */
static void beat(struct supervisor *s)
{
	int64_t now_ms = child_now_ms();

	if (!s->beat_ms || s->stopping || now_ms < s->beat_due_ms)
		return;
	systemd_say(SYSTEMD_ALIVE);
	s->beat_due_ms = now_ms + s->beat_ms;
}

static int64_t next_wait_ms(const struct supervisor *s)
{
	int64_t now_ms = child_now_ms(), wait_ms = 1000;

	if (s->beat_ms && s->beat_ms < wait_ms)
		wait_ms = s->beat_ms;
	if (s->stopping)
		return 100;
	for (size_t i = 0; i < s->n_children; i++) {
		const struct child *child = &s->children[i];

		if (child->state == CHILD_WAITING && child->due_ms > now_ms &&
			child->due_ms - now_ms < wait_ms)
			wait_ms = child->due_ms - now_ms;
	}
	return wait_ms;
}

static void tell_postgres(struct str line)
{
	struct cluster_line read = cluster_log_read(line);

	if (read.text.n)
		log_event(read.level, "postgres", LOG_STR("severity", read.severity),
			LOG_STR("text", read.text));
}

/* A line that is longer than there is room for is told in pieces. */
static void read_postgres(struct supervisor *s)
{
	char room[4096];
	ssize_t n = read(s->postgres_fd, room, sizeof room);
	struct str rest, line;

	if (n > 0)
		buf_put(&s->postgres_text, str_from(room, (size_t)n));
	rest = buf_str(&s->postgres_text);
	while (str_chr(rest, '\n') != STR_NPOS) {
		(void)str_cut(rest, '\n', &line, &rest);
		tell_postgres(line);
	}
	if (!n || rest.n > POSTGRES_LINE_BYTES) {
		tell_postgres(rest);
		rest = STR_EMPTY;
	}
	buf_consume(&s->postgres_text, s->postgres_text.n - rest.n);
	if (n)
		return;
	close(s->postgres_fd);
	s->postgres_fd = -1;
}

static void wait_for_news(struct supervisor *s)
{
	struct pollfd fds[SUPERVISOR_MAX_CHILDREN + 2];
	struct child *who[SUPERVISOR_MAX_CHILDREN + 2];
	nfds_t n = 0;

	fds[n++] = (struct pollfd){ s->signal_fd, POLLIN, 0 };
	fds[n++] = (struct pollfd){ s->postgres_fd, POLLIN, 0 };
	for (size_t i = 0; i < s->n_children; i++) {
		if (s->children[i].control_fd < 0)
			continue;
		who[n] = &s->children[i];
		fds[n++] = (struct pollfd){ s->children[i].control_fd, POLLIN, 0 };
	}
	if (poll(fds, n, (int)next_wait_ms(s)) <= 0)
		return;
	if (fds[1].revents)
		read_postgres(s);
	for (nfds_t i = 2; i < n; i++)
		if (fds[i].revents)
			read_control(s, who[i]);
	if (fds[0].revents)
		read_signals(s);
}

static int open_signals(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int supervisor_run(const struct supervisor_options *options)
{
	static struct supervisor supervisor;
	struct supervisor *s = &supervisor;
	bool done = false;

	*s = (struct supervisor){ .options = options,
		.config = options->config,
		.signal_fd = open_signals(),
		.rules_fd = options->rules_fd,
		.candidate_fd = -1,
		.postgres_fd = -1,
		.postgres_text = BUF_INIT(4 * POSTGRES_LINE_BYTES),
		.beat_ms = systemd_beat_ms() };
	memcpy(s->tls, options->tls, sizeof s->tls);
	s->schema_ready = !wanted(s, ROLE_MIGRATE);
	s->status = node_status_new(config_str(options->config, CONFIG_SERVER_DATA_DIR));
	add_children(s);
	while (!done) {
		beat(s);
		start_due(s);
		node_status_look(s->status, s->children, s->n_children);
		wait_for_news(s);
		reap(s);
		if (!s->announced && !s->stopping) {
			tell_manager(s);
			announce(s);
		}
		done = s->stopping && stop_next(s);
	}
	close(s->signal_fd);
	log_event(LOG_INFO, "stopped");
	return s->exit_code;
}
