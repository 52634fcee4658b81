// links: api
// Check program of answers that are kept: one makes it, the others take the one before or wait; nothing is too old.
#define _GNU_SOURCE
#include "api/answer_cache.h"

#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { AGE_US = 15000000, SLOW = 1000000, ASKERS = 8 };

static struct cache *cache;
static struct answer answer;

static void setup(void)
{
	cache = cache_new(AGE_US);
	answer_init(&answer);
}

static void teardown(void)
{
	answer_release(&answer);
	cache_free(cache);
}

static void make(const char *key, int64_t now_us, int64_t took_us, const char *text)
{
	ck_assert(!cache_take(cache, str_c(key), now_us, &answer));
	answer_bytes(&answer, 200, "text/plain", str_c(text));
	cache_done(cache, str_c(key), now_us, took_us, &answer);
	answer_reset(&answer);
}

static void wants(const char *key, int64_t now_us, const char *text)
{
	ck_assert(cache_take(cache, str_c(key), now_us, &answer));
	ck_assert(str_eq(buf_str(&answer.body), str_c(text)));
	ck_assert_uint_eq(answer.status, 200);
	ck_assert_str_eq(answer.content_type, "text/plain");
}

START_TEST(an_answer_is_kept_for_its_time)
{
	make("a", 0, SLOW, "first");
	wants("a", AGE_US / 3 * 2 - 1, "first");
	make("a", AGE_US / 3 * 2, SLOW, "second");
	wants("a", AGE_US / 3 * 2, "second");
	make("b", 0, SLOW, "another");
	wants("a", AGE_US / 3 * 2, "second");
}
END_TEST

START_TEST(what_was_cheap_is_kept_for_a_moment)
{
	make("a", 0, CACHE_SLOW_US - 1, "cheap");
	wants("a", CACHE_MOMENT_US / 3 * 2 - 1, "cheap");
	make("a", CACHE_MOMENT_US / 3 * 2, CACHE_SLOW_US - 1, "cheap again");
	ck_assert(!cache_take(cache, STR("a"), 2 * CACHE_MOMENT_US, &answer));
	cache_done(cache, STR("a"), 2 * CACHE_MOMENT_US, 0, &answer);
}
END_TEST

START_TEST(what_failed_is_not_kept)
{
	ck_assert(!cache_take(cache, STR("a"), 1, &answer));
	answer_problem(&answer, PROBLEM_UNAVAILABLE, STR("x"), NULL, STR_EMPTY);
	cache_done(cache, STR("a"), 1, SLOW, &answer);
	ck_assert(!cache_take(cache, STR("a"), 2, &answer));
	cache_done(cache, STR("a"), 2, 0, &answer);
}
END_TEST

/* While the next one is made, and that takes long, the one before is given; until it is too old. */
START_TEST(the_one_before_is_given_meanwhile)
{
	make("a", 0, SLOW, "before");
	ck_assert(!cache_take(cache, STR("a"), AGE_US - 1, &answer));
	wants("a", AGE_US - 1, "before");
	answer_bytes(&answer, 200, "text/plain", STR("behind"));
	cache_done(cache, STR("a"), AGE_US, SLOW, &answer);
	wants("a", AGE_US, "behind");
}
END_TEST

static atomic_int makers;

static void *ask(void *unused)
{
	struct answer own;

	answer_init(&own);
	if (!cache_take(cache, STR("many"), 5, &own)) {
		atomic_fetch_add(&makers, 1);
		usleep(20000);
		answer_bytes(&own, 200, "text/plain", STR("one for all"));
		cache_done(cache, STR("many"), 5, SLOW, &own);
	}
	ck_assert(str_eq(buf_str(&own.body), STR("one for all")));
	answer_release(&own);
	return unused;
}

START_TEST(many_askers_have_one_maker)
{
	pthread_t threads[ASKERS];

	atomic_store(&makers, 0);
	for (int i = 0; i < ASKERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, NULL), 0);
	for (int i = 0; i < ASKERS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_int_eq(atomic_load(&makers), 1);
}
END_TEST

START_TEST(the_whole_has_a_bound)
{
	static char text[1 << 20];
	char key[32];

	memset(text, 'x', sizeof text - 1);
	for (unsigned i = 0; i < 2 * (CACHE_BYTES >> 20); i++) {
		snprintf(key, sizeof key, "%u", i);
		make(key, 0, SLOW, text);
	}
	ck_assert(!cache_take(cache, STR("0"), 0, &answer));
	cache_done(cache, STR("0"), 0, 0, &answer);
	wants(key, 0, text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cache");
	TCase *tests = tcase_create("cache");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_answer_is_kept_for_its_time);
	tcase_add_test(tests, what_was_cheap_is_kept_for_a_moment);
	tcase_add_test(tests, what_failed_is_not_kept);
	tcase_add_test(tests, the_one_before_is_given_meanwhile);
	tcase_add_test(tests, many_askers_have_one_maker);
	tcase_add_test(tests, the_whole_has_a_bound);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
