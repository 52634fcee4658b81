// links: api
// Check program of api/api_settings: addresses to listen on.
#include "api/api_settings.h"
#include "core/attr.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

static const struct {
	const char *address, *host, *port; /* host NULL: refused */
} address_cases[] = {
	{ "127.0.0.1:25", "127.0.0.1", "25" },
	{ "[::1]:2525", "::1", "2525" },
	{ "mx.example.com:0", "mx.example.com", "0" },
	{ "::1:25", NULL, NULL },
	{ "127.0.0.1", NULL, NULL },
	{ "127.0.0.1:65536", NULL, NULL },
	{ ":25", NULL, NULL },
	{ "[]:25", NULL, NULL },
};

START_TEST(addresses_are_split)
{
	struct str host, port;
	bool ok = api_split_address(str_c(address_cases[_i].address), &host, &port);

	ck_assert_int_eq(ok, address_cases[_i].host != NULL);
	if (!ok)
		return;
	ck_assert(str_eq(host, str_c(address_cases[_i].host)));
	ck_assert(str_eq(port, str_c(address_cases[_i].port)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api_settings");
	TCase *tcase = tcase_create("api_settings");

	tcase_add_loop_test(tcase, addresses_are_split, 0, ARRAY_LEN(address_cases));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
