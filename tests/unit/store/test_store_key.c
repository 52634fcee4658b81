// links: store
// Check program of the rows of keys, on a real database.
#define _GNU_SOURCE
#include "store/store_access.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>

#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */

static struct store *store;
static struct arena *arena;

static void setup(void)
{

	arena = arena_new();
	store = fixture_migrated(NOON);
}

static void teardown(void)
{
	store_close(store);
	arena_free(arena);
}

static struct store_key sample(const char *prefix)
{
	struct store_key key = { .prefix = str_c(prefix),
		.name = STR("shop \xC3\xA4"),
		.scope = STR("write"),
		.streams = STR("news,shop"),
		.created_us = NOON,
		.expires_us = NOON + TIMESTAMP_DAY_US };

	memset(key.digest, 0xA5, sizeof key.digest);
	return key;
}

START_TEST(what_is_added_is_found)
{
	struct store_key key = sample("01234567"), found;

	ck_assert_int_eq(store_key_add(store, &key), ERR_OK);
	ck_assert_int_eq(store_key_find(store, arena, key.prefix, &found), ERR_OK);
	ck_assert(str_eq(found.name, key.name) && str_eq(found.scope, key.scope));
	ck_assert(str_eq(found.streams, key.streams));
	ck_assert_mem_eq(found.digest, key.digest, sizeof key.digest);
	ck_assert_int_eq(found.created_us, NOON);
	ck_assert_int_eq(found.expires_us, NOON + TIMESTAMP_DAY_US);
	ck_assert(found.last_used_us == TIMESTAMP_NONE && found.revoked_us == TIMESTAMP_NONE);
	ck_assert_int_eq(store_key_add(store, &key), ERR_EXISTS);
	ck_assert_int_eq(store_key_find(store, arena, STR("7654321"), &found), ERR_NOT_FOUND);
}
END_TEST

START_TEST(no_streams_and_no_end)
{
	struct store_key key = sample("0a0a0a0a"), found;

	key.streams = STR_EMPTY;
	key.expires_us = TIMESTAMP_NONE;
	ck_assert_int_eq(store_key_add(store, &key), ERR_OK);
	ck_assert_int_eq(store_key_find(store, arena, key.prefix, &found), ERR_OK);
	ck_assert_uint_eq(found.streams.n, 0);
	ck_assert(found.expires_us == TIMESTAMP_NONE);
}
END_TEST

START_TEST(a_use_is_kept_once_a_minute)
{
	static const struct {
		int64_t at_us, kept_us;
	} uses[] = {
		{ NOON, NOON },
		{ NOON + TIMESTAMP_MINUTE_US - 1, NOON },
		{ NOON + TIMESTAMP_MINUTE_US, NOON + TIMESTAMP_MINUTE_US },
	};
	struct store_key key = sample("11111111"), found;

	ck_assert_int_eq(store_key_add(store, &key), ERR_OK);
	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		ck_assert_int_eq(store_key_used(store, key.prefix, uses[i].at_us), ERR_OK);
		ck_assert_int_eq(store_key_find(store, arena, key.prefix, &found), ERR_OK);
		ck_assert_int_eq(found.last_used_us, uses[i].kept_us);
	}
}
END_TEST

START_TEST(a_key_is_revoked_once)
{
	struct store_key key = sample("22222222"), found;

	ck_assert_int_eq(store_key_add(store, &key), ERR_OK);
	ck_assert_int_eq(store_key_revoke(store, key.prefix, NOON + 1), ERR_OK);
	ck_assert_int_eq(store_key_revoke(store, key.prefix, NOON + 2), ERR_NOT_FOUND);
	ck_assert_int_eq(store_key_find(store, arena, key.prefix, &found), ERR_OK);
	ck_assert_int_eq(found.revoked_us, NOON + 1);
	ck_assert_int_eq(store_key_revoke(store, STR("33333333"), NOON), ERR_NOT_FOUND);
}
END_TEST

static bool count_key(void *context, const struct store_key *key)
{
	size_t *n = context;

	ck_assert_uint_eq(key->prefix.n, 8);
	++*n;
	return *n < 2;
}

START_TEST(a_list_ends_where_it_is_told_to)
{
	static const char *const prefixes[] = { "aaaaaaaa", "bbbbbbbb", "cccccccc" };
	size_t n = 0;

	ck_assert_int_eq(store_keys(store, count_key, &n), ERR_OK);
	ck_assert_uint_eq(n, 0);
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++) {
		struct store_key key = sample(prefixes[i]);

		ck_assert_int_eq(store_key_add(store, &key), ERR_OK);
	}
	ck_assert_int_eq(store_keys(store, count_key, &n), ERR_OK);
	ck_assert_uint_eq(n, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_key");
	TCase *tests = tcase_create("store_key");
	int code;

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_added_is_found);
	tcase_add_test(tests, no_streams_and_no_end);
	tcase_add_test(tests, a_use_is_kept_once_a_minute);
	tcase_add_test(tests, a_key_is_revoked_once);
	tcase_add_test(tests, a_list_ends_where_it_is_told_to);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
