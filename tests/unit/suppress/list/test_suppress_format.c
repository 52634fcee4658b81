// links: suppress/list store
// Check program of the formats of the suppression list: the columns, quoting, and what is not known.
#include "core/limits.h"
#include "core/suppression.h"
#include "suppress/list/format.h"
#include "tests/support/suite.h"

#include <check.h>
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
	struct buf out = BUF_INIT(1 << 16);

	format_row(cases[_i].format, &row, &out);
	ck_assert_int_eq(buf_check(&out), ERR_OK);
	ck_assert_uint_eq(out.n, strlen(cases[_i].text));
	ck_assert_mem_eq(out.p, cases[_i].text, out.n);
	buf_release(&out);
}
END_TEST

START_TEST(only_csv_has_a_header)
{
	struct buf out = BUF_INIT(1 << 16);

	format_head(FORMAT_NDJSON, &out);
	ck_assert_uint_eq(out.n, 0);
	format_head(FORMAT_CSV, &out);
	ck_assert(str_eq(buf_str(&out), STR(HEADER)));
	buf_release(&out);
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
	tcase_add_test(tcase, only_csv_has_a_header);
	tcase_add_test(tcase, formats_have_names);
	tcase_add_loop_test(tcase, addresses_have_one_form, 0, ARRAY_LEN(addresses));
	tcase_add_test(tcase, a_long_address_is_refused_not_cut);
	tcase_add_test(tcase, words_have_names);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
