// links: suppress/list store
// Check program of the formats of the suppression list: the columns, quoting, and what is not known.
#include "core/limits.h"
#include "core/suppression.h"
#include "suppress/list/digest.h"
#include "suppress/list/format_writer.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define AT ((int64_t)1795000000 * TIMESTAMP_SECOND_US) /* 2026-11-18T11:06:40Z */
#define HEADER                                                                                     \
	"address,domain,reason,family,class_hard,scope,source,first_seen,last_seen,count,status,"  \
	"diagnostic,evidence_id,expires_at,state,seq\r\n"

static struct store_suppression plain(void)
{
	return (struct store_suppression){ .address = STR("ann@example.com"),
		.domain = STR("example.com"),
		.reason = REASON_RECIPIENT_UNKNOWN,
		.class = CLASS_HARD,
		.source = STR("bounce"),
		.first_seen_us = AT,
		.last_seen_us = AT + 1,
		.expires_at_us = TIMESTAMP_NONE,
		.count = 3,
		.status = STR("5.1.1"),
		.diagnostic = STR("550 no such user"),
		.has_evidence = true,
		.evidence = { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255 } },
		.seq = 42 };
}

static struct store_suppression by_hand(void)
{
	return (struct store_suppression){ .address = STR("\"a,b\"@example.com"),
		.stream = STR("news"),
		.state = SUPPRESSION_REMOVED,
		.source = STR("manual"),
		.first_seen_us = AT,
		.last_seen_us = AT,
		.expires_at_us = AT,
		.diagnostic = STR(" said:\r\n\"no\"\x01 m\xc3\xbcll") };
}

static struct store_suppression held(void)
{
	struct store_suppression row = plain();

	row.state = SUPPRESSION_HELD;
	row.class = CLASS_SOFT;
	row.diagnostic = STR("=1+1");
	row.status = STR_EMPTY;
	row.has_evidence = false;
	return row;
}

#define ID "01020304-0506-0708-090a-0b0c0d0e0fff"
static const struct {
	struct store_suppression (*row)(void);
	enum format format;
	const char *text;
} cases[] = {
	{ plain, FORMAT_CSV,
		"ann@example.com,example.com,recipient.unknown,recipient,true,global,bounce,"
		"2026-11-18T11:06:40Z,2026-11-18T11:06:40.000001Z,3,5.1.1,550 no such user," ID
		",,active,42\r\n" },
	/* Line breaks and controls become spaces; quotes are doubled; a space at an end is quoted. */
	{ by_hand, FORMAT_CSV,
		"\"\"\"a,b\"\"@example.com\",,,,false,stream:news,manual,2026-11-18T11:06:40Z,"
		"2026-11-18T11:06:40Z,0,,\" said:  \"\"no\"\"  m\xc3\xbcll\",,2026-11-18T11:06:40Z,"
		"removed,\r\n" },
	/* Held is not on the list; a formula is left as it is, since an address may begin so. */
	{ held, FORMAT_CSV,
		"ann@example.com,example.com,recipient.unknown,recipient,false,global,bounce,"
		"2026-11-18T11:06:40Z,2026-11-18T11:06:40.000001Z,3,,=1+1,,,removed,42\r\n" },
	{ plain, FORMAT_NDJSON,
		"{\"address\":\"ann@example.com\",\"domain\":\"example.com\",\"reason\":"
		"\"recipient."
		"unknown\",\"family\":\"recipient\",\"class_hard\":true,\"scope\":\"global\","
		"\"source\":\"bounce\",\"first_seen\":\"2026-11-18T11:06:40Z\",\"last_seen\":"
		"\"2026-"
		"11-18T11:06:40.000001Z\",\"count\":3,\"status\":\"5.1.1\",\"diagnostic\":\"550 no "
		"such user\",\"evidence_id\":\"" ID
		"\",\"expires_at\":null,\"state\":\"active\",\"seq\":42}\n" },
	{ by_hand, FORMAT_NDJSON,
		"{\"address\":\"\\\"a,b\\\"@example.com\",\"domain\":null,\"reason\":null,"
		"\"family\":"
		"null,\"class_hard\":false,\"scope\":\"stream:news\",\"source\":\"manual\",\"first_"
		"seen\":\"2026-11-18T11:06:40Z\",\"last_seen\":\"2026-11-18T11:06:40Z\",\"count\":"
		"0,"
		"\"status\":null,\"diagnostic\":\" "
		"said:\\u000d\\u000a\\\"no\\\"\\u0001 m\xc3\xbcll\","
		"\"evidence_id\":null,\"expires_at\":\"2026-11-18T11:06:40Z\",\"state\":"
		"\"removed\","
		"\"seq\":null}\n" },
};

START_TEST(rows_are_written)
{
	struct store_suppression row = cases[_i].row();
	struct format_writer *writer = format_writer_new(cases[_i].format);
	struct buf out = BUF_INIT(1 << 16);

	ck_assert_int_eq(format_writer_row(writer, &row, &out), FORMAT_WRITTEN);
	ck_assert_int_eq(buf_check(&out), ERR_OK);
	ck_assert_uint_eq(out.n, strlen(cases[_i].text));
	ck_assert_mem_eq(out.p, cases[_i].text, out.n);
	buf_release(&out);
	format_writer_free(writer);
}
END_TEST

/* ---- whole files ---- */

/* An address of each kind, by its bytes, as a listing has them. */
static size_t sample(struct store_suppression rows[static 16])
{
	static const char *const addresses[] = { "\"a b\"@example.com", "\"ann\"@example.com",
		"@dead.example", "ann@example.com", "ann@example.com", "bob+news@example.org",
		"j\xc3\xbcrgen@b\303\274cher.example" };

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		rows[i] = plain();
		rows[i].address = str_c(addresses[i]);
		rows[i].domain = suppression_domain(rows[i].address);
	}
	rows[4].stream = STR("news");
	rows[5].source = STR("complaint");
	rows[5].reason = REASON_NONE;
	return ARRAY_LEN(addresses);
}

#define SINCE "Wed, 18 Nov 2026 11:06:40 +0000"
#define J                                                                                          \
	"j\xc3\xbcrgen@b\xc3\xbc"                                                                  \
	"cher.example"
static const struct {
	enum format format;
	const char *text;
} files[] = {
	{ FORMAT_SES, "ann@example.com,BOUNCE\r\nbob+news@example.org,COMPLAINT\r\n" },
	{ FORMAT_SENDGRID,
		"{\"recipient_emails\":[\n\"ann@example.com\",\n\"bob+news@example.org\",\n\"" J
		"\"\n]}\n" },
	{ FORMAT_MAILGUN_BOUNCES, "address,code,error,created_at\r\n"
				  "ann@example.com,550,550 no such user,\"" SINCE "\"\r\n" J
				  ",550,550 no such user,\"" SINCE "\"\r\n" },
	{ FORMAT_MAILGUN_COMPLAINTS,
		"address,created_at\r\nbob+news@example.org,\"" SINCE "\"\r\n" },
	{ FORMAT_MAILGUN_UNSUBSCRIBES, "address,tag,created_at\r\n" },
	{ FORMAT_POSTMARK, "{\"Suppressions\":[\n{\"EmailAddress\":\"ann@example.com\"},\n"
			   "{\"EmailAddress\":\"bob+news@example.org\"},\n{\"EmailAddress\":\"" J
			   "\"}\n]}\n" },
	{ FORMAT_MAILCHIMP,
		"Email Address\r\nann@example.com\r\nbob+news@example.org\r\n" J "\r\n" },
	{ FORMAT_LISTMONK,
		"email,name,attributes\r\n"
		"ann@example.com,ann,\"{\"\"suppressed\"\":\"\"recipient.unknown\"\"}\"\r\n"
		"bob+news@example.org,bob+news,\"{\"\"suppressed\"\":\"\"complaint\"\"}\"\r\n" J
		",j\xc3\xbcrgen,\"{\"\"suppressed\"\":\"\"recipient.unknown\"\"}\"\r\n" },
	{ FORMAT_POWERMTA, "ann@example.com\nbob+news@example.org\n" J "\n" },
	{ FORMAT_KUMOMTA,
		"{\n\"\\\"a b\\\"@example.com\":\"recipient.unknown\",\n"
		"\"ann@example.com\":\"recipient.unknown\",\n"
		"\"@dead.example\":\"recipient.unknown\",\n"
		"\"bob+news@example.org\":\"complaint\",\n\"" J "\":\"recipient.unknown\"\n}\n" },
	{ FORMAT_POSTFIX, "\"a b\"@example.com  550 5.1.1 suppressed: recipient.unknown\n"
			  "ann@example.com  550 5.1.1 suppressed: recipient.unknown\n"
			  "dead.example  550 5.1.1 suppressed: recipient.unknown\n"
			  "bob+news@example.org  550 5.7.1 suppressed: complaint\n" J
			  "  550 5.1.1 suppressed: recipient.unknown\n" },
	{ FORMAT_EXIM, "\"\\\"a b\\\"@example.com\": recipient.unknown\n"
		       "ann@example.com: recipient.unknown\nbob+news@example.org: complaint\n" J
		       ": recipient.unknown\n" },
	{ FORMAT_OPENSMTPD, "ann@example.com\n@dead.example\nbob+news@example.org\n" J "\n" },
	{ FORMAT_HARAKA, "ann@example.com\nbob+news@example.org\n" J "\n" },
	{ FORMAT_ZONEMTA,
		"{\"address\":\"\\\"a b\\\"@example.com\"}\n{\"address\":\"ann@example.com\"}\n"
		"{\"domain\":\"dead.example\"}\n{\"address\":\"bob+news@example.org\"}\n"
		"{\"address\":\"" J "\"}\n" },
	{ FORMAT_PLAIN, "ann@example.com\nbob+news@example.org\n" J "\n" },
	/* printf ann@example.com | sha256sum; the domain of the last is xn--bcher-kva.example. */
	{ FORMAT_SHA256, "6e9b125a35d5cc328dea2f9a8d488e092df7386f914cf2692c6d1d0bf70870bf\n"
			 "71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476\n"
			 "56a06f66abae00caf97ea1dddcd576144959e71b884cc7b07f007c8a01d7dc50\n"
			 "2f5c75b104c50025078513265a0ac3626e1440adecf5fcbd0e0d1a73170d077e\n" },
	{ FORMAT_MD5, "cc984a6f7f0b5703248e24e5dee0fe8e\n257c57037d384ae37ea27a07e8a01665\n53a3297c"
		      "e562dcc848d44a851f8739ff\n3817961984bf5e0e526ba2485cbfa112\n" },
};

static void write_file(struct format_writer *writer, struct buf *out)
{
	struct store_suppression rows[16];
	size_t n = sample(rows);

	format_writer_begin(writer, out);
	for (size_t i = 0; i < n; i++)
		format_writer_row(writer, &rows[i], out);
	format_writer_end(writer, out);
}

START_TEST(whole_files_are_written)
{
	struct format_writer *writer = format_writer_new(files[_i].format);
	struct buf out = BUF_INIT(1 << 16);

	write_file(writer, &out);
	buf_putc(&out, 0);
	ck_assert_int_eq(buf_check(&out), ERR_OK);
	ck_assert_str_eq(out.p, files[_i].text);
	buf_release(&out);
	format_writer_free(writer);
}
END_TEST

#define ERASED                                                                                     \
	"sha256:71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476" /* ann@example.com */
static const struct {
	enum format format;
	const char *address;
	enum format_fate fate;
} left_out[] = {
	{ FORMAT_SES, "\"a b\"@example.com", FORMAT_NO_QUOTES },
	{ FORMAT_SES, "j\xc3\xbcrgen@example.com", FORMAT_NO_UTF8 },
	{ FORMAT_SES,
		"ann@b\xc3\xbc"
		"cher.example",
		FORMAT_WRITTEN }, /* as A-labels */
	{ FORMAT_SES, "@example.com", FORMAT_NO_DOMAINS },
	{ FORMAT_MAILGUN_COMPLAINTS, "ann@example.com", FORMAT_OTHER_LIST },
	{ FORMAT_POWERMTA, "/ann@example.com", FORMAT_NO_CHARACTER },
	{ FORMAT_POWERMTA, "a#b@example.com", FORMAT_NO_CHARACTER },
	{ FORMAT_POSTFIX, "#ann@example.com", FORMAT_NO_CHARACTER },
	{ FORMAT_POSTFIX, "a#b@example.com", FORMAT_WRITTEN },
	{ FORMAT_OPENSMTPD, "ann@[ipv6:2001:db8::1]", FORMAT_NO_CHARACTER },
	{ FORMAT_HARAKA, ";ann@example.com", FORMAT_NO_CHARACTER },
	{ FORMAT_PLAIN, "a#b@example.com", FORMAT_NO_CHARACTER },
	{ FORMAT_POSTFIX, "\xe2\x84\xaa@example.com",
		FORMAT_NO_UTF8 }, /* the sign of kelvin folds to k */
	{ FORMAT_CSV, "\"a b\"@example.com", FORMAT_WRITTEN },
	{ FORMAT_CSV, ERASED, FORMAT_WRITTEN },
	{ FORMAT_SHA256, ERASED, FORMAT_WRITTEN },
	{ FORMAT_MD5, ERASED, FORMAT_NO_DIGEST },
	{ FORMAT_PLAIN, ERASED, FORMAT_NO_DIGEST },
	{ FORMAT_PLAIN, "sha256:ann@example.com", FORMAT_WRITTEN },
};

START_TEST(what_is_left_out_is_counted)
{
	struct format_writer *writer = format_writer_new(left_out[_i].format);
	struct store_suppression row = plain();
	struct buf out = BUF_INIT(1 << 16);

	row.address = str_c(left_out[_i].address);
	ck_assert_int_eq(format_writer_row(writer, &row, &out), left_out[_i].fate);
	ck_assert_uint_eq(format_writer_count(writer, left_out[_i].fate), 1);
	ck_assert_int_eq(out.n == 0, left_out[_i].fate != FORMAT_WRITTEN);
	buf_release(&out);
	format_writer_free(writer);
}
END_TEST

/* Who takes digests sees no difference between an address and what is left of it. */
START_TEST(an_erased_address_has_the_same_digest)
{
	struct format_writer *writer = format_writer_new(FORMAT_SHA256);
	struct store_suppression row = plain();
	struct buf out = BUF_INIT(1 << 16);
	struct arena *arena = arena_new();

	row.address = digest_of(arena, STR("\"ann\"@example.com"));
	ck_assert(str_eq(row.address, STR(ERASED)));
	ck_assert_int_eq(format_writer_row(writer, &row, &out), FORMAT_WRITTEN);
	ck_assert(str_eq(buf_str(&out),
		STR("71d4f55f72fa128dfb468a1a3901507c804b74316488744d769d7f4b16696476\n")));
	arena_free(arena);
	buf_release(&out);
	format_writer_free(writer);
}
END_TEST

START_TEST(files_are_full_at_their_limit)
{
	struct format_writer *writer = format_writer_new(FORMAT_POSTMARK);
	struct store_suppression row = plain();
	struct buf out = BUF_INIT(1 << 16);
	char address[32];

	for (size_t i = 0; i < 100; i++) {
		if (i % 50 == 0)
			format_writer_begin(writer, &out);
		ck_assert(!format_writer_full(writer, out.n));
		snprintf(address, sizeof address, "a%03zu@example.com", i);
		row.address = str_c(address);
		ck_assert_int_eq(format_writer_row(writer, &row, &out), FORMAT_WRITTEN);
		ck_assert_int_eq(format_writer_full(writer, out.n), i % 50 == 49);
	}
	ck_assert_uint_eq(format_writer_count(writer, FORMAT_WRITTEN), 100);
	format_writer_free(writer);
	writer = format_writer_new(FORMAT_MAILGUN_BOUNCES);
	ck_assert(!format_writer_full(writer, 24000000));
	ck_assert(format_writer_full(writer, 24999999));
	format_writer_free(writer);
	buf_release(&out);
}
END_TEST

/* What folds to one for Postfix stands far apart in the order of bytes. */
START_TEST(doubles_that_are_no_neighbours)
{
	static const char *const addresses[] = { "\"ann\"@example.com", "aaa@example.com",
		"ann@example.com", "\xc3\x89@example.com", "\xc3\x8a@example.com",
		"\xc3\xa9@example.com" };
	static const bool twice[] = { false, false, true, false, false, true };
	struct format_writer *writer = format_writer_new(FORMAT_POSTFIX);
	struct store_suppression row = plain();
	struct buf out = BUF_INIT(1 << 16);

	for (size_t i = 0; i < ARRAY_LEN(addresses); i++) {
		row.address = str_c(addresses[i]);
		ck_assert_int_eq(format_writer_row(writer, &row, &out),
			twice[i] ? FORMAT_TWICE : FORMAT_WRITTEN);
	}
	buf_release(&out);
	format_writer_free(writer);
}
END_TEST

START_TEST(formats_have_names)
{
	enum format format;

	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		ck_assert(format_from_name(format_name((enum format)i), &format));
		ck_assert_uint_eq(format, i);
	}
	ck_assert(!format_from_name(STR("xls"), &format));
	ck_assert(!format_from_name(STR_EMPTY, &format));
}
END_TEST

/* ---- the words of the list ---- */

static const struct {
	const char *text, *address; /* NULL: refused */
} addresses[] = {
	{ "Ann@Example.COM", "ann@example.com" },
	{ "  ann@example.com\r\n", "ann@example.com" },
	{ "J\xc3\x9cRGEN@example.com", "j\xc3\x9crgen@example.com" },
	{ "\"john doe\"@example.com", "\"john doe\"@example.com" },
	{ "a@b@example.com", "a@b@example.com" },
	{ "ann", NULL },
	{ "@example.com", NULL },
	{ "ann@", NULL },
	{ "john doe@example.com", NULL },
	{ "ann@exam ple.com", NULL },
	{ "ann@a,b", NULL },
	{ "a\tb@example.com", NULL },
	{ "a\x7f@example.com", NULL },
	{ "a\xff@example.com", NULL },
	{ "", NULL },
};

START_TEST(addresses_have_one_form)
{
	struct arena *arena = arena_new();
	struct str address;
	bool ok = suppression_address(arena, str_c(addresses[_i].text), &address);

	ck_assert_int_eq(ok, addresses[_i].address != NULL);
	if (ok)
		ck_assert(str_eq(address, str_c(addresses[_i].address)));
	arena_free(arena);
}
END_TEST

START_TEST(a_long_address_is_refused_not_cut)
{
	struct arena *arena = arena_new();
	char text[LIMIT_ADDRESS_BYTES + 1];
	struct str address;

	memset(text, 'x', sizeof text);
	text[10] = '@';
	ck_assert(suppression_address(arena, str_from(text, LIMIT_ADDRESS_BYTES), &address));
	ck_assert_uint_eq(suppression_domain(address).n, LIMIT_ADDRESS_BYTES - 11);
	ck_assert(!suppression_address(arena, str_from(text, LIMIT_ADDRESS_BYTES + 1), &address));
	ck_assert_uint_eq(suppression_domain(STR("none")).n, 0);
	arena_free(arena);
}
END_TEST

START_TEST(words_have_names)
{
	enum suppression_state state;

	for (size_t i = 0; i < SUPPRESSION_STATE_COUNT; i++) {
		ck_assert(suppression_state_from_name(
			suppression_state_name((enum suppression_state)i), &state));
		ck_assert_uint_eq(state, i);
	}
	ck_assert(!suppression_state_from_name(STR("gone"), &state));
	for (size_t i = 0; i < DECISION_COUNT; i++)
		ck_assert(decision_name((enum decision)i).n);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suppress_format");
	TCase *tcase = tcase_create("format");

	tcase_add_loop_test(tcase, rows_are_written, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(tcase, whole_files_are_written, 0, ARRAY_LEN(files));
	tcase_add_loop_test(tcase, what_is_left_out_is_counted, 0, ARRAY_LEN(left_out));
	tcase_add_test(tcase, files_are_full_at_their_limit);
	tcase_add_test(tcase, an_erased_address_has_the_same_digest);
	tcase_add_test(tcase, doubles_that_are_no_neighbours);
	tcase_add_test(tcase, formats_have_names);
	tcase_add_loop_test(tcase, addresses_have_one_form, 0, ARRAY_LEN(addresses));
	tcase_add_test(tcase, a_long_address_is_refused_not_cut);
	tcase_add_test(tcase, words_have_names);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
