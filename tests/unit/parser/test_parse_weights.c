// links: parser
// likeness: own
// A program whose weights are damaged says so and judges nothing: without them it would judge otherwise than its tests say.
#include "core/arena.h"
#include "core/embedded.h"
#include "parser/parse.h"
#include "tests/support/suite.h"

#include <check.h>

static const char damaged[] = "LIKE, and not much more";
struct embedded_file likeness_embedded[] = { { "likeness.weights", damaged, sizeof damaged },
	{ 0 } };

static struct arena *arena;
static struct parse_rules *rules;
static struct str trouble;

static enum err load(void)
{
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);

	return parse_rules_load(arena, sources, n, &rules, &trouble);
}

static void setup(void)
{
	arena = arena_new();
	rules = NULL;
	trouble = STR_EMPTY;
}

static void teardown(void)
{
	parse_rules_free(rules);
	arena_free(arena);
}

START_TEST(damaged_weights_are_an_error_that_is_said)
{
	ck_assert_int_eq(load(), ERR_CORRUPT);
	ck_assert_ptr_null(rules);
	ck_assert_uint_ne(str_find(trouble, STR("likeness.weights")), STR_NPOS);
}
END_TEST

/* As the programs of the build are, which learn them. */
START_TEST(none_at_all_are_none)
{
	likeness_embedded[0].name = NULL;
	ck_assert_int_eq(load(), ERR_OK);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_weights");
	TCase *tc = tcase_create("weights");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, damaged_weights_are_an_error_that_is_said);
	tcase_add_test(tc, none_at_all_are_none);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
