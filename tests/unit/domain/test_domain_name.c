// links: domain
// Check program of domain names: what a person writes, and what events have.
#include "domain/domain_name.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define L63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text, *name; /* NULL: no domain */
} cases[] = {
	{ "example.com", "example.com" },
	{ "Example.COM", "example.com" },
	{ "example.com.", "example.com" },
	{ "localhost", "localhost" },
	{ "b\xC3\xBC"
	  "cher.example",
		"xn--bcher-kva.example" },
	{ "B\xC3\x9C"
	  "CHER.example.",
		"xn--bcher-kva.example" },
	{ "xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "stra\xC3\x9F"
	  "e.example",
		"xn--strae-oqa.example" },
	{ "_dmarc.example.com", "_dmarc.example.com" },
	{ "a_b.example", "a_b.example" },
	{ "[192.0.2.1]", "[192.0.2.1]" },
	{ "[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]" },
	{ L63 ".example", L63 ".example" },
	{ "", NULL },
	{ ".", NULL },
	{ "..", NULL },
	{ "a..example", NULL },
	{ "a.example..", NULL },
	{ ".example", NULL },
	{ "-a.example", NULL },
	{ "a-.example", NULL },
	{ "a b.example", NULL },
	{ "ann@example.com", NULL },
	{ "http://example.com", NULL },
	{ "example.com/x", NULL },
	{ "a" L63 ".example", NULL },
	{ L63 "." L63 "." L63 "." L63, NULL },
	{ "[]", NULL },
	{ "[a b]", NULL },
	{ "\xC2\xAD", NULL },
};

START_TEST(names)
{
	struct arena *arena = arena_new();
	struct str name = STR_EMPTY;
	bool good = domain_name(arena, str_c(cases[_i].text), &name);

	ck_assert_msg(good == (cases[_i].name != NULL), "%s", cases[_i].text);
	if (good)
		ck_assert_msg(str_eq(name, str_c(cases[_i].name)), "%s: %.*s", cases[_i].text,
			STR_ARG(name));
	arena_free(arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("domain_name");
	TCase *tests = tcase_create("domain_name");

	tcase_add_loop_test(tests, names, 0, ARRAY_LEN(cases));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
