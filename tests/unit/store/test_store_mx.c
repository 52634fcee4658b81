// links: store
// Check program of providers that the DNS tells: what was stored before the answer moves with it, failures and attempts alike.
#define _GNU_SOURCE
#include "store/store_mx.h"
#include "tests/support/store_batch_fixture.h"
#include "tests/support/suite.h"

static struct store *store;
static uint64_t sequence;

static void connect(bool mx_lookups)
{
	static char conninfo[700];
	const struct store_options options = { .mx_lookups = mx_lookups };
	struct store_migration migration;

	if (!store)
		snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	store_close(store);
	ck_assert_int_eq(store_open(conninfo, &options, NULL, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
}

/* A failure and two attempts of each. */
static void add(const char *const *domains, size_t n)
{
	struct store_batch_result result;
	struct sample samples[8];

	for (size_t i = 0; i < n; i++) {
		const struct store_volume volume = VOLUME(timestamp_floor(NOW, HOUR), STR("news"),
			STR(""), str_c(domains[i]), str_c(i % 2 ? "b" : "a"), 2);

		sample_init(&samples[i], sequence + i, domains[i]);
		samples[i].envelope.stream = i % 2 ? STR("shop") : STR("news");
		ck_assert_int_eq(store_volume_put(store, &volume, 1), ERR_OK);
	}
	ck_assert_int_eq(load(store, "s1", samples, n, sequence, sequence + n, &result), ERR_OK);
	sequence += n;
}

struct due {
	char text[200];
};

static void note(void *context, struct str domain, uint64_t failures)
{
	struct due *due = context;
	size_t n = strlen(due->text);

	snprintf(due->text + n, sizeof due->text - n, "%.*s:%llu ", STR_ARG(domain),
		(unsigned long long)failures);
}

static struct due due_at(int64_t now_us)
{
	struct due due = { "" };
	size_t n;

	ck_assert_int_eq(store_mx_due(store, now_us, note, &due, &n), ERR_OK);
	return due;
}

static size_t learn(const char *domain, const char *provider, bool answered, int64_t due_us)
{
	const struct store_mx row = { .domain = str_c(domain),
		.host = STR("mx.host.example"),
		.provider = str_c(provider),
		.answered = answered,
		.due_us = due_us };
	size_t moved = 99;

	ck_assert_int_eq(store_mx_learn(store, &row, 1, NOW, &moved), ERR_OK);
	return moved;
}

static bool print(void *context, const struct store_domain_row *row)
{
	struct due *text = context;
	size_t n = strlen(text->text);

	snprintf(text->text + n, sizeof text->text - n, "%.*s=%llu/%llu ", STR_ARG(row->domain),
		(unsigned long long)row->counts.failed, (unsigned long long)row->counts.attempted);
	return true;
}

static struct due providers(void)
{
	struct due text = { "" };
	const struct store_domains_query query = {
		.window = { .from_us = timestamp_floor(NOW, TIMESTAMP_DAY_US),
			.to_us = timestamp_floor(NOW, TIMESTAMP_DAY_US) + TIMESTAMP_DAY_US },
		.by = STORE_BY_PROVIDER,
		.sort = STORE_SORT_DOMAIN,
		.limit = 10
	};

	ck_assert_int_eq(store_domains(store, &query, print, &text), ERR_OK);
	ck_assert_uint_eq(differences(store), 0);
	return text;
}

static const char *const both[] = { "corp.example", "other.example", "corp.example", "gmail.com" };

START_TEST(nothing_is_asked_for_where_it_is_off)
{
	connect(false);
	add(both, 4);
	ck_assert_str_eq(due_at(NOW).text, "");
	ck_assert_str_eq(providers().text, "=3/4 google=1/2 ");
}
END_TEST

START_TEST(what_came_before_the_answer_moves_with_it)
{
	bool acting = false;

	connect(true);
	ck_assert_int_eq(store_act(store, STORE_ACTOR_RESOLVER, &acting), ERR_OK);
	ck_assert(acting);
	add(both, 4);
	ck_assert_str_eq(due_at(NOW).text, "corp.example:0 other.example:0 ");
	ck_assert_uint_eq(learn("corp.example", "google", true, NOW + HOUR), 2);
	ck_assert_uint_eq(learn("other.example", "", true, NOW + HOUR), 0);
	ck_assert_str_eq(providers().text, "=1/2 google=3/4 ");
	ck_assert_str_eq(due_at(NOW).text, "");
	ck_assert_str_eq(due_at(NOW + HOUR).text, "corp.example:0 other.example:0 ");
	/* What comes now is known. Attempts of a key that is told again are what they were. */
	add(both, 4);
	ck_assert_str_eq(providers().text, "=2/2 google=6/4 ");
	/* The mail goes elsewhere from now on, and stays where it was. */
	ck_assert_uint_eq(learn("corp.example", "zoho", true, NOW + HOUR), 0);
	add(both, 1);
	ck_assert_str_eq(providers().text, "=2/2 google=6/2 zoho=1/2 ");
	ck_assert_int_eq(store_rollup_rebuild(store, timestamp_floor(NOW, TIMESTAMP_DAY_US),
				 timestamp_floor(NOW, TIMESTAMP_DAY_US) + TIMESTAMP_DAY_US),
		ERR_OK);
	ck_assert_str_eq(providers().text, "=2/2 google=6/2 zoho=1/2 ");
}
END_TEST

START_TEST(what_nobody_answers_is_asked_again)
{
	connect(true);
	add(both, 1);
	ck_assert_uint_eq(learn("corp.example", "", false, NOW + HOUR), 0);
	ck_assert_str_eq(due_at(NOW).text, "");
	ck_assert_str_eq(due_at(NOW + HOUR).text, "corp.example:1 ");
	ck_assert_uint_eq(learn("corp.example", "", false, NOW + 2 * HOUR), 0);
	ck_assert_str_eq(due_at(NOW + 2 * HOUR).text, "corp.example:2 ");
	add(both, 1);
	ck_assert_uint_eq(learn("corp.example", "google", true, NOW + HOUR), 2);
	ck_assert_str_eq(providers().text, "google=2/2 ");
	/* An answer that fails to come takes none away. */
	ck_assert_uint_eq(learn("corp.example", "", false, NOW + HOUR), 0);
	add(both, 1);
	ck_assert_str_eq(providers().text, "google=3/2 ");
}
END_TEST

START_TEST(what_was_stored_before_it_was_on_stays)
{
	connect(false);
	add(both, 1);
	connect(true);
	ck_assert_str_eq(due_at(NOW).text, "");
	ck_assert_uint_eq(learn("corp.example", "google", true, NOW + HOUR), 0);
	ck_assert_str_eq(providers().text, "=1/2 ");
}
END_TEST

static void setup(void)
{
	store = NULL;
	sequence = 0;
}

static void teardown(void)
{
	store_close(store);
}

int main(void)
{
	Suite *suite = suite_create("store_mx");
	TCase *tests = tcase_create("store_mx");
	SRunner *runner;
	int failed;

	fixture_start();
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, nothing_is_asked_for_where_it_is_off);
	tcase_add_test(tests, what_came_before_the_answer_moves_with_it);
	tcase_add_test(tests, what_nobody_answers_is_asked_again);
	tcase_add_test(tests, what_was_stored_before_it_was_on_stays);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? 1 : 0;
}
