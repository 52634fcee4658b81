// links: parser
// Check program of parser/: the small readers, each with its limits: addresses, dates, header blocks,
// report groups, the words of a refusal.
#include "core/buf.h"
#include "core/limits.h"
#include "core/report.h"
#include "parser/mail/address.h"
#include "parser/mail/headers.h"
#include "parser/mail/html.h"
#include "parser/notice/dsn.h"
#include "parser/text/date.h"
#include "parser/text/diagnostic.h"
#include "parser/text/unfold.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ck_str(a, b)                                                                               \
	do {                                                                                       \
		struct str a_ = (a), b_ = (b);                                                     \
		ck_assert_msg(                                                                     \
			str_eq(a_, b_), "\"%.*s\" is not \"%.*s\"", STR_ARG(a_), STR_ARG(b_));     \
	} while (0)

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static const struct {
	const char *text, *address; /* NULL: none */
} address_cases[] = {
	{ "ann@example.com", "ann@example.com" },
	{ "<ann@example.com>", "ann@example.com" },
	{ "Ann Smith <ann@example.com> (work)", "ann@example.com" },
	{ "\"ann@example.com\"", "ann@example.com" },
	{ "\"a b\"@example.com", "\"a b\"@example.com" },
	{ "SMTP:ann@example.com", "ann@example.com" },
	{ "<@relay.example,@two.example:ann@example.com>", "ann@example.com" },
	{ "ann@[192.0.2.1]", "ann@[192.0.2.1]" },
	{ "ann@example.com.", "ann@example.com" },
	{ "..ann..@example.com", "..ann..@example.com" },
	{ "recipient@#example.net", "recipient@#example.net" },
	{ "\xE5\xBF\x83@example.com", "\xE5\xBF\x83@example.com" },
	{ "ann", NULL },
	{ "@example.com", NULL },
	{ "ann@", NULL },
	{ "|/bin/cat /etc/aliases @example.com", NULL },
	{ "", NULL },
};

START_TEST(addresses_are_taken_out_of_their_dress)
{
	struct str address = STR_EMPTY;
	bool found = address_take(arena, str_c(address_cases[_i].text), &address);

	ck_assert_int_eq(found, address_cases[_i].address != NULL);
	if (found)
		ck_str(address, str_c(address_cases[_i].address));
}
END_TEST

START_TEST(addresses_end_at_their_limit)
{
	char text[LIMIT_ADDRESS_BYTES + 2];
	static const char domain[] = "@example.com";
	size_t n = sizeof domain - 1;

	memset(text, 'a', sizeof text);
	memcpy(text + LIMIT_ADDRESS_BYTES - n, domain, n);
	ck_assert(address_valid(str_from(text, LIMIT_ADDRESS_BYTES)));
	memset(text, 'a', sizeof text);
	memcpy(text + LIMIT_ADDRESS_BYTES + 1 - n, domain, n);
	ck_assert(!address_valid(str_from(text, LIMIT_ADDRESS_BYTES + 1)));
	ck_assert_uint_eq(address_prefix(str_from(text, LIMIT_ADDRESS_BYTES)), LIMIT_ADDRESS_BYTES);
	/* Its first bytes are somebody else's address. */
	ck_assert_uint_eq(address_prefix(str_from(text, LIMIT_ADDRESS_BYTES + 1)), 0);
}
END_TEST

START_TEST(typed_addresses_are_decoded)
{
	struct str address;

	ck_assert(
		address_typed(arena, STR("rfc822"), STR("ann+2Bx+40example.com"), true, &address));
	ck_str(address, STR("ann+x@example.com"));
	/* A plus in an address that is none of xtext stays. */
	ck_assert(address_typed(arena, STR("rfc822"), STR("ann+40@example.com"), true, &address));
	ck_str(address, STR("ann+40@example.com"));
	ck_assert(
		address_typed(arena, STR("UTF-8"), STR("\\x{5FC3}@example.com"), false, &address));
	ck_str(address, STR("\xE5\xBF\x83@example.com"));
	ck_assert(
		address_typed(arena, STR("utf-8"), STR("\\x{D800}a@example.com"), false, &address));
	ck_str(address, STR("a@example.com"));
	ck_str(address_domain(arena, STR("ann@B\xC3\xBC"
					 "cher.example")),
		STR("xn--bcher-kva.example"));
	ck_str(address_normal(arena, STR("Ann@EXAMPLE.Com")), STR("Ann@example.com"));
}
END_TEST

static const struct {
	const char *text, *moment; /* NULL: none */
} date_cases[] = {
	{ "Mon, 23 Nov 2026 10:00:00 +0100", "2026-11-23T09:00:00Z" },
	{ "23 Nov 2026 10:00 GMT", "2026-11-23T10:00:00Z" },
	{ "Mon Nov 23 10:00:00 2026", "2026-11-23T10:00:00Z" },
	{ "Mon, 23 Nov 98 10:00:00 EST (comment)", "1998-11-23T15:00:00Z" },
	{ "23-Nov-2026 10:00:00 -0530", "2026-11-23T15:30:00Z" },
	{ "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z" },
	{ "Sat, 29 Feb 2025 10:00:00 +0000", NULL },
	{ "Mon, 23 Nov 2101 10:00:00 +0000", NULL },
	{ "Mon, 23 Nov 1969 10:00:00 +0000", NULL },
	{ "soon", NULL },
	{ "", NULL },
};

START_TEST(dates_are_read_in_their_forms)
{
	char room[TIMESTAMP_TEXT_BYTES];
	int64_t at_us = TIMESTAMP_NONE;
	bool found = date_parse(str_c(date_cases[_i].text), &at_us);

	ck_assert_int_eq(found, date_cases[_i].moment != NULL);
	if (found)
		ck_str(timestamp_format(at_us, room), str_c(date_cases[_i].moment));
}
END_TEST

static const struct {
	const char *text;
	unsigned reply;
	const char *status, *command, *host;
} diagnostic_cases[] = {
	{ "550 5.1.1 <a@example.com>... User unknown", 550, "5.1.1", "", "" },
	{ "host mx.example.com[192.0.2.1] said: 452-4.2.2 over quota (in reply to RCPT TO command)",
		452, "4.2.2", "RCPT", "mx.example.com" },
	{ "Sorry, no mailbox here by that name. (#5.1.1)", 0, "5.1.1", "", "" },
	{ "550 #5.1.0 Address rejected.", 550, "5.1.0", "", "" },
	{ "connect to mx.example.com[192.0.2.1]:25: Connection timed out", 0, "", "",
		"mx.example.com" },
	{ "5.1.1.1 is a host", 0, "", "", "" },
	{ "version 4.92.3 of something", 0, "", "", "" },
	{ "gave up after 500 seconds", 0, "", "", "" },
	{ "(state 550) and port 587", 0, "", "", "" },
	{ "554 Message rejected", 554, "", "", "" },
	{ "421 closing, try 450-1234 by phone", 421, "", "", "" },
	{ "192.0.2.1 did not like our final DATA: 550 5.7.509 no", 550, "5.7.509", "DATA", "" },
	{ "550: 5.2.2 <a@example.com>... Mailbox Full", 550, "5.2.2", "", "" },
	{ "Remote Server returned '550 5.1.10 not found'", 550, "5.1.10", "", "" },
	{ "", 0, "", "", "" },
};

START_TEST(words_of_a_refusal_give_their_facts)
{
	struct diagnostic d;

	diagnostic_read(str_c(diagnostic_cases[_i].text), &d);
	ck_assert_msg(d.reply_code == diagnostic_cases[_i].reply, "%s: %u",
		diagnostic_cases[_i].text, d.reply_code);
	ck_str(d.status, str_c(diagnostic_cases[_i].status));
	ck_str(d.command, str_c(diagnostic_cases[_i].command));
	ck_str(d.host, str_c(diagnostic_cases[_i].host));
}
END_TEST

START_TEST(lines_are_unfolded)
{
	struct str rest = STR("A: one\r\n two\n\tthree\n \nB: four"), line;

	ck_assert(line_next(arena, &rest, &line));
	ck_str(line, STR("A: one two three"));
	ck_assert(line_next(arena, &rest, &line));
	ck_assert_uint_eq(line.n, 0);
	ck_assert(line_next(arena, &rest, &line));
	ck_str(line, STR("B: four"));
	ck_assert(!line_next(arena, &rest, &line));
	ck_str(text_squeeze(arena, STR("  a \r\n\t b  ")), STR("a b"));
	ck_str(text_squeeze(arena, STR_EMPTY), STR_EMPTY);
}
END_TEST

START_TEST(parameters_are_found)
{
	struct str value = STR("multipart/report; report-type=delivery-status;\n boundary=\"a;b\"");

	ck_str(header_param(value, STR("report-type")), STR("delivery-status"));
	ck_str(header_param(STR("text/plain; charset = \"utf-8\""), STR("charset")), STR("utf-8"));
	ck_str(header_param(STR("text/plain"), STR("charset")), STR_EMPTY);
}
END_TEST

static struct str repeat(const char *unit, size_t times)
{
	size_t n = strlen(unit);
	char *text = arena_alloc(arena, n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(text + i * n, unit, n);
	return str_from(text, n * times);
}

START_TEST(header_fields_end_at_their_limit)
{
	struct str text = repeat("A: b\n", LIMIT_HEADER_FIELDS);

	ck_assert_uint_eq(headers_parse(arena, &text).n, LIMIT_HEADER_FIELDS);
	text = repeat("A: b\n", LIMIT_HEADER_FIELDS + 1);
	ck_assert_uint_eq(headers_parse(arena, &text).n, LIMIT_HEADER_FIELDS);
}
END_TEST

static struct dsn parse_dsn(struct str body, enum err want)
{
	struct dsn dsn = { 0 };

	ck_assert_int_eq(dsn_parse(arena, body, &dsn), want);
	return dsn;
}

START_TEST(groups_are_told_apart)
{
	struct dsn dsn =
		parse_dsn(STR("Reporting-MTA: dns; mx\nFinal-Recipient: rfc822; a@x\n"
			      "Action: failed\nFinal-Recipient: rfc822; b@x\nAction: failed\n"),
			ERR_OK);

	ck_assert_uint_eq(dsn.n_recipients, 2);
	ck_assert(dsn.flaws & FLAW_BIT(FLAW_JOINED_GROUPS));
	dsn = parse_dsn(STR("Action: failed\n\n\nFinal-Recipient: rfc822;a@x\n\nStatus: 5.1.1\n\n"
			    "Action: delayed\nFinal-Recipient: rfc822;b@x\n"),
		ERR_OK);
	ck_assert_uint_eq(dsn.n_recipients, 2);
	ck_str(dsn.recipients->field[DSN_STATUS].text, STR("5.1.1"));
	ck_str(dsn.recipients->next->field[DSN_ACTION].text, STR("delayed"));
}
END_TEST

START_TEST(a_reply_is_no_type)
{
	struct dsn dsn = parse_dsn(
		STR("Final-Recipient: a@x\nDiagnostic-Code: 550 no; really not\n"), ERR_OK);

	ck_str(dsn.recipients->field[DSN_DIAGNOSTIC].type, STR_EMPTY);
	ck_str(dsn.recipients->field[DSN_DIAGNOSTIC].text, STR("550 no; really not"));
	ck_str(dsn.recipients->field[DSN_FINAL_RCPT].text, STR("a@x"));
}
END_TEST

START_TEST(the_first_of_two_fields_wins)
{
	struct dsn dsn = parse_dsn(
		STR("Final-Recipient: rfc822; a@x\nStatus: 5.1.1\nStatus: 2.0.0\n"), ERR_OK);

	ck_str(dsn.recipients->field[DSN_STATUS].text, STR("5.1.1"));
	ck_assert(dsn.flaws & FLAW_BIT(FLAW_REPEATED_FIELD));
	parse_dsn(STR("Reporting-MTA: dns; mx\nhello\n"), ERR_SYNTAX);
	parse_dsn(STR_EMPTY, ERR_SYNTAX);
}
END_TEST

START_TEST(groups_end_at_their_limit)
{
	static const char group[] = "Final-Recipient: rfc822; a@x\nAction: failed\n\n";
	struct dsn dsn = parse_dsn(repeat(group, LIMIT_DSN_BLOCKS - 1), ERR_OK);

	ck_assert_uint_eq(dsn.n_recipients, LIMIT_DSN_BLOCKS - 1);
	ck_assert(!(dsn.flaws & FLAW_BIT(FLAW_EVENT_LIMIT)));
	dsn = parse_dsn(repeat(group, LIMIT_DSN_BLOCKS), ERR_OK);
	ck_assert_uint_eq(dsn.n_recipients, LIMIT_DSN_BLOCKS - 1);
	ck_assert(dsn.flaws & FLAW_BIT(FLAW_EVENT_LIMIT));
}
END_TEST

START_TEST(a_report_is_found_in_text)
{
	ck_assert_uint_eq(dsn_find(STR("Hello\nReporting-MTA: dns; x\nFinal-Recipient: a")), 6);
	ck_assert_uint_eq(dsn_find(STR("Reporting-MTA: dns; x\n")), STR_NPOS);
}
END_TEST

START_TEST(html_gives_its_text)
{
	ck_str(html_text(arena,
		       STR("<p>a&nbsp;b<br>c &lt;x&gt; <user@example.com></p><style>p</style>")),
		STR("\na b\nc <x> <user@example.com>\n"));
	ck_str(html_text(arena, STR("1 < 2 & 3")), STR("1 < 2 & 3"));
	ck_str(html_text(arena, STR("&#228;&#xE4;&#x5FC3;&Auml;&#64;&#39;")),
		STR("\xC3\xA4\xC3\xA4\xE5\xBF\x83\xC3\x84@'"));
	ck_str(html_text(arena, STR("&#0;&#xD800;&#x110000;&#;&#x;&#12a;&#99999999;")),
		STR("&#0;&#xD800;&#x110000;&#;&#x;&#12a;&#99999999;"));
	ck_str(html_text(arena, STR("<style>never ends")), STR_EMPTY);
	ck_assert(html_likely(STR("x<BR>y")));
	ck_assert(!html_likely(STR("<user@example.com>: no")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_facts");
	TCase *tcase = tcase_create("facts");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(
		tcase, addresses_are_taken_out_of_their_dress, 0, ARRAY_LEN(address_cases));
	tcase_add_test(tcase, addresses_end_at_their_limit);
	tcase_add_test(tcase, typed_addresses_are_decoded);
	tcase_add_loop_test(tcase, dates_are_read_in_their_forms, 0, ARRAY_LEN(date_cases));
	tcase_add_loop_test(
		tcase, words_of_a_refusal_give_their_facts, 0, ARRAY_LEN(diagnostic_cases));
	tcase_add_test(tcase, lines_are_unfolded);
	tcase_add_test(tcase, parameters_are_found);
	tcase_add_test(tcase, header_fields_end_at_their_limit);
	tcase_add_test(tcase, groups_are_told_apart);
	tcase_add_test(tcase, a_reply_is_no_type);
	tcase_add_test(tcase, the_first_of_two_fields_wins);
	tcase_add_test(tcase, groups_end_at_their_limit);
	tcase_add_test(tcase, a_report_is_found_in_text);
	tcase_add_test(tcase, html_gives_its_text);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
