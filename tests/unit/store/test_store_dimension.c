// links: store domain
// Check program of counts by other words than the domain: what is kept by the day says what the events say, whatever
// happened to it.
#define _GNU_SOURCE
#include "core/limits.h"
#include "store/overview.h"
#include "store/ranking.h"
#include "tests/support/cluster_fixture.h"

#include <check.h>
#include <string.h>

#define DAY  TIMESTAMP_DAY_US
#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */
#define LAST (NOON + DAY / 2)

static char conninfo[700];
static struct store *store;
static uint64_t sequence;

static void setup(void)
{
	struct store_migration migration;

	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOON, 1000, &migration), ERR_OK);
	sequence = 0;
}

static void reopen_with(const char *providers)
{
	const struct store_options options = { .providers = str_c(providers) };

	store_close(store);
	ck_assert_int_eq(store_open(conninfo, &options, NULL, &store), ERR_OK);
}

static void teardown(void)
{
	store_close(store);
}

static const char *const domains[] = { "gmail.com", "yahoo.fr", "yahoo.co.uk", "mail.example.co.uk",
	"example.co.uk", "other.example", "" };
static const char *const statuses[] = { "5.1.1", "4.2.2", "", "5.7.1" };
static const char *const remotes[] = { "MX1.example.net", "mx1.Example.net", "",
	"mx2.example.net" };
static const char *const campaigns[] = { "", "spring", "summer" };

static struct event made_event(uint64_t i)
{
	static const enum reason reasons[] = { REASON_RECIPIENT_UNKNOWN, REASON_MAILBOX_FULL,
		REASON_CONTENT_SPAM };
	struct event event;

	event_init(&event);
	event.domain = str_c(domains[i % ARRAY_LEN(domains)]);
	event.recipient = STR("ann@example.com");
	event.outcome = i % 5 == 4 ? OUTCOME_DELAYED : OUTCOME_FAILED;
	event.reason = reasons[i % 3];
	event.class = reason_class(event.reason);
	event.status = str_c(statuses[i % ARRAY_LEN(statuses)]);
	event.reporting_mta = STR("MX.Test");
	event.remote_mta = str_c(remotes[i / 3 % ARRAY_LEN(remotes)]);
	return event;
}

static void load(size_t n)
{
	struct store_batch *batch = store_batch_new(store, STR("s1"));
	uint64_t from = sequence;
	struct store_batch_result result;

	for (size_t i = 0; i < n; i++, sequence++) {
		struct envelope envelope = { .received_at_us =
						     LAST - (int64_t)(sequence % 72) * DAY / 24,
			.stream = sequence % 4 ? STR("news") : STR("shop") };
		struct event event = made_event(sequence);
		struct report report;
		struct store_message message = { .sequence = sequence,
			.envelope = &envelope,
			.report = &report,
			.campaign = str_c(campaigns[sequence % 3]) };

		report_init(&report);
		report.kind = KIND_BOUNCE;
		report.events = &event;
		report.n_events = 1;
		report.original.date_us = envelope.received_at_us - DAY / 3;
		memcpy(message.digest, &sequence, sizeof sequence);
		ck_assert_int_eq(store_batch_add(batch, &message), ERR_OK);
	}
	ck_assert_int_eq(store_batch_commit(batch, from, sequence, &result), ERR_OK);
	store_batch_free(batch);
}

static void send(uint64_t attempted)
{
	for (int day = 0; day < 4; day++)
		for (size_t i = 0; i + 1 < ARRAY_LEN(domains); i++) {
			const struct store_volume volume = { .at_us = NOON - day * DAY,
				.stream = i % 2 ? STR("news") : STR("shop"),
				.campaign = str_c(campaigns[i % 3]),
				.domain = str_c(domains[i]),
				.source = STR("mta1"),
				.attempted = attempted + i,
				.has_accepted = true,
				.accepted = attempted / 2 };

			ck_assert_int_eq(store_volume_put(store, &volume, 1), ERR_OK);
		}
}

struct listing {
	struct arena *arena;
	struct str text;
	size_t n;
};

static void add_counts(struct listing *l, struct str name, const struct store_counts *c)
{
	l->text = arena_printf(l->arena,
		"%.*s%.*s %d:%llu/%llu %llu %llu %llu %llu %llu | %llu %llu\n", STR_ARG(l->text),
		STR_ARG(name), c->has_volume, (unsigned long long)c->attempted,
		(unsigned long long)c->accepted, (unsigned long long)c->failed,
		(unsigned long long)c->hard, (unsigned long long)c->soft,
		(unsigned long long)c->block, (unsigned long long)c->delayed,
		(unsigned long long)c->failed_covered, (unsigned long long)c->unproven);
	l->n++;
}

static bool note_row(void *context, const struct store_domain_row *row)
{
	add_counts(context, row->domain, &row->counts);
	return true;
}

static bool note_point(void *context, const struct store_series_row *row)
{
	char room[TIMESTAMP_TEXT_BYTES];

	add_counts(context, timestamp_format(row->at_us, room), &row->counts);
	return true;
}

static bool note_reason(void *context, const struct store_reason_row *row)
{
	struct listing *l = context;

	l->text = arena_printf(l->arena, "%.*s%.*s %.*s %llu\n", STR_ARG(l->text),
		STR_ARG(row->reason), STR_ARG(row->class), (unsigned long long)row->count);
	l->n++;
	return true;
}

static struct store_window window_of(enum store_basis basis, const struct store_filters *filters)
{
	return (struct store_window){ .from_us = LAST - 5 * DAY,
		.to_us = LAST + DAY,
		.stream = STR_EMPTY,
		.proof = STR_EMPTY,
		.basis = basis,
		.filters = filters };
}

static struct listing list(struct arena *arena, enum store_dimension by, enum store_basis basis,
	const struct store_filters *filters)
{
	struct listing listing = { arena, STR_EMPTY, 0 };
	struct store_domains_query query = { .window = window_of(basis, filters),
		.by = by,
		.sort = STORE_SORT_DOMAIN,
		.limit = LIMIT_PAGE_ROWS };

	ck_assert_int_eq(store_domains(store, &query, note_row, &listing), ERR_OK);
	return listing;
}

/* The same question in two ways: as it is kept, and with a filter that all events pass, which has them looked at. */
static void compare(enum store_dimension by, enum store_basis basis)
{
	struct arena *arena = arena_new();
	struct store_filters all = { 0 };
	struct listing kept, counted;

	all.value[STORE_BY_REPORTING_MTA] = STR("mx.test");
	ck_assert_int_ne(store_counted_from(by, NULL), STORE_FROM_EVENTS);
	ck_assert_int_eq(store_counted_from(by, &all), STORE_FROM_EVENTS);
	kept = list(arena, by, basis, NULL);
	counted = list(arena, by, basis, &all);
	ck_assert_uint_gt(kept.n, 0);
	ck_assert_msg(str_eq(kept.text, counted.text), "%.*s:\n%.*s\nshould be\n%.*s",
		STR_ARG(store_dimension_name(by)), STR_ARG(kept.text), STR_ARG(counted.text));
	arena_free(arena);
}

static void compare_all(void)
{
	uint64_t differences;

	ck_assert_int_eq(
		store_rollup_check(store, LAST - 9 * DAY, LAST + 2 * DAY, &differences), ERR_OK);
	ck_assert_uint_eq(differences, 0);
	for (int by = 0; by < STORE_BY_REPORTING_MTA; by++)
		for (int basis = 0; basis < STORE_BASIS_COUNT; basis++)
			compare((enum store_dimension)by, (enum store_basis)basis);
}

START_TEST(what_is_kept_is_what_the_events_say)
{
	struct store_volumes_query some = { .from_us = LAST - 2 * DAY, .to_us = LAST - DAY };
	uint64_t deleted;

	load(400);
	send(100);
	compare_all();
	send(70); /* replaces */
	load(50);
	ck_assert_int_eq(store_volumes_delete(store, &some, &deleted), ERR_OK);
	ck_assert_uint_gt(deleted, 0);
	ck_assert_int_eq(store_join_totals(store), ERR_OK);
	compare_all();
	/* A table that changes holds for what comes; what was kept by the old one goes with it. */
	reopen_with("other.example=acme");
	send(80);
	load(50);
	compare_all();
	ck_assert_int_eq(store_rollup_rebuild(store, LAST - 9 * DAY, LAST + 2 * DAY), ERR_OK);
	compare_all();
}
END_TEST

START_TEST(words_of_a_domain)
{
	struct arena *arena = arena_new();
	struct listing listing;

	load(7);
	send(100);
	listing = list(arena, STORE_BY_PROVIDER, STORE_BASIS_EVENT, NULL);
	ck_assert_msg(str_find(listing.text, STR("google 1:400/200 1 ")) != STR_NPOS, "%.*s",
		STR_ARG(listing.text));
	ck_assert_msg(str_find(listing.text, STR("yahoo 1:812/400 2 ")) != STR_NPOS, "%.*s",
		STR_ARG(listing.text));
	listing = list(arena, STORE_BY_ORG_DOMAIN, STORE_BASIS_EVENT, NULL);
	ck_assert_msg(str_find(listing.text, STR("\nexample.co.uk 1:828/400 1 ")) != STR_NPOS,
		"%.*s", STR_ARG(listing.text));
	arena_free(arena);
}
END_TEST

static const struct {
	enum store_dimension by;
	const char *value;
} filter_cases[] = {
	{ STORE_BY_PROVIDER, "yahoo" },
	{ STORE_BY_ORG_DOMAIN, "example.co.uk" },
	{ STORE_BY_STATUS, "5.1.1" },
	{ STORE_BY_CAMPAIGN, "spring" },
	{ STORE_BY_REASON, "recipient.unknown" },
	{ STORE_BY_CLASS, "hard" },
	{ STORE_BY_OUTCOME, "failed" },
};

/* Over time, by reason, and of one value. */
START_TEST(one_value)
{
	struct arena *arena = arena_new();
	struct store_filters one = { 0 }, same;

	load(300);
	send(100);
	one.value[filter_cases[_i].by] = str_c(filter_cases[_i].value);
	same = one;
	same.value[STORE_BY_REPORTING_MTA] = STR("mx.test");
	for (int basis = 0; basis < STORE_BASIS_COUNT; basis++) {
		struct store_window kept = window_of((enum store_basis)basis, &one);
		struct store_window counted = window_of((enum store_basis)basis, &same);
		struct listing is = { arena, STR_EMPTY, 0 }, should = is;

		ck_assert_int_eq(store_timeseries(store, &kept, NULL, STORE_INTERVAL_DAY,
					 STR("UTC"), note_point, &is),
			ERR_OK);
		ck_assert_int_eq(store_timeseries(store, &counted, NULL, STORE_INTERVAL_DAY,
					 STR("UTC"), note_point, &should),
			ERR_OK);
		ck_assert_uint_gt(is.n, 2);
		ck_assert_msg(str_eq(is.text, should.text), "%.*s\nshould be\n%.*s",
			STR_ARG(is.text), STR_ARG(should.text));
		is = should = (struct listing){ arena, STR_EMPTY, 0 };
		ck_assert_int_eq(store_reasons(store, &kept, NULL, note_reason, &is), ERR_OK);
		ck_assert_int_eq(
			store_reasons(store, &counted, NULL, note_reason, &should), ERR_OK);
		ck_assert_uint_gt(is.n, 0);
		ck_assert(str_eq(is.text, should.text));
		is = list(arena, filter_cases[_i].by, (enum store_basis)basis, &one);
		ck_assert_uint_eq(is.n, 1);
		ck_assert(str_starts(is.text, str_c(filter_cases[_i].value)));
	}
	arena_free(arena);
}
END_TEST

static const struct {
	enum store_dimension by;
	enum store_dimension filters[2];
	enum store_counted counted;
} source_cases[] = {
	{ STORE_BY_DOMAIN, { STORE_BY_STREAM, STORE_BY_STREAM }, STORE_FROM_DOMAINS },
	{ STORE_BY_DOMAIN, { STORE_BY_PROVIDER, STORE_BY_STREAM }, STORE_FROM_EVENTS },
	{ STORE_BY_STREAM, { STORE_BY_DOMAIN, STORE_BY_STREAM }, STORE_FROM_DOMAINS },
	{ STORE_BY_STREAM, { STORE_BY_CLASS, STORE_BY_CAMPAIGN }, STORE_FROM_TOTALS },
	{ STORE_BY_REASON, { STORE_BY_DOMAIN, STORE_BY_STREAM }, STORE_FROM_EVENTS },
	{ STORE_BY_PROVIDER, { STORE_BY_PROVIDER, STORE_BY_STREAM }, STORE_FROM_DAYS },
	{ STORE_BY_PROVIDER, { STORE_BY_REASON, STORE_BY_STREAM }, STORE_FROM_EVENTS },
	{ STORE_BY_STATUS, { STORE_BY_PROVIDER, STORE_BY_STREAM }, STORE_FROM_EVENTS },
	{ STORE_BY_REMOTE_MTA, { STORE_BY_STREAM, STORE_BY_STREAM }, STORE_FROM_EVENTS },
	{ STORE_DIMENSION_COUNT, { STORE_BY_DOMAIN, STORE_BY_STREAM }, STORE_FROM_DOMAINS },
	{ STORE_DIMENSION_COUNT, { STORE_BY_STATUS, STORE_BY_STREAM }, STORE_FROM_DAYS },
	{ STORE_DIMENSION_COUNT, { STORE_BY_REASON, STORE_BY_SOURCE }, STORE_FROM_TOTALS },
	{ STORE_DIMENSION_COUNT, { STORE_BY_REASON, STORE_BY_DOMAIN }, STORE_FROM_EVENTS },
};

START_TEST(where_counts_come_from)
{
	struct store_filters filters = { 0 };

	for (int i = 0; i < 2; i++)
		filters.value[source_cases[_i].filters[i]] = STR("x");
	ck_assert_int_eq(
		store_counted_from(source_cases[_i].by, &filters), source_cases[_i].counted);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_dimension");
	TCase *tests = tcase_create("store_dimension");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_kept_is_what_the_events_say);
	tcase_add_test(tests, words_of_a_domain);
	tcase_add_loop_test(tests, one_value, 0, ARRAY_LEN(filter_cases));
	suite_add_tcase(suite, tests);
	tests = tcase_create("pure");
	tcase_add_loop_test(tests, where_counts_come_from, 0, ARRAY_LEN(source_cases));
	suite_add_tcase(suite, tests);
	fixture_start();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? 1 : 0;
}
