// links: ingest/session
// Check program of ingest/session/smtp_session: every transcript of tests/smtp whole, byte by byte and cut
// at every point.
#include "ingest/session/smtp_session.h"
#include "tests/support/suite.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 400, SECOND = 1000000 };

enum step_kind {
	SENDS,
	SAYS,
	STORES,
	FROM_IS,
	TO_IS,
	STREAM_IS,
	MESSAGE_IS,
	ENVID_IS,
	ORIGINAL_IS,
	ENCRYPTS,
	CLOSES
};
struct script_step {
	enum step_kind kind;
	struct str text; /* unescaped */
	enum err err;
	int line;
};
struct script {
	const char *name;
	struct arena *arena;
	struct smtp_session_options options;
	struct smtp_domain domains[8];
	struct str token_streams[2];
	size_t memory;
	bool whole_only, throttled;
	struct script_step steps[STEPS_MAX];
	size_t n_steps, n_sent; /* bytes of all SENDS */
};

static struct smtp_session_options default_options(const struct smtp_domain *domains, size_t n)
{
	return (struct smtp_session_options){
		.hostname = STR("mx.example.org"),
		.domains = domains,
		.n_domains = n,
		.max_message_bytes = 1000,
		.max_recipients = 100,
		.max_errors = 20,
		.max_idle_commands = 100,
		.idle_timeout_us = 300 * (int64_t)SECOND,
		.crowded_idle_us = 10 * SECOND,
		.command_timeout_us = 30 * SECOND,
		.session_timeout_us = 1800 * (int64_t)SECOND,
		.data_grace_us = 60 * SECOND,
		.tls_timeout_us = 60 * SECOND,
		.data_bytes_per_s = 500,
		.commit_timeout_us = 60 * SECOND,
	};
}

static struct str unescape(struct arena *arena, struct str s)
{
	struct buf out = BUF_INIT(1 << 20);
	struct str copy;

	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (c != '\\') {
			buf_putc(&out, c);
			continue;
		}
		c = s.p[++i];
		if (c == 'x') {
			char digits[3] = { s.p[i + 1], s.p[i + 2], 0 };

			buf_putc(&out, (char)strtoul(digits, NULL, 16));
			i += 2;
			continue;
		}
		buf_putc(&out, c == 'r'   ? '\r'
			       : c == 'n' ? '\n'
			       : c == 't' ? '\t'
			       : c == '0' ? '\0'
					  : c);
	}
	copy = arena_dup(arena, buf_str(&out));
	buf_release(&out);
	return copy;
}

/* An option that is one word. */
static bool read_flag(struct script *script, struct str name)
{
	struct smtp_session_options *options = &script->options;

	if (str_eq(name, STR("whole")))
		script->whole_only = true;
	else if (str_eq(name, STR("lmtp")))
		options->protocol = SMTP_PROTOCOL_LMTP;
	else if (str_eq(name, STR("refuse-bare")))
		options->bare_line_ends = SMTP_REFUSE_BARE_LINE_ENDS;
	else if (str_eq(name, STR("no-such-user")))
		options->refusal = SMTP_SAY_NO_SUCH_USER;
	else if (str_eq(name, STR("throttled")))
		script->throttled = true;
	else
		return false;
	return true;
}

static void read_number(struct script *script, struct str name, struct str value)
{
	struct smtp_session_options *options = &script->options;
	uint64_t number = 0;

	ck_assert(str_to_u64(value, UINT32_MAX, &number));
	if (str_eq(name, STR("recipients")))
		options->max_recipients = (uint32_t)number;
	else if (str_eq(name, STR("size")))
		options->max_message_bytes = number;
	else if (str_eq(name, STR("errors")))
		options->max_errors = (uint32_t)number;
	else if (str_eq(name, STR("idle")))
		options->max_idle_commands = (uint32_t)number;
	else if (str_eq(name, STR("memory")))
		script->memory = number;
	else if (str_eq(name, STR("delay")))
		options->banner_delay_us = (int64_t)number * 1000;
	else
		ck_abort_msg("%s: unknown option", script->name);
}

/* What stands for a token in a transcript. */
static bool is_signed(const void *context, struct str local, struct str domain, int64_t wall_us)
{
	(void)context;
	(void)domain;
	(void)wall_us;
	return str_istarts(local, STR("signed"));
}

static void read_option(struct script *script, struct str text)
{
	struct smtp_session_options *options = &script->options;
	struct str name, value = STR_EMPTY, domain = STR_EMPTY;

	ck_assert(str_next_word(&text, " ", &name));
	if (read_flag(script, name))
		return;
	ck_assert(str_next_word(&text, " ", &value));
	if (str_eq(name, STR("tls"))) {
		options->tls = str_eq(value, STR("offered"))    ? SMTP_TLS_OFFERED
			       : str_eq(value, STR("required")) ? SMTP_TLS_REQUIRED
								: SMTP_TLS_IMPLICIT;
	} else if (str_eq(name, STR("token"))) {
		script->token_streams[options->n_token_streams++] = value;
		options->token_streams = script->token_streams;
		options->proves = is_signed;
	} else if (str_eq(name, STR("domain"))) {
		ck_assert(str_next_word(&text, " ", &domain));
		script->domains[options->n_domains++] = (struct smtp_domain){ value, domain };
	} else {
		read_number(script, name, value);
	}
}

static enum err err_of(struct str name)
{
	static const struct {
		struct str name;
		enum err err;
	} names[] = { { STR_INIT("ok"), ERR_OK }, { STR_INIT("nospace"), ERR_NO_SPACE },
		{ STR_INIT("io"), ERR_IO } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_eq(names[i].name, str_trim(name)))
			return names[i].err;
	ck_abort_msg("no such error");
	return ERR_OK;
}

static const struct {
	const char *prefix;
	enum step_kind kind;
} prefixes[] = { { "C:", SENDS }, { "C!", SENDS }, { "S:", SAYS }, { "STORE", STORES },
	{ "F:", FROM_IS }, { "R:", TO_IS }, { "T:", STREAM_IS }, { "M:", MESSAGE_IS },
	{ "E:", ENVID_IS }, { "O:", ORIGINAL_IS }, { "TLS", ENCRYPTS }, { "CLOSE", CLOSES } };

static void read_step(struct script *script, struct str line, int number)
{
	struct script_step *step = &script->steps[script->n_steps++];

	ck_assert_uint_lt(script->n_steps, STEPS_MAX);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		struct str prefix = str_c(prefixes[i].prefix), text;

		if (!str_starts(line, prefix))
			continue;
		text = str_skip(line, prefix.n);
		if (str_starts(text, STR(" ")))
			text = str_skip(text, 1);
		*step = (struct script_step){ prefixes[i].kind, text, ERR_OK, number };
		if (step->kind == STORES)
			step->err = err_of(text);
		else
			step->text = unescape(script->arena, text);
		if (step->kind != SENDS)
			return;
		if (line.p[1] == ':')
			step->text = unescape(script->arena,
				arena_printf(script->arena, "%.*s\\r\\n", STR_ARG(text)));
		script->n_sent += step->text.n;
		return;
	}
	ck_abort_msg("%s:%d: no such step", script->name, number);
}

static void read_script(struct script *script, const char *path)
{
	FILE *file = fopen(path, "rb");
	struct buf bytes = BUF_INIT(1 << 20);
	struct str rest, line;
	int number = 0, c;

	ck_assert_msg(file != NULL, "%s", path);
	while ((c = fgetc(file)) != EOF)
		buf_putc(&bytes, (char)c);
	fclose(file);
	*script = (struct script){ .name = path, .arena = arena_new(), .memory = 1 << 20 };
	script->options = default_options(script->domains, 2);
	script->domains[0] = (struct smtp_domain){ STR("example.org"), STR("main") };
	script->domains[1] = (struct smtp_domain){ STR("second.example"), STR("other") };
	rest = arena_dup(script->arena, buf_str(&bytes));
	buf_release(&bytes);
	while (str_next_line(&rest, &line)) {
		number++;
		if (str_starts(line, STR("@")))
			read_option(script, str_skip(line, 1));
		else if (line.n && *line.p != '#')
			read_step(script, line, number);
	}
}

struct run {
	struct script *script;
	struct smtp_session *session;
	struct smtp_now now;
	size_t at;  /* the next step */
	size_t fed; /* bytes */
	bool closed;
	const char *how;
};

static struct script_step *expect(struct run *run, enum step_kind kind)
{
	struct script_step *step = &run->script->steps[run->at++];

	ck_assert_msg(run->at <= run->script->n_steps && step->kind == kind,
		"%s (%s): line %d is something else than what happened (%d)", run->script->name,
		run->how, step->line, (int)kind);
	return step;
}

static void check_text(const struct run *run, const struct script_step *step, struct str text)
{
	bool prefix = step->kind == SAYS && str_ends(step->text, STR("*"));
	struct str want = prefix ? str_head(step->text, step->text.n - 1) : step->text;

	ck_assert_msg(prefix ? str_starts(text, want) : str_eq(text, want),
		"%s:%d (%s): want \"%.*s\", got \"%.*s\"", run->script->name, step->line, run->how,
		STR_ARG(want), STR_ARG(text));
}

static void check_output(struct run *run)
{
	struct buf *output = smtp_session_output(run->session);
	struct str rest = buf_str(output);

	while (rest.n) {
		size_t end = str_find(rest, STR("\r\n"));

		ck_assert_uint_ne(end, STR_NPOS);
		check_text(run, expect(run, SAYS), str_head(rest, end));
		rest = str_skip(rest, end + 2);
	}
	buf_reset(output);
}

/* "NOTIFY ORCPT" of a recipient, the first as its number. */
static struct str said_of(struct run *run, const struct envelope *envelope, size_t i)
{
	ck_assert(envelope->dsn != NULL);
	return arena_printf(run->script->arena, "%u %.*s", envelope->dsn[i].notify,
		STR_ARG(envelope->dsn[i].original));
}

/* Compares what is to be stored with the steps that speak of it. */
static void check_stored(struct run *run)
{
	const struct envelope *envelope = smtp_session_envelope(run->session);
	size_t n_paths = 0;

	for (; run->at < run->script->n_steps; run->at++) {
		const struct script_step *step = &run->script->steps[run->at];

		if (step->kind == FROM_IS)
			check_text(run, step, envelope->reverse_path);
		else if (step->kind == STREAM_IS)
			check_text(run, step, envelope->stream);
		else if (step->kind == MESSAGE_IS)
			check_text(run, step, smtp_session_message(run->session));
		else if (step->kind == ENVID_IS)
			check_text(run, step, envelope->envelope_id);
		else if (step->kind == ORIGINAL_IS && n_paths)
			check_text(run, step, said_of(run, envelope, n_paths - 1));
		else if (step->kind == TO_IS && n_paths < envelope->n_forward_paths)
			check_text(run, step, envelope->forward_paths[n_paths++]);
		else
			break;
	}
	ck_assert(!n_paths || n_paths == envelope->n_forward_paths);
}

static void obey(struct run *run, enum smtp_action action)
{
	const struct script_step *step;

	switch (action) {
	case SMTP_STORE:
		check_output(run);
		step = expect(run, STORES);
		check_stored(run);
		obey(run, smtp_session_stored(run->session, &run->now, step->err));
		break;
	case SMTP_DELAY:
		ck_assert_int_eq(smtp_session_tick(run->session, &run->now), SMTP_DELAY);
		run->now.at_us = smtp_session_deadline(run->session);
		obey(run, smtp_session_tick(run->session, &run->now));
		break;
	case SMTP_STARTTLS:
		check_output(run);
		expect(run, ENCRYPTS);
		obey(run, smtp_session_tls_started(run->session, &run->now, STR("TLSv1.3 X")));
		break;
	case SMTP_CLOSE:
		check_output(run);
		expect(run, CLOSES);
		run->closed = true;
		break;
	default:
		check_output(run);
	}
}

static void feed(struct run *run, struct str piece)
{
	run->fed += piece.n;
	while (piece.n && !run->closed) {
		size_t used = smtp_session_memory(run->session), most = run->script->memory;

		run->now.memory_left = used < most ? most - used : 0;
		obey(run, smtp_session_feed(run->session, &run->now, &piece));
	}
}

/* All that is sent before the next answer, in pieces: of one byte, or cut where the cut falls. */
static void feed_block(struct run *run, struct str block, size_t cut, bool bytewise)
{
	if (bytewise) {
		for (size_t i = 0; i < block.n; i++)
			feed(run, str_slice(block, i, i + 1));
		return;
	}
	if (cut > run->fed && cut - run->fed < block.n) {
		size_t first = cut - run->fed;

		feed(run, str_head(block, first));
		block = str_skip(block, first);
	}
	feed(run, block);
}

static void run_script(struct script *script, size_t cut, bool bytewise)
{
	struct run run = { .script = script, .now = { .at_us = SECOND, .wall_us = 5 } };
	struct buf block = BUF_INIT(1 << 20);
	char how[40];

	snprintf(how, sizeof how, bytewise ? "bytewise" : "cut at %zu", cut);
	run.how = how;
	run.session = smtp_session_new(&script->options, STR("id"), STR("192.0.2.1"), &run.now);
	run.now.throttled = script->throttled;
	obey(&run, smtp_session_start(run.session));
	while (run.at < script->n_steps && !run.closed) {
		buf_reset(&block);
		ck_assert_msg(script->steps[run.at].kind == SENDS, "%s:%d (%s): did not happen",
			script->name, script->steps[run.at].line, how);
		while (run.at < script->n_steps && script->steps[run.at].kind == SENDS)
			buf_put(&block, script->steps[run.at++].text);
		feed_block(&run, buf_str(&block), cut, bytewise);
	}
	ck_assert_msg(run.at == script->n_steps, "%s (%s): not at the end", script->name, how);
	smtp_session_free(run.session);
	buf_release(&block);
}

static int is_transcript(const struct dirent *entry)
{
	return str_ends(str_c(entry->d_name), STR(".smtp"));
}

START_TEST(transcripts)
{
	struct dirent **entries;
	int n = scandir(TEST_SOURCE_DIR "/tests/smtp", &entries, is_transcript, alphasort);

	ck_assert_int_gt(n, 10);
	for (int i = 0; i < n; i++) {
		static struct script script;
		char path[1024];

		snprintf(path, sizeof path, TEST_SOURCE_DIR "/tests/smtp/%s", entries[i]->d_name);
		read_script(&script, path);
		run_script(&script, 0, false);
		for (size_t cut = 1; !script.whole_only && cut < script.n_sent; cut++)
			run_script(&script, cut, false);
		if (!script.whole_only)
			run_script(&script, 0, true);
		arena_free(script.arena);
		free(entries[i]);
	}
	free(entries);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_transcripts");
	TCase *tcase = tcase_create("transcripts");

	tcase_set_timeout(tcase, 240);
	tcase_add_test(tcase, transcripts);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
