// links: store
// Check program of the loader's transaction: each message once, whatever is repeated or lost.
#define _GNU_SOURCE
#include "tests/support/store_batch_fixture.h"
#include "tests/support/suite.h"

START_TEST(a_batch_is_stored_with_its_position)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct sample samples[2];
	uint64_t position;

	sample_init(&samples[0], 5, "one.example");
	sample_init(&samples[1], 6, "two.example");
	ck_assert_int_eq(load(store, "s1", samples, 2, 0, 7, &result), ERR_OK);
	ck_assert_uint_eq(result.messages, 2);
	ck_assert_uint_eq(result.events, 2);
	ck_assert_uint_eq(result.second_deliveries, 0);
	ck_assert_uint_eq(result.replays, 0);
	ck_assert_int_eq(store_position(store, STR("s1"), &position), ERR_OK);
	ck_assert_uint_eq(position, 7);
	ck_assert_int_eq(store_position(store, STR("other"), &position), ERR_OK);
	ck_assert_uint_eq(position, 0);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).hard, 1);
	ck_assert_uint_eq(differences(store), 0);
	store_close(store);
}
END_TEST

START_TEST(an_empty_batch_moves_the_position)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	uint64_t position;

	ck_assert_int_eq(load(store, "s1", NULL, 0, 0, 9, &result), ERR_OK);
	ck_assert_int_eq(store_position(store, STR("s1"), &position), ERR_OK);
	ck_assert_uint_eq(position, 9);
	ck_assert_int_eq(load(store, "s1", NULL, 0, 9, 8, &result), ERR_RANGE);
	store_close(store);
}
END_TEST

START_TEST(a_place_knows_the_record_in_front_of_it)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct store_place place;
	struct sample samples[2];

	sample_init(&samples[0], 5, "one.example");
	sample_init(&samples[1], 6, "two.example");
	samples[0].message.stored_at_us = NOW;
	samples[1].message.stored_at_us = NOW + 1;
	ck_assert_int_eq(store_place(store, STR("s1"), &place), ERR_OK);
	ck_assert_uint_eq(place.sequence, 0);
	ck_assert_int_eq(load(store, "s1", samples, 2, 0, 7, &result), ERR_OK);
	ck_assert_int_eq(store_place(store, STR("s1"), &place), ERR_OK);
	ck_assert_uint_eq(place.sequence, 7);
	ck_assert_int_eq(place.record_at_us, NOW + 1);
	ck_assert_int_eq(load(store, "s1", NULL, 0, 7, 9, &result), ERR_OK); /* damage */
	ck_assert_int_eq(store_place(store, STR("s1"), &place), ERR_OK);
	ck_assert_int_eq(place.record_at_us, 0);
	store_close(store);
}
END_TEST

/* The older copy has the same messages once more, and others under the sequences that came behind them. */
START_TEST(a_spool_that_was_set_back_is_loaded_again)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct store_place place;
	struct sample samples[3];

	for (uint64_t i = 0; i < 3; i++)
		sample_init(&samples[i], i + 1, "one.example");
	ck_assert_int_eq(load(store, "s1", samples, 3, 0, 4, &result), ERR_OK);
	ck_assert_int_eq(store_set_back(store, STR("s1"), 5, 1), ERR_CONFLICT);
	ck_assert_int_eq(store_set_back(store, STR("s2"), 5, 1), ERR_CONFLICT);
	ck_assert_int_eq(store_set_back(store, STR("s1"), 4, 5), ERR_RANGE);
	ck_assert_int_eq(store_set_back(store, STR("s1"), 4, 1), ERR_OK);
	ck_assert_int_eq(store_place(store, STR("s1"), &place), ERR_OK);
	ck_assert_uint_eq(place.sequence, 1);
	ck_assert_int_eq(place.record_at_us, 0);
	samples[2].envelope.received_at_us += TIMESTAMP_SECOND_US;
	samples[2].message.digest[31] = 1;
	ck_assert_int_eq(load(store, "s1", samples, 3, 1, 4, &result), ERR_OK);
	ck_assert_uint_eq(result.replays, 2);
	ck_assert_uint_eq(result.messages, 1);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 4);
	ck_assert_uint_eq(differences(store), 0);
	store_close(store);
}
END_TEST

START_TEST(a_moved_position_stores_nothing)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct sample sample;

	sample_init(&sample, 3, "one.example");
	ck_assert_int_eq(load(store, "s1", &sample, 1, 1, 4, &result), ERR_CONFLICT);
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 4, &result), ERR_OK);
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 4, &result), ERR_CONFLICT);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 1);
	store_close(store);
}
END_TEST

START_TEST(a_replay_counts_nothing)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct sample sample;

	sample_init(&sample, 3, "one.example");
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 4, &result), ERR_OK);
	ck_assert_int_eq(load(store, "s1", &sample, 1, 4, 5, &result), ERR_OK);
	ck_assert_uint_eq(result.replays, 1);
	ck_assert_uint_eq(result.messages, 0);
	ck_assert_uint_eq(result.events, 0);
	ck_assert_uint_eq(result.second_deliveries, 0);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 1);
	ck_assert_uint_eq(differences(store), 0);
	store_close(store);
}
END_TEST

/* As when a lane is read again from where it was weeks ago: beside what is new, and where the message is gone and its event is not. */
START_TEST(a_replay_of_a_forgotten_digest_counts_nothing)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct sample samples[3];
	size_t purged;

	for (uint64_t i = 0; i < 3; i++)
		sample_init(&samples[i], i + 1, "one.example");
	ck_assert_int_eq(load(store, "s1", samples, 2, 0, 3, &result), ERR_OK);
	ck_assert_int_eq(store_purge_seen(store, NOW + TIMESTAMP_DAY_US, &purged), ERR_OK);
	ck_assert_uint_eq(purged, 2);
	ck_assert_int_eq(store_set_back(store, STR("s1"), 3, 1), ERR_OK);
	fixture_sql(fixture.newest, "DELETE FROM message WHERE sequence = 2");
	ck_assert_int_eq(load(store, "s1", samples, 3, 1, 4, &result), ERR_OK);
	ck_assert_uint_eq(result.messages, 2);
	ck_assert_uint_eq(result.replays, 1);
	ck_assert_uint_eq(result.events, 1);
	ck_assert_uint_eq(result.second_deliveries, 0);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 3);
	ck_assert_uint_eq(differences(store), 0);
	store_close(store);
}
END_TEST

START_TEST(a_second_delivery_counts_nothing)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct sample samples[2];
	size_t purged;

	sample_init(&samples[0], 3, "one.example");
	sample_init(&samples[1], 3, "one.example");
	samples[1].message.sequence = 4; /* the same digest in one batch */
	ck_assert_int_eq(load(store, "s1", samples, 2, 0, 5, &result), ERR_OK);
	ck_assert_uint_eq(result.messages, 1);
	ck_assert_uint_eq(result.second_deliveries, 1);
	samples[0].message.sequence = 9; /* and through another spool */
	ck_assert_int_eq(load(store, "s2", samples, 1, 0, 10, &result), ERR_OK);
	ck_assert_uint_eq(result.second_deliveries, 1);
	ck_assert_uint_eq(result.events, 0);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 1);
	ck_assert_int_eq(store_purge_seen(store, NOW, &purged), ERR_OK);
	ck_assert_uint_eq(purged, 0);
	ck_assert_int_eq(store_purge_seen(store, NOW + 1, &purged), ERR_OK);
	ck_assert_uint_eq(purged, 1);
	ck_assert_uint_eq(differences(store), 0);
	store_close(store);
}
END_TEST

START_TEST(one_recipient_counts_once_in_a_message)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct sample sample;

	sample_init(&sample, 1, "one.example");
	sample.events[1] = sample.events[0];
	sample.events[1].recipient = STR("ANN@example.com");
	sample.events[2] = sample.events[0];
	sample.events[2].outcome = OUTCOME_DELAYED;
	sample.events[3] = sample.events[0];
	sample.events[3].recipient = STR("bob@example.com");
	sample.report.n_events = 4;
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 2, &result), ERR_OK);
	ck_assert_uint_eq(result.events, 3);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 2);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).delayed, 1);
	store_close(store);
}
END_TEST

START_TEST(events_without_a_recipient_count_for_no_domain)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct sample sample;

	sample_init(&sample, 1, "");
	sample.events[0].recipient = STR_EMPTY;
	sample.events[1] = sample.events[0];
	sample.report.n_events = 2;
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 2, &result), ERR_OK);
	ck_assert_uint_eq(counts_of(store, "", STORE_BASIS_EVENT).failed, 2);
	store_close(store);
}
END_TEST

/* What a peer may have written must never keep a spool from being loaded. */
START_TEST(hostile_text_is_stored_clean)
{
	static char longest[20000];
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct str path = STR("a\0b\xff@x");
	struct sample sample;

	memset(longest, 0xC3, sizeof longest); /* no valid sequence in it */
	sample_init(&sample, 1, "one.example");
	sample.envelope.reverse_path = STR("\0\x80");
	sample.envelope.helo = sample.envelope.session_id = STR("\xed\xa0\x80");
	sample.envelope.forward_paths = &path;
	sample.envelope.n_forward_paths = 1;
	sample.envelope.stream = sample.report.format = str_from(longest, sizeof longest);
	sample.events[0].recipient = sample.events[0].final_recipient =
		str_from(longest, sizeof longest);
	sample.events[0].domain = str_from(longest, sizeof longest);
	sample.events[0].diagnostic = str_from(longest, sizeof longest);
	sample.events[0].arrival_date_us = INT64_MAX;
	sample.events[0].last_attempt_date_us = INT64_MIN + 1;
	sample.report.original.subject = str_from(longest, sizeof longest);
	sample.report.original.date_us = INT64_MIN + 1;
	ck_assert_int_eq(load(store, "s1", &sample, 1, 0, 2, &result), ERR_OK);
	ck_assert_uint_eq(result.events, 1);
	ck_assert_uint_eq(differences(store), 0);
	sample.envelope.received_at_us = INT64_MAX;
	struct store_batch *batch = store_batch_new(store, STR("s1"));

	ck_assert_int_eq(store_batch_add(batch, &sample.message), ERR_RANGE);
	store_batch_free(batch);
	store_close(store);
}
END_TEST

START_TEST(a_full_batch_is_unchanged)
{
	struct store *store = open_migrated();
	struct store_batch *batch = store_batch_new(store, STR("s1"));
	char *raw = calloc(1, LIMIT_MESSAGE_BYTES);
	struct store_batch_result result;
	struct sample sample;
	size_t bytes;

	for (unsigned i = 1; i <= 2; i++) {
		sample_init(&sample, i, "one.example");
		sample.message.raw = str_from(raw, LIMIT_MESSAGE_BYTES);
		ck_assert_int_eq(store_batch_add(batch, &sample.message), ERR_OK);
	}
	sample_init(&sample, 3, "one.example");
	sample.message.raw = str_from(raw, LIMIT_MESSAGE_BYTES);
	bytes = store_batch_bytes(batch);
	ck_assert_int_eq(store_batch_add(batch, &sample.message), ERR_LIMIT);
	ck_assert_uint_eq(store_batch_bytes(batch), bytes);
	ck_assert_uint_eq(store_batch_count(batch), 2);
	ck_assert_int_eq(store_batch_commit(batch, 0, 3, &result), ERR_OK);
	ck_assert_uint_eq(result.messages, 2);
	store_batch_reset(batch);
	ck_assert_int_eq(store_batch_add(batch, &sample.message), ERR_OK);
	store_batch_free(batch);
	free(raw);
	store_close(store);
}
END_TEST

START_TEST(two_loaders_of_one_spool_store_once)
{
	enum { ROUNDS = 20 };
	char conninfo[700];
	struct store_migration migration;
	struct store *store = NULL;
	pid_t children[2];

	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	for (int i = 0; i < 2; i++) {
		children[i] = fork();
		if (children[i])
			continue;
		struct store *own = NULL;
		uint64_t position = 0;

		ck_assert_int_eq(fixture_open(conninfo, &own), ERR_OK);
		while (position < ROUNDS) {
			struct store_batch_result result;
			struct sample sample;
			enum err err;

			sample_init(&sample, position, "one.example");
			err = load(own, "s1", &sample, 1, position, position + 1, &result);
			if ((err && err != ERR_CONFLICT) ||
				store_position(own, STR("s1"), &position))
				_exit(1);
		}
		_exit(0);
	}
	for (int i = 0; i < 2; i++) {
		int status;

		waitpid(children[i], &status, 0);
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, ROUNDS);
	ck_assert_uint_eq(differences(store), 0);
	store_close(store);
}
END_TEST

/* Both change the same counters, in opposite orders of their messages, and see the same digests: they may
 * wait for each other, but not in a ring, which PostgreSQL would end with an error. */
static void load_in_order(const char *conninfo, const char *spool, bool backwards)
{
	enum { BATCHES = 15, N = 40 };
	static struct sample samples[N];
	static char domains[N][32];
	struct store_batch_result result;
	struct store *store = NULL;

	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	for (unsigned k = 0; k < BATCHES; k++) {
		for (unsigned i = 0; i < N; i++) {
			unsigned which = backwards ? N - 1 - i : i;

			snprintf(domains[i], sizeof domains[i], "d%u.example", which);
			sample_init(&samples[i], k * N + i, domains[i]);
			memset(samples[i].message.digest, 0, STORE_DIGEST_BYTES);
			samples[i].message.digest[0] = (uint8_t)which;
			samples[i].message.digest[1] = (uint8_t)k;
			/* Every other message is one that the other spool has too. */
			samples[i].message.digest[2] = which % 2 ? (uint8_t)spool[1] : 0;
		}
		ck_assert_int_eq(load(store, spool, samples, N, k * N, k * N + N, &result), ERR_OK);
	}
	store_close(store);
}

START_TEST(two_loaders_do_not_wait_in_a_ring)
{
	char conninfo[700];
	struct store_migration migration;
	struct store *store = NULL;
	pid_t child;
	int status;

	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	child = fork();
	if (child == 0) {
		load_in_order(conninfo, "s2", true);
		_exit(0);
	}
	load_in_order(conninfo, "s1", false);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ck_assert_uint_eq(counts_of(store, "d1.example", STORE_BASIS_EVENT).failed, 30);
	ck_assert_uint_eq(counts_of(store, "d2.example", STORE_BASIS_EVENT).failed, 15);
	ck_assert_uint_eq(differences(store), 0);
	store_close(store);
}
END_TEST

START_TEST(a_lost_connection_is_unavailable_and_comes_back)
{
	char conninfo[700];
	struct store_migration migration;
	struct store_batch_result result;
	struct store *store = NULL;
	struct store_batch *batch;
	struct sample sample;

	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	sample_init(&sample, 0, "one.example");
	batch = store_batch_new(store, STR("s1"));
	ck_assert_int_eq(store_batch_add(batch, &sample.message), ERR_OK);
	fixture_sql(fixture.conninfo, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
				      "WHERE application_name = 'test'");
	ck_assert_int_eq(store_batch_commit(batch, 0, 1, &result), ERR_UNAVAILABLE);
	ck_assert(!store_connected(store));
	ck_assert_uint_gt(store_error(store).n, 0);
	ck_assert_int_eq(store_reopen(store), ERR_OK);
	ck_assert_int_eq(store_batch_commit(batch, 0, 1, &result), ERR_OK);
	ck_assert_uint_eq(result.events, 1);
	store_batch_free(batch);
	store_close(store);
}
END_TEST

START_TEST(ids_are_stable_and_in_order_of_time)
{
	char room[UUID_TEXT_BYTES];
	struct uuid a = store_id(NOW, STR("s1"), 1, 1), b = store_id(NOW, STR("s1"), 1, 1), back;
	struct uuid later = store_id(NOW + 1000, STR("s1"), 1, 1);

	/* Stands in databases: this text may never change. */
	struct str text = uuid_format(&a, room);

	ck_assert_str_eq(room, "01a1ee56-5e00-8691-a3b8-1619c30f36fc");
	ck_assert_int_eq(text.p[14], '8');
	ck_assert(memcmp(&a, &b, sizeof a) == 0);
	ck_assert(memcmp(&a, &later, sizeof a) < 0);
	b = store_id(NOW, STR("s1"), 1, 2);
	ck_assert(memcmp(&a, &b, sizeof a) != 0);
	b = store_id(NOW, STR("s1"), 2, 1);
	ck_assert(memcmp(&a, &b, sizeof a) != 0);
	b = store_id(NOW, STR("s2"), 1, 1);
	ck_assert(memcmp(&a, &b, sizeof a) != 0);
	ck_assert(uuid_parse(text, &back));
	ck_assert(memcmp(&a, &back, sizeof a) == 0);
	ck_assert(!uuid_parse(STR("01a1"), &back));
	ck_assert(!uuid_parse(STR("0123456789ab-cdef-0123-4567-89abcdef"), &back));
	ck_assert(!uuid_parse(STR("g1234567-89ab-cdef-0123-456789abcdef"), &back));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_batch");
	TCase *tests = tcase_create("batch");
	int code;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, a_batch_is_stored_with_its_position);
	tcase_add_test(tests, an_empty_batch_moves_the_position);
	tcase_add_test(tests, a_place_knows_the_record_in_front_of_it);
	tcase_add_test(tests, a_spool_that_was_set_back_is_loaded_again);
	tcase_add_test(tests, a_moved_position_stores_nothing);
	tcase_add_test(tests, a_replay_counts_nothing);
	tcase_add_test(tests, a_replay_of_a_forgotten_digest_counts_nothing);
	tcase_add_test(tests, a_second_delivery_counts_nothing);
	tcase_add_test(tests, one_recipient_counts_once_in_a_message);
	tcase_add_test(tests, events_without_a_recipient_count_for_no_domain);
	tcase_add_test(tests, hostile_text_is_stored_clean);
	tcase_add_test(tests, a_full_batch_is_unchanged);
	tcase_add_test(tests, two_loaders_of_one_spool_store_once);
	tcase_add_test(tests, two_loaders_do_not_wait_in_a_ring);
	tcase_add_test(tests, a_lost_connection_is_unavailable_and_comes_back);
	tcase_add_test(tests, ids_are_stable_and_in_order_of_time);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
