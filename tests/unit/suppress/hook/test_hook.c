// links: suppress/hook suppress/export suppress/list store
// Check program of webhooks: who is told, what a message says, its signature, when it is tried again, and which addresses
// are refused.
#include "suppress/hook/hook_send.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US)
/* The secret, id, moment and body of the worked example of Standard Webhooks' specification of libraries. */
#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

static const struct {
	const char *text, *trouble; /* NULL: good */
} texts[] = {
	{ "", NULL },
	{ "crm url=https://crm.example/hook secret=" SECRET, NULL },
	{ "crm url=https://crm.example/hook tell=events; lm kind=listmonk "
	  "url=http://127.0.0.1:9000/webhooks/bounce "
	  "user=api:token private=allowed",
		NULL },
	{ "crm", "url: is missing" },
	{ "crm url=ftp://x", "an https URL" },
	{ "crm url=http://crm.example/", "private=allowed" },
	{ "crm url=https://x secret=whsec_AAAA", "whsec_ and base64" },
	{ "crm url=https://x secret=secretsecretsecretsecretsecret", "whsec_ and base64" },
	{ "crm url=https://x tell=all", "tell" },
	{ "crm url=https://x kind=soap", "kind" },
	{ "lm url=https://x kind=listmonk tell=suppressions", "events alone" },
	{ "crm url=https://x user=nobody", "user" },
	{ "crm url=https://x colour=red", "no target has" },
	{ "crm url=https://x; crm url=https://y", "twice" },
	{ "c!m url=https://x", "stand first" },
};

START_TEST(the_text_of_targets)
{
	struct arena *arena = arena_new();
	struct hook_target targets[HOOK_TARGETS];
	struct str trouble = STR_EMPTY;
	size_t n;
	enum err err = hook_targets_read(arena, str_c(texts[_i].text), targets, &n, &trouble);

	ck_assert_msg((err == ERR_OK) == !texts[_i].trouble, "%.*s", STR_ARG(trouble));
	if (err)
		ck_assert_msg(str_find(trouble, str_c(texts[_i].trouble)) != STR_NPOS, "%.*s",
			STR_ARG(trouble));
	ck_assert_uint_eq(str_find(trouble, STR("secretsecret")), STR_NPOS);
	arena_free(arena);
}
END_TEST

/* printf 'msg_p5jXN8AQM9LWM0D4loKWxJek.1614265330.{"test": 2432232314}' | openssl dgst -sha256 -mac HMAC -macopt
 * hexkey:$(printf MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw | base64 -d | xxd -p) -binary | base64 */
START_TEST(a_signature_is_that_of_standard_webhooks)
{
	struct arena *arena = arena_new();
	struct hook_target targets[HOOK_TARGETS];
	char signature[HOOK_SIGNATURE_BYTES];
	struct str trouble;
	size_t n;

	ck_assert_int_eq(hook_targets_read(arena, STR("a url=https://x secret=" SECRET), targets,
				 &n, &trouble),
		ERR_OK);
	hook_sign(&targets[0], STR("msg_p5jXN8AQM9LWM0D4loKWxJek"), 1614265330,
		STR("{\"test\": 2432232314}"), signature);
	ck_assert_str_eq(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
	arena_free(arena);
}
END_TEST

START_TEST(what_messages_say)
{
	struct store_hook_event event = { .received_us = NOW,
		.stream = STR("news"),
		.kind = STR("bounce"),
		.recipient = STR("\"a\"@x.example"),
		.domain = STR("x.example"),
		.outcome = STR("failed"),
		.class = STR("hard"),
		.reason = STR("recipient.unknown"),
		.diagnostic = STR("550 no\n"),
		.reply_code = 550 };
	struct store_suppression row = { .address = STR("ann@x.example"),
		.source = STR("manual"),
		.first_seen_us = NOW,
		.last_seen_us = NOW,
		.expires_at_us = TIMESTAMP_NONE,
		.seq = 7 };
	struct buf out = BUF_INIT(1 << 16);

	hook_body_open(STR("events"), NOW, &out);
	hook_body_event(&event, &out);
	hook_body_event(&event, &out);
	hook_body_close(&out);
	buf_putc(&out, 0);
	ck_assert(strstr(out.p, "{\"type\":\"events\",\"timestamp\":\"2026-11-18T11:06:40Z\","
				"\"data\":{\"events\":[{\"id\":"));
	ck_assert(strstr(out.p, "\"recipient\":\"\\\"a\\\"@x.example\""));
	ck_assert(strstr(out.p,
		"\"diagnostic\":\"550 no\\u000a\",\"proof\":null,\"reply_code\":550},{\"id\":"));
	ck_assert(strstr(out.p, "\"reply_code\":550}]}}"));
	buf_reset(&out);
	hook_body_suppression(&row, &out);
	buf_putc(&out, 0);
	ck_assert(strstr(out.p, "{\"address\":\"ann@x.example\",\"stream\":null,") &&
		  strstr(out.p, "\"seq\":7}"));
	buf_reset(&out);
	ck_assert(hook_body_listmonk(&event, &out));
	buf_putc(&out, 0);
	ck_assert_str_eq(out.p,
		"{\"email\":\"\\\"a\\\"@x.example\",\"source\":\"bounced\",\"type\":\"hard\"}");
	/* Never held against the recipient, so nobody is told. */
	event.class = STR("block");
	ck_assert(!hook_body_listmonk(&event, &out));
	event.outcome = STR("delayed");
	event.class = STR("soft");
	ck_assert(!hook_body_listmonk(&event, &out));
	buf_release(&out);
}
END_TEST

START_TEST(attempts_go_on_for_three_days)
{
	int64_t now_us = NOW;
	uint64_t attempts = 0;

	ck_assert_int_eq(hook_next_attempt(NOW, 0, NOW) - NOW, 5 * TIMESTAMP_SECOND_US);
	ck_assert_int_eq(hook_next_attempt(NOW, 3, NOW) - NOW, 40 * TIMESTAMP_SECOND_US);
	for (int64_t next; (next = hook_next_attempt(NOW, attempts, now_us)) != TIMESTAMP_NONE;
		attempts++) {
		ck_assert_int_gt(next, now_us);
		ck_assert_int_le(next - now_us, TIMESTAMP_HOUR_US);
		now_us = next;
	}
	ck_assert_int_ge(now_us - NOW, 3 * TIMESTAMP_DAY_US - TIMESTAMP_HOUR_US);
	ck_assert_uint_lt(attempts, 100);
	ck_assert_int_eq(hook_next_attempt(NOW, UINT64_MAX, NOW) - NOW, TIMESTAMP_HOUR_US);
}
END_TEST

static const struct {
	const char *address;
	bool private;
} addresses[] = {
	{ "127.0.0.1", true },
	{ "127.255.0.1", true },
	{ "10.1.2.3", true },
	{ "172.16.0.1", true },
	{ "172.31.255.255", true },
	{ "172.32.0.1", false },
	{ "192.168.1.1", true },
	{ "169.254.169.254", true },
	{ "100.64.0.1", true },
	{ "0.0.0.0", true },
	{ "224.0.0.1", true },
	{ "255.255.255.255", true },
	{ "192.0.2.1", true },
	{ "8.8.8.8", false },
	{ "11.0.0.1", false },
	{ "::1", true },
	{ "::", true },
	{ "fe80::1", true },
	{ "fc00::1", true },
	{ "fd12::1", true },
	{ "::ffff:127.0.0.1", true },
	{ "::ffff:8.8.8.8", false },
	{ "64:ff9b::7f00:1", true },
	{ "2002:7f00:1::", true },
	{ "2001:db8::1", true },
	{ "2001::1", true },
	{ "ff02::1", true },
	{ "2a00:1450:4001:800::200e", false },
};

START_TEST(private_addresses_are_told)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET };
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	const void *address = &v4;

	if (inet_pton(AF_INET, addresses[_i].address, &v4.sin_addr) != 1) {
		ck_assert_int_eq(inet_pton(AF_INET6, addresses[_i].address, &v6.sin6_addr), 1);
		address = &v6;
	}
	ck_assert_msg(hook_address_is_private(address) == addresses[_i].private, "%s",
		addresses[_i].address);
}
END_TEST

/* By its number and by a name, the address that is connected to is refused. */
START_TEST(nobody_here_is_told_unless_allowed)
{
	static const char *const urls[] = { "https://127.0.0.1:1/", "https://localhost:1/",
		"https://[::1]:1/" };
	char problem[HOOK_PROBLEM_BYTES];

	for (size_t i = 0; i < ARRAY_LEN(urls); i++) {
		struct hook_target target = { .url = str_c(urls[i]), .user = STR_EMPTY };

		ck_assert_int_eq(hook_send(&target, 1, STR("{}"), NOW, problem), ERR_UNAVAILABLE);
		ck_assert_str_eq(problem, "its address is of a private network");
		target.private_too = true;
		ck_assert_int_eq(hook_send(&target, 1, STR("{}"), NOW, problem), ERR_UNAVAILABLE);
		ck_assert_str_ne(problem, "its address is of a private network");
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hook");
	TCase *tcase = tcase_create("hook");

	tcase_add_loop_test(tcase, the_text_of_targets, 0, ARRAY_LEN(texts));
	tcase_add_test(tcase, a_signature_is_that_of_standard_webhooks);
	tcase_add_test(tcase, what_messages_say);
	tcase_add_test(tcase, attempts_go_on_for_three_days);
	tcase_add_loop_test(tcase, private_addresses_are_told, 0, ARRAY_LEN(addresses));
	tcase_add_test(tcase, nobody_here_is_told_unless_allowed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
