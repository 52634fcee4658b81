// links: store
// Check program of rankings from packed days: the same rows as by the tables that they are made from, in every sort, and
// what is packed goes both ways.
#define _GNU_SOURCE
#include "store/form/pack.h"
#include "store/overview.h"
#include "store/ranking.h"
#include "tests/support/store_batch_fixture.h"

#define DAY  TIMESTAMP_DAY_US
#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */
#define LAST (NOON + DAY / 2)                            /* midnight behind it */

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

static void load_some(unsigned n)
{
	struct sample *samples = calloc(n, sizeof *samples);
	struct store_standing *standings = calloc(n, sizeof *standings);
	char(*domains)[32] = calloc(n, sizeof *domains);
	char(*ids)[32] = calloc(n, sizeof *ids);
	const uint64_t from = sequence;
	struct store_batch_result result;

	for (unsigned i = 0; i < n; i++) {
		struct sample *sample = &samples[i];
		unsigned d = pick(40);

		snprintf(domains[i], sizeof domains[i], "d%u.example", d * d / 40);
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
	struct str text;
	struct store_domain_place last;
	size_t n;
	bool packed;
};

static bool note_row(void *context, const struct store_domain_row *row)
{
	const struct store_counts *c = &row->counts;
	struct listing *l = context;

	l->text = arena_printf(l->arena,
		"%.*s%.*s %a %d%llu %llu|%llu %llu %llu %llu|%llu %llu %llu %llu %llu|%llu %llu "
		"%llu "
		"%llu|%llu\n",
		STR_ARG(l->text), STR_ARG(row->domain), row->place.value, c->has_volume,
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

/* All pages of the query, behind one another. */
static struct str list(struct arena *arena, struct store_domains_query query, bool packed)
{
	struct listing listing = { .arena = arena, .text = STR_EMPTY };
	struct store_domain_place place;
	size_t before;

	query.names = packed ? names : NULL;
	do {
		before = listing.n;
		ck_assert_int_eq(store_domains(store, &query, note_row, &listing), ERR_OK);
		place = listing.last;
		query.after = &place;
	} while (listing.n > before);
	ck_assert(!listing.n || listing.packed == packed);
	return listing.text;
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
				STR_ARG(is), STR_ARG(should));
			arena_free(arena);
		}
}

/* After late events and volumes, corrections and deletions, and when all is made again. */
START_TEST(packed_days_say_what_the_tables_say)
{
	struct store_volumes_query some = { .from_us = LAST - 2 * DAY, .to_us = LAST - DAY };
	uint64_t deleted;

	load_some(500);
	send_some(200);
	pack_all();
	fixture_sql(conninfo,
		"DO $$ BEGIN ASSERT (SELECT count(DISTINCT (basis, bucket)) FROM packed_day "
		"WHERE days = 8) > 5; ASSERT NOT EXISTS (SELECT FROM stale_span WHERE bucket < "
		"'2026-11-18'); END $$");
	compare_all();
	load_some(300);
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

/* Small days are not read packed while they are old: what was loaded a moment ago is there. */
START_TEST(what_is_not_packed_yet_is_counted_all_the_same)
{
	struct store_domains_query query = { .window = { .from_us = LAST - 9 * DAY,
						     .to_us = LAST,
						     .stream = STR_EMPTY,
						     .proof = STR_EMPTY },
		.limit = 10,
		.names = names };
	struct listing listing = { .arena = arena_new(), .text = STR_EMPTY };

	load_some(50);
	ck_assert_int_eq(store_domains(store, &query, note_row, &listing), ERR_OK);
	ck_assert(listing.n && !listing.packed);
	arena_free(listing.arena);
}
END_TEST

static const struct pack_entry entries[] = {
	{ .number = 1, .set = 1u << PACK_FAILED, .column = { [PACK_FAILED] = 1 } },
	{ .number = 2, .set = 0, .column = { 0 } },
	{ .number = 1u << 31,
		.set = 1u << PACK_HARD | 1u << PACK_ACCEPTED,
		.column = { [PACK_HARD] = 127, [PACK_ACCEPTED] = 128 } },
	{ .number = UINT64_MAX,
		.set = 1u << PACK_ATTEMPTED,
		.column = { [PACK_ATTEMPTED] = UINT64_MAX } },
};

START_TEST(what_is_packed_comes_back_whole_and_cut_never)
{
	struct buf out = BUF_INIT(1000);
	struct pack_reader reader;
	struct pack_entry entry;
	uint64_t last;
	size_t n = 0;

	pack_start(&out, &last);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		pack_put(&out, &last, &entries[i]);
	pack_open(&reader, buf_str(&out));
	for (; pack_next(&reader, &entry); n++) {
		ck_assert_uint_eq(entry.number, entries[n].number);
		ck_assert_uint_eq(entry.set, entries[n].set);
		for (unsigned c = 0; c < PACK_COLUMNS; c++)
			if (entry.set & 1u << c)
				ck_assert_uint_eq(entry.column[c], entries[n].column[c]);
	}
	ck_assert(n == ARRAY_LEN(entries) && !reader.bad);
	for (size_t cut = 0; cut < out.n; cut++) {
		size_t seen = 0;

		pack_open(&reader, str_head(buf_str(&out), cut));
		while (pack_next(&reader, &entry))
			seen++;
		ck_assert(seen < ARRAY_LEN(entries));
	}
	out.p[0]++;
	pack_open(&reader, buf_str(&out));
	ck_assert(!pack_next(&reader, &entry) && reader.bad);
	buf_release(&out);
}
END_TEST

/* As if the streams of a day had been counted together. */
START_TEST(merged_parts_are_the_sum_of_them)
{
	static const struct pack_entry parts[3][2] = {
		{ { 2, 1u << PACK_FAILED, { [PACK_FAILED] = 5 } },
			{ 9, 1u << PACK_HARD, { [PACK_HARD] = 1 } } },
		{ { 2, 1u << PACK_FAILED | 1u << PACK_BLOCK,
			  { [PACK_FAILED] = 300, [PACK_BLOCK] = 4 } },
			{ 3, 1u << PACK_SOFT, { [PACK_SOFT] = 7 } } },
		{ { 1, 1u << PACK_SOFT, { [PACK_SOFT] = 2 } },
			{ 9, 1u << PACK_HARD, { [PACK_HARD] = 2 } } },
	};
	static const struct {
		uint64_t number, failed, hard, soft, block;
	} sums[] = { { 1, 0, 0, 2, 0 }, { 2, 305, 0, 0, 4 }, { 3, 0, 0, 7, 0 }, { 9, 0, 3, 0, 0 } };
	struct buf packed[3] = { BUF_INIT(100), BUF_INIT(100), BUF_INIT(100) }, out = BUF_INIT(100);
	struct pack_reader readers[3], reader;
	struct pack_entry entry;
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		uint64_t last;

		pack_start(&packed[i], &last);
		pack_put(&packed[i], &last, &parts[i][0]);
		pack_put(&packed[i], &last, &parts[i][1]);
		pack_open(&readers[i], buf_str(&packed[i]));
	}
	ck_assert(pack_merge(readers, 3, &out));
	pack_open(&reader, buf_str(&out));
	for (; pack_next(&reader, &entry); n++) {
		const uint64_t should[] = { sums[n].failed, sums[n].hard, sums[n].soft,
			sums[n].block };

		ck_assert_uint_eq(entry.number, sums[n].number);
		for (unsigned c = 0; c < ARRAY_LEN(should); c++)
			ck_assert_uint_eq(entry.set & 1u << c ? entry.column[c] : 0, should[c]);
	}
	ck_assert_uint_eq(n, ARRAY_LEN(sums));
	pack_open(&readers[0], buf_str(&packed[0]));
	pack_open(&readers[1], str_head(buf_str(&packed[1]), packed[1].n - 1));
	ck_assert(!pack_merge(readers, 2, &out));
	for (size_t i = 0; i < 3; i++)
		buf_release(&packed[i]);
	buf_release(&out);
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
	tcase_add_test(tests, what_moved_away_is_on_no_list);
	tcase_add_test(tests, what_is_not_packed_yet_is_counted_all_the_same);
	tcase_add_test(tests, what_is_packed_comes_back_whole_and_cut_never);
	tcase_add_test(tests, merged_parts_are_the_sum_of_them);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	fixture_start();
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? 1 : 0;
}
