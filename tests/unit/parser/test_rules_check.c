// links: parser
// Check program of parser/rules_check: what is found in rules that load, and that the built-in ones are clean.
#include "parser/parse.h"
#include "parser/reason/rules.h"
#include "parser/reason/witness.h"
#include "parser/rules_check.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

/* ---- examples of a pattern ---- */

static const struct {
	const char *pattern;
	enum err err;
	size_t n;
	const char *first, *last;
} witness_cases[] = {
	{ "no such user", ERR_OK, 2, "no such user", "no such user" },
	{ "(user|account) (is )?gone", ERR_OK, 4, "user gone", "account is gone" },
	{ "a .*b", ERR_OK, 2, "a  x b", "a  x b" },
	{ "[^x]\\d{2,3}\\.", ERR_OK, 2, "055.", "055." },
	{ "[a-f]+\\b", ERR_OK, 2, "a", "a" },
	{ "(?:a|(b|c|d))x*", ERR_OK, 6, "a", "ax" },
	{ "\xE6\xBA\x80\xE6\x9D\xAF[\xE3\x81\xA7x]", ERR_OK, 2,
		"\xE6\xBA\x80\xE6\x9D\xAF\xE3\x81\xA7", "\xE6\xBA\x80\xE6\x9D\xAF\xE3\x81\xA7" },
	{ "[]x]", ERR_OK, 2, "]", "]" },
	{ "a(b", ERR_SYNTAX, 0, "", "" },
	{ "a)b", ERR_SYNTAX, 0, "", "" },
	{ "[ab", ERR_SYNTAX, 0, "", "" },
	{ "a{x}", ERR_SYNTAX, 0, "", "" },
	{ "(?i)a", ERR_SYNTAX, 0, "", "" },
	{ "\\p", ERR_SYNTAX, 0, "", "" },
	{ "a\\", ERR_SYNTAX, 0, "", "" },
	{ "(a{1000}){1000}", ERR_LIMIT, 0, "", "" },
};

START_TEST(examples_have_each_alternative)
{
	struct witness witness = { .n = 0 };
	struct str pattern = str_c(witness_cases[_i].pattern);

	ck_assert_int_eq(witness_make(arena, pattern, &witness), witness_cases[_i].err);
	ck_assert_uint_eq(witness.n, witness_cases[_i].n);
	if (!witness.n)
		return;
	ck_assert_str_eq(arena_c(arena, witness.texts[0]), witness_cases[_i].first);
	ck_assert_str_eq(arena_c(arena, witness.texts[witness.n - 1]), witness_cases[_i].last);
}
END_TEST

START_TEST(groups_are_followed_to_a_depth)
{
	struct witness witness;
	char pattern[2 * WITNESS_DEPTH + 3];

	for (size_t depth = WITNESS_DEPTH; depth <= WITNESS_DEPTH + 1; depth++) {
		for (size_t i = 0; i < depth; i++) {
			pattern[i] = '(';
			pattern[depth + i] = ')';
		}
		ck_assert_int_eq(witness_make(arena, str_from(pattern, 2 * depth), &witness),
			depth > WITNESS_DEPTH ? ERR_LIMIT : ERR_OK);
	}
}
END_TEST

/* ---- findings ---- */

static const struct {
	const char *rules, *cases, *found; /* "trouble id other", one a line */
} check_cases[] = {
	{ "rule text.a = mailbox.full\n 1 full\n", "text.a.1 | | 552 mailbox full\n", "" },
	{ "rule text.a = mailbox.full\n 1 full\n", "", "no-case text.a.1 \n" },
	{ "rule text.a = mailbox.full\n 1 full\n 2 mailbox full\n 3 (over full|quota)\n",
		"text.a.1 | | full\ntext.a.2 | | mailbox full\ntext.a.3 | | quota\n",
		"shadowed text.a.2 text.a.1\nwrong-case text.a.2 text.a.1\n" },
	{ "rule text.a = mailbox.full\n 1 full\nrule text.b = system.full\n 1 FULL\n",
		"text.a.1 | | full\ntext.b.1 | | full\n",
		"duplicate text.b.1 text.a.1\nwrong-case text.b.1 text.a.1\n" },
	/* A condition makes the later rule a rule of its own; the other way round it does not. */
	{ "rule text.a = mailbox.full\n when status 5.2.*\n 1 full\n"
	  "rule text.b = system.full\n 1 full\n",
		"text.a.1 | | 552 5.2.2 full\ntext.b.1 | status=4.3.1 | full\n", "" },
	{ "rule text.a = mailbox.full\n 1 full\n"
	  "rule text.b = system.full\n when mta *.example.com mx.example\n 1 over ?full\n",
		"text.a.1 | | full\ntext.b.1 | mta=a.example.com | overfull\n",
		"shadowed text.b.1 text.a.1\nwrong-case text.b.1 text.a.1\n" },
	{ "rule text.a = mailbox.full\n when command GIVE\n 1 full\n",
		"text.a.1 | command=GIVE | full\n", "unreachable text.a.1 \n" },
	{ "rule text.a = mailbox.full\n when status 5.02.1\n 1 full\n",
		"text.a.1 | status=5.02.1 | full\n", "unreachable text.a.1 \n" },
	{ "rule text.a = mailbox.full\n when code 99\n 1 full\n", "text.a.1 | code=99 | full\n",
		"unreachable text.a.1 \n" },
	{ "rule text.a = mailbox.full\n when format nobody\n 1 full\n",
		"text.a.1 | format=nobody | full\n", "unreachable text.a.1 \n" },
	/* Text has single spaces only. */
	{ "rule text.a = mailbox.full\n 1 over  full\n", "text.a.1 | | over  full\n",
		"unreachable text.a.1 \nwrong-case text.a.1 \n" },
	{ "rule text.a = mailbox.full\n when code 552\n 1 *\n", "text.a.1 | | 552 anything\n", "" },
	{ "rule text.a = mailbox.full\n 1 full\n",
		"# text\n\ntext.a.1 | | full\ntext.z.1 | | full\nno case\ntext.a.1 | x=y | full\n",
		"stray-case text.z.1 \nbad-case  \nbad-case  \n" },
};

START_TEST(what_is_wrong_is_found)
{
	const struct parse_source source = { .name = STR("own.rules"),
		.text = str_c(check_cases[_i].rules) },
				  cases = { .name = STR("own.cases"),
					  .text = str_c(check_cases[_i].cases) };
	struct rules_findings findings;
	struct rules *rules;
	struct str trouble, found = STR_EMPTY;

	ck_assert_int_eq(rules_load(arena, &source, 1, &rules, &trouble), ERR_OK);
	rules_check(rules, &cases, 1, arena, &findings);
	for (size_t i = 0; i < findings.n; i++) {
		const struct rules_finding *f = &findings.items[i];
		struct str name = rules_trouble_name(f->trouble);

		found = arena_printf(arena, "%.*s%.*s %.*s %.*s\n", STR_ARG(found), STR_ARG(name),
			STR_ARG(f->id), STR_ARG(f->other));
	}
	ck_assert_str_eq(arena_c(arena, found), check_cases[_i].found);
	rules_free(rules);
}
END_TEST

START_TEST(each_trouble_has_a_name_of_its_own)
{
	for (size_t i = 0; i < RULES_TROUBLE_COUNT; i++) {
		ck_assert_uint_gt(rules_trouble_meaning((enum rules_trouble)i).n, 0);
		for (size_t k = 0; k < i; k++)
			ck_assert(!str_eq(rules_trouble_name((enum rules_trouble)i),
				rules_trouble_name((enum rules_trouble)k)));
	}
}
END_TEST

START_TEST(the_built_in_rules_are_clean_and_each_has_a_case)
{
	const struct parse_source *sources, *cases;
	size_t n = parse_builtin_sources(&sources), n_cases = parse_builtin_cases(&cases);
	CLEANUP(parse_rules_freep) struct parse_rules *rules = NULL;
	struct rules_findings findings;
	struct str trouble;

	ck_assert_uint_gt(n_cases, 0);
	ck_assert_int_eq(parse_rules_load(arena, sources, n, &rules, &trouble), ERR_OK);
	rules_check(parse_rules_set(rules), cases, n_cases, arena, &findings);
	for (size_t i = 0; i < findings.n; i++)
		fprintf(stderr, "%.*s:%u: %.*s %.*s\n", STR_ARG(findings.items[i].source),
			findings.items[i].line,
			STR_ARG(rules_trouble_name(findings.items[i].trouble)),
			STR_ARG(findings.items[i].id));
	ck_assert_uint_eq(findings.n, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rules_check");
	TCase *tc = tcase_create("all");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, examples_have_each_alternative, 0, ARRAY_LEN(witness_cases));
	tcase_add_test(tc, groups_are_followed_to_a_depth);
	tcase_add_loop_test(tc, what_is_wrong_is_found, 0, ARRAY_LEN(check_cases));
	tcase_add_test(tc, each_trouble_has_a_name_of_its_own);
	tcase_add_test(tc, the_built_in_rules_are_clean_and_each_has_a_case);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
