// links: ingest spool
// Check program of ingest/smtp_session: every transcript of tests/smtp whole, byte by byte and cut
// at every point; deadlines, limits and stopping.
#include "core/limits.h"
#include "ingest/smtp_session.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEPS_MAX = 400, SECOND = 1000000 };

enum step_kind { SENDS, SAYS, STORES, FROM_IS, TO_IS, STREAM_IS, MESSAGE_IS, CLOSES };
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
	size_t memory;
	bool whole_only;
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

static void read_option(struct script *script, struct str text)
{
	struct smtp_session_options *options = &script->options;
	struct str name, value = STR_EMPTY, domain = STR_EMPTY;
	uint64_t number = 0;

	ck_assert(str_next_word(&text, " ", &name));
	if (str_eq(name, STR("whole"))) {
		script->whole_only = true;
		return;
	}
	ck_assert(str_next_word(&text, " ", &value));
	if (str_eq(name, STR("domain"))) {
		ck_assert(str_next_word(&text, " ", &domain));
		script->domains[options->n_domains++] = (struct smtp_domain){ value, domain };
		return;
	}
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
	{ "CLOSE", CLOSES } };

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
	smtp_session_start(run.session);
	check_output(&run);
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

static const struct smtp_domain ours[] = { { STR_INIT("example.org"), STR_INIT("main") } };
static struct smtp_session_options options;
static struct smtp_session *session;
static struct smtp_now now;

static void setup(void)
{
	options = default_options(ours, ARRAY_LEN(ours));
	now = (struct smtp_now){ .at_us = SECOND, .memory_left = 1 << 20 };
	session = smtp_session_new(&options, STR("id"), STR("::1"), &now);
	smtp_session_start(session);
	buf_reset(smtp_session_output(session));
}

static void teardown(void)
{
	smtp_session_free(session);
}

static enum smtp_action give(struct str bytes)
{
	enum smtp_action action = smtp_session_feed(session, &now, &bytes);

	ck_assert(action != SMTP_READ || !bytes.n);
	return action;
}

/* Sends, and wants an answer of which the last line starts so. */
static enum smtp_action talk(struct str bytes, const char *answer)
{
	enum smtp_action action;
	struct str output, last = STR_EMPTY, line;

	buf_reset(smtp_session_output(session));
	action = give(bytes);
	output = buf_str(smtp_session_output(session));
	while (str_next_line(&output, &line))
		last = line;
	ck_assert_msg(str_starts(last, str_c(answer)), "want %s, got %.*s", answer, STR_ARG(last));
	return action;
}

static void to_data(void)
{
	talk(STR("HELO a\r\n"), "250");
	talk(STR("MAIL FROM:<>\r\n"), "250");
	talk(STR("RCPT TO:<a@example.org>\r\n"), "250");
	talk(STR("DATA\r\n"), "354");
}

static const char *last_code(void)
{
	static char code[4];
	struct buf *output = smtp_session_output(session);

	snprintf(code, sizeof code, "%.3s", output->n >= 3 ? output->p : "---");
	return code;
}

/* The session ends at its deadline and not a microsecond before. */
static void ends_after(int64_t seconds)
{
	int64_t from = now.at_us;

	buf_reset(smtp_session_output(session));
	ck_assert_int_eq(smtp_session_deadline(session) - from, seconds * SECOND);
	now.at_us = smtp_session_deadline(session) - 1;
	ck_assert_int_eq(smtp_session_tick(session, &now), SMTP_READ);
	now.at_us++;
	ck_assert_int_eq(smtp_session_tick(session, &now), SMTP_CLOSE);
	ck_assert_str_eq(last_code(), "421");
}

START_TEST(idle_sessions_end)
{
	talk(STR("HELO a\r\n"), "250");
	ends_after(300);
}
END_TEST

START_TEST(crowded_sessions_end_sooner)
{
	now.crowded = true;
	talk(STR("HELO a\r\n"), "250");
	ends_after(10);
}
END_TEST

START_TEST(a_dripping_command_ends)
{
	give(STR("N"));
	for (int i = 0; i < 20; i++) {
		now.at_us += SECOND;
		give(STR("O"));
	}
	ends_after(10);
}
END_TEST

START_TEST(a_session_ends)
{
	for (int i = 0; i < 89; i++) {
		now.at_us += 20 * SECOND;
		talk(STR("NOOP\r\n"), "250");
	}
	ends_after(20);
}
END_TEST

START_TEST(dripping_data_ends)
{
	to_data();
	for (int i = 0; i < 50; i++) { /* 20 bytes a second: 1,000 bytes allow two seconds more */
		now.at_us += SECOND;
		give(STR("12345678901234567890"));
	}
	ends_after(60 + 2 - 50);
}
END_TEST

START_TEST(a_slow_store_is_answered)
{
	to_data();
	ck_assert_int_eq(give(STR(".\r\n")), SMTP_STORE);
	ck_assert(smtp_session_waits_for_store(session));
	buf_reset(smtp_session_output(session));
	ck_assert_int_eq(smtp_session_deadline(session), now.at_us + 60 * SECOND);
	now.at_us += 60 * SECOND;
	ck_assert_int_eq(smtp_session_tick(session, &now), SMTP_READ);
	ck_assert_str_eq(last_code(), "451");
	ck_assert(!smtp_session_waits_for_store(session));
	talk(STR("QUIT\r\n"), "221");
}
END_TEST

START_TEST(banner_delay)
{
	struct smtp_session *patient;

	options.banner_delay_us = 200000;
	patient = smtp_session_new(&options, STR("id"), STR("::1"), &now);
	smtp_session_start(patient);
	ck_assert_uint_eq(smtp_session_output(patient)->n, 0);
	ck_assert_int_eq(smtp_session_deadline(patient), now.at_us + 200000);
	now.at_us += 200000;
	ck_assert_int_eq(smtp_session_tick(patient, &now), SMTP_READ);
	ck_assert(str_starts(buf_str(smtp_session_output(patient)), STR("220 ")));
	smtp_session_free(patient);
}
END_TEST

START_TEST(stop_when_idle)
{
	talk(STR("HELO a\r\nMAIL FROM:<>\r\n"), "250");
	buf_reset(smtp_session_output(session));
	ck_assert_int_eq(smtp_session_stop(session), SMTP_CLOSE);
	ck_assert(str_starts(buf_str(smtp_session_output(session)), STR("421 4.3.2")));
}
END_TEST

START_TEST(stop_finishes_data)
{
	to_data();
	ck_assert_int_eq(smtp_session_stop(session), SMTP_READ);
	ck_assert_int_eq(give(STR("x\r\n.\r\n")), SMTP_STORE);
	buf_reset(smtp_session_output(session));
	ck_assert_int_eq(smtp_session_stored(session, &now, ERR_OK), SMTP_CLOSE);
	ck_assert(str_starts(buf_str(smtp_session_output(session)), STR("250 2.0.0")));
	ck_assert(
		str_find(buf_str(smtp_session_output(session)), STR("\r\n421 4.3.2")) != STR_NPOS);
}
END_TEST

START_TEST(no_room_is_told_at_mail)
{
	talk(STR("HELO a\r\n"), "250");
	now.room = ERR_NO_SPACE;
	talk(STR("MAIL FROM:<>\r\n"), "452 4.3.1");
	now.room = ERR_UNAVAILABLE;
	talk(STR("MAIL FROM:<>\r\n"), "451 4.3.0");
	now.room = ERR_OK;
	talk(STR("MAIL FROM:<>\r\n"), "250");
	talk(STR("RCPT TO:<a@example.org>\r\n"), "250");
	now.room = ERR_NO_SPACE;
	talk(STR("DATA\r\n"), "452 4.3.1");
	now.room = ERR_OK;
	talk(STR("DATA\r\n"), "354");
}
END_TEST

/* {length of the line with CR LF, answer, goes on?} */
static const struct {
	size_t n;
	const char *answer;
	enum smtp_action action;
} line_cases[] = {
	{ LIMIT_COMMAND_LINE_BYTES, "250 2.0.0 ok", SMTP_READ },
	{ LIMIT_COMMAND_LINE_BYTES + 1, "500 5.5.6", SMTP_READ },
	{ LIMIT_COMMAND_JUNK_BYTES, "500 5.5.6", SMTP_READ },
	{ LIMIT_COMMAND_JUNK_BYTES + 1, "554 5.5.0", SMTP_CLOSE },
};

START_TEST(command_lines_have_limits)
{
	size_t n = line_cases[_i].n;
	struct buf line = BUF_INIT(1 << 16);

	buf_put(&line, STR("NOOP "));
	while (line.n < n - 2)
		buf_putc(&line, 'x');
	buf_put(&line, STR("\r\n"));
	ck_assert_int_eq(talk(buf_str(&line), line_cases[_i].answer), line_cases[_i].action);
	if (line_cases[_i].action == SMTP_READ)
		talk(STR("NOOP\r\n"), "250"); /* nothing of the line is left over */
	buf_release(&line);
}
END_TEST

START_TEST(endless_line_ends_the_session)
{
	for (unsigned i = 0; i < LIMIT_COMMAND_JUNK_BYTES; i++)
		ck_assert_int_eq(give(STR("x")), SMTP_READ);
	ck_assert_int_eq(talk(STR("x"), "554 5.5.0"), SMTP_CLOSE);
}
END_TEST

START_TEST(received_fields_have_a_limit)
{
	unsigned n = LIMIT_RECEIVED_FIELDS + (unsigned)_i;

	smtp_session_free(session);
	options.max_message_bytes = 100000;
	session = smtp_session_new(&options, STR("id"), STR("::1"), &now);
	smtp_session_start(session);
	to_data();
	for (unsigned i = 0; i < n; i++)
		give(STR("rEceived: from a\r\n\tby b\r\n"));
	give(STR("\r\n"));
	give(STR("Received: text\r\n"));
	if (!_i) {
		ck_assert_int_eq(give(STR(".\r\n")), SMTP_STORE);
		return;
	}
	ck_assert_int_eq(talk(STR(".\r\n"), "554 5.4.6"), SMTP_REFUSED);
	ck_assert_int_eq(smtp_session_verdict(session), SMTP_SAY_LOOP);
	talk(STR("NOOP\r\n"), "250");
}
END_TEST

START_TEST(recipients_have_a_limit)
{
	talk(STR("HELO a\r\n"), "250");
	talk(STR("MAIL FROM:<s@example.net>\r\n"), "250");
	for (int i = 0; i < 100; i++)
		talk(STR("RCPT TO:<a@example.org>\r\n"), "250");
	talk(STR("RCPT TO:<a@example.org>\r\n"), "452 4.5.3");
	talk(STR("DATA\r\n"), "354");
	ck_assert_int_eq(give(STR(".\r\n")), SMTP_STORE);
	ck_assert_uint_eq(smtp_session_envelope(session)->n_forward_paths, 100);
}
END_TEST

START_TEST(envelope_says_who_and_when)
{
	const struct envelope *envelope = smtp_session_envelope(session);

	now.wall_us = 77;
	to_data();
	ck_assert_int_eq(give(STR("x\r\n.\r\n")), SMTP_STORE);
	ck_assert_int_eq(envelope->source, SOURCE_SMTP);
	ck_assert_int_eq(envelope->received_at_us, 77);
	ck_assert(str_eq(envelope->peer, STR("::1")));
	ck_assert(str_eq(envelope->helo, STR("a")));
	ck_assert(str_eq(envelope->session_id, STR("id-1")));
	ck_assert_uint_eq(smtp_session_transaction(session), 1);
}
END_TEST

START_TEST(tenth_error_is_slow_and_twentieth_the_last)
{
	for (int i = 1; i < 10; i++)
		ck_assert_int_eq(talk(STR("X\r\n"), "500"), SMTP_READ);
	for (int i = 10; i < 20; i++) {
		ck_assert_int_eq(talk(STR("X\r\n"), "500"), SMTP_DELAY);
		ck_assert_int_eq(give(STR("NOOP\r\n")), SMTP_DELAY);
		now.at_us += SECOND - 1;
		ck_assert_int_eq(smtp_session_tick(session, &now), SMTP_DELAY);
		now.at_us++;
		ck_assert_int_eq(smtp_session_tick(session, &now), SMTP_READ);
	}
	ck_assert_int_eq(talk(STR("X\r\n"), "421 4.7.0"), SMTP_CLOSE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_session");
	TCase *whole = tcase_create("transcripts"), *tcase = tcase_create("session");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(whole, 240);
	tcase_add_test(whole, transcripts);
	suite_add_tcase(suite, whole);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, idle_sessions_end);
	tcase_add_test(tcase, crowded_sessions_end_sooner);
	tcase_add_test(tcase, a_dripping_command_ends);
	tcase_add_test(tcase, a_session_ends);
	tcase_add_test(tcase, dripping_data_ends);
	tcase_add_test(tcase, a_slow_store_is_answered);
	tcase_add_test(tcase, banner_delay);
	tcase_add_test(tcase, stop_when_idle);
	tcase_add_test(tcase, stop_finishes_data);
	tcase_add_test(tcase, no_room_is_told_at_mail);
	tcase_add_loop_test(tcase, command_lines_have_limits, 0, ARRAY_LEN(line_cases));
	tcase_add_test(tcase, endless_line_ends_the_session);
	tcase_add_loop_test(tcase, received_fields_have_a_limit, 0, 2);
	tcase_add_test(tcase, recipients_have_a_limit);
	tcase_add_test(tcase, envelope_says_who_and_when);
	tcase_add_test(tcase, tenth_error_is_slow_and_twentieth_the_last);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
