// links: suppress_policy store
// Check program of the suppression list in the database: what events and people do to it.
#define _GNU_SOURCE
#include "tests/support/store_suppress_fixture.h"
#include "tests/support/suite.h"

START_TEST(a_decision_to_suppress_is_kept_with_its_event)
{
	struct store_suppression row;
	struct store_evidence *events;
	size_t n;

	load("Ann.B@Example.COM", DECISION_SUPPRESS, NOW);
	load("ann.b@example.com", DECISION_SUPPRESS, NOW + 1000);
	load("ann.b@example.com", DECISION_SUPPRESS, NOW + DAY);
	ck_assert(find("ann.b@example.com", "", &row));
	ck_assert_int_eq(row.state, SUPPRESSION_ACTIVE);
	ck_assert(str_eq(row.domain, STR("example.com")));
	ck_assert(str_eq(row.source, STR("bounce")));
	ck_assert_int_eq(row.reason, REASON_RECIPIENT_UNKNOWN);
	ck_assert_int_eq(row.class, CLASS_HARD);
	ck_assert(str_eq(row.status, STR("5.1.1")));
	ck_assert(str_eq(row.diagnostic, STR("550 5.1.1 no such user")));
	ck_assert_uint_eq(row.count, 3);
	ck_assert_int_eq(row.first_seen_us, NOW);
	ck_assert_int_eq(row.last_seen_us, NOW + DAY);
	ck_assert_int_eq(row.expires_at_us, TIMESTAMP_NONE);
	ck_assert_uint_eq(row.seq, 0);
	ck_assert(row.has_evidence);
	ck_assert_int_eq(store_suppression_evidence(store, arena, row.address, STR_EMPTY,
				 LIMIT_PAGE_ROWS, &events, &n),
		ERR_OK);
	ck_assert_uint_eq(n, 3);
	ck_assert_mem_eq(events[0].event_id.bytes, row.evidence.bytes, 16);
	ck_assert_int_eq(events[2].seen_at_us, NOW);
	ck_assert_int_eq(
		store_suppression_evidence(store, arena, row.address, STR_EMPTY, 1, &events, &n),
		ERR_OK);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(strikes_need_different_days_within_the_window)
{
	struct store_suppression row;

	/* Two on one day, and three groups of one message, are one strike. */
	load("a@example.com", DECISION_STRIKE, NOW);
	load("a@example.com", DECISION_STRIKE, NOW + 3600 * TIMESTAMP_SECOND_US);
	ck_assert_str_eq(state_of("a@example.com"), "strikes");
	load("a@example.com", DECISION_STRIKE, NOW + DAY);
	ck_assert(find("a@example.com", "", &row));
	ck_assert_int_eq(row.state, SUPPRESSION_ACTIVE);
	ck_assert_uint_eq(row.count, 3);
	ck_assert_int_eq(row.first_seen_us, NOW);
	/* At the window's end, and one past it. */
	load("b@example.com", DECISION_STRIKE, NOW);
	load("b@example.com", DECISION_STRIKE, NOW + 90 * DAY);
	ck_assert_str_eq(state_of("b@example.com"), "strikes");
	load("b@example.com", DECISION_STRIKE, NOW + 89 * DAY);
	ck_assert_str_eq(state_of("b@example.com"), "active");
}
END_TEST

START_TEST(a_network_has_so_many_strikes_a_day)
{
	char address[32];

	store_judge.network_strikes = 3;
	for (int day = 0; day < 2; day++)
		for (int i = 0; i < 5; i++) {
			const struct mail mail = { address, DECISION_STRIKE, NOW + day * DAY + i,
				KIND_BOUNCE, "", 1, false, day ? "192.0.2.0/24" : "10.9.9.0/24" };

			snprintf(address, sizeof address, "n%d@example.com", i);
			load_by(&mail);
		}
	for (int i = 0; i < 5; i++) {
		snprintf(address, sizeof address, "n%d@example.com", i);
		ck_assert_str_eq(state_of(address), i < 3 ? "active" : "");
	}
	/* What is proven is not counted among them. */
	load("n4@example.com", DECISION_SUPPRESS, NOW + DAY + 9);
	ck_assert_str_eq(state_of("n4@example.com"), "active");
	store_judge.network_strikes = 1000;
}
END_TEST

START_TEST(what_is_held_waits)
{
	struct store_suppression row;

	load("a@example.com", DECISION_HOLD, NOW);
	load("a@example.com", DECISION_HOLD, NOW + DAY);
	ck_assert_str_eq(state_of("a@example.com"), "held");
	load("a@example.com", DECISION_SUPPRESS, NOW + 2 * DAY);
	ck_assert_str_eq(state_of("a@example.com"), "active");
	load("a@example.com", DECISION_HOLD, NOW + 3 * DAY);
	ck_assert(find("a@example.com", "", &row));
	ck_assert_int_eq(row.state, SUPPRESSION_ACTIVE);
	ck_assert_uint_eq(row.count, 4);
}
END_TEST

static const char *const no_addresses[] = { "", "ann", "@example.com", "ann@", "a b@example.com",
	"a@exa mple.com", "a\n@example.com", "a@b,c@d e" };

START_TEST(nothing_comes_of_no_decision_or_no_address)
{
	size_t before = ARRAY_LEN(no_addresses);

	load("a@example.com", DECISION_NONE, NOW);
	ck_assert_str_eq(state_of("a@example.com"), "");
	for (size_t i = 0; i < before; i++) {
		load(no_addresses[i], DECISION_SUPPRESS, NOW + (int64_t)i);
		ck_assert_str_eq(state_of(no_addresses[i]), "");
	}
}
END_TEST

START_TEST(an_address_is_not_cut)
{
	char text[LIMIT_ADDRESS_BYTES + 2];

	memset(text, 'x', sizeof text);
	text[60] = '@';
	text[LIMIT_ADDRESS_BYTES] = '\0';
	load(text, DECISION_SUPPRESS, NOW);
	ck_assert_str_eq(state_of(text), "active");
	text[LIMIT_ADDRESS_BYTES] = 'x';
	text[LIMIT_ADDRESS_BYTES + 1] = '\0';
	load(text, DECISION_SUPPRESS, NOW);
	ck_assert_str_eq(state_of(text), "");
	text[LIMIT_ADDRESS_BYTES - 1] = '\0';
	ck_assert_str_eq(state_of(text), "");
}
END_TEST

START_TEST(a_repeat_does_nothing)
{
	const struct mail mail = { "a@example.com", DECISION_STRIKE, NOW, KIND_BOUNCE, "", 1, false,
		NULL };
	const struct mail next = { "a@example.com", DECISION_STRIKE, NOW + DAY, KIND_BOUNCE, "", 1,
		false, NULL };
	struct store_batch_result result;

	ck_assert_int_eq(load_as(&mail, 0, 7, &result), ERR_OK);
	/* A second delivery on the next day is the same message; so is a replay. */
	ck_assert_int_eq(load_as(&next, 1, 7, &result), ERR_OK);
	ck_assert_uint_eq(result.second_deliveries, 1);
	ck_assert_str_eq(state_of("a@example.com"), "strikes");
	ck_assert_int_eq(load_as(&next, 2, 8, &result), ERR_OK);
	ck_assert_str_eq(state_of("a@example.com"), "active");
	ck_assert_int_eq(store_suppression_remove(store, STR("a@example.com"), STR_EMPTY,
				 STR("test"), NOW + 2 * DAY),
		ERR_OK);
	ck_assert_int_eq(load_as(&next, 2, 8, &result), ERR_CONFLICT);
	ck_assert_str_eq(state_of("a@example.com"), "removed");
}
END_TEST

START_TEST(the_same_record_again_does_nothing)
{
	const struct mail mail = { "a@example.com", DECISION_SUPPRESS, NOW, KIND_BOUNCE, "", 1,
		false, NULL };
	struct store_batch_result result;
	struct store_suppression row;
	const char *conninfo = fixture_database();
	struct store_migration migration;

	store_close(store);
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	ck_assert_int_eq(load_as(&mail, 0, 7, &result), ERR_OK);
	/* A position that went back, as after a restore: the rows themselves are still known. */
	fixture_sql(conninfo, "UPDATE spool_position SET sequence = 0");
	ck_assert_int_eq(load_as(&mail, 0, 7, &result), ERR_OK);
	ck_assert_uint_eq(result.replays, 1);
	ck_assert(find("a@example.com", "", &row));
	ck_assert_uint_eq(row.count, 1);
}
END_TEST

START_TEST(a_complaint_is_a_stronger_cause)
{
	const struct mail complaint = { "a@example.com", DECISION_SUPPRESS, NOW + 1, KIND_COMPLAINT,
		"", 1, false, NULL };
	struct store_suppression row;

	load("a@example.com", DECISION_SUPPRESS, NOW);
	load_by(&complaint);
	load("a@example.com", DECISION_SUPPRESS, NOW + 2);
	ck_assert(find("a@example.com", "", &row));
	ck_assert(str_eq(row.source, STR("complaint")));
	ck_assert_uint_eq(row.count, 3);
}
END_TEST

START_TEST(streams_are_apart_where_wanted)
{
	const struct mail mails[] = {
		{ "a@example.com", DECISION_STRIKE, NOW, KIND_BOUNCE, "news", 1, true, NULL },
		{ "a@example.com", DECISION_STRIKE, NOW + DAY, KIND_BOUNCE, "shop", 1, true, NULL },
		{ "a@example.com", DECISION_STRIKE, NOW + 2 * DAY, KIND_BOUNCE, "news", 1, true,
			NULL },
		{ "b@example.com", DECISION_SUPPRESS, NOW, KIND_BOUNCE, "", 1, true, NULL },
	};
	struct store_suppression row;

	for (size_t i = 0; i < ARRAY_LEN(mails); i++)
		load_by(&mails[i]);
	ck_assert(find("a@example.com", "news", &row));
	ck_assert_int_eq(row.state, SUPPRESSION_ACTIVE);
	ck_assert(find("a@example.com", "shop", &row));
	ck_assert_int_eq(row.state, SUPPRESSION_STRIKES);
	ck_assert(!find("a@example.com", "", &row));
	ck_assert(find("b@example.com", STORE_DEFAULT_STREAM, &row));
}
END_TEST

/* ---- people ---- */

START_TEST(what_was_removed_needs_new_evidence)
{
	struct store_suppression row;
	struct store_evidence *events;
	size_t n;

	load("a@example.com", DECISION_STRIKE, NOW);
	load("a@example.com", DECISION_STRIKE, NOW + DAY);
	ck_assert_int_eq(store_suppression_remove(store, STR("a@example.com"), STR_EMPTY,
				 STR("test"), NOW + 2 * DAY),
		ERR_OK);
	ck_assert_int_eq(store_suppression_remove(store, STR("a@example.com"), STR_EMPTY,
				 STR("test"), NOW + 2 * DAY),
		ERR_NOT_FOUND);
	ck_assert_int_eq(
		store_suppression_remove(store, STR("b@example.com"), STR_EMPTY, STR("test"), NOW),
		ERR_NOT_FOUND);
	ck_assert_int_eq(store_suppression_evidence(
				 store, arena, STR("a@example.com"), STR_EMPTY, 9, &events, &n),
		ERR_OK);
	ck_assert_uint_eq(n, 0);
	/* Mail that came before and was loaded late is no new evidence, whatever its weight. */
	load("a@example.com", DECISION_SUPPRESS, NOW + DAY + 1);
	load("a@example.com", DECISION_SUPPRESS, NOW + 2 * DAY);
	ck_assert_str_eq(state_of("a@example.com"), "removed");
	/* Strikes begin anew, on the day of the removal too. */
	load("a@example.com", DECISION_STRIKE, NOW + 2 * DAY + 1);
	ck_assert_str_eq(state_of("a@example.com"), "strikes");
	load("a@example.com", DECISION_STRIKE, NOW + 3 * DAY);
	ck_assert(find("a@example.com", "", &row));
	ck_assert_int_eq(row.state, SUPPRESSION_ACTIVE);
	ck_assert_uint_eq(row.count, 2);
	ck_assert_int_eq(row.first_seen_us, NOW + 2 * DAY + 1);
}
END_TEST

START_TEST(people_put_and_imports_are_weaker)
{
	struct store_suppression row = manual("a@example.com", NOW), bad;
	struct store_suppression import = manual("a@example.com", NOW + DAY);
	size_t kept = 0;

	import.source = STR("import:old");
	import.reason = REASON_RECIPIENT_UNKNOWN;
	ck_assert_uint_eq(put(import), 1);
	ck_assert_uint_eq(put(row), 1);
	ck_assert_uint_eq(put(import), 1);
	ck_assert(find("a@example.com", "", &row));
	ck_assert(str_eq(row.source, STR("manual")));
	ck_assert(str_eq(row.diagnostic, STR("asked on the phone")));
	ck_assert_int_eq(row.reason, REASON_NONE);
	ck_assert(!row.has_evidence);
	ck_assert_uint_eq(row.count, 0);
	ck_assert_int_eq(store_suppression_remove(store, STR("a@example.com"), STR_EMPTY,
				 STR("test"), NOW + 2 * DAY),
		ERR_OK);
	/* An old list does not bring it back; a person does, whatever the clock says. */
	ck_assert_uint_eq(put(import), 0);
	ck_assert_str_eq(state_of("a@example.com"), "removed");
	ck_assert_uint_eq(put(manual("a@example.com", NOW)), 1);
	ck_assert_str_eq(state_of("a@example.com"), "active");
	bad = manual("a@example.com", TIMESTAMP_NONE);
	ck_assert_int_eq(store_suppressions_put(store, &bad, 1, &kept), ERR_RANGE);
	bad = manual("a\xff@example.com", NOW);
	ck_assert_int_eq(store_suppressions_put(store, &bad, 1, &kept), ERR_RANGE);
	ck_assert_int_eq(
		store_suppressions_put(store, &bad, LIMIT_SUPPRESSION_ROWS + 1, &kept), ERR_LIMIT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_suppress");
	TCase *tcase = tcase_create("suppress");
	int code;

	tcase_add_checked_fixture(tcase, open_migrated, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_decision_to_suppress_is_kept_with_its_event);
	tcase_add_test(tcase, strikes_need_different_days_within_the_window);
	tcase_add_test(tcase, a_network_has_so_many_strikes_a_day);
	tcase_add_test(tcase, what_is_held_waits);
	tcase_add_test(tcase, nothing_comes_of_no_decision_or_no_address);
	tcase_add_test(tcase, an_address_is_not_cut);
	tcase_add_test(tcase, a_repeat_does_nothing);
	tcase_add_test(tcase, the_same_record_again_does_nothing);
	tcase_add_test(tcase, a_complaint_is_a_stronger_cause);
	tcase_add_test(tcase, streams_are_apart_where_wanted);
	tcase_add_test(tcase, what_was_removed_needs_new_evidence);
	tcase_add_test(tcase, people_put_and_imports_are_weaker);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
