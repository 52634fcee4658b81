// links: spool
// Check program of core/: the shared words.
#include "core/buf.h"
#include "core/envelope.h"
#include "core/frame.h"
#include "core/json_out.h"
#include "core/limits.h"
#include "core/report_json.h"
#include "core/status_code.h"
#include "core/utf8.h"
#include "spool/counter.h"
#include "spool/crc32c.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define ck_str(a, b)                                                                               \
	do {                                                                                       \
		struct str a_ = (a), b_ = (b);                                                     \
		ck_assert_msg(                                                                     \
			str_eq(a_, b_), "\"%.*s\" is not \"%.*s\"", STR_ARG(a_), STR_ARG(b_));     \
	} while (0)

START_TEST(str_cuts_and_trims)
{
	struct str before, behind, rest = STR("one\r\ntwo\n\nfour"), line;

	ck_assert(str_cut(STR("a;b;c"), ';', &before, &behind));
	ck_str(before, STR("a"));
	ck_str(behind, STR("b;c"));
	ck_assert(!str_cut(STR("abc"), ';', &before, &behind));
	ck_str(str_trim(STR(" \t x y \r\n")), STR("x y"));
	ck_assert(str_next_line(&rest, &line));
	ck_str(line, STR("one"));
	ck_assert(str_next_line(&rest, &line) && str_next_line(&rest, &line));
	ck_assert_uint_eq(line.n, 0);
	ck_assert(str_next_line(&rest, &line));
	ck_str(line, STR("four"));
	ck_assert(!str_next_line(&rest, &line));
}
END_TEST

START_TEST(str_finds_without_case)
{
	ck_assert_uint_eq(str_ifind(STR("No Such User"), STR("such user")), 3);
	ck_assert_uint_eq(str_ifind(STR("ab"), STR("abc")), STR_NPOS);
	ck_assert_uint_eq(str_find((struct str){ NULL, 0 }, STR("a")), STR_NPOS);
	ck_assert(str_eq((struct str){ NULL, 0 }, STR_EMPTY));
	ck_assert(str_iends(STR("x.EXAMPLE"), STR(".example")));
}
END_TEST

START_TEST(numbers_stop_at_their_limit)
{
	uint64_t value = 7;

	ck_assert(str_to_u64(STR("255"), 255, &value));
	ck_assert_uint_eq(value, 255);
	ck_assert(!str_to_u64(STR("256"), 255, &value));
	ck_assert(!str_to_u64(STR("99999999999999999999"), UINT64_MAX, &value));
	ck_assert(str_to_u64(STR("18446744073709551615"), UINT64_MAX, &value));
	ck_assert(!str_to_u64(STR(""), 9, &value));
	ck_assert(!str_to_u64(STR("-1"), 9, &value));
}
END_TEST

START_TEST(buf_refuses_over_its_cap)
{
	struct buf buf = BUF_INIT(4);

	buf_put(&buf, STR("abcd"));
	ck_assert_int_eq(buf_check(&buf), ERR_OK);
	buf_putc(&buf, 'e');
	ck_assert_int_eq(buf_check(&buf), ERR_LIMIT);
	ck_str(buf_str(&buf), STR("abcd"));
	buf_release(&buf);
}
END_TEST

static const struct {
	struct str in, out;
} utf8_cases[] = {
	{ STR_INIT("plain"), STR_INIT("plain") },
	{ STR_INIT("gr\xC3\xBC\xC3\x9F"), STR_INIT("gr\xC3\xBC\xC3\x9F") },
	{ STR_INIT("a\0b"), STR_INIT("a\xEF\xBF\xBD"
				     "b") },
	{ STR_INIT("\xC0\x80"), STR_INIT("\xEF\xBF\xBD\xEF\xBF\xBD") },
	{ STR_INIT("\xED\xA0\x80"), STR_INIT("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") },
	{ STR_INIT("x\xE2\x82"), STR_INIT("x\xEF\xBF\xBD\xEF\xBF\xBD") },
	{ STR_INIT("\xF4\x90\x80\x80"),
		STR_INIT("\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD") },
};

START_TEST(utf8_is_mended)
{
	struct arena *arena = arena_new();
	struct str clean = utf8_clean(arena, utf8_cases[_i].in);

	ck_str(clean, utf8_cases[_i].out);
	ck_assert(utf8_valid(clean));
	arena_free(arena);
}
END_TEST

START_TEST(crc32c_matches_the_rfc)
{
	char zeros[32] = { 0 };

	/* RFC 3720 B.4: 32 bytes of zero give aa 36 91 8a. */
	ck_assert_uint_eq(crc32c(0, str_from(zeros, 32)), 0x8A9136AA);
	ck_assert_uint_eq(crc32c(0, STR("123456789")), 0xE3069283);
	ck_assert_uint_eq(crc32c_portable(0, STR("123456789")), 0xE3069283);
	ck_assert_uint_eq(crc32c(crc32c(0, STR("1234")), STR("56789")), 0xE3069283);
}
END_TEST

static const struct {
	const char *text;
	unsigned class, subject, detail; /* class 0: refused */
} status_cases[] = {
	{ "5.1.1", 5, 1, 1 },
	{ "4.7.650", 4, 7, 650 },
	{ "2.0.0", 2, 0, 0 },
	{ "3.1.1", 0, 0, 0 },
	{ "5.1", 0, 0, 0 },
	{ "5.01.1", 0, 0, 0 },
	{ "5.1.1000", 0, 0, 0 },
	{ "5.1.1.1", 0, 0, 0 },
	{ "5.1.1x", 0, 0, 0 },
	{ "", 0, 0, 0 },
	{ "55.1.1", 0, 0, 0 },
};

START_TEST(status_codes_are_read_whole)
{
	struct status_code code = { 0, 0, 0 };
	bool ok = status_code_parse(str_c(status_cases[_i].text), &code);

	ck_assert_int_eq(ok, status_cases[_i].class != 0);
	ck_assert_uint_eq(code.class, status_cases[_i].class);
	ck_assert_uint_eq(code.detail, status_cases[_i].detail);
}
END_TEST

START_TEST(status_registry_is_sorted_and_unique)
{
	struct status_code last = { 5, 0, 0 }, code;
	struct str meaning;
	enum reason reason;

	for (size_t i = 0; i < status_code_count(); i++) {
		status_code_row(i, &code, &meaning, &reason);
		ck_assert(meaning.n);
		ck_assert(!i || code.subject > last.subject ||
			  (code.subject == last.subject && code.detail > last.detail));
		last = code;
	}
	ck_assert_int_eq(
		status_code_reason((struct status_code){ 5, 1, 1 }), REASON_RECIPIENT_UNKNOWN);
	ck_assert_int_eq(
		status_code_reason((struct status_code){ 5, 4, 99 }), REASON_NETWORK_UNREACHABLE);
	ck_assert_int_eq(
		status_code_reason((struct status_code){ 5, 9, 9 }), REASON_UNKNOWN_UNCLASSIFIED);
}
END_TEST

START_TEST(words_are_unique_and_go_both_ways)
{
	for (size_t i = 0; i < REASON_COUNT; i++) {
		enum reason reason = REASON_NONE;

		ck_assert_int_eq(reason_from_name(reason_name((enum reason)i), &reason), i != 0);
		ck_assert_uint_eq(reason, i);
		ck_assert_int_eq(reason_class((enum reason)i) == CLASS_NONE, i == 0);
	}
	for (size_t i = 0; i < KIND_COUNT; i++) {
		enum kind kind = KIND_COUNT;

		ck_assert(kind_from_name(kind_name((enum kind)i), &kind));
		ck_assert_uint_eq(kind, i);
	}
	for (size_t i = 0; i < FLAW_COUNT; i++) {
		enum flaw flaw = FLAW_COUNT;

		ck_assert(flaw_from_name(flaw_name((enum flaw)i), &flaw));
		ck_assert_uint_eq(flaw, i);
	}
}
END_TEST

START_TEST(envelope_goes_both_ways_and_refuses_every_head)
{
	struct arena *arena = arena_new();
	struct str paths[] = { STR("a@example.com"), STR("b@example.com") };
	struct envelope in = { .source = SOURCE_HTTP,
		.flags = ENVELOPE_TLS,
		.received_at_us = -5,
		.peer = STR("192.0.2.1"),
		.helo = STR("mx"),
		.reverse_path = STR_EMPTY,
		.forward_paths = paths,
		.n_forward_paths = 2,
		.stream = STR("news") },
			out;
	struct buf buf = BUF_INIT(4096);

	envelope_encode(&in, &buf);
	ck_assert_int_eq(envelope_decode(arena, buf_str(&buf), &out), ERR_OK);
	ck_assert_int_eq(out.received_at_us, -5);
	ck_str(out.forward_paths[1], paths[1]);
	ck_str(out.stream, in.stream);
	for (size_t n = 0; n < buf.n; n++)
		ck_assert_int_eq(
			envelope_decode(arena, str_head(buf_str(&buf), n), &out), ERR_SYNTAX);
	buf_release(&buf);
	arena_free(arena);
}
END_TEST

/* A version comes only with what the one before it cannot say, so that older programs read the rest. */
START_TEST(envelope_with_dsn_is_another_version)
{
	struct arena *arena = arena_new();
	struct str paths[] = { STR("a@example.com"), STR("b@example.com") };
	struct envelope_dsn dsn[] = { { 0, STR_EMPTY },
		{ NOTIFY_FAILURE, STR("rfc822;ann@example.com") } };
	struct envelope in = { .forward_paths = paths, .n_forward_paths = 2 }, out;
	struct buf buf = BUF_INIT(4096);

	envelope_encode(&in, &buf);
	ck_assert_int_eq(buf.p[0], 1);
	ck_assert_int_eq(envelope_decode(arena, buf_str(&buf), &out), ERR_OK);
	ck_assert(out.dsn == NULL);
	buf_reset(&buf);
	in.dsn = dsn;
	in.ret = RET_HDRS;
	envelope_encode(&in, &buf);
	ck_assert_int_eq(buf.p[0], 2);
	ck_assert_int_eq(envelope_decode(arena, buf_str(&buf), &out), ERR_OK);
	ck_assert_int_eq(out.ret, RET_HDRS);
	ck_assert_uint_eq(out.dsn[0].notify, 0);
	ck_assert_uint_eq(out.dsn[1].notify, NOTIFY_FAILURE);
	ck_str(out.dsn[1].original, dsn[1].original);
	for (size_t n = 1; n < buf.n; n++)
		ck_assert_int_eq(
			envelope_decode(arena, str_head(buf_str(&buf), n), &out), ERR_SYNTAX);
	buf_reset(&buf);
	in.dsn = NULL;
	in.delivered_at_us = 77;
	envelope_encode(&in, &buf);
	ck_assert_int_eq(buf.p[0], 3);
	ck_assert_int_eq(envelope_decode(arena, buf_str(&buf), &out), ERR_OK);
	ck_assert_int_eq(out.delivered_at_us, 77);
	for (size_t n = 1; n < buf.n; n++)
		ck_assert_int_eq(
			envelope_decode(arena, str_head(buf_str(&buf), n), &out), ERR_SYNTAX);
	buf.p[0] = 4;
	ck_assert_int_eq(envelope_decode(arena, buf_str(&buf), &out), ERR_NEWER);
	buf_release(&buf);
	arena_free(arena);
}
END_TEST

START_TEST(frames_come_out_whole_at_every_cut)
{
	struct buf buf = BUF_INIT(4096);
	enum frame_type type;
	struct str body;
	size_t n, place = frame_begin(&buf, FRAME_REPORT);

	buf_put(&buf, STR("{}"));
	ck_assert_int_eq(frame_end(&buf, place), ERR_OK);
	for (size_t cut = 0; cut < buf.n; cut++)
		ck_assert_int_eq(
			frame_next(str_head(buf_str(&buf), cut), &type, &body, &n), STEP_MORE);
	ck_assert_int_eq(frame_next(buf_str(&buf), &type, &body, &n), STEP_DONE);
	ck_assert_int_eq(type, FRAME_REPORT);
	ck_str(body, STR("{}"));
	ck_assert_uint_eq(n, buf.n);
	buf.p[4] = 99;
	ck_assert_int_eq(frame_next(buf_str(&buf), &type, &body, &n), STEP_BAD);
	buf_release(&buf);
}
END_TEST

static const struct {
	const char *text, *back; /* back NULL: refused */
} time_cases[] = {
	{ "2026-11-23T10:00:00Z", "2026-11-23T10:00:00Z" },
	{ "2026-11-23T10:00:00.25+01:30", "2026-11-23T08:30:00.250000Z" },
	{ "2024-02-29", "2024-02-29T00:00:00Z" },
	{ "1969-12-31T23:59:59Z", "1969-12-31T23:59:59Z" },
	{ "2023-02-29", NULL },
	{ "2026-13-01", NULL },
	{ "2026-11-23T10:00:00", NULL },
	{ "2026-11-23T10:00:00Zx", NULL },
	{ "2026-11-23T24:00:00Z", NULL },
	{ "0000-01-01", NULL },
};

START_TEST(moments_go_both_ways)
{
	char room[TIMESTAMP_TEXT_BYTES];
	int64_t at_us = 0;
	bool ok = timestamp_parse(str_c(time_cases[_i].text), &at_us);

	ck_assert_int_eq(ok, time_cases[_i].back != NULL);
	if (ok)
		ck_str(timestamp_format(at_us, room), str_c(time_cases[_i].back));
}
END_TEST

/* A faulty byte is found wherever it stands, among bytes that are looked at eight at a time. */
START_TEST(a_faulty_byte_is_found_anywhere)
{
	static const char bad[] = { '\0', '\x80', '\xFF', '\xC3' };
	char text[40];

	memset(text, '\x7F', sizeof text);
	ck_assert(utf8_valid(str_from(text, sizeof text)));
	for (size_t at = 0; at < sizeof text; at++)
		for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
			memset(text, at % 2 ? '\x7F' : '\x01', sizeof text);
			text[at] = bad[i];
			ck_assert(utf8_valid(str_from(text, at)));
			ck_assert(!utf8_valid(str_from(text, at + 1)));
			ck_assert(!utf8_valid(str_from(text, sizeof text)));
		}
}
END_TEST

static size_t find_slowly(struct str s, struct str needle)
{
	for (size_t i = 0; needle.n <= s.n && i <= s.n - needle.n; i++)
		if (str_ieq(str_slice(s, i, i + needle.n), needle))
			return i;
	return STR_NPOS;
}

/* `number` written with the digits "aAb@". */
static struct str letters(unsigned number, size_t n, char *room)
{
	for (size_t i = 0; i < n; i++)
		room[i] = "aAb@"[number >> 2 * i & 3];
	return str_from(room, n);
}

/* Every text of five bytes and every needle of up to three, beside the plainest search. */
START_TEST(str_finds_what_a_plain_search_finds)
{
	char text_room[5], needle_room[3];
	unsigned wrong = 0;

	for (unsigned t = 0; t < 1024; t++)
		for (unsigned k = 0; k < 64 * 3; k++) {
			struct str text = letters(t, sizeof text_room, text_room);
			struct str needle = letters(k / 3, k % 3 + 1, needle_room);

			wrong += str_ifind(text, needle) != find_slowly(text, needle);
		}
	ck_assert_uint_eq(wrong, 0);
	ck_assert_uint_eq(str_ifind(STR("ab"), STR("abc")), STR_NPOS);
	ck_assert_uint_eq(str_ifind(STR_EMPTY, STR("a")), STR_NPOS);
	ck_assert_uint_eq(str_ifind(STR_EMPTY, STR_EMPTY), 0);
}
END_TEST

static void out_all(struct json_out *w)
{
	json_out_open(w, '{');
	json_out_key(w, STR("empty"));
	json_out_open(w, '[');
	json_out_close(w, ']');
	json_out_key(w, STR("list"));
	json_out_open(w, '[');
	json_out_number(w, 0);
	json_out_number(w, UINT64_MAX);
	json_out_share(w, 0);
	json_out_share(w, 0.4);
	json_out_share(w, 0.7448);
	json_out_share(w, 1);
	json_out_close(w, ']');
	json_out_key(w, STR("text"));
	json_out_text(w, STR("a\"b\\c\n\t\r\b\f\x1F\x7F/\xC3\xBC"));
	json_out_key(w, STR("none"));
	json_out_text(w, STR_EMPTY);
	json_out_key(w, STR("bad"));
	json_out_text(w, STR("\xC3"));
	json_out_close(w, '}');
}

START_TEST(json_is_written_in_both_styles)
{
	struct buf buf = BUF_INIT(4096);
	struct json_out line = { .out = &buf }, pretty = { .out = &buf, .pretty = true };

	out_all(&line);
	ck_str(buf_str(&buf),
		STR("{\"empty\":[],\"list\":[0,18446744073709551615,0.0,0.4,0.7448,1.0],"
		    "\"text\":\"a\\\"b\\\\c\\n\\t\\r\\b\\f\\u001F\\u007F/\xC3\xBC\",\"none\":null,"
		    "\"bad\":null}"));
	buf_reset(&buf);
	out_all(&pretty);
	ck_assert(str_starts(buf_str(&buf),
		STR("{\n  \"empty\": [],\n  \"list\": [\n    0,\n    18446744073709551615,\n")));
	ck_assert(str_ends(buf_str(&buf), STR("\n  ],\n  \"text\": \"a\\\"b\\\\c\\n\\t\\r\\b\\f"
					      "\\u001F\\u007F/\xC3\xBC\",\n  \"none\": null,\n  "
					      "\"bad\": null\n}")));
	buf_release(&buf);
}
END_TEST

START_TEST(report_json_goes_both_ways)
{
	struct report_json_options options = { REPORT_JSON_LINE, REPORT_JSON_OUR_NAMES };
	struct arena *arena = arena_new();
	struct report in, out;
	struct event event;
	struct buf one = BUF_INIT(65536), two = BUF_INIT(65536);

	report_init(&in);
	event_init(&event);
	event.recipient = event.final_recipient = STR("ann@example.com");
	event.status = STR("5.1.1");
	event.reply_code = 550;
	event.reason = REASON_RECIPIENT_UNKNOWN;
	event.class = CLASS_HARD;
	event.diagnostic = STR("550 5.1.1 no \"such\" user");
	event.rule = (struct rule_ref){ STR("text.x.1"), LAYER_TEXT, 10, 24 };
	event.confidence = 0.98;
	event.arrival_date_us = 1;
	in.kind = KIND_BOUNCE;
	in.events = &event;
	in.n_events = 1;
	in.flaws = FLAW_BIT(FLAW_NO_ACTION);
	in.token = (struct token_ref){ TOKEN_UNKNOWN, STR("b1.x"), STR("ann@example.com") };
	ck_assert_int_eq(report_json_write(&in, STR_EMPTY, options, &one), ERR_OK);
	ck_assert_int_eq(report_json_read(arena, buf_str(&one), &out), ERR_OK);
	ck_assert_int_eq(report_json_write(&out, STR_EMPTY, options, &two), ERR_OK);
	ck_str(buf_str(&one), buf_str(&two));
	ck_assert_uint_eq(out.events[0].rule.span_to, 24);
	ck_assert_int_eq(report_json_read(arena, STR("{\"kind\":\"nonsense\"}"), &out), ERR_SYNTAX);
	ck_assert_int_eq(report_json_read(arena, STR("[]"), &out), ERR_SYNTAX);
	buf_release(&one);
	buf_release(&two);
	arena_free(arena);
}
END_TEST

START_TEST(counters_have_names_of_their_own)
{
	for (int i = 0; i < COUNTER_COUNT; i++) {
		const struct counter_row *row = counter_row((enum counter)i);

		ck_assert_int_eq(str_ends(str_c(row->name), STR("_total")),
			str_eq(str_c(row->type), STR("counter")));
		for (int j = 0; j < i; j++)
			ck_assert_str_ne(row->name, counter_row((enum counter)j)->name);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("core");
	TCase *tcase = tcase_create("core");

	tcase_add_test(tcase, counters_have_names_of_their_own);
	tcase_add_test(tcase, str_cuts_and_trims);
	tcase_add_test(tcase, str_finds_without_case);
	tcase_add_test(tcase, numbers_stop_at_their_limit);
	tcase_add_test(tcase, buf_refuses_over_its_cap);
	tcase_add_loop_test(tcase, utf8_is_mended, 0, ARRAY_LEN(utf8_cases));
	tcase_add_test(tcase, crc32c_matches_the_rfc);
	tcase_add_loop_test(tcase, status_codes_are_read_whole, 0, ARRAY_LEN(status_cases));
	tcase_add_test(tcase, status_registry_is_sorted_and_unique);
	tcase_add_test(tcase, words_are_unique_and_go_both_ways);
	tcase_add_test(tcase, envelope_with_dsn_is_another_version);
	tcase_add_test(tcase, envelope_goes_both_ways_and_refuses_every_head);
	tcase_add_test(tcase, frames_come_out_whole_at_every_cut);
	tcase_add_loop_test(tcase, moments_go_both_ways, 0, ARRAY_LEN(time_cases));
	tcase_add_test(tcase, a_faulty_byte_is_found_anywhere);
	tcase_add_test(tcase, str_finds_what_a_plain_search_finds);
	tcase_add_test(tcase, json_is_written_in_both_styles);
	tcase_add_test(tcase, report_json_goes_both_ways);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
