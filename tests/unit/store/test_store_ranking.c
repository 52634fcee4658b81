// links: store
// Check program of rankings from packed days: the same rows as by the tables that they are made from, in every sort.
#define _GNU_SOURCE
#include "store/overview.h"
#include "store/ranking.h"
#include "tests/support/store_batch_fixture.h"

#define DAY  TIMESTAMP_DAY_US
#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */
#define LAST (NOON + DAY / 2)                            /* midnight behind it */

enum { SHOWN = 1500 }; /* of a list that is wrong: Check's messages end */

static const char *conninfo;
static struct store *store;
static struct store_names *names;
static uint64_t sequence;
static uint64_t seed;

static unsigned pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

static const char *const streams[] = { "news", "shop", "system" };

/* Of so many domains at most. */
static void load_some(unsigned n, unsigned of)
{
	struct sample *samples = calloc(n, sizeof *samples);
	struct store_standing *standings = calloc(n, sizeof *standings);
	char(*domains)[32] = calloc(n, sizeof *domains);
	char(*ids)[32] = calloc(n, sizeof *ids);
	const uint64_t from = sequence;
	struct store_batch_result result;

	for (unsigned i = 0; i < n; i++) {
		struct sample *sample = &samples[i];
		unsigned d = pick(of);

		snprintf(domains[i], sizeof domains[i], "d%u.example", d * d / of);
		snprintf(ids[i], sizeof ids[i], "<%u@sender.example>", pick(2 * n));
		sample_init(sample, sequence++, domains[i]);
		sample->envelope.received_at_us =
			LAST - 1 - (int64_t)pick(18 * 24 * 60) * HOUR / 60;
		sample->envelope.stream = str_c(streams[pick(3)]);
		sample->events[0].outcome = (enum outcome)pick(OUTCOME_COUNT);
		sample->events[0].class = (enum reason_class)pick(CLASS_COUNT);
		sample->report.original.message_id = str_c(ids[i]);
		if (pick(4))
			sample->report.original.date_us =
				sample->envelope.received_at_us - (int64_t)pick(80) * HOUR;
		standings[i] = (struct store_standing){ (enum proof)pick(PROOF_COUNT),
			.rated = pick(3) > 0, .counts = pick(9) > 0 };
		sample->message.standings = &standings[i];
	}
	ck_assert_int_eq(load(store, "s1", samples, n, from, sequence, &result), ERR_OK);
	free(samples);
	free(standings);
	free(domains);
	free(ids);
}

static void send_some(unsigned n)
{
	struct store_volume *rows = calloc(n, sizeof *rows);
	char(*domains)[32] = calloc(n, sizeof *domains);

	for (unsigned i = 0; i < n; i++) {
		int64_t at_us = LAST - HOUR - (int64_t)pick(15 * 24) * HOUR;

		snprintf(domains[i], sizeof domains[i], "d%u.example", pick(44));
		rows[i] = (struct store_volume)VOLUME(at_us, str_c(streams[pick(2)]), STR("c"),
			str_c(domains[i]), STR("m"), pick(50));
		rows[i].has_accepted = pick(2);
		rows[i].accepted = pick(40);
	}
	ck_assert_int_eq(store_volume_put(store, rows, n), ERR_OK);
	free(rows);
	free(domains);
}

static void pack_all(void)
{
	size_t n = 1;

	while (n)
		ck_assert_int_eq(store_pack(store, 5, &n), ERR_OK);
}

static void setup(void)
{
	struct store_migration migration;

	conninfo = fixture_database();
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	names = store_names_new();
	sequence = 0;
	seed = 1;
}

static void teardown(void)
{
	store_names_free(names);
	store_close(store);
}

struct listing {
	struct arena *arena;
	struct buf text;
	struct store_domain_place last;
	size_t n;
	bool packed;
};

static bool note_row(void *context, const struct store_domain_row *row)
{
	const struct store_counts *c = &row->counts;
	struct listing *l = context;

	buf_printf(&l->text,
		"%.*s %a %d%llu %llu|%llu %llu %llu %llu|%llu %llu %llu %llu %llu|%llu %llu "
		"%llu "
		"%llu|%llu\n",
		STR_ARG(row->domain), row->place.value, c->has_volume,
		(unsigned long long)c->attempted, (unsigned long long)c->accepted,
		(unsigned long long)c->failed, (unsigned long long)c->hard,
		(unsigned long long)c->soft, (unsigned long long)c->block,
		(unsigned long long)c->delayed, (unsigned long long)c->delivered,
		(unsigned long long)c->relayed, (unsigned long long)c->expanded,
		(unsigned long long)c->complaints, (unsigned long long)c->failed_covered,
		(unsigned long long)c->hard_covered, (unsigned long long)c->soft_covered,
		(unsigned long long)c->block_covered, (unsigned long long)c->unproven);
	l->last = (struct store_domain_place){ .value = row->place.value,
		.domain = arena_dup(l->arena, row->place.domain) };
	l->n++;
	l->packed |= row->number > 0;
	return true;
}

/* The first pages of the query, behind one another. */
static struct str list_pages(
	struct arena *arena, struct store_domains_query query, bool packed, size_t pages)
{
	struct listing listing = { .arena = arena, .text = BUF_INIT(1 << 24) };
	struct store_domain_place place;
	struct str text;
	size_t before;

	query.names = packed ? names : NULL;
	do {
		before = listing.n;
		ck_assert_int_eq(store_domains(store, &query, note_row, &listing), ERR_OK);
		place = listing.last;
		query.after = &place;
	} while (listing.n > before && --pages);
	ck_assert(!listing.n || listing.packed == packed);
	ck_assert_int_eq(buf_check(&listing.text), ERR_OK);
	text = arena_dup(arena, buf_str(&listing.text));
	buf_release(&listing.text);
	return text;
}

static struct str list(struct arena *arena, struct store_domains_query query, bool packed)
{
	return list_pages(arena, query, packed, SIZE_MAX);
}

static const struct {
	enum store_basis basis;
	const char *stream, *proof;
	uint64_t min_attempted;
	int days;
	size_t limit;
} ways[] = {
	{ STORE_BASIS_EVENT, "", "", 0, 9, 1000 },
	{ STORE_BASIS_EVENT, "", "", 0, 7, 7 },
	{ STORE_BASIS_EVENT, "", "", 0, 20, 1000 },
	{ STORE_BASIS_SEND, "news", "all", 0, 16, 13 },
	{ STORE_BASIS_EVENT, "shop", "", 0, 15, 1000 },
	{ STORE_BASIS_SEND, "", "", 0, 9, 10 },
	{ STORE_BASIS_EVENT, "news", "", 0, 5, 1 },
	{ STORE_BASIS_EVENT, "system", "all", 0, 9, 1000 },
	{ STORE_BASIS_EVENT, "", "none", 0, 9, 11 },
	{ STORE_BASIS_SEND, "shop", "log", 0, 9, 1000 },
	{ STORE_BASIS_EVENT, "", "", 60, 9, 5 },
	{ STORE_BASIS_EVENT, "never", "", 0, 9, 5 },
	{ STORE_BASIS_SEND, "", "log", 20, 9, 8 },
	{ STORE_BASIS_EVENT, "system", "all", 0, 9, 6 },
};

static void compare_all(void)
{
	for (size_t i = 0; i < ARRAY_LEN(ways); i++)
		for (int sort = 0; sort < STORE_SORT_COUNT; sort++) {
			struct store_domains_query query = {
				.window = { .from_us = LAST - ways[i].days * DAY,
					.to_us = LAST,
					.stream = str_c(ways[i].stream),
					.basis = ways[i].basis,
					.proof = str_c(ways[i].proof) },
				.sort = (enum store_sort)sort,
				.reversed = ((int)i + sort) % 2,
				.min_attempted = ways[i].min_attempted,
				.limit = ways[i].limit
			};
			struct arena *arena = arena_new();
			struct str is = list(arena, query, true),
				   should = list(arena, query, false);

			ck_assert_msg(str_eq(is, should), "%zu %d:\n%.*s\nshould be\n%.*s", i, sort,
				STR_ARG(str_head(is, SHOWN)), STR_ARG(str_head(should, SHOWN)));
			arena_free(arena);
		}
}

/* After late events and volumes, corrections and deletions, and when all is made again. */
START_TEST(packed_days_say_what_the_tables_say)
{
	struct store_volumes_query some = { .from_us = LAST - 2 * DAY, .to_us = LAST - DAY };
	uint64_t deleted;

	load_some(500, 40);
	send_some(200);
	pack_all();
	fixture_sql(conninfo,
		"DO $$ BEGIN ASSERT (SELECT count(DISTINCT (basis, bucket)) FROM packed_day "
		"WHERE days = 8) > 5; ASSERT NOT EXISTS (SELECT FROM stale_span WHERE bucket < "
		"'2026-11-18'); END $$");
	compare_all();
	load_some(300, 40);
	send_some(100);
	ck_assert_int_eq(store_volumes_delete(store, &some, &deleted), ERR_OK);
	ck_assert_uint_gt(deleted, 0);
	ck_assert_int_eq(store_join_totals(store), ERR_OK);
	ck_assert_uint_eq(differences(store), 0);
	pack_all();
	compare_all();
	ck_assert_int_eq(store_rollup_rebuild(store, LAST - 60 * DAY, LAST + DAY), ERR_OK);
	ck_assert_uint_eq(differences(store), 0);
	pack_all();
	compare_all();
}
END_TEST

/* ---- days of thousands of domains: the first rows come from a few of their entries ---- */

/* Few domains have much, on some days next to nothing, and on others nothing; each count has its own order. */
static const char large_days[] =
	"SET TimeZone = 'UTC'; SELECT setseed(0.5); CREATE TABLE drawn AS "
	"SELECT day, stream, proof, CASE WHEN rank % 5 = extract(day FROM day)::int8 % 5 THEN 0 "
	"ELSE random() * 20000 / rank END AS large, random() * 9000 / (1 + (rank + 50) % 2600) "
	"AS other, rank FROM generate_series(timestamptz '2026-11-10', '2026-11-18', '1 day') day, "
	"generate_series(1, 2600) rank, (VALUES ('news', 'valid'), ('shop', 'valid'), "
	"('shop', 'none')) s (stream, proof) WHERE random() < 0.9; "
	"INSERT INTO rollup_day (basis, bucket, stream, domain, proof, rated, failed, hard, soft, "
	"block, delayed, delivered, relayed, expanded, complaints) SELECT 'event', day, stream, "
	"'d' || rank || '.example', proof, proof = 'valid', 1 + floor(large) + floor(large / 3) + "
	"floor(other * least(large, 1)), 1 + floor(large), floor(large / 3), "
	"floor(other * least(large, 1)), floor(large * random()), 0, 0, 0, "
	"CASE rank % 97 WHEN 0 THEN 1 + floor(large * random() / 2) ELSE 0 END FROM drawn; "
	"INSERT INTO volume (domain, bucket, stream, campaign, source, attempted) "
	"SELECT DISTINCT ON (domain, bucket, stream) domain, bucket, stream, 'c', 'm', "
	"floor(failed * (1 + 40 * random())) FROM rollup_day "
	"WHERE bucket <> '2026-11-14' AND random() < 0.95; "
	/* Some of whom all comes back, more of whom nothing does, between the others by their names. */
	"INSERT INTO rollup_day (basis, bucket, stream, domain, proof, rated, failed, hard, soft, "
	"block, delayed, delivered, relayed, expanded, complaints) SELECT 'event', day, 'shop', "
	"'d' || rank || 'x.example', 'valid', true, 1 + rank % 2, 1, rank % 2, 0, 0, 0, 0, 0, 0 "
	"FROM generate_series(timestamptz '2026-11-10', '2026-11-18', '1 day') day, "
	"generate_series(1, 2600, 5) rank WHERE day <> '2026-11-14' AND random() < 0.5; "
	"INSERT INTO volume (domain, bucket, stream, campaign, source, attempted) "
	"SELECT domain, bucket, stream, 'c', 'm', failed FROM rollup_day WHERE domain LIKE '%x.%' "
	"UNION ALL SELECT 'd' || rank || 'v.example', day, 'shop', 'c', 'm', rank % 3 "
	"FROM generate_series(timestamptz '2026-11-10', '2026-11-18', '1 day') day, "
	"generate_series(1, 2600, 3) rank WHERE random() < 0.4; "
	"INSERT INTO total_volume (bucket, minutes, stream, campaign, source, n, attempted, "
	"accepted, deferred, joined) SELECT bucket, minutes, stream, campaign, source, count(*), "
	"sum(attempted), 0, 0, true FROM volume GROUP BY 1, 2, 3, 4, 5; "
	"INSERT INTO stale_day (basis, bucket) SELECT b, d FROM unnest(ARRAY['event', 'volume']) "
	"b, "
	"generate_series(timestamptz '2026-11-10', '2026-11-18', '1 day') d; ANALYZE";

static const struct {
	const char *stream, *proof;
	uint64_t min_attempted;
	int days;
	size_t limit;
	bool always; /* they are of few in all orders */
	bool never;  /* a page is too long for that */
} large_ways[] = {
	{ "", "", 0, 9, 30, false, false },
	{ "shop", "all", 0, 7, 20, false, false },
	{ "", "", 60000, 9, 20, true, false },
	{ "news", "", 0, 4, 1000, false, true },
};

/* What the tables say, which are not read anew each time. */
static struct str large_answers[ARRAY_LEN(large_ways)][STORE_SORT_COUNT][2];

/* Are its first rows of the largest entries, or of what many domains have and nobody has less, or more? */
static bool is_of_few(int sort, bool reversed)
{
	if (sort == STORE_SORT_FAILURE_RATE || sort == STORE_SORT_DOMAIN)
		return true;
	return !reversed || sort != STORE_SORT_ATTEMPTED;
}

/* Two pages of one. */
static void compare_large_way(struct arena *arena, size_t i, int sort, bool reversed)
{
	struct store_domains_query query = { .window = { .from_us = LAST - large_ways[i].days * DAY,
						     .to_us = LAST,
						     .stream = str_c(large_ways[i].stream),
						     .basis = STORE_BASIS_EVENT,
						     .proof = str_c(large_ways[i].proof) },
		.sort = (enum store_sort)sort,
		.reversed = reversed,
		.min_attempted = large_ways[i].min_attempted,
		.limit = large_ways[i].limit };
	struct str is = list_pages(arena, query, true, 2),
		   *should = &large_answers[i][sort][reversed];

	if (!should->n)
		*should = list_pages(arena, query, false, 2);
	ck_assert(should->n);
	ck_assert_msg(str_eq(is, *should), "%zu %d:\n%.*s\nshould be\n%.*s", i, sort,
		STR_ARG(str_head(is, SHOWN)), STR_ARG(str_head(*should, SHOWN)));
}

/* `few`: without those that need whole days. */
static void compare_large(struct arena *arena, bool few)
{
	for (size_t i = 0; i < ARRAY_LEN(large_ways); i++)
		for (int k = 0; k < 2 * STORE_SORT_COUNT; k++)
			if (!few || large_ways[i].always ||
				(!large_ways[i].never && is_of_few(k / 2, k % 2)))
				compare_large_way(arena, i, k / 2, k % 2);
}

START_TEST(the_first_rows_of_large_days_come_from_a_few_of_their_entries)
{
	struct arena *arena = arena_new();

	fixture_sql(conninfo, large_days);
	pack_all();
	fixture_sql(conninfo, "DO $$ BEGIN ASSERT (SELECT count(*) FROM packed_day WHERE "
			      "length(head) > 5000) > 20; END $$");
	compare_large(arena, false);
	/* As before there were heads. */
	fixture_sql(conninfo, "CREATE TABLE heads AS SELECT * FROM packed_day; UPDATE packed_day "
			      "SET head = NULL");
	compare_large(arena, true);
	pack_all();
	fixture_sql(conninfo,
		"DO $$ BEGIN ASSERT NOT EXISTS (SELECT FROM packed_day p FULL JOIN heads h USING "
		"(bucket, basis, days, stream, proof, rated) WHERE h.head IS DISTINCT FROM "
		"p.head); END $$");
	/* Nobody can walk through these days any more. */
	fixture_sql(conninfo,
		"UPDATE packed_day SET packed = set_byte(packed, 0, 99) WHERE head <> ''");
	compare_large(arena, true);
	arena_free(arena);
}
END_TEST

struct steps {
	size_t n;
	int64_t at_us;
};

static bool count_step(void *context, const struct store_series_row *row)
{
	struct steps *steps = context;

	steps->n++;
	steps->at_us = row->at_us;
	return true;
}

/* A delay of one day that turns into the failure of another leaves zeros behind, which a rebuild takes: no answer has them. */
START_TEST(what_moved_away_is_on_no_list)
{
	struct store_domains_query query = { .window = { .from_us = LAST - 9 * DAY,
						     .to_us = LAST,
						     .stream = STR_EMPTY,
						     .proof = STR_EMPTY },
		.limit = 10 };
	const struct str domain = STR("one.example");
	struct steps steps = { 0, 0 };
	struct arena *arena = arena_new();
	struct store_batch_result result;
	struct sample samples[2];

	for (unsigned i = 0; i < 2; i++) {
		sample_init(&samples[i], i, "one.example");
		samples[i].envelope.received_at_us = LAST - (i ? 2 : 4) * DAY - HOUR;
		samples[i].report.original.message_id = STR("<1@sender.example>");
	}
	samples[0].events[0].outcome = OUTCOME_DELAYED;
	samples[0].events[0].class = CLASS_SOFT;
	for (uint64_t i = 0; i < 2; i++)
		ck_assert_int_eq(load(store, "s1", &samples[i], 1, i, i + 1, &result), ERR_OK);
	ck_assert_int_eq(store_timeseries(store, &query.window, &domain, STORE_INTERVAL_DAY,
				 STR("UTC"), count_step, &steps),
		ERR_OK);
	ck_assert_uint_eq(steps.n, 1);
	ck_assert_int_eq(steps.at_us, LAST - 3 * DAY);
	query.window.to_us = LAST - 3 * DAY;
	for (unsigned proof = 0; proof < 2; proof++, query.window.proof = STR("all")) {
		pack_all();
		ck_assert_uint_eq(list(arena, query, false).n, 0);
		ck_assert_uint_eq(list(arena, query, true).n, 0);
	}
	arena_free(arena);
}
END_TEST

/* Names that are learnt later stand between those that were known. */
START_TEST(new_domains_find_their_place_among_the_others)
{
	struct store_domains_query query = { .window = { .from_us = LAST - 9 * DAY,
						     .to_us = LAST,
						     .stream = STR_EMPTY,
						     .proof = STR("all") },
		.sort = STORE_SORT_DOMAIN,
		.limit = 7 };

	for (unsigned of = 5; of < 5000; of *= 3) {
		struct arena *arena = arena_new();
		struct str is, should;

		load_some(of < 60 ? 60 : of, of);
		pack_all();
		query.reversed = !query.reversed;
		is = list(arena, query, true);
		should = list(arena, query, false);
		ck_assert_msg(str_eq(is, should), "%u:\n%.*s\nshould be\n%.*s", of,
			STR_ARG(str_head(is, SHOWN)), STR_ARG(str_head(should, SHOWN)));
		arena_free(arena);
	}
}
END_TEST

START_TEST(a_new_database_has_no_names)
{
	struct store_names *fresh = store_names_new();

	for (unsigned again = 0; again < 2; again++)
		ck_assert_int_eq(store_names_learn(store, fresh), ERR_OK);
	store_names_free(fresh);
}
END_TEST

/* Small days are not read packed while they are old: what was loaded a moment ago is there. */
START_TEST(what_is_not_packed_yet_is_counted_all_the_same)
{
	struct store_domains_query query = { .window = { .from_us = LAST - 9 * DAY,
						     .to_us = LAST,
						     .stream = STR_EMPTY,
						     .proof = STR_EMPTY },
		.limit = 10,
		.names = names };
	struct listing listing = { .arena = arena_new(), .text = BUF_INIT(1 << 24) };

	load_some(50, 40);
	ck_assert_int_eq(store_domains(store, &query, note_row, &listing), ERR_OK);
	ck_assert(listing.n && !listing.packed);
	buf_release(&listing.text);
	arena_free(listing.arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_ranking");
	TCase *tests = tcase_create("ranking");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, packed_days_say_what_the_tables_say);
	tcase_add_test(tests, the_first_rows_of_large_days_come_from_a_few_of_their_entries);
	tcase_add_test(tests, what_moved_away_is_on_no_list);
	tcase_add_test(tests, new_domains_find_their_place_among_the_others);
	tcase_add_test(tests, a_new_database_has_no_names);
	tcase_add_test(tests, what_is_not_packed_yet_is_counted_all_the_same);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	fixture_start();
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? 1 : 0;
}
