// links: parser
// Check program of parser/: mails that are made to hurt. Nothing crashes, bounds hold, and every text of
// a report is valid UTF-8 without NUL. Bounds are counted in bytes and events, never in seconds.
#include "core/limits.h"
#include "core/report_json.h"
#include "core/utf8.h"
#include "parser/parse.h"
#include "tests/support/hostile.h"
#include "tests/support/parser_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN TEST_SOURCE_DIR "/tests/golden/"

/* What one mail may take of the arena, whatever it says: some copies of what is read of it. */
enum { ARENA_MOST_BYTES = 48 << 20 };
enum { TRUNCATED_MAILS = 20, MAIL_BYTES = 64 << 10 };

static struct parse_rules *rules;

/* ---- what holds for every report ---- */

static bool is_text(struct str s, size_t most)
{
	return s.n <= most && utf8_valid(s);
}

static bool event_is_text(const struct event *e)
{
	const struct str short_texts[] = { e->recipient, e->final_recipient, e->original_recipient,
		e->domain, e->status, e->status_field, e->diagnostic_type, e->command,
		e->reporting_mta, e->remote_mta, e->rule.id };
	bool good = is_text(e->diagnostic, LIMIT_DIAGNOSTIC_BYTES) &&
		    e->rule.span_from <= e->rule.span_to && e->rule.span_to <= e->diagnostic.n;

	for (size_t i = 0; i < ARRAY_LEN(short_texts); i++)
		good = good && is_text(short_texts[i], LIMIT_FIELD_TEXT_BYTES);
	return good;
}

static bool report_is_bounded(const struct report *r)
{
	const struct str texts[] = { r->format, r->original.message_id, r->original.from,
		r->original.subject, r->original.list_id, r->original.envelope_id, r->token.text };
	bool good = r->n_events <= LIMIT_EVENTS;

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		good = good && is_text(texts[i], LIMIT_FIELD_TEXT_BYTES);
	for (size_t i = 0; good && i < r->n_events; i++)
		good = event_is_text(&r->events[i]);
	return good;
}

/* Parses a copy without a byte behind it, so that reading beyond it is found. False: a bound broke. */
static bool parse_exact(
	struct parser *parser, struct arena *arena, struct str mail, struct report *ret_report)
{
	char *exact = malloc(mail.n ? mail.n : 1);

	ck_assert_ptr_nonnull(exact);
	if (mail.n)
		memcpy(exact, mail.p, mail.n);
	parse_message(parser, arena, NULL, str_from(exact, mail.n), ret_report);
	free(exact); /* nothing of the report borrows from it */
	return report_is_bounded(ret_report) && arena_used(arena) <= ARENA_MOST_BYTES;
}

START_TEST(hostile_mails_are_bounded)
{
	const struct hostile *hostile = &hostile_mails[_i];
	CLEANUP(parser_freep) struct parser *parser = parser_new(rules);
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct buf mail = BUF_INIT(LIMIT_MESSAGE_BYTES), out = BUF_INIT(LIMIT_FRAME_BYTES);
	struct report report, back;

	hostile->make(&mail, hostile->n_test);
	ck_assert_int_eq(buf_check(&mail), ERR_OK);
	ck_assert_msg(parse_exact(parser, arena, buf_str(&mail), &report), "%s: %zu bytes",
		hostile->name, arena_used(arena));
	ck_assert_int_eq(
		report_json_write(&report, STR_EMPTY,
			(struct report_json_options){ REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES },
			&out),
		ERR_OK);
	ck_assert_int_eq(report_json_read(arena, buf_str(&out), &back), ERR_OK);
	ck_assert_uint_eq(back.n_events, report.n_events);
	buf_release(&mail);
	buf_release(&out);
}
END_TEST

/* ---- limits ---- */

static struct report parse(struct arena *arena, struct buf *mail)
{
	CLEANUP(parser_freep) struct parser *parser = parser_new(rules);
	struct report report;

	ck_assert_int_eq(buf_check(mail), ERR_OK);
	ck_assert(parse_exact(parser, arena, buf_str(mail), &report));
	buf_release(mail);
	return report;
}

#define OVER(report, flaw) (((report).flaws & FLAW_BIT(flaw)) != 0)

START_TEST(recipients_end_at_their_limit)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct buf mail = BUF_INIT(LIMIT_MIME_BYTES);
	struct report at, over;

	hostile_groups(&mail, LIMIT_EVENTS);
	at = parse(arena, &mail);
	ck_assert_uint_eq(at.n_events, LIMIT_EVENTS);
	ck_assert(!OVER(at, FLAW_EVENT_LIMIT));
	hostile_groups(&mail, LIMIT_EVENTS + 1);
	over = parse(arena, &mail);
	ck_assert_uint_eq(over.n_events, LIMIT_EVENTS);
	ck_assert(OVER(over, FLAW_EVENT_LIMIT));
}
END_TEST

static struct report parse_group(struct arena *arena, size_t address_bytes, size_t words_bytes)
{
	struct buf mail = BUF_INIT(LIMIT_MIME_BYTES);

	hostile_notice(&mail, STR("message/delivery-status"));
	buf_put(&mail, STR("Reporting-MTA: dns; x.example\n\nFinal-Recipient: rfc822; "));
	hostile_repeat(&mail, STR("a"), address_bytes - 12);
	buf_put(&mail, STR("@example.com\nAction: failed\nDiagnostic-Code: smtp; "));
	hostile_repeat(&mail, STR("x"), words_bytes);
	buf_put(&mail, STR("\n"));
	return parse(arena, &mail);
}

START_TEST(texts_of_an_event_end_at_their_limits)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct report r = parse_group(arena, 40, LIMIT_DIAGNOSTIC_BYTES);

	ck_assert_uint_eq(r.n_events, 1);
	ck_assert_uint_eq(r.events[0].diagnostic.n, LIMIT_DIAGNOSTIC_BYTES);
	r = parse_group(arena, 40, LIMIT_DIAGNOSTIC_BYTES + 1);
	ck_assert_uint_eq(r.events[0].diagnostic.n, LIMIT_DIAGNOSTIC_BYTES);
	r = parse_group(arena, LIMIT_ADDRESS_BYTES, 1);
	ck_assert_uint_eq(r.n_events, 1);
	ck_assert_uint_eq(r.events[0].recipient.n, LIMIT_ADDRESS_BYTES);
	ck_assert(!OVER(r, FLAW_BAD_ADDRESS));
	r = parse_group(arena, LIMIT_ADDRESS_BYTES + 1, 1);
	ck_assert(OVER(r, FLAW_BAD_ADDRESS));
}
END_TEST

static size_t subject_kept(struct arena *arena, size_t bytes)
{
	struct buf mail = BUF_INIT(LIMIT_MIME_BYTES);

	hostile_notice(&mail, STR("message/rfc822"));
	buf_put(&mail, STR("Subject: "));
	hostile_repeat(&mail, STR("x"), bytes);
	buf_put(&mail, STR("\n\n"));
	return parse(arena, &mail).original.subject.n;
}

START_TEST(kept_texts_end_at_their_limit)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	ck_assert_uint_eq(subject_kept(arena, LIMIT_FIELD_TEXT_BYTES), LIMIT_FIELD_TEXT_BYTES);
	ck_assert_uint_eq(subject_kept(arena, LIMIT_FIELD_TEXT_BYTES + 1), LIMIT_FIELD_TEXT_BYTES);
}
END_TEST

/* A line of words that ends, line end and all, at byte `end` of the text. */
static size_t events_at(struct arena *arena, size_t end)
{
	static const struct str lines =
		STR_INIT("The following addresses had permanent fatal errors\n<ann@example.com>\n");
	struct buf mail = BUF_INIT(LIMIT_MIME_BYTES);

	hostile_notice(&mail, STR("text/plain"));
	hostile_repeat(&mail, STR("\n"), end - lines.n);
	buf_put(&mail, lines);
	return parse(arena, &mail).n_events;
}

START_TEST(text_is_searched_up_to_its_limit)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();

	ck_assert_uint_eq(events_at(arena, LIMIT_TEXT_BYTES - 1), 1);
	ck_assert_uint_eq(events_at(arena, LIMIT_TEXT_BYTES + 20), 0);
}
END_TEST

/* ---- truncation ---- */

static int by_length(const void *a, const void *b)
{
	const struct str *x = a, *y = b;

	return (x->n > y->n) - (x->n < y->n);
}

START_TEST(truncation_at_every_byte_is_survived)
{
	CLEANUP(parser_freep) struct parser *parser = parser_new(rules);
	CLEANUP(arena_freep) struct arena *kept = arena_new(), *arena = arena_new();
	struct str *mails;
	glob_t found;

	ck_assert_int_eq(glob(GOLDEN "*.eml", 0, NULL, &found), 0);
	ck_assert_uint_ge(found.gl_pathc, TRUNCATED_MAILS);
	mails = arena_calloc(kept, found.gl_pathc, sizeof *mails);
	for (size_t i = 0; i < found.gl_pathc; i++)
		mails[i] = fixture_read(kept, found.gl_pathv[i], MAIL_BYTES);
	qsort(mails, found.gl_pathc, sizeof *mails, by_length);
	for (size_t i = 0; i < TRUNCATED_MAILS; i++)
		for (size_t n = 0; n <= mails[i].n; n++) {
			struct report report;
			bool good = parse_exact(parser, arena, str_head(mails[i], n), &report);

			if (!good)
				ck_abort_msg("mail %zu, cut at %zu", i, n);
			arena_reset(arena);
		}
	globfree(&found);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_hostile");
	TCase *tcase = tcase_create("hostile");
	int code;

	rules = fixture_rules();
	tcase_set_timeout(tcase, 240);
	tcase_add_loop_test(tcase, hostile_mails_are_bounded, 0, ARRAY_LEN(hostile_mails));
	tcase_add_test(tcase, recipients_end_at_their_limit);
	tcase_add_test(tcase, texts_of_an_event_end_at_their_limits);
	tcase_add_test(tcase, kept_texts_end_at_their_limit);
	tcase_add_test(tcase, text_is_searched_up_to_its_limit);
	tcase_add_test(tcase, truncation_at_every_byte_is_survived);
	suite_add_tcase(suite, tcase);
	code = suite_run(suite);
	parse_rules_free(rules);
	return code;
}
