// links: parser
// Check program of parser/: the patterns that the build compiled are used wherever they can be.
#include "parser/notice/format.h"
#include "parser/parse.h"
#include "parser/reason/rules.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { SOURCES = 64 };
static struct arena *arena;
static struct parse_source sources[SOURCES];
static size_t n_sources; /* [0] is the operator's, to be filled in */

static void setup(void)
{
	const struct parse_source *builtin;

	arena = arena_new();
	n_sources = parse_builtin_sources(&builtin) + 1;
	ck_assert_uint_lt(n_sources, SOURCES);
	memcpy(sources + 1, builtin, (n_sources - 1) * sizeof *sources);
}

static void teardown(void)
{
	arena_free(arena);
}

static struct rules *load(const struct parse_source *from, size_t n)
{
	struct rules *rules = NULL;
	struct str trouble = STR_EMPTY;

	ck_assert_msg(!rules_load(arena, from, n, &rules, &trouble), "%.*s", STR_ARG(trouble));
	return rules;
}

static struct str first_rule(const struct rules *rules, struct str text)
{
	const struct matcher *matcher = rules_matcher(rules);
	struct matcher_scratch *scratch = matcher_scratch_new(&matcher, 1);
	struct rule_hit hit = rules_first(rules, scratch, &(struct rule_facts){ 0 }, text);

	matcher_scratch_free(scratch);
	return hit.rule ? hit.rule->id : STR_EMPTY;
}

START_TEST(builtin_patterns_come_from_the_build)
{
	struct rules *rules = load(sources + 1, n_sources - 1);
	struct formats *formats = formats_new();

	ck_assert(matcher_is_embedded(rules_matcher(rules)));
	for (int set = 0; set < FORMAT_SETS; set++)
		ck_assert(matcher_is_embedded(formats_matcher(formats, (enum format_set)set)));
	formats_free(formats);
	rules_free(rules);
}
END_TEST

/* An operator's rules are compiled alone, and come first within their layer. */
START_TEST(rules_laid_over_leave_the_others_as_they_are)
{
	struct rules *builtin = load(sources + 1, n_sources - 1), *both;
	struct str known = STR("552 this account is over quota"), own = STR("xyzzy plugh");
	struct str before = first_rule(builtin, known);

	sources[0] = (struct parse_source){ .name = STR("own.rules"),
		.text = STR("rule text.own = recipient.moved\n 1 xyzzy\n"
			    "rule provider.own = mailbox.full\n 1 plugh\n") };
	both = load(sources, n_sources);
	ck_assert(matcher_is_embedded(rules_matcher(both)));
	ck_assert_uint_eq(rules_count(both), rules_count(builtin) + 2);
	ck_assert_uint_gt(before.n, 0);
	ck_assert(str_eq(first_rule(both, known), before));
	ck_assert(str_eq(first_rule(both, own), STR("provider.own.1")));
	ck_assert(str_eq(first_rule(both, STR("user unknown xyzzy")), STR("text.own.1")));
	rules_free(builtin);
	rules_free(both);
}
END_TEST

START_TEST(a_wrong_pattern_is_found_in_the_operators_file)
{
	struct rules *rules = NULL;
	struct str trouble = STR_EMPTY;

	sources[0] = (struct parse_source){ .name = STR("own.rules"),
		.text = STR("rule text.own = recipient.moved\n 1 fine\n 2 not(fine\n") };
	ck_assert_int_eq(rules_load(arena, sources, n_sources, &rules, &trouble), ERR_SYNTAX);
	ck_assert(str_starts(trouble, STR("own.rules:3: ")));
}
END_TEST

/* One pattern more behind the others, and nothing fits what the build made: all is compiled, and the
 * verdict is the same. */
START_TEST(other_patterns_are_compiled)
{
	struct rules *builtin = load(sources + 1, n_sources - 1), *fresh;
	static const struct str texts[] = { STR_INIT("550 5.1.1 user unknown"),
		STR_INIT("552 5.2.2 mailbox full"), STR_INIT("421 try again later"),
		STR_INIT("connection timed out"), STR_INIT("blocked using a list"),
		STR_INIT("nothing that anybody knows") };

	sources[n_sources] = (struct parse_source){ .name = STR("last.rules"),
		.text = STR("rule text.last = recipient.moved\n 1 xyzzy\n") };
	fresh = load(sources + 1, n_sources);
	ck_assert(!matcher_is_embedded(rules_matcher(fresh)));
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		ck_assert(str_eq(first_rule(builtin, texts[i]), first_rule(fresh, texts[i])));
	rules_free(builtin);
	rules_free(fresh);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_embedded");
	TCase *tcase = tcase_create("embedded");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, builtin_patterns_come_from_the_build);
	tcase_add_test(tcase, rules_laid_over_leave_the_others_as_they_are);
	tcase_add_test(tcase, a_wrong_pattern_is_found_in_the_operators_file);
	tcase_add_test(tcase, other_patterns_are_compiled);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
