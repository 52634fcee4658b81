// links: api
// Check program of keys as text: form, digest, scopes, streams.
#include "api/request/key.h"
#include "api/request/router.h"
#include "core/buf.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

START_TEST(what_is_made_has_the_form)
{
	uint8_t random[KEY_RANDOM_BYTES];
	char text[KEY_TEXT_BYTES];
	struct str prefix;

	for (size_t i = 0; i < sizeof random; i++)
		random[i] = (uint8_t)(i * 37 + 0x1B);
	key_make(random, text);
	ck_assert(str_starts(str_from(text, sizeof text), STR("bk_1b40658a")));
	ck_assert(key_prefix(str_from(text, sizeof text), &prefix));
	ck_assert(str_eq(prefix, STR("1b40658a")));
	ck_assert(!key_prefix(str_from(text, sizeof text - 1), &prefix));
}
END_TEST

#define SIXTY_FOUR "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
static const struct {
	const char *text;
	bool good;
} form_cases[] = {
	{ "bk_deadbeef" SIXTY_FOUR, true },
	{ "bk_deadbeef" SIXTY_FOUR "0", false },
	{ "bk_deadbee" SIXTY_FOUR, false },
	{ "bx_deadbeef" SIXTY_FOUR, false },
	{ "bk_DEADBEEF" SIXTY_FOUR, false },
	{ "bk_deadbee'" SIXTY_FOUR, false },
	{ "bk_", false },
	{ "", false },
};

START_TEST(only_keys_have_the_form_of_keys)
{
	struct str prefix;

	ck_assert_msg(key_prefix(str_c(form_cases[_i].text), &prefix) == form_cases[_i].good, "%s",
		form_cases[_i].text);
}
END_TEST

/* FIPS 180-4: SHA-256 of "abc" begins ba7816bf 8f01cfea and ends f20015ad. */
START_TEST(the_digest_is_sha_256)
{
	static const uint8_t start[] = { 0xBA, 0x78, 0x16, 0xBF, 0x8F, 0x01, 0xCF, 0xEA };
	static const uint8_t end[] = { 0xF2, 0x00, 0x15, 0xAD };
	uint8_t a[KEY_DIGEST_BYTES], b[KEY_DIGEST_BYTES];

	key_digest(STR("abc"), a);
	ck_assert_mem_eq(a, start, sizeof start);
	ck_assert_mem_eq(a + sizeof a - sizeof end, end, sizeof end);
	memcpy(b, a, sizeof b);
	ck_assert(key_digests_equal(a, b));
	for (size_t i = 0; i < sizeof b; i++) {
		b[i] ^= 1;
		ck_assert(!key_digests_equal(a, b));
		b[i] ^= 1;
	}
}
END_TEST

START_TEST(scopes)
{
	enum route_scope scope;

	for (int i = SCOPE_READ; i < SCOPE_COUNT; i++) {
		ck_assert(key_scope_from_name(key_scope_name((enum route_scope)i), &scope));
		ck_assert_int_eq(scope, i);
	}
	ck_assert(!key_scope_from_name(STR(""), &scope));
	ck_assert(!key_scope_from_name(STR("root"), &scope));
	ck_assert_int_lt(SCOPE_READ, SCOPE_WRITE);
	ck_assert_int_lt(SCOPE_WRITE, SCOPE_ADMIN);
}
END_TEST

static const struct {
	const char *streams, *stream;
	bool has;
} stream_cases[] = {
	{ "", "news", true },
	{ "", "", true },
	{ "news", "news", true },
	{ "news,shop", "shop", true },
	{ "news,shop", "news,shop", false },
	{ "news", "new", false },
	{ "news", "newsx", false },
	{ "news", "", false },
	{ "news", "News", false },
};

START_TEST(streams)
{
	ck_assert_msg(key_has_stream(str_c(stream_cases[_i].streams),
			      str_c(stream_cases[_i].stream)) == stream_cases[_i].has,
		"%s: %s", stream_cases[_i].streams, stream_cases[_i].stream);
}
END_TEST

/* Each route that takes a body says how much of which type; the document holds every path. */
START_TEST(routes_and_their_document)
{
	struct buf json = BUF_INIT(1 << 20);

	router_openapi(&json);
	ck_assert_int_eq(buf_check(&json), ERR_OK);
	for (int i = 0; i < ROUTE_COUNT; i++) {
		enum route route = (enum route)i;
		struct str path = router_path(route);
		bool takes = !str_eq(router_method(route), STR("GET")) &&
			     !str_eq(router_method(route), STR("DELETE"));

		ck_assert_int_eq(router_body_types(route) != NULL, takes);
		ck_assert_uint_ge(router_body_bytes(route), 1u << 20);
		if (router_answer(route) != ANSWER_PAGE)
			ck_assert_uint_ne(str_find(buf_str(&json), path), STR_NPOS);
	}
	buf_release(&json);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("api_key");
	TCase *tests = tcase_create("api_key");

	tcase_add_test(tests, what_is_made_has_the_form);
	tcase_add_loop_test(tests, only_keys_have_the_form_of_keys, 0, ARRAY_LEN(form_cases));
	tcase_add_test(tests, the_digest_is_sha_256);
	tcase_add_test(tests, scopes);
	tcase_add_loop_test(tests, streams, 0, ARRAY_LEN(stream_cases));
	tcase_add_test(tests, routes_and_their_document);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
