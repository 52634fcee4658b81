// links: store
// Check program of a domain's reasons by the day: the same counts as by the quarters that they are summed from, while events
// come late, days wait, and all is made again.
#define _GNU_SOURCE
#include "store/overview.h"
#include "store/pg/pg.h"
#include "store/ranking.h"
#include "tests/support/store_batch_fixture.h"
#include "tests/support/suite.h"

#include <libpq-fe.h>

#define DAY  TIMESTAMP_DAY_US
#define LAST ((int64_t)1795046400 * TIMESTAMP_SECOND_US) /* 2026-11-19T00:00:00Z */

enum { DAYS = 6 };

static const char *const domains[] = { "many.example", "many.example", "many.example",
	"more.example", "few.example" };
static const char *const streams[] = { "news", "shop" };
static char conninfo[700];
static struct store *store;
static uint64_t sequence, seed;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static void load_some(unsigned n)
{
	struct sample *samples = calloc(n, sizeof *samples);
	struct store_standing *standings = calloc(n, sizeof *standings);
	const uint64_t from = sequence;
	struct store_batch_result result;

	for (unsigned i = 0; i < n; i++) {
		struct sample *sample = &samples[i];

		sample_init(sample, sequence++,
			pick(80) ? domains[pick(ARRAY_LEN(domains) - 1)] : "few.example");
		sample->envelope.received_at_us =
			LAST - 1 - (int64_t)pick(DAYS * 24 * 60) * HOUR / 60;
		sample->envelope.stream = str_c(streams[pick(2)]);
		sample->events[0].outcome = (enum outcome)pick(OUTCOME_COUNT);
		sample->events[0].reason = (enum reason)(1 + pick(4));
		sample->events[0].class = (enum reason_class)pick(CLASS_COUNT);
		if (pick(4))
			sample->report.original.date_us =
				sample->envelope.received_at_us - (int64_t)pick(30) * HOUR;
		standings[i] = (struct store_standing){ (enum proof)pick(PROOF_COUNT),
			.rated = pick(3) > 0, .counts = pick(9) > 0 };
		sample->message.standings = &standings[i];
	}
	ck_assert_int_eq(load(store, "s1", samples, n, from, sequence, &result), ERR_OK);
	free(samples);
	free(standings);
}

static void setup(void)
{
	struct store_migration migration;

	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	seed = 7;
	sequence = 0;
}

static void teardown(void)
{
	store_close(store);
}

static void pack_all(void)
{
	size_t n;

	do
		ck_assert_int_eq(store_pack(store, 4, &n), ERR_OK);
	while (n);
}

/* As if an hour had passed since the days changed. */
static void sum_all(void)
{
	pack_all();
	fixture_sql(conninfo, "UPDATE stale_sum SET since = '-infinity'");
	pack_all();
}

struct listing {
	struct arena *arena;
	struct str text;
};

static bool note_row(void *context, const struct store_reason_row *row)
{
	struct listing *l = context;

	l->text = arena_printf(l->arena, "%.*s%d %.*s %.*s %llu\n", STR_ARG(l->text), row->outcome,
		STR_ARG(row->reason), STR_ARG(row->class), (unsigned long long)row->count);
	return true;
}

static bool note_step(void *context, const struct store_series_row *row)
{
	struct listing *l = context;
	const struct store_counts *c = &row->counts;

	l->text = arena_printf(l->arena,
		"%.*s%lld %llu %llu %llu %llu|%llu %llu %llu %llu %llu|%llu\n", STR_ARG(l->text),
		(long long)row->at_us, (unsigned long long)c->failed, (unsigned long long)c->hard,
		(unsigned long long)c->soft, (unsigned long long)c->block,
		(unsigned long long)c->delayed, (unsigned long long)c->delivered,
		(unsigned long long)c->relayed, (unsigned long long)c->expanded,
		(unsigned long long)c->complaints, (unsigned long long)c->unproven);
	return true;
}

/* All that is told of a domain: reasons, each day, and the whole. */
static struct str list(struct arena *arena, const struct store_window *window, const char *domain)
{
	struct listing listing = { .arena = arena, .text = STR_EMPTY };
	const struct str name = str_c(domain);
	struct store_series_row whole = { .at_us = 0 };

	ck_assert_int_eq(store_domain_reasons(store, window, name, note_row, &listing), ERR_OK);
	ck_assert_int_eq(store_timeseries(store, window, &name, STORE_INTERVAL_DAY, STR("UTC"),
				 note_step, &listing),
		ERR_OK);
	ck_assert_int_eq(store_domain_counts(store, window, name, &whole.counts), ERR_OK);
	note_step(&listing, &whole);
	return listing.text;
}

static const struct {
	const char *domain, *stream, *proof;
	enum store_basis basis;
	int days;
} ways[] = {
	{ "many.example", "", "", STORE_BASIS_EVENT, DAYS },
	{ "many.example", "", "all", STORE_BASIS_SEND, DAYS + 3 },
	{ "many.example", "news", "", STORE_BASIS_EVENT, 3 },
	{ "many.example", "", "none", STORE_BASIS_SEND, 4 },
	{ "more.example", "shop", "all", STORE_BASIS_EVENT, DAYS },
	{ "more.example", "", "", STORE_BASIS_SEND, 5 },
	{ "few.example", "", "all", STORE_BASIS_EVENT, DAYS },
	{ "none.example", "", "", STORE_BASIS_EVENT, DAYS },
};

/* How many of the ways say something else than the quarters. A window that is a quarter longer is read from those alone, and
 * nothing is in that quarter. */
static unsigned count_wrong(void)
{
	struct arena *arena = arena_new();
	unsigned wrong = 0;

	for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
		struct store_window window = { .from_us = LAST - ways[i].days * DAY,
			.to_us = LAST,
			.stream = str_c(ways[i].stream),
			.basis = ways[i].basis,
			.proof = str_c(ways[i].proof) };
		struct str is = list(arena, &window, ways[i].domain);

		window.to_us += HOUR / 4;
		wrong += !str_eq(is, list(arena, &window, ways[i].domain));
		ck_assert(is.n > 100 || i == ARRAY_LEN(ways) - 1);
	}
	arena_free(arena);
	return wrong;
}

static uint64_t failed_of(int64_t to_us)
{
	const struct store_window window = { .from_us = LAST - DAYS * DAY,
		.to_us = to_us,
		.stream = STR_EMPTY,
		.proof = STR_EMPTY };
	struct store_counts counts;

	ck_assert_int_eq(store_domain_counts(store, &window, STR("many.example"), &counts), ERR_OK);
	return counts.failed;
}

#define SUMMED(condition) "DO $$ BEGIN ASSERT (SELECT " condition " FROM summed_day); END $$"

START_TEST(summed_days_say_what_their_quarters_say)
{
	load_some(900);
	pack_all();
	/* Nothing is summed up that changed within the hour. */
	fixture_sql(conninfo, SUMMED("count(*) = 0"));
	ck_assert_uint_eq(count_wrong(), 0);
	sum_all();
	fixture_sql(conninfo, SUMMED("count(DISTINCT (basis, bucket)) > 6 AND bool_and(domain <> "
				     "'few.example')"));
	ck_assert_uint_eq(count_wrong(), 0);
	ck_assert_uint_eq(differences(store), 0);
	load_some(300);
	ck_assert_uint_eq(count_wrong(), 0);
	ck_assert_uint_eq(differences(store), 0);
	pack_all();
	ck_assert_uint_eq(count_wrong(), 0);
	sum_all();
	ck_assert_uint_eq(count_wrong(), 0);
	ck_assert_int_eq(store_drop(store, STORE_KEPT_ROLLUPS, LAST - DAY), ERR_OK);
	fixture_sql(conninfo, SUMMED("min(bucket) = '2026-11-18'"));
	ck_assert_uint_eq(count_wrong(), 0);
}
END_TEST

/* They are what is read, so damage shows; a check finds it, and what is made again is right. */
START_TEST(a_damaged_sum_is_found_and_mended)
{
	load_some(900);
	sum_all();
	fixture_sql(conninfo, "UPDATE summed_day SET n = n + 1");
	ck_assert_uint_eq(count_wrong(), ARRAY_LEN(ways) - 2); /* few.example has no day of 8 */
	ck_assert_uint_gt(failed_of(LAST), failed_of(LAST + HOUR / 4));
	ck_assert_uint_gt(differences(store), 0);
	load_some(600);
	pack_all();
	ck_assert_uint_eq(count_wrong(), 0); /* every day waits, and its sum is not read */
	fixture_sql(conninfo, "DELETE FROM stale_sum");
	ck_assert_uint_gt(differences(store), 0);
	ck_assert_int_eq(store_rollup_rebuild(store, LAST - 60 * DAY, LAST + DAY), ERR_OK);
	ck_assert_uint_eq(count_wrong(), 0);
	ck_assert_uint_eq(differences(store), 0);
	sum_all();
	fixture_sql(conninfo, SUMMED("count(*) > 0"));
	ck_assert_uint_eq(count_wrong(), 0);
	ck_assert_uint_eq(differences(store), 0);
}
END_TEST

static void explain(PGconn *sql, enum query query, const char *types, const char *values)
{
	char text[16384];
	PGresult *result;

	snprintf(text, sizeof text,
		"DEALLOCATE ALL; PREPARE asked (%s) AS %s; EXPLAIN EXECUTE asked (%s)", types,
		pg_sql(query), values);
	result = PQexec(sql, text);
	ck_assert_msg(PQresultStatus(result) == PGRES_TUPLES_OK, "%s", PQerrorMessage(sql));
	ck_assert_int_gt(PQntuples(result), 5);
	for (int i = 0; i < PQntuples(result); i++)
		ck_assert_msg(!strstr(PQgetvalue(result, i, 0), "Seq Scan on summed_day") &&
				      !strstr(PQgetvalue(result, i, 0), "Seq Scan on rollup_day"),
			"%s", PQgetvalue(result, i, 0));
	PQclear(result);
}

#define WINDOW "'2026-08-20Z', '2026-11-18Z', '', 'event', 'd7.example', ''"

/* Of a quarter of a year, where a hundred domains have sums: by the key of each day, never all that there are. */
START_TEST(a_domain_is_looked_up_day_by_day)
{
	PGconn *sql = PQconnectdb(conninfo);

	ck_assert_int_eq(PQstatus(sql), CONNECTION_OK);
	fixture_sql(conninfo, "INSERT INTO summed_day (basis, bucket, stream, domain, outcome, "
			      "reason, class, n, proof, rated) "
			      "SELECT 'event', timestamptz '2026-11-18Z' - day * interval '1 day', "
			      "'news', 'd' || n || '.example', 'failed', "
			      "reason, 'hard', 1, 'none', true FROM generate_series(1, 90) day, "
			      "generate_series(1, 100) n, "
			      "unnest(ARRAY['recipient.unknown', 'mailbox.full', 'content.spam', "
			      "'rate.limited']) reason");
	fixture_sql(conninfo, "INSERT INTO rollup_day SELECT 'event', timestamptz '2026-11-18Z' - "
			      "day * interval '1 day', 'news', "
			      "'d' || n || '.example', 4, 4, 0, 0, 0, 0, 0, 0, 0, 'none', true "
			      "FROM generate_series(1, 90) day, "
			      "generate_series(1, 300) n");
	fixture_sql(conninfo, "ANALYZE");
	explain(sql, QUERY_DOMAIN_REASONS_DAY, "timestamptz, timestamptz, text, text, text, text",
		WINDOW);
	explain(sql, QUERY_COUNTS_DAY, "timestamptz, timestamptz, text, text, text, text", WINDOW);
	explain(sql, QUERY_DOMAIN_SERIES_DAY,
		"timestamptz, timestamptz, text, text, text, text, text, text",
		WINDOW ", 'day', 'UTC'");
	PQfinish(sql);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_sums");
	TCase *tests = tcase_create("sums");
	int code;

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, summed_days_say_what_their_quarters_say);
	tcase_add_test(tests, a_damaged_sum_is_found_and_mended);
	tcase_add_test(tests, a_domain_is_looked_up_day_by_day);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
