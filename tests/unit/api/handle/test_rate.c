// links: api_handle store
// Check program of rates: numbers by hand, and the cases without a rate.
#include "api/handle/rate.h"
#include "store/form/template.h"
#include "tests/support/suite.h"

#include <check.h>

static const struct {
	uint64_t failed, attempted;
	double low, high;
} wilson_cases[] = {
	/* Computed apart from this program. */
	{ 50, 1000, 0.03813026, 0.06531382 },
	{ 0, 100, 0, 0.03699350 },
	{ 100, 100, 0.96300650, 1 },
	{ 1, 1, 0.20654931, 1 },
	{ 0, 1, 0, 0.79345069 },
	{ 5, 10, 0.23659309, 0.76340691 },
};

START_TEST(wilson_interval)
{
	double low, high;

	rate_wilson(wilson_cases[_i].failed, wilson_cases[_i].attempted, &low, &high);
	ck_assert_double_eq_tol(low, wilson_cases[_i].low, 1e-7);
	ck_assert_double_eq_tol(high, wilson_cases[_i].high, 1e-7);
}
END_TEST

static const struct {
	const char *what;
	struct store_counts counts;
	bool known, has_coverage;
	double failure, coverage;
	unsigned flags;
} rate_cases[] = {
	{ "nothing at all", { 0 }, false, false, 0, 0, RATE_NO_VOLUME },
	{ "failures without a volume", { .failed = 3 }, false, true, 0, 0, RATE_NO_VOLUME },
	{ "a volume without failures", { .has_volume = true, .attempted = 10 }, true, false, 0, 0,
		0 },
	{ "a volume of 0", { .has_volume = true, .failed = 1, .failed_covered = 1 }, false, true, 0,
		1, RATE_NO_VOLUME },
	{ "whole coverage",
		{ .has_volume = true, .attempted = 10, .failed = 5, .failed_covered = 5 }, true,
		true, 0.5, 1, 0 },
	{ "part of the coverage",
		{ .has_volume = true, .attempted = 10, .failed = 8, .failed_covered = 2 }, true,
		true, 0.2, 0.25, RATE_PARTLY_COVERED },
	{ "as many failures as attempts",
		{ .has_volume = true, .attempted = 5, .failed = 5, .failed_covered = 5 }, true,
		true, 1, 1, 0 },
	{ "one failure more",
		{ .has_volume = true, .attempted = 5, .failed = 6, .failed_covered = 6 }, false,
		true, 0, 1, RATE_OVER_ATTEMPTED },
};

START_TEST(rates)
{
	struct rates got = rates_of(&rate_cases[_i].counts);

	ck_assert_msg(got.known == rate_cases[_i].known, "%s", rate_cases[_i].what);
	ck_assert_msg(got.has_coverage == rate_cases[_i].has_coverage, "%s", rate_cases[_i].what);
	ck_assert_msg(got.flags == rate_cases[_i].flags, "%s", rate_cases[_i].what);
	ck_assert_double_eq_tol(got.failure, rate_cases[_i].failure, 1e-12);
	ck_assert_double_eq_tol(got.coverage, rate_cases[_i].coverage, 1e-12);
	ck_assert(!got.known || (got.low <= got.failure && got.failure <= got.high));
}
END_TEST

START_TEST(parts_add_up)
{
	const struct store_counts counts = { .has_volume = true,
		.attempted = 100,
		.failed = 10,
		.failed_covered = 10,
		.hard_covered = 5,
		.soft_covered = 3,
		.block_covered = 2 };
	struct rates got = rates_of(&counts);

	ck_assert_double_eq_tol(got.hard + got.soft + got.block, got.failure, 1e-12);
}
END_TEST

static const struct {
	struct str in, out;
} template_cases[] = {
	{ STR_INIT("550 5.1.1 <ann@example.com>: user 17 unknown"),
		STR_INIT("550 5.1.1 <*>: user # unknown") },
	{ STR_INIT("550-5.1.1 The email account bob@example.com does not exist. a12-2002sm3pf - "
		   "gsmtp"),
		STR_INIT("550-5.1.1 The email account * does not exist. #-# - gsmtp") },
	{ STR_INIT("421 4.7.0 [192.0.2.1]   try\r\n again"), STR_INIT("421 4.7.0 [#] try again") },
	{ STR_INIT("554 delivery error: dd"), STR_INIT("554 delivery error: dd") },
	{ STR_INIT("600 199 5.1.x 9.1.1"), STR_INIT("# # # #") },
	{ STR_INIT(""), STR_INIT("") },
	{ STR_INIT("<"), STR_INIT("<") },
	{ STR_INIT("a < b"), STR_INIT("a < b") },
	{ STR_INIT("..."), STR_INIT("...") },
	{ STR_INIT("Empf\xC3\xA4nger unbekannt"), STR_INIT("Empf\xC3\xA4nger unbekannt") },
};

START_TEST(templates_mask_what_differs)
{
	struct arena *arena = arena_new();
	struct str got = template_make(arena, template_cases[_i].in);

	ck_assert_msg(str_eq(got, template_cases[_i].out), "\"%.*s\"", STR_ARG(got));
	arena_free(arena);
}
END_TEST

/* A link is whole or not there. */
START_TEST(templates_are_cut_between_words)
{
	static const char link[] = "https://support.mail.example/answer/?p=No-Such-User&lang=en";
	struct arena *arena = arena_new();

	for (size_t n = 0; n < 2 * TEMPLATE_BYTES; n++) {
		struct str text = STR("550"), got;

		for (size_t i = 0; i < n; i += 5)
			text = arena_printf(arena, "%.*s word", STR_ARG(text));
		text = arena_printf(
			arena, "%.*s%.*s %s", STR_ARG(text), (int)(n % 5), "xxxxx", link);
		got = template_make(arena, text);
		ck_assert_uint_le(got.n, TEMPLATE_BYTES);
		ck_assert(str_starts(text, got));
		ck_assert_msg(got.n == text.n || text.p[got.n] == ' ', "%.*s", STR_ARG(got));
	}
	arena_free(arena);
}
END_TEST

START_TEST(templates_end_at_their_limit)
{
	static char text[4000];
	struct arena *arena = arena_new();
	struct str got;

	for (size_t i = 0; i + 1 < sizeof text; i += 2) {
		text[i] = (char)0xC3;
		text[i + 1] = (char)0xA4;
	}
	got = template_make(arena, str_from(text, TEMPLATE_BYTES));
	ck_assert_uint_eq(got.n, TEMPLATE_BYTES);
	got = template_make(arena, str_from(text, TEMPLATE_BYTES + 2));
	ck_assert_uint_eq(got.n, TEMPLATE_BYTES);
	text[0] = 'x'; /* now a sequence lies across the limit */
	text[1] = 'y';
	text[2] = 'z';
	got = template_make(arena, str_skip(str_from(text, sizeof text), 2));
	ck_assert_uint_le(got.n, TEMPLATE_BYTES);
	arena_free(arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rate");
	TCase *tests = tcase_create("rate");

	tcase_add_loop_test(tests, wilson_interval, 0, ARRAY_LEN(wilson_cases));
	tcase_add_loop_test(tests, rates, 0, ARRAY_LEN(rate_cases));
	tcase_add_test(tests, parts_add_up);
	tcase_add_loop_test(tests, templates_mask_what_differs, 0, ARRAY_LEN(template_cases));
	tcase_add_test(tests, templates_are_cut_between_words);
	tcase_add_test(tests, templates_end_at_their_limit);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
