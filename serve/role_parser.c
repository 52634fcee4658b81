/* serve/role_parser.c -- the parser process: frames in, reports out, nothing else in its hands. */
#define _GNU_SOURCE
#include "core/frame.h"
#include "core/limits.h"
#include "core/log.h"
#include "core/report_json.h"
#include "parser/parse.h"
#include "core/err.h"
#include "serve/roles.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { PARSER_READ_BYTES = 256 << 10, CLASSIFY_S = 3 /* some patterns take for ever to compile */ };

struct worker {
	const struct role *role;
	int fd;
	int64_t timeout_s;
	struct parser *parser;
	struct parse_source *sources; /* behind a free place, for rules that are tried */
	size_t n_sources;
	struct arena *arena;
	struct buf in, out;
};

/* The operator's rules stand before the built-in ones. */
static struct parse_rules *load_rules(
	const struct role *role, struct arena *arena, struct worker *worker)
{
	const struct parse_source *builtin;
	size_t n_builtin = parse_builtin_sources(&builtin), n = 0;
	struct parse_source *sources =
		(struct parse_source *)arena_calloc(arena, n_builtin + 2, sizeof *sources) + 1;
	struct parse_rules *rules = NULL;
	struct str trouble = STR_EMPTY;

	if (role->n_fds > 1) {
		char *text = arena_alloc(arena, LIMIT_RULES_BYTES);
		ssize_t bytes = pread(role->fds[1], text, LIMIT_RULES_BYTES, 0);

		sources[n++] = (struct parse_source){ .name = STR("parser.rules_file"),
			.text = str_from(text, bytes > 0 ? (size_t)bytes : 0) };
	}
	for (size_t i = 0; i < n_builtin; i++)
		sources[n++] = builtin[i];
	if (parse_rules_load(arena, sources, n, &rules, &trouble))
		log_event(LOG_ERROR, "rules_refused", LOG_STR("trouble", trouble));
	worker->sources = sources - 1;
	worker->n_sources = n + 1;
	return rules;
}

/* AddressSanitizer reserves terabytes of address space, so a build with it has no such limit. */
#if defined(__SANITIZE_ADDRESS__)
#define PARSER_LIMITS_MEMORY 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PARSER_LIMITS_MEMORY 0
#endif
#endif
#ifndef PARSER_LIMITS_MEMORY
#define PARSER_LIMITS_MEMORY 1
#endif

static void limit_self(const struct config *config)
{
	rlim_t bytes = (rlim_t)config_int(config, CONFIG_PARSER_MEMORY_BYTES);
	struct rlimit memory = { bytes, bytes }, core = { 0, 0 }, files = { 64, 64 },
		      size = { 0, 0 };

	if (PARSER_LIMITS_MEMORY)
		setrlimit(RLIMIT_AS, &memory);
	setrlimit(RLIMIT_CORE, &core);
	setrlimit(RLIMIT_NOFILE, &files);
	setrlimit(RLIMIT_FSIZE, &size);
}

/* A message that takes longer kills this process; whoever handed it over counts that. */
static void set_alarm(int64_t seconds)
{
	struct itimerval timer = { .it_value = { .tv_sec = (time_t)seconds } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

static bool write_all(int fd, struct buf *out)
{
	struct str rest = buf_str(out);

	while (rest.n) {
		ssize_t n = write(fd, rest.p, rest.n);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		rest = str_skip(rest, (size_t)n);
	}
	buf_reset(out);
	return true;
}

/* What a fault in a library would do, where a test wants one. */
static void crash_if_marked(struct str body UNUSED)
{
#ifdef BOUNCED_CRASH_MARKER
	if (str_find(body, STR("X-Bounced-Crash-Parser:")) != STR_NPOS)
		abort();
#endif
}

static void parse_one(struct worker *worker, struct str body)
{
	const struct report_json_options style = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	struct envelope envelope;
	struct report report;
	struct str bytes;
	bool known = str_take_str32(&body, &bytes) &&
		     envelope_decode(worker->arena, bytes, &envelope) == ERR_OK;
	size_t place = frame_begin(&worker->out, FRAME_REPORT);

	set_alarm(worker->timeout_s);
	crash_if_marked(body);
	parse_message(worker->parser, worker->arena, known ? &envelope : NULL, body, &report);
	set_alarm(0);
	if (report_json_write(&report, STR_EMPTY, style, &worker->out) ||
		frame_end(&worker->out, place))
		abort(); /* LIMIT_EVENTS keeps a report far below a frame */
	arena_reset(worker->arena);
}

/* A parser of its own where rules come along; NULL: they are wrong, *ret_trouble says how. */
static struct parser *parser_for(struct worker *worker, struct str text,
	struct parse_rules **ret_rules, struct str *ret_trouble)
{
	*ret_rules = NULL;
	if (!text.n)
		return worker->parser;
	worker->sources[0] = (struct parse_source){ .name = STR("rule"), .text = text };
	if (parse_rules_load(
		    worker->arena, worker->sources, worker->n_sources, ret_rules, ret_trouble))
		return NULL;
	return parser_new(*ret_rules);
}

static void put_verdict(struct worker *worker, struct event *event, struct str trouble)
{
	const struct report_json_options style = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	size_t place = frame_begin(&worker->out, FRAME_VERDICT);
	struct buf json = BUF_INIT(LIMIT_FRAME_BYTES);
	struct report report;

	report_init(&report);
	report.events = event;
	report.n_events = event ? 1 : 0;
	if (report_json_write(&report, STR_EMPTY, style, &json))
		abort(); /* one event is far below a frame */
	buf_put_str32(&worker->out, buf_str(&json));
	buf_put_str32(&worker->out, event ? event->account : STR_EMPTY);
	buf_put(&worker->out, trouble);
	if (frame_end(&worker->out, place))
		abort();
	buf_release(&json);
}

/* False: the peer talks nonsense. */
static bool classify_one(struct worker *worker, struct str body)
{
	struct str remote_mta, text, trouble = STR_EMPTY;
	struct parse_rules *rules;
	struct parser *parser;
	struct event event;

	if (!str_take_str32(&body, &remote_mta) || !str_take_str32(&body, &text))
		return false;
	set_alarm(worker->timeout_s < CLASSIFY_S ? worker->timeout_s : CLASSIFY_S);
	crash_if_marked(body);
	parser = parser_for(worker, text, &rules, &trouble);
	if (parser) {
		parser_ask_account(parser, true);
		parse_reply(parser, worker->arena, body, remote_mta, &event);
		parser_ask_account(parser, false);
	}
	put_verdict(worker, parser ? &event : NULL, trouble);
	set_alarm(0);
	if (rules)
		parser_free(parser);
	parse_rules_free(rules);
	arena_reset(worker->arena);
	return true;
}

static bool told_to_stop(const struct worker *worker)
{
	return role_wait_stop(worker->role, 0);
}

/* Answers every whole frame that has been read, until it is told to stop. False: the peer talks nonsense or is
 * gone. */
static bool answer_frames(struct worker *worker)
{
	struct str rest = buf_str(&worker->in), body;
	enum frame_type type;
	enum step step = STEP_MORE;
	size_t n;

	while (!told_to_stop(worker) && (step = frame_next(rest, &type, &body, &n)) == STEP_DONE) {
		if (type == FRAME_PARSE)
			parse_one(worker, body);
		else if (type != FRAME_CLASSIFY || !classify_one(worker, body))
			return false;
		rest = str_skip(rest, n);
		/* At once: a later message that kills this process must not take this answer along, for the
		 * client blames the oldest that is without one. */
		if (!write_all(worker->fd, &worker->out))
			return false;
	}
	buf_consume(&worker->in, worker->in.n - rest.n);
	return step != STEP_BAD;
}

/* The client hands what waits to another parser. */
static void say_bye(struct worker *worker)
{
	size_t place = frame_begin(&worker->out, FRAME_BYE);

	if (frame_end(&worker->out, place) == ERR_OK)
		write_all(worker->fd, &worker->out);
}

static void serve(struct worker *worker)
{
	struct pollfd fds[] = { { worker->fd, POLLIN, 0 }, { worker->role->stop_fd, POLLIN, 0 } };

	for (;;) {
		char *room = buf_reserve(&worker->in, PARSER_READ_BYTES);
		ssize_t n;

		if (poll(fds, ARRAY_LEN(fds), -1) < 0)
			continue;
		if (fds[1].revents) {
			say_bye(worker);
			return;
		}
		n = room ? read(worker->fd, room, PARSER_READ_BYTES) : 0;
		if (n <= 0)
			return;
		worker->in.n += (size_t)n;
		if (!answer_frames(worker))
			return;
	}
}

int role_parser(struct role *role)
{
	struct arena *arena = arena_new(), *kept = arena_new();
	struct worker worker = { .timeout_s =
					 config_int(role->config, CONFIG_PARSER_MESSAGE_TIMEOUT_S),
		.arena = arena,
		.in = BUF_INIT(2 * (size_t)LIMIT_FRAME_BYTES),
		.out = BUF_INIT(2 * (size_t)LIMIT_FRAME_BYTES) };

	struct parse_rules *rules = load_rules(role, kept, &worker);

	if (!rules || !role->n_fds)
		return EXIT_CODE_FAILED;
	worker.role = role;
	worker.fd = role->fds[0];
	worker.parser = parser_new(rules);
	limit_self(role->config);
	if (config_bool(role->config, CONFIG_SERVER_SANDBOX))
		role_enter_sandbox(role);
	role_ready(role);
	serve(&worker);
	parser_free(worker.parser);
	parse_rules_free(rules);
	buf_release(&worker.in);
	buf_release(&worker.out);
	arena_free(arena);
	arena_free(kept);
	return EXIT_CODE_OK;
}
