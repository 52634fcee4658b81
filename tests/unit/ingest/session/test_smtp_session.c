// links: ingest/session
// Check program of ingest/session/smtp_session: deadlines, limits and stopping.
#include "core/limits.h"
#include "ingest/session/smtp_session.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>

enum { SECOND = 1000000 };

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

START_TEST(data_that_keeps_to_the_rate_ends_with_the_session_s_time)
{
	static char drip[6000]; /* in ten seconds: 600 bytes a second, of which 500 are enough */

	memset(drip, 'x', sizeof drip);
	to_data();
	for (int i = 0; i < 170; i++) {
		now.at_us += 10 * SECOND;
		give(str_from(drip, sizeof drip));
	}
	ends_after(1800 - 1700);
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
	{ LIMIT_COMMAND_LINE_BYTES + 1, "500 5.5.2", SMTP_READ },
	{ LIMIT_COMMAND_JUNK_BYTES, "500 5.5.2", SMTP_READ },
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

/* RFC 3030 has no limit of their number: a chunk that brings something is no command without a message. */
START_TEST(chunks_that_bring_something_are_no_idle_commands)
{
	char chunk[1100] = "BDAT 1024\r\n";
	struct str whole = str_from(chunk, str_c(chunk).n + 1024);

	options.max_message_bytes = 100000;
	options.max_recipients = 1;
	options.max_idle_commands = 10;
	talk(STR("EHLO a\r\n"), "250");
	talk(STR("MAIL FROM:<>\r\n"), "250");
	talk(STR("RCPT TO:<a@example.org>\r\n"), "250");
	for (int i = 0; i < 50; i++)
		talk(whole, "250 2.0.0 chunk taken");
	for (int i = 0; smtp_session_end(session) == SMTP_SAY_NOTHING && i < 50; i++)
		talk(STR("BDAT 1\r\nx"), "");
	ck_assert_int_eq(smtp_session_end(session), SMTP_SAY_TOO_IDLE);
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
	TCase *tcase = tcase_create("session");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, idle_sessions_end);
	tcase_add_test(tcase, crowded_sessions_end_sooner);
	tcase_add_test(tcase, a_dripping_command_ends);
	tcase_add_test(tcase, a_session_ends);
	tcase_add_test(tcase, dripping_data_ends);
	tcase_add_test(tcase, data_that_keeps_to_the_rate_ends_with_the_session_s_time);
	tcase_add_test(tcase, a_slow_store_is_answered);
	tcase_add_test(tcase, banner_delay);
	tcase_add_test(tcase, stop_when_idle);
	tcase_add_test(tcase, stop_finishes_data);
	tcase_add_test(tcase, no_room_is_told_at_mail);
	tcase_add_loop_test(tcase, command_lines_have_limits, 0, ARRAY_LEN(line_cases));
	tcase_add_test(tcase, endless_line_ends_the_session);
	tcase_add_loop_test(tcase, received_fields_have_a_limit, 0, 2);
	tcase_add_test(tcase, recipients_have_a_limit);
	tcase_add_test(tcase, chunks_that_bring_something_are_no_idle_commands);
	tcase_add_test(tcase, envelope_says_who_and_when);
	tcase_add_test(tcase, tenth_error_is_slow_and_twentieth_the_last);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
