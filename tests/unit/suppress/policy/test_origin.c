// links: suppress_policy
// Check program of suppress/policy/origin: whose network, and who serves a domain.
#include "core/arena.h"
#include "suppress/policy/origin.h"
#include "tests/support/suite.h"

#include <check.h>

static const struct {
	const char *peer, *network;
} networks[] = {
	{ "192.0.2.77", "192.0.2.0/24" },
	{ "::ffff:192.0.2.77", "192.0.2.0/24" },
	{ "2001:db8:1:2::3", "2001:db8:1::/48" },
	{ "2001:0DB8:0001:ffff::", "2001:db8:1::/48" },
	{ "", "" },
	{ "192.0.2", "" },
	{ "mx.example.com", "" },
	{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb", "" },
};

START_TEST(a_network_is_what_one_hand_has)
{
	struct arena *arena = arena_new();

	ck_assert_msg(str_eq(origin_network(arena, str_c(networks[_i].peer)),
			      str_c(networks[_i].network)),
		"%s", networks[_i].peer);
	arena_free(arena);
}
END_TEST

static const struct {
	const char *host, *domain;
	bool serves;
} hosts[] = {
	{ "mx1.example.com", "example.com", true },
	{ "EXAMPLE.com", "Example.COM", true },
	{ "badexample.com", "example.com", false },
	{ "mx.example.net", "example.com", false },
	{ "gmail-smtp-in.l.google.com", "gmail.com", true },
	{ "gmail-smtp-in.l.google.com", "example.com", false },
	{ "hotmail-com.olc.protection.outlook.com", "hotmail.fr", true },
	{ "hotmail-com.olc.protection.outlook.com", "hotmailer.fr", false },
	{ "example-com.mail.protection.outlook.com", "example.com", true },
	{ "example-org.mail.protection.outlook.com", "example.com", false },
	{ "example-com.mail.protection.outlook.com.evil.example", "example.com", false },
	{ "", "example.com", false },
	{ "mx.example.com", "", false },
};

START_TEST(a_host_serves_its_domain_and_those_it_is_known_for)
{
	ck_assert_msg(
		origin_serves(str_c(hosts[_i].host), str_c(hosts[_i].domain)) == hosts[_i].serves,
		"%s for %s", hosts[_i].host, hosts[_i].domain);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("origin");
	TCase *tcase = tcase_create("origin");

	tcase_add_loop_test(tcase, a_network_is_what_one_hand_has, 0, ARRAY_LEN(networks));
	tcase_add_loop_test(
		tcase, a_host_serves_its_domain_and_those_it_is_known_for, 0, ARRAY_LEN(hosts));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
