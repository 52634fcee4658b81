// Check program of core/sink: what ends a line or commands a reader passes nowhere, and everything else does.
#include "core/sink.h"
#include "core/utf8.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	const char *text, *on[SINK_COUNT];
} cases[] = {
	{ "", { "", "", "" } },
	{ "Gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80 \xc2\xa0|",
		{ "Gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80 \xc2\xa0|",
			"Gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80 \xc2\xa0|",
			"Gr\xc3\xbc\xc3\x9f \xe4\xb8\xad \xf0\x9f\x98\x80 \xc2\xa0|" } },
	{ "a\x1b[31mb\x7f", { "a?[31mb?", "a [31mb ", "a\x1b[31mb\\u007F" } },
	{ "a\xc2\x85"
	  "b\xc2\x9b",
		{ "a?b?", "a b ", "a\\u0085b\\u009B" } },
	{ "a\xe2\x80\xa8"
	  "b\xe2\x80\xa9",
		{ "a?b?", "a b ", "a\\u2028b\\u2029" } },
	{ "a\xe2\x80\xae"
	  "b\xe2\x81\xa6"
	  "c\xd8\x9c",
		{ "a?b?c?",
			"a\xe2\x80\xae"
			"b\xe2\x81\xa6"
			"c\xd8\x9c",
			"a\xe2\x80\xae"
			"b\xe2\x81\xa6"
			"c\xd8\x9c" } },
	{ "a\r\nb", { "a??b", "a  b", "a\r\nb" } },
	{ "\xc2", { "\xc2", "\xc2", "\xc2" } },
};

START_TEST(what_harms_does_not_pass)
{
	for (enum sink sink = 0; sink < SINK_COUNT; sink++) {
		struct buf out = BUF_INIT(200);
		struct str wanted = str_c(cases[_i].on[sink]);

		sink_put(&out, sink, str_c(cases[_i].text));
		ck_assert_msg(str_eq(buf_str(&out), wanted), "sink %d: %.*s is not %.*s", (int)sink,
			STR_ARG(buf_str(&out)), STR_ARG(wanted));
		buf_release(&out);
	}
}
END_TEST

/* Every code point: no reader that goes by lines finds an end in what is left. */
START_TEST(every_code_point_is_one_line)
{
	for (unsigned long point = 1; point < 0x3000; point++) {
		char room[4];
		struct str text = str_from(room, utf8_put(point, room));
		bool ends = (point >= 0x0A && point <= 0x0D) || (point >= 0x1C && point <= 0x1E) ||
			    point == 0x85 || point == 0x2028 || point == 0x2029;

		if (ends)
			ck_assert_uint_eq(sink_harm(SINK_CSV, text), text.n);
		if (ends && point > 0x7F)
			ck_assert_uint_eq(sink_harm(SINK_JSON, text), text.n);
		if (point >= 0xA0 && point < 0x600)
			ck_assert_uint_eq(sink_harm(SINK_TERMINAL, text), 0);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sink");
	TCase *tests = tcase_create("sink");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
		tests, what_harms_does_not_pass, 0, (int)(sizeof cases / sizeof *cases));
	tcase_add_test(tests, every_code_point_is_one_line);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
