// links: library parser ingest/mailbox
// Check program of library/: what the public header promises, seen through that header; what the reports must be is said
// by the parser itself.
#include "core/limits.h"
#include "core/report_json.h"
#include "library/bounced_parser.h"
#include "parser/parse.h"
#include "tests/support/parser_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <glob.h>
#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 8, MAILS_MOST = 2000, GOLDEN_LEAST = 500, REPLIES_OFTEN = 200 };

struct sample {
	struct str mail;
	const char *json; /* of its report */
};

static struct arena *kept;
static struct sample samples[MAILS_MOST];
static size_t n_samples;

static const char *json_of(struct parser *parser, struct arena *arena, struct str mail)
{
	const struct report_json_options options = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	struct buf out = BUF_INIT(1u << 24);
	struct report report;
	const char *json;

	parse_message(parser, arena, NULL, mail, &report);
	if (report_json_write(&report, STR_EMPTY, options, &out))
		exit(EXIT_FAILURE);
	json = arena_c(kept, str_trim(buf_str(&out)));
	buf_release(&out);
	return json;
}

/* The golden mails and what the parser says of them, one after the other. */
static void read_samples(void)
{
	struct parse_rules *rules = fixture_rules();
	struct parser *parser = parser_new(rules);
	struct arena *arena = arena_new();
	glob_t mails;

	kept = arena_new();
	if (glob(TEST_SOURCE_DIR "/tests/golden/*.eml", 0, NULL, &mails) ||
		mails.gl_pathc < GOLDEN_LEAST)
		exit(EXIT_FAILURE);
	for (size_t i = 0; i < mails.gl_pathc && i < MAILS_MOST; i++) {
		struct sample *s = &samples[n_samples++];

		s->mail = arena_dup(kept, fixture_read(arena, mails.gl_pathv[i], LIMIT_MIME_BYTES));
		s->json = json_of(parser, arena, s->mail);
		arena_reset(arena);
	}
	globfree(&mails);
	arena_free(arena);
	parser_free(parser);
	parse_rules_free(rules);
}

static struct bounced_rules *rules_new(void)
{
	struct bounced_rules *rules = NULL;
	char trouble[200] = "";

	ck_assert_msg(
		!bounced_rules_new(NULL, 0, NULL, &rules, trouble, sizeof trouble), "%s", trouble);
	ck_assert_ptr_nonnull(rules);
	return rules;
}

/* ---- threads ---- */

static const char dsn[] =
	"From: MAILER-DAEMON@mx.example.org\r\nSubject: failed\r\nMIME-Version: 1.0\r\n"
	"Content-Type: multipart/report; report-type=delivery-status; "
	"boundary=b\r\n\r\n--b\r\n\r\nIt failed.\r\n"
	"--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example.org\r\n"
	"Original-Envelope-Id: job+2B7\r\nArrival-Date: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\n"
	"Original-Recipient: rfc822; ann@example.com\r\nFinal-Recipient: rfc822; "
	"a.nn@example.net\r\n"
	"Action: failed\r\nStatus: 5.1.1\r\nRemote-MTA: dns; mail.example.net\r\n"
	"Diagnostic-Code: smtp; 550 5.1.1 no such user\r\nLast-Attempt-Date: Mon, 23 Nov 2026 "
	"10:00:01 +0000\r\n\r\n"
	"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nFrom: News <news@example.org>\r\nSubject: "
	"Hello\r\n"
	"List-Id: <news.example.org>\r\nMessage-ID: <1@example.org>\r\nDate: Mon, 23 Nov 2026 "
	"09:59:59 +0000\r\n\r\n--b--\r\n";

struct worker {
	const struct bounced_rules *rules;
	const struct bounced_report *shared;
	size_t first, step, wrong, done;
	pthread_barrier_t *start;
};

static bool says(const struct bounced_report *report, const char *json)
{
	char *told = bounced_report_json(report, NULL);
	bool same = !strcmp(told, json);

	bounced_text_free(told);
	return same;
}

static void parse_sample(struct worker *w, struct bounced_parser *parser, const struct sample *s)
{
	struct bounced_report *report = bounced_parse(parser, s->mail.p, s->mail.n, NULL);

	w->wrong += !says(report, s->json);
	w->done++;
	bounced_report_free(report);
}

static void classify_once(struct worker *w, struct bounced_parser *parser)
{
	const char reply[] = "550 5.1.1 no such user here";
	struct bounced_report *report =
		bounced_classify(parser, reply, sizeof reply - 1, "mx.example.com");
	const struct bounced_event *event = bounced_report_event(report, 0);

	w->wrong +=
		strcmp(bounced_event_text(event, BOUNCED_EVENT_REASON), "recipient.unknown") != 0;
	bounced_report_free(report);
}

static void *work(void *context)
{
	struct worker *w = context;
	struct bounced_parser *parser;

	pthread_barrier_wait(w->start);
	parser = bounced_parser_new(w->rules);
	for (size_t i = w->first; i < n_samples; i += w->step)
		parse_sample(w, parser, &samples[i]);
	for (size_t i = 0; i < REPLIES_OFTEN; i++)
		classify_once(w, parser);
	w->wrong += !says(w->shared, samples[0].json);
	bounced_parser_free(parser);
	return NULL;
}

/* All that is made at all, by this thread for itself. */
static void *start(void *context)
{
	struct worker *w = context;
	struct bounced_rules *own;
	struct bounced_parser *parser;
	struct bounced_report *report;

	pthread_barrier_wait(w->start);
	if (bounced_rules_new(NULL, 0, NULL, &own, NULL, 0)) {
		w->wrong++;
		return NULL;
	}
	parser = bounced_parser_new(own);
	report = bounced_parse(parser, dsn, sizeof dsn - 1, NULL);
	w->wrong += bounced_report_events(report) != 1 ||
		    bounced_event_class(bounced_report_event(report, 0)) != BOUNCED_HARD;
	w->done++;
	bounced_report_free(report);
	bounced_parser_free(parser);
	bounced_rules_free(own);
	return NULL;
}

static void run_threads(void *(*body)(void *), const struct worker *like)
{
	pthread_barrier_t start;
	pthread_t threads[THREADS];
	struct worker workers[THREADS];

	pthread_barrier_init(&start, NULL, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		workers[i] = *like;
		workers[i].first = i;
		workers[i].start = &start;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, body, &workers[i]), 0);
	}
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_uint_eq(workers[i].wrong, 0);
		ck_assert_uint_gt(workers[i].done, 0);
	}
	pthread_barrier_destroy(&start);
}

/* The very first use of the library in a process: main() lets nothing of it happen before. */
START_TEST(threads_may_start_at_once)
{
	run_threads(start, &(struct worker){ 0 });
}
END_TEST

START_TEST(threads_share_rules_and_a_report)
{
	struct bounced_rules *rules = rules_new();
	struct bounced_parser *parser = bounced_parser_new(rules);
	struct bounced_report *report =
		bounced_parse(parser, samples[0].mail.p, samples[0].mail.n, NULL);

	run_threads(work, &(struct worker){ .rules = rules, .shared = report, .step = 1 });
	bounced_report_free(report);
	bounced_parser_free(parser);
	bounced_rules_free(rules);
}
END_TEST

/* ---- what comes out ---- */

START_TEST(a_report_outlives_all_else_and_the_locale_is_nothing)
{
	struct bounced_rules *rules = rules_new();
	struct bounced_parser *parser = bounced_parser_new(rules);
	struct bounced_report **reports = calloc(n_samples, sizeof *reports);

	ck_assert_ptr_nonnull(setlocale(LC_ALL, "C.UTF-8"));
	for (size_t i = 0; i < n_samples; i++) {
		char *mail = malloc(samples[i].mail.n + 1);

		memcpy(mail, samples[i].mail.p, samples[i].mail.n);
		reports[i] = bounced_parse(parser, mail, samples[i].mail.n, NULL);
		free(mail);
	}
	bounced_parser_free(parser);
	bounced_rules_free(rules);
	for (size_t i = 0; i < n_samples; i++) {
		ck_assert(says(reports[i], samples[i].json));
		bounced_report_free(reports[i]);
	}
	free(reports);
}
END_TEST

static struct bounced_report *parse_text(
	struct bounced_parser *parser, const char *mail, const char *to)
{
	return bounced_parse(parser, mail, strlen(mail), to);
}

static void check_words(const struct bounced_event *e)
{
	static const struct {
		enum bounced_event_field field;
		const char *text;
	} want[] = {
		{ BOUNCED_EVENT_RECIPIENT, "ann@example.com" },
		{ BOUNCED_EVENT_FINAL_RECIPIENT, "a.nn@example.net" },
		{ BOUNCED_EVENT_ORIGINAL_RECIPIENT, "ann@example.com" },
		{ BOUNCED_EVENT_DOMAIN, "example.com" },
		{ BOUNCED_EVENT_OUTCOME, "failed" },
		{ BOUNCED_EVENT_CLASS, "hard" },
		{ BOUNCED_EVENT_REASON, "recipient.unknown" },
		{ BOUNCED_EVENT_STATUS, "5.1.1" },
		{ BOUNCED_EVENT_STATUS_FIELD, "5.1.1" },
		{ BOUNCED_EVENT_DIAGNOSTIC, "550 5.1.1 no such user" },
		{ BOUNCED_EVENT_DIAGNOSTIC_TYPE, "smtp" },
		{ BOUNCED_EVENT_COMMAND, "" },
		{ BOUNCED_EVENT_REPORTING_MTA, "mx.example.org" },
		{ BOUNCED_EVENT_REMOTE_MTA, "mail.example.net" },
		{ BOUNCED_EVENT_LAYER, "text" },
		{ (enum bounced_event_field)999, "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(want); i++)
		ck_assert_str_eq(bounced_event_text(e, want[i].field), want[i].text);
	ck_assert_str_ne(bounced_event_text(e, BOUNCED_EVENT_RULE), "");
}

START_TEST(fields_are_what_they_are_called)
{
	struct bounced_rules *rules = rules_new();
	struct bounced_parser *parser = bounced_parser_new(rules);
	struct bounced_report *r = parse_text(parser, dsn, NULL);
	const struct bounced_event *e = bounced_report_event(r, 0);
	const int64_t arrived = INT64_C(1795428000) * 1000000;

	ck_assert_int_eq(bounced_report_kind(r), BOUNCED_KIND_BOUNCE);
	ck_assert_uint_eq(bounced_report_events(r), 1);
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_KIND), "bounce");
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_FORMAT), "rfc3464");
	ck_assert_str_eq(
		bounced_report_text(r, BOUNCED_REPORT_ORIGINAL_MESSAGE_ID), "1@example.org");
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_ORIGINAL_FROM), "news@example.org");
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_ORIGINAL_SUBJECT), "Hello");
	ck_assert_str_eq(
		bounced_report_text(r, BOUNCED_REPORT_ORIGINAL_LIST_ID), "news.example.org");
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_ENVELOPE_ID), "job+7");
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_TOKEN), "");
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_FLAWS), "");
	ck_assert_str_eq(bounced_report_text(r, (enum bounced_report_field)999), "");
	ck_assert_int_eq(bounced_report_original_date_us(r), arrived - 1000000);
	ck_assert_int_eq(bounced_event_outcome(e), BOUNCED_FAILED);
	ck_assert_int_eq(bounced_event_class(e), BOUNCED_HARD);
	check_words(e);
	ck_assert_int_eq(bounced_event_number(e, BOUNCED_EVENT_REPLY_CODE), 550);
	ck_assert_int_eq(bounced_event_number(e, BOUNCED_EVENT_ARRIVAL_US), arrived);
	ck_assert_int_eq(bounced_event_number(e, BOUNCED_EVENT_LAST_ATTEMPT_US), arrived + 1000000);
	ck_assert_int_eq(
		bounced_event_number(e, BOUNCED_EVENT_WILL_RETRY_UNTIL_US), BOUNCED_NO_DATE);
	ck_assert_int_eq(bounced_event_number(e, BOUNCED_EVENT_RULE_FROM), 10);
	ck_assert_int_eq(bounced_event_number(e, BOUNCED_EVENT_RULE_TO), 22);
	ck_assert_int_eq(bounced_event_number(e, (enum bounced_event_number)999), 0);
	ck_assert_double_gt(bounced_event_confidence(e), 0.5);
	bounced_report_free(r);
	bounced_parser_free(parser);
	bounced_rules_free(rules);
}
END_TEST

START_TEST(flaws_are_named_and_a_token_is_found_in_the_address_it_came_to)
{
	static const char came_to[] = "b1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@bounces.example.org";
	static const char plain[] =
		"From: postmaster@example.com\nSubject: x\nContent-Type: multipart/report; "
		"report-type=delivery-status; boundary=b\n\n--b\nContent-Type: "
		"message/delivery-status\n\nFinal-Recipient: rfc822; a@example.com\nAction: "
		"failed\n\n--b--\n";
	struct bounced_rules *rules = rules_new();
	struct bounced_parser *parser = bounced_parser_new(rules);
	struct bounced_report *r = parse_text(parser, plain, came_to);

	ck_assert_ptr_nonnull(strstr(bounced_report_text(r, BOUNCED_REPORT_FLAWS), "no_status"));
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_TOKEN),
		"b1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	bounced_report_free(r);
	r = parse_text(parser, plain, NULL);
	ck_assert_str_eq(bounced_report_text(r, BOUNCED_REPORT_TOKEN), "");
	bounced_report_free(r);
	bounced_parser_free(parser);
	bounced_rules_free(rules);
}
END_TEST

START_TEST(what_is_no_mail_is_a_report_as_well)
{
	struct bounced_rules *rules = rules_new();
	struct bounced_parser *parser = bounced_parser_new(rules);
	struct bounced_report *r = bounced_parse(parser, NULL, 0, "");
	char *zeros = calloc(1, (4u << 20) + 1);

	ck_assert_uint_eq(bounced_report_events(r), 0);
	ck_assert_int_ne(bounced_report_kind(r), BOUNCED_KIND_BOUNCE);
	bounced_report_free(r);
	r = bounced_parse(parser, zeros, 4u << 20, zeros);
	ck_assert_uint_eq(bounced_report_events(r), 0);
	bounced_report_free(r);
	bounced_report_free(NULL);
	bounced_parser_free(NULL);
	bounced_rules_free(NULL);
	bounced_mailbox_free(NULL);
	bounced_text_free(NULL);
	free(zeros);
	bounced_parser_free(parser);
	bounced_rules_free(rules);
}
END_TEST

START_TEST(a_reply_has_a_reason)
{
	const char delivered[] = "250 2.0.0 Ok";
	const char full[] = "552-5.2.2 The mailbox\r\n552 5.2.2 is full";
	struct bounced_rules *rules = rules_new();
	struct bounced_parser *parser = bounced_parser_new(rules);
	struct bounced_report *r = bounced_classify(parser, full, sizeof full - 1, NULL);
	const struct bounced_event *e = bounced_report_event(r, 0);
	char *json;
	size_t n;

	ck_assert_uint_eq(bounced_report_events(r), 1);
	ck_assert_int_eq(bounced_event_class(e), BOUNCED_SOFT);
	ck_assert_str_eq(bounced_event_text(e, BOUNCED_EVENT_REASON), "mailbox.full");
	json = bounced_report_json(r, &n);
	ck_assert_uint_eq(strlen(json), n);
	ck_assert_int_eq(strncmp(json, "{\"recipient\":null,", 18), 0);
	bounced_text_free(json);
	bounced_report_free(r);
	r = bounced_classify(parser, delivered, sizeof delivered - 1, "");
	ck_assert_int_eq(bounced_event_outcome(bounced_report_event(r, 0)), BOUNCED_DELIVERED);
	ck_assert_int_eq(bounced_event_class(bounced_report_event(r, 0)), BOUNCED_CLASS_NONE);
	ck_assert_str_eq(bounced_event_text(bounced_report_event(r, 0), BOUNCED_EVENT_LAYER), "");
	bounced_report_free(r);
	bounced_parser_free(parser);
	bounced_rules_free(rules);
}
END_TEST

/* ---- rules of one's own, mailboxes ---- */

START_TEST(own_rules_decide_first_and_wrong_ones_are_told)
{
	static const char own[] = "rule text.frobnicated = mailbox.full 0.97\n    1  frobnicated\n";
	static const char wrong[] = "rule text.x = no.such 0.97\n    1  x\n";
	const char reply[] = "550 frobnicated";
	struct bounced_rules *rules = NULL;
	struct bounced_parser *parser;
	struct bounced_report *r;
	char trouble[12] = "";

	ck_assert_int_eq(
		bounced_rules_new(wrong, sizeof wrong - 1, "mine", &rules, trouble, sizeof trouble),
		BOUNCED_SYNTAX);
	ck_assert_ptr_null(rules);
	ck_assert_uint_eq(strlen(trouble), sizeof trouble - 1);
	ck_assert_int_eq(strncmp(trouble, "mine:", 5), 0);
	ck_assert_int_eq(
		bounced_rules_new(wrong, (size_t)1 << 30, NULL, &rules, NULL, 0), BOUNCED_LIMIT);
	ck_assert_int_eq(bounced_rules_new(own, sizeof own - 1, NULL, &rules, NULL, 0), BOUNCED_OK);
	parser = bounced_parser_new(rules);
	r = bounced_classify(parser, reply, sizeof reply - 1, NULL);
	ck_assert_str_eq(bounced_event_text(bounced_report_event(r, 0), BOUNCED_EVENT_RULE),
		"text.frobnicated.1");
	bounced_report_free(r);
	bounced_parser_free(parser);
	bounced_rules_free(rules);
}
END_TEST

START_TEST(a_mailbox_gives_its_mails)
{
	char path[] = "/tmp/test_library.XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "wb");
	struct bounced_mailbox *mailbox = NULL;
	const void *mail;
	size_t n, count = 0;

	ck_assert_ptr_nonnull(file);
	fputs("From a Thu Jan  1 00:00:00 1970\nSubject: a\n\n>From me\n\n"
	      "From b Thu Jan  1 00:00:00 1970\nSubject: b\n\nx\n",
		file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(bounced_mailbox_open(path, &mailbox), BOUNCED_OK);
	while (bounced_mailbox_next(mailbox, &mail, &n) == BOUNCED_OK)
		ck_assert_int_eq(strncmp(mail, count++ ? "Subject: b\n" : "Subject: a\n", 11), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(bounced_mailbox_next(mailbox, &mail, &n), BOUNCED_END);
	bounced_mailbox_free(mailbox);
	unlink(path);
	mailbox = NULL;
	ck_assert_int_eq(bounced_mailbox_open(path, &mailbox), BOUNCED_NOT_FOUND);
	ck_assert_int_eq(bounced_mailbox_open("/dev", &mailbox), BOUNCED_UNSUPPORTED);
	ck_assert_ptr_null(mailbox);
}
END_TEST

START_TEST(every_error_has_words)
{
	for (int i = BOUNCED_OK; i <= BOUNCED_END; i++) {
		ck_assert_str_ne(bounced_error_text((enum bounced_error)i), "");
		ck_assert_str_ne(bounced_error_text((enum bounced_error)i), "unknown error");
	}
	ck_assert_str_eq(
		bounced_error_text((enum bounced_error)(BOUNCED_END + 1)), "unknown error");
	ck_assert_str_ne(bounced_parser_version(), "");
}
END_TEST

static int run_first(void)
{
	Suite *suite = suite_create("library, at first");
	TCase *tcase = tcase_create("first");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, threads_may_start_at_once);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}

int main(void)
{
	Suite *suite = suite_create("library");
	TCase *rest = tcase_create("rest");
	int code = run_first();

	read_samples();
	tcase_set_timeout(rest, 60);
	tcase_add_test(rest, threads_share_rules_and_a_report);
	tcase_add_test(rest, a_report_outlives_all_else_and_the_locale_is_nothing);
	tcase_add_test(rest, fields_are_what_they_are_called);
	tcase_add_test(rest, flaws_are_named_and_a_token_is_found_in_the_address_it_came_to);
	tcase_add_test(rest, what_is_no_mail_is_a_report_as_well);
	tcase_add_test(rest, a_reply_has_a_reason);
	tcase_add_test(rest, own_rules_decide_first_and_wrong_ones_are_told);
	tcase_add_test(rest, a_mailbox_gives_its_mails);
	tcase_add_test(rest, every_error_has_words);
	suite_add_tcase(suite, rest);
	return suite_run(suite) || code;
}
