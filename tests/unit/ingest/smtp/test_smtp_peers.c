// links: ingest/smtp spool
// Check program of ingest/smtp/smtp_peers: addresses, networks, and the counts per network.
#include "ingest/smtp/smtp_peers.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>

START_TEST(networks_hold_addresses)
{
	static const struct {
		struct str network, address;
		bool holds;
	} cases[] = {
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.1"), true },
		{ STR_INIT("192.0.2.1"), STR_INIT("192.0.2.2"), false },
		{ STR_INIT("127.0.0.0/8"), STR_INIT("127.255.1.2"), true },
		{ STR_INIT("127.0.0.0/8"), STR_INIT("128.0.0.1"), false },
		{ STR_INIT("10.1.2.0/23"), STR_INIT("10.1.3.255"), true },
		{ STR_INIT("10.1.2.0/23"), STR_INIT("10.1.4.0"), false },
		{ STR_INIT("0.0.0.0/0"), STR_INIT("8.8.8.8"), true },
		{ STR_INIT("0.0.0.0/0"), STR_INIT("2001:db8::1"), false },
		{ STR_INIT("2001:db8::/33"), STR_INIT("2001:db8:7fff::1"), true },
		{ STR_INIT("2001:db8::/33"), STR_INIT("2001:db8:8000::1"), false },
		{ STR_INIT("::/0"), STR_INIT("::1"), true },
	};
	static const struct str bad[] = { STR_INIT(""), STR_INIT("x"), STR_INIT("1.2.3.4/33"),
		STR_INIT("::1/129"), STR_INIT("1.2.3.4/"), STR_INIT("1.2.3.4/-1") };
	struct smtp_network network, address;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_int_eq(smtp_network_parse(cases[i].network, &network), ERR_OK);
		ck_assert_int_eq(smtp_network_parse(cases[i].address, &address), ERR_OK);
		ck_assert_int_eq(smtp_network_holds(&network, &address.address), cases[i].holds);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(smtp_network_parse(bad[i], &network), ERR_SYNTAX);
}
END_TEST

static struct smtp_address address_of(const char *text)
{
	struct smtp_network network;

	ck_assert_int_eq(smtp_network_parse(str_c(text), &network), ERR_OK);
	return network.address;
}

START_TEST(peers_are_counted)
{
	struct smtp_peers *peers = smtp_peers_new(&(struct smtp_peers_limits){ 2, 5, 0, 0 });
	struct smtp_address one = address_of("2001:db8:1:2::1"),
			    same = address_of("2001:db8:1:2::2"),
			    other = address_of("2001:db8:1:3::1");

	ck_assert(smtp_peers_enter(peers, &one, 0));
	ck_assert(smtp_peers_enter(peers, &same, 0));
	ck_assert(!smtp_peers_enter(peers, &one, 0)); /* two at once */
	ck_assert(smtp_peers_enter(peers, &other, 0));
	smtp_peers_leave(peers, &one);
	ck_assert(smtp_peers_enter(peers, &one, 1));
	smtp_peers_leave(peers, &one);
	ck_assert(smtp_peers_enter(peers, &one, 2)); /* the fifth of this minute */
	smtp_peers_leave(peers, &one);
	ck_assert(!smtp_peers_enter(peers, &one, 59999));
	ck_assert(smtp_peers_enter(peers, &one, 60000));
	smtp_peers_free(peers);
}
END_TEST

/* A site has 65,536 networks to come from. */
START_TEST(the_networks_of_a_site_are_counted_together)
{
	struct smtp_peers *peers =
		smtp_peers_new(&(struct smtp_peers_limits){ 2, 4, 1, .site_factor = 3 });
	struct smtp_address other = address_of("2001:db8:2::1"), v4 = address_of("192.0.2.1"),
			    subnet[8];
	char text[64];

	for (int i = 0; i < 8; i++) {
		snprintf(text, sizeof text, "2001:db8:1:%d::1", i);
		subnet[i] = address_of(text);
	}
	for (int i = 0; i < 6; i++)
		ck_assert(smtp_peers_enter(peers, &subnet[i], 0));
	ck_assert(!smtp_peers_enter(peers, &subnet[6], 0)); /* the seventh at once */
	ck_assert(smtp_peers_enter(peers, &other, 0));
	ck_assert(smtp_peers_enter(peers, &v4, 0));
	smtp_peers_leave(peers, &subnet[0]);
	ck_assert(smtp_peers_enter(peers, &subnet[6], 0));
	for (int i = 1; i < 7; i++)
		smtp_peers_leave(peers, &subnet[i]);
	/* Eight of the site's twelve of this minute are gone; a network beyond its own limit takes no more. */
	for (int i = 0; i < 6; i++)
		ck_assert_int_eq(smtp_peers_enter(peers, &subnet[7], 0), i < 2);
	smtp_peers_leave(peers, &subnet[7]);
	smtp_peers_leave(peers, &subnet[7]);
	for (int i = 0; i < 4; i++) {
		ck_assert_int_eq(smtp_peers_enter(peers, &subnet[i], 0), i < 2);
		if (i < 2)
			smtp_peers_leave(peers, &subnet[i]);
	}
	ck_assert(smtp_peers_enter(peers, &subnet[3], 60000));
	smtp_peers_free(peers);
}
END_TEST

START_TEST(the_messages_of_a_site_are_counted_together)
{
	struct smtp_peers *peers =
		smtp_peers_new(&(struct smtp_peers_limits){ 0, 0, 2, .site_factor = 2 });
	struct smtp_address one = address_of("2001:db8:1:1::1"),
			    two = address_of("2001:db8:1:2::1"),
			    three = address_of("2001:db8:1:3::1");

	ck_assert(smtp_peers_enter(peers, &one, 0));
	ck_assert(smtp_peers_enter(peers, &two, 0));
	ck_assert(smtp_peers_enter(peers, &three, 0));
	for (int i = 0; i < 2; i++) {
		smtp_peers_count_message(peers, &one);
		ck_assert(!smtp_peers_throttled(peers, &three, 0));
		smtp_peers_count_message(peers, &two);
	}
	ck_assert(smtp_peers_throttled(peers, &three, 59999));
	ck_assert(!smtp_peers_throttled(peers, &three, 60000));
	smtp_peers_free(peers);
}
END_TEST

START_TEST(peers_beyond_the_table_are_let_in)
{
	struct smtp_peers *peers = smtp_peers_new(&(struct smtp_peers_limits){ 1, 1, 0, 0 });
	uint32_t let_in = 0;

	for (uint32_t i = 1; i <= 2 * SMTP_PEERS_SLOTS; i++) {
		uint32_t raw = htonl(i);
		struct smtp_address address = smtp_address_from(str_from((const char *)&raw, 4));

		let_in += smtp_peers_enter(peers, &address, 0);
	}
	ck_assert_uint_eq(let_in, 2 * SMTP_PEERS_SLOTS);
	smtp_peers_free(peers);
}
END_TEST

START_TEST(messages_of_a_minute_are_counted)
{
	struct smtp_peers *peers = smtp_peers_new(&(struct smtp_peers_limits){ 0, 0, 2, 0 });
	struct smtp_address one = address_of("192.0.2.1"), other = address_of("192.0.2.2");

	ck_assert(smtp_peers_enter(peers, &one, 0));
	ck_assert(smtp_peers_enter(peers, &other, 0));
	for (int i = 0; i < 2; i++) {
		ck_assert(!smtp_peers_throttled(peers, &one, 59999));
		smtp_peers_count_message(peers, &one);
	}
	ck_assert(smtp_peers_throttled(peers, &one, 59999));
	ck_assert(!smtp_peers_throttled(peers, &other, 59999));
	ck_assert(!smtp_peers_throttled(peers, &one, 60000));
	smtp_peers_free(peers);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_peers");
	TCase *tcase = tcase_create("smtp_peers");

	tcase_add_test(tcase, networks_hold_addresses);
	tcase_add_test(tcase, peers_are_counted);
	tcase_add_test(tcase, the_networks_of_a_site_are_counted_together);
	tcase_add_test(tcase, the_messages_of_a_site_are_counted_together);
	tcase_add_test(tcase, messages_of_a_minute_are_counted);
	tcase_add_test(tcase, peers_beyond_the_table_are_let_in);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
