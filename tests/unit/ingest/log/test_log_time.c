// links: ingest/log
// Check program of ingest/log: times in front of lines, and what is counted of deliveries.
#include "core/limits.h"
#include "ingest/log/log_mails.h"
#include "ingest/log/log_tally.h"
#include "ingest/log/log_time.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t at(const char *text)
{
	int64_t at_us = 0;

	ck_assert_msg(timestamp_parse(str_c(text), &at_us), "%s", text);
	return at_us;
}

/* Berlin in 2026: summer time from March 29, 01:00 UTC to October 25, 01:00 UTC. */
static int64_t berlin(void *context UNUSED, int64_t civil_us, int64_t after_us)
{
	int64_t summer = civil_us - 2 * TIMESTAMP_HOUR_US, winter = civil_us - TIMESTAMP_HOUR_US;
	int64_t from = at("2026-03-29T01:00:00Z"), to = at("2026-10-25T01:00:00Z");

	if (summer >= from && summer < to && (summer >= after_us || winter < to))
		return summer;
	return winter >= from && winter < to ? summer : winter;
}

static int64_t take(struct log_time *time, const char *line)
{
	struct str rest = str_c(line);
	int64_t at_us = TIMESTAMP_NONE;

	ck_assert_msg(log_time_take(time, &rest, &at_us), "%s", line);
	ck_assert_msg(str_eq(rest, STR("x")), "%s: %.*s", line, STR_ARG(rest));
	return at_us;
}

START_TEST(times_are_read)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "Nov 29 07:40:24 x", "2026-11-29T07:40:24Z" },
		{ "Nov  9 07:40:24 x", "2026-11-09T07:40:24Z" },
		{ "Dec  1 23:59:59 x", "2026-12-01T23:59:59Z" }, /* a day ahead */
		{ "Dec  3 00:00:01 x", "2025-12-03T00:00:01Z" },
		{ "Feb 29 07:40:24 x", "2024-02-29T07:40:24Z" },
		{ "2026-11-29T07:40:24Z x", "2026-11-29T07:40:24Z" },
		{ "2026-11-29T07:40:24.123456+01:00 x", "2026-11-29T06:40:24.123456Z" },
		{ "2026-11-29 07:40:24.5 -0530 x", "2026-11-29T13:10:24.5Z" },
		{ "2026-11-29 07:40:24 x", "2026-11-29T07:40:24Z" },
		{ "2026-12-31T23:59:60Z x", "2027-01-01T00:00:00Z" },
	};
	const struct log_clock clock = { .newest_us = at("2026-11-30T23:59:59Z") };
	struct log_time time;

	log_time_init(&time, &clock);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(take(&time, rows[i].line) == at(rows[i].want), "%s", rows[i].line);
}
END_TEST

START_TEST(no_times_are_not_read)
{
	static const char *const lines[] = { "", "Nov", "Nov 31 07:40:24 x", "Nov 29 24:40:24 x",
		"Nov 29 07:60:24 x", "Now 29 07:40:24 x", "2026-13-01T07:40:24Z x",
		"2026-02-29T07:40:24Z x", "2026-11-29 x", "07:40:24 x" };
	const struct log_clock clock = { .newest_us = at("2026-11-30T23:59:59Z") };
	struct log_time time;

	log_time_init(&time, &clock);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		struct str rest = str_c(lines[i]);
		int64_t at_us;

		ck_assert_msg(!log_time_take(&time, &rest, &at_us), "%s", lines[i]);
		ck_assert(str_eq(rest, str_c(lines[i])));
	}
}
END_TEST

START_TEST(hour_that_comes_twice)
{
	static const struct {
		const char *line, *want;
	} rows[] = {
		{ "Oct 25 01:59:59 x", "2026-10-24T23:59:59Z" },
		{ "Oct 25 02:00:00 x", "2026-10-25T00:00:00Z" },
		{ "Oct 25 02:50:00 x", "2026-10-25T00:50:00Z" },
		{ "Oct 25 02:49:58 x", "2026-10-25T00:49:58Z" }, /* a line that came late */
		{ "Oct 25 02:00:00 x", "2026-10-25T01:00:00Z" }, /* set back */
		{ "Oct 25 02:59:59 x", "2026-10-25T01:59:59Z" },
		{ "Oct 25 03:00:00 x", "2026-10-25T02:00:00Z" },
	};
	const struct log_clock clock = { .newest_us = at("2026-11-30T23:59:59Z"), .zone = berlin };
	struct log_time time;

	log_time_init(&time, &clock);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(
			take(&time, rows[i].line) == at(rows[i].want), "%zu %s", i, rows[i].line);
}
END_TEST

START_TEST(hour_that_does_not_come)
{
	const struct log_clock clock = { .newest_us = at("2026-11-30T23:59:59Z"), .zone = berlin };
	struct log_time time;

	log_time_init(&time, &clock);
	ck_assert(take(&time, "Mar 29 01:59:59 x") == at("2026-03-29T00:59:59Z"));
	ck_assert(take(&time, "Mar 29 03:00:00 x") == at("2026-03-29T01:00:00Z"));
}
END_TEST

/* ---- counting ---- */

START_TEST(deliveries_are_counted)
{
	static const struct {
		enum delivery_outcome outcome;
		bool again;
	} rows[] = { { DELIVERY_ACCEPTED, false }, { DELIVERY_DEFERRED, false },
		{ DELIVERY_DEFERRED, true }, { DELIVERY_FAILED, false },
		{ DELIVERY_ACCEPTED, false } };
	struct log_tally *tally = log_tally_new();
	const struct log_tally_row *got;
	size_t n;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct delivery d = { .outcome = rows[i].outcome,
			.again = rows[i].again,
			.at_us = at("2026-11-29T07:44:59Z") };

		log_tally_add(tally, &d, STR("news"), STR("far.example"));
	}
	got = log_tally_rows(tally, &n);
	ck_assert_uint_eq(n, 1);
	ck_assert_int_eq(got->at_us, at("2026-11-29T07:30:00Z"));
	ck_assert(got->attempted == 3 && got->accepted == 2 && got->deferred == 1);
	log_tally_reset(tally);
	log_tally_rows(tally, &n);
	ck_assert_uint_eq(n, 0);
	log_tally_free(tally);
}
END_TEST

START_TEST(tally_says_when_it_is_full)
{
	struct log_tally *tally = log_tally_new();
	struct delivery d = { .outcome = DELIVERY_ACCEPTED };
	char room[32];
	size_t n;

	for (unsigned i = 0; i < 2 * LIMIT_VOLUME_ROWS; i++) {
		ck_assert(log_tally_full(tally) == (i >= LIMIT_VOLUME_ROWS));
		snprintf(room, sizeof room, "d%u.example", i);
		log_tally_add(tally, &d, STR("news"), str_c(room));
		log_tally_add(tally, &d, STR("news"), STR("d0.example"));
	}
	log_tally_rows(tally, &n);
	ck_assert_uint_eq(n, 2 * LIMIT_VOLUME_ROWS);
	ck_assert_uint_eq(log_tally_rows(tally, &n)->attempted, 2 * LIMIT_VOLUME_ROWS + 1);
	log_tally_free(tally);
}
END_TEST

START_TEST(domains_are_made_equal)
{
	static const struct {
		const char *domain, *want;
	} rows[] = { { "Far.Example", "far.example" }, { "far.example.", "far.example" },
		{ "[192.0.2.1]", "[192.0.2.1]" }, { "a b", NULL }, { ".", NULL }, { "", NULL },
		{ ".far", NULL }, { "a'b", NULL }, { "\xff", NULL },
		{ "m\xc3\xbcnchen.example", "m\xc3\xbcnchen.example" } };
	char room[LOG_DOMAIN_ROOM];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct str got = STR_EMPTY;

		ck_assert_msg(
			log_domain(str_c(rows[i].domain), room, &got) == (rows[i].want != NULL),
			"%s", rows[i].domain);
		ck_assert(str_eq(got, str_c(rows[i].want)));
	}
}
END_TEST

/* ---- mails under way ---- */

START_TEST(mails_have_a_bound)
{
	struct log_mails *mails = log_mails_new();
	const struct str words[LOG_WAITING_TEXTS] = { STR("a@b.example"), STR("a@b.example") };
	char id[32];
	bool again;

	for (unsigned i = 0; i < LIMIT_LOG_MAILS + 10; i++) {
		snprintf(id, sizeof id, "ID%u", i);
		log_mail_wait(mails, log_mails_take(mails, str_c(id)), words, true, &again);
		ck_assert(!again);
	}
	ck_assert_uint_le(log_mails_count(mails), LIMIT_LOG_MAILS);
	ck_assert_uint_eq(
		log_mails_count(mails) + log_mails_forgotten(mails), LIMIT_LOG_MAILS + 10);
	ck_assert_ptr_null(log_mails_find(mails, STR("ID0")));
	ck_assert_ptr_nonnull(log_mails_find(mails, str_c(id)));
	log_mails_free(mails);
}
END_TEST

START_TEST(waiting_has_a_bound)
{
	struct log_mails *mails = log_mails_new();
	struct log_mail *mail = log_mails_take(mails, STR("ID"));
	struct str words[LOG_WAITING_TEXTS] = { STR_EMPTY };
	char who[32];
	size_t n = 0;
	bool again;

	for (unsigned i = 0; i < LIMIT_LOG_WAITING + 1; i++) {
		snprintf(who, sizeof who, "a%u@b.example", i);
		words[LOG_WAITING_RECIPIENT] = words[LOG_WAITING_FINAL] = str_c(who);
		log_mail_wait(mails, mail, words, true, &again);
	}
	for (const struct log_waiting *w = log_mail_waiting(mail); w; w = w->next)
		n++;
	ck_assert_uint_eq(n, LIMIT_LOG_WAITING);
	log_mails_free(mails);
}
END_TEST

/* Of a state that is too large the youngest mails are kept; broken bytes are refused. */
START_TEST(state_has_a_bound)
{
	struct log_mails *mails = log_mails_new(), *other = log_mails_new();
	struct buf state = BUF_INIT(1 << 20);

	for (unsigned i = 0; i < 100; i++) {
		char id[32];

		snprintf(id, sizeof id, "ID%u", i);
		log_mail_set(mails, log_mails_take(mails, str_c(id)), LOG_MAIL_SENDER,
			STR("bounce@news.sender.example"));
	}
	log_mails_save(mails, 1000, &state);
	ck_assert_uint_le(state.n, 1000);
	ck_assert_int_eq(log_mails_load(other, buf_str(&state)), ERR_OK);
	ck_assert_ptr_null(log_mails_find(other, STR("ID0")));
	ck_assert_ptr_nonnull(log_mails_find(other, STR("ID99")));
	for (size_t n = 0; n < state.n; n++)
		ERR_IGNORE(log_mails_load(other, str_head(buf_str(&state), n)),
			"cut anywhere it is none, or a shorter one");
	ck_assert_int_eq(log_mails_load(other, STR("\x07rest")), ERR_SYNTAX);
	ck_assert_uint_eq(log_mails_count(other), 0);
	buf_release(&state);
	log_mails_free(mails);
	log_mails_free(other);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log_time");
	TCase *tests = tcase_create("time");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 60);
	tcase_add_test(tests, times_are_read);
	tcase_add_test(tests, no_times_are_not_read);
	tcase_add_test(tests, hour_that_comes_twice);
	tcase_add_test(tests, hour_that_does_not_come);
	tcase_add_test(tests, deliveries_are_counted);
	tcase_add_test(tests, tally_says_when_it_is_full);
	tcase_add_test(tests, domains_are_made_equal);
	tcase_add_test(tests, mails_have_a_bound);
	tcase_add_test(tests, waiting_has_a_bound);
	tcase_add_test(tests, state_has_a_bound);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
