// links: api
// Check program of api/cors: which text is an origin, and which origins may ask.
#include "api/cors.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static const struct {
	const char *text;
	bool good;
} origins[] = {
	{ "https://dash.example.com", true },
	{ "http://localhost:5173", true },
	{ "https://[2001:db8::1]", true },
	{ "https://[2001:db8::1]:8443", true },
	{ "*", false },
	{ "null", false },
	{ "https://*.example.com", false },
	{ "https://Dash.example.com", false },
	{ "https://dash.example.com/", false },
	{ "https://dash.example.com/path", false },
	{ "https://user@dash.example.com", false },
	{ "dash.example.com", false },
	{ "ftp://dash.example.com", false },
	{ "https://", false },
	{ "https://:80", false },
	{ "https://a:", false },
	{ "https://a:0", false },
	{ "https://a:65536", false },
	{ "https://a:80:90", false },
	{ "https://[]", false },
	{ "https://a\r\nX: y", false },
};

START_TEST(an_origin_is_exact)
{
	ck_assert_msg(cors_is_origin(str_c(origins[_i].text)) == origins[_i].good, "%s",
		origins[_i].text);
}
END_TEST

START_TEST(only_those_of_the_list_may_ask)
{
	const struct str list = STR("https://a.example, http://b.example:81");

	ck_assert(cors_allows(list, STR("https://a.example")));
	ck_assert(cors_allows(list, STR("http://b.example:81")));
	ck_assert(!cors_allows(list, STR("http://a.example")));
	ck_assert(!cors_allows(list, STR("https://a.example:443")));
	ck_assert(!cors_allows(list, STR("https://a.example.evil.example")));
	ck_assert(!cors_allows(list, STR("https://a.exampl")));
	ck_assert(!cors_allows(list, STR("https://A.example")));
	ck_assert(!cors_allows(list, STR("")));
	ck_assert(!cors_allows(STR_EMPTY, STR("https://a.example")));
	ck_assert(!cors_allows(STR("null"), STR_EMPTY));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cors");
	TCase *tcase = tcase_create("cors");

	tcase_add_loop_test(tcase, an_origin_is_exact, 0, (int)ARRAY_LEN(origins));
	tcase_add_test(tcase, only_those_of_the_list_may_ask);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
