// links: suppress_proof
// Check program of suppress/proof/verp: templates, and return paths that were made of them.
#include "suppress/proof/verp.h"
#include "tests/support/suite.h"

#include <check.h>

static const struct {
	const char *template, *address,
		*fields; /* "local domain stream campaign id"; NULL: does not fit */
} cases[] = {
	{ "bounce+{local}={domain}@", "bounce+ann=example.com@b.example", "ann example.com - - -" },
	{ "bounce+{local}={domain}@", "BOUNCE+Ann=Example.com@b.example", "Ann Example.com - - -" },
	{ "bounce+{local}={domain}@", "bounce+a=b=example.com@b.example", "a=b example.com - - -" },
	{ "bounce+{local}={domain}@", "bounce+ann+x=example.com@b.example",
		"ann+x example.com - - -" },
	{ "bounce+{local}={domain}@", "bounce+=example.com@b.example", NULL },
	{ "bounce+{local}={domain}@", "bounce+ann=@b.example", NULL },
	{ "bounce+{local}={domain}@", "bounce+ann@b.example", NULL },
	{ "bounce+{local}={domain}@", "xbounce+ann=example.com@b.example", NULL },
	{ "bounce+{local}={domain}@", "bounce+ann=example.com", NULL },
	{ "{stream}-{campaign}-{id}@b.example", "news-spring-77@B.example", "- - news spring 77" },
	{ "{stream}-{campaign}-{id}@b.example", "a-b-c-d@b.example", "- - a-b c d" },
	{ "{stream}-{campaign}-{id}@b.example", "news-spring-77@c.example", NULL },
	{ "{stream}-{campaign}-{id}@b.example", "news-spring@b.example", NULL },
	{ "{id}.bounce@", "77.bounce@b.example", "- - - - 77" },
	{ "{id}.bounce@", ".bounce@b.example", NULL },
};

START_TEST(a_return_path_is_read)
{
	struct str fields[VERP_FIELD_COUNT];
	struct arena *arena = arena_new();
	struct verp verp = { .n = 0 };
	struct str got = STR_EMPTY;
	bool fits;

	ck_assert_int_eq(verp_add(&verp, str_c(cases[_i].template)), ERR_OK);
	fits = verp_read(&verp, str_c(cases[_i].address), fields);
	ck_assert_msg(fits == (cases[_i].fields != NULL), "%s", cases[_i].address);
	for (int i = 0; fits && i < VERP_FIELD_COUNT; i++)
		got = arena_printf(arena, "%.*s%s%.*s", STR_ARG(got), i ? " " : "",
			STR_ARG(fields[i].n ? fields[i] : STR("-")));
	ck_assert_msg(!fits || str_eq(got, str_c(cases[_i].fields)), "%s: %.*s", cases[_i].address,
		STR_ARG(got));
	if (fits && fields[VERP_LOCAL].n)
		ck_assert(verp_recipient(arena, fields).n);
	arena_free(arena);
}
END_TEST

START_TEST(templates_are_refused)
{
	static const char *const bad[] = { "", "bounce", "@", "{local}{domain}@", "{who}@",
		"{local@", "{id}-{id}@" };
	struct verp verp = { .n = 0 };

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(verp_add(&verp, str_c(bad[i])) == ERR_SYNTAX, "%s", bad[i]);
	for (size_t i = 0; i < VERP_TEMPLATES; i++)
		ck_assert_int_eq(verp_add(&verp, STR("x+{id}@")), ERR_OK);
	ck_assert_int_eq(verp_add(&verp, STR("x+{id}@")), ERR_LIMIT);
}
END_TEST

/* What is no address never becomes a recipient. */
START_TEST(no_recipient_comes_of_nonsense)
{
	const struct str fields[VERP_FIELD_COUNT] = { STR("a b"), STR("x\ny"), STR_EMPTY, STR_EMPTY,
		STR_EMPTY };
	struct arena *arena = arena_new();

	ck_assert(!verp_recipient(arena, fields).n);
	arena_free(arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verp");
	TCase *tcase = tcase_create("verp");

	tcase_add_loop_test(tcase, a_return_path_is_read, 0, ARRAY_LEN(cases));
	tcase_add_test(tcase, templates_are_refused);
	tcase_add_test(tcase, no_recipient_comes_of_nonsense);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
