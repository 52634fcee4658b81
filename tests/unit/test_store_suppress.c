// links: store
// Check program of the suppression list in the database: what events do to it, numbers, and what people do.
#define _GNU_SOURCE
#include "core/limits.h"
#include "store/store_suppress.h"
#include "tests/support/cluster_fixture.h"

#include <check.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US) /* 2026-11-18T11:06:40Z */
#define DAY TIMESTAMP_DAY_US

static struct store *store;
static struct arena *arena;
static uint64_t sequence;

static void open_migrated(void)
{
	struct store_migration migration;

	sequence = 1;
	arena = arena_new();
	ck_assert_int_eq(fixture_open(fixture_database(), &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
}

static void close_all(void)
{
	store_close(store);
	arena_free(arena);
}

/* ---- events by the loader ---- */

struct mail {
	const char *recipient;
	enum decision decision;
	int64_t at_us;
	enum kind kind;
	const char *stream;
	unsigned copies; /* groups for the same recipient; 0: one */
};

static enum err load_as(const struct mail *mail, uint64_t from, uint64_t digest,
	const struct store_strikes *strikes, struct store_batch_result *ret_result)
{
	struct store_batch *batch = store_batch_new(store, STR("spool"));
	struct event events[4];
	enum decision decisions[4];
	struct envelope envelope = { .received_at_us = mail->at_us, .stream = str_c(mail->stream) };
	struct report report;
	struct store_message message = {
		.sequence = from, .envelope = &envelope, .report = &report, .decisions = decisions
	};
	enum err err;

	report_init(&report);
	report.kind = mail->kind ? mail->kind : KIND_BOUNCE;
	report.events = events;
	report.n_events = mail->copies ? mail->copies : 1;
	for (size_t i = 0; i < report.n_events; i++) {
		event_init(&events[i]);
		events[i].recipient = str_c(mail->recipient);
		events[i].domain = STR("example.com");
		events[i].reason = REASON_RECIPIENT_UNKNOWN;
		events[i].class = CLASS_HARD;
		events[i].status = STR("5.1.1");
		events[i].diagnostic = STR("550 5.1.1 no such user");
		decisions[i] = mail->decision;
	}
	memcpy(message.digest, &digest, sizeof digest);
	if (strikes)
		store_batch_set_strikes(batch, strikes);
	ck_assert_int_eq(store_batch_add(batch, &message), ERR_OK);
	err = store_batch_commit(batch, from, from + 1, ret_result);
	store_batch_free(batch);
	return err;
}

static void load_by(const struct mail *mail, const struct store_strikes *strikes)
{
	struct store_batch_result result;
	uint64_t position;

	ck_assert_int_eq(store_position(store, STR("spool"), &position), ERR_OK);
	sequence++;
	ck_assert_int_eq(load_as(mail, position, sequence, strikes, &result), ERR_OK);
	ck_assert_uint_eq(result.messages, 1);
}

static void load(const char *recipient, enum decision decision, int64_t at_us)
{
	const struct mail mail = { recipient, decision, at_us, KIND_BOUNCE, "", 1 };

	load_by(&mail, NULL);
}

static bool find(const char *address, const char *stream, struct store_suppression *ret_row)
{
	enum err err = store_suppression(store, arena, str_c(address), str_c(stream), ret_row);

	ck_assert(err == ERR_OK || err == ERR_NOT_FOUND);
	return !err;
}

static const char *state_of(const char *address)
{
	struct store_suppression row;

	return find(address, "", &row) ? suppression_state_name(row.state).p : "";
}

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
	/* One event a day, and the newest is the row's own. */
	ck_assert_int_eq(store_suppression_evidence(store, arena, row.address, STR_EMPTY,
				 LIMIT_PAGE_ROWS, &events, &n),
		ERR_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_mem_eq(events[0].event_id.bytes, row.evidence.bytes, 16);
	ck_assert_int_eq(events[1].seen_at_us, NOW);
	ck_assert_int_eq(
		store_suppression_evidence(store, arena, row.address, STR_EMPTY, 1, &events, &n),
		ERR_OK);
	ck_assert_uint_eq(n, 1);
}
END_TEST

START_TEST(strikes_need_different_days_within_the_window)
{
	const struct store_strikes three = { .strikes = 3, .window_days = 10 };
	const struct mail mails[] = {
		{ "c@example.com", DECISION_STRIKE, NOW, KIND_BOUNCE, "", 3 },
		{ "c@example.com", DECISION_STRIKE, NOW + 5 * DAY, KIND_BOUNCE, "", 1 },
		{ "c@example.com", DECISION_STRIKE, NOW + 10 * DAY, KIND_BOUNCE, "", 1 },
		{ "c@example.com", DECISION_STRIKE, NOW + 11 * DAY, KIND_BOUNCE, "", 1 },
	};
	struct store_suppression row;

	/* Two on one day, and three groups of one message, are one strike. */
	load("a@example.com", DECISION_STRIKE, NOW);
	load("a@example.com", DECISION_STRIKE, NOW + 3600 * TIMESTAMP_SECOND_US);
	ck_assert_str_eq(state_of("a@example.com"), "");
	load("a@example.com", DECISION_STRIKE, NOW + DAY);
	ck_assert(find("a@example.com", "", &row));
	ck_assert_uint_eq(row.count, 2);
	ck_assert_int_eq(row.first_seen_us, NOW);
	/* At the window's end, and one past it. */
	load("b@example.com", DECISION_STRIKE, NOW);
	load("b@example.com", DECISION_STRIKE, NOW + 90 * DAY);
	ck_assert_str_eq(state_of("b@example.com"), "");
	load("b@example.com", DECISION_STRIKE, NOW + 89 * DAY);
	ck_assert_str_eq(state_of("b@example.com"), "active");
	/* Days 0 and 10 are not within ten days; 5, 10 and 11 are. */
	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		ck_assert_str_eq(state_of("c@example.com"), "");
		load_by(&mails[i], &three);
	}
	ck_assert_str_eq(state_of("c@example.com"), "active");
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
	const struct mail mail = { "a@example.com", DECISION_STRIKE, NOW, KIND_BOUNCE, "", 1 };
	const struct mail next = { "a@example.com", DECISION_STRIKE, NOW + DAY, KIND_BOUNCE, "",
		1 };
	struct store_batch_result result;

	ck_assert_int_eq(load_as(&mail, 0, 7, NULL, &result), ERR_OK);
	/* A second delivery on the next day is the same message; so is a replay. */
	ck_assert_int_eq(load_as(&next, 1, 7, NULL, &result), ERR_OK);
	ck_assert_uint_eq(result.second_deliveries, 1);
	ck_assert_str_eq(state_of("a@example.com"), "");
	ck_assert_int_eq(load_as(&next, 2, 8, NULL, &result), ERR_OK);
	ck_assert_str_eq(state_of("a@example.com"), "active");
	ck_assert_int_eq(
		store_suppression_remove(store, STR("a@example.com"), STR_EMPTY, NOW + 2 * DAY),
		ERR_OK);
	ck_assert_int_eq(load_as(&next, 2, 8, NULL, &result), ERR_CONFLICT);
	ck_assert_str_eq(state_of("a@example.com"), "removed");
}
END_TEST

START_TEST(the_same_record_again_does_nothing)
{
	const struct mail mail = { "a@example.com", DECISION_SUPPRESS, NOW, KIND_BOUNCE, "", 1 };
	struct store_batch_result result;
	struct store_suppression row;
	const char *conninfo = fixture_database();
	struct store_migration migration;

	store_close(store);
	ck_assert_int_eq(fixture_open(conninfo, &store), ERR_OK);
	ck_assert_int_eq(store_migrate(store, NOW, 1000, &migration), ERR_OK);
	ck_assert_int_eq(load_as(&mail, 0, 7, NULL, &result), ERR_OK);
	/* A position that went back, as after a restore: the rows themselves are still known. */
	fixture_sql(conninfo, "UPDATE spool_position SET sequence = 0");
	ck_assert_int_eq(load_as(&mail, 0, 7, NULL, &result), ERR_OK);
	ck_assert_uint_eq(result.replays, 1);
	ck_assert(find("a@example.com", "", &row));
	ck_assert_uint_eq(row.count, 1);
}
END_TEST

START_TEST(a_complaint_is_a_stronger_cause)
{
	const struct mail complaint = { "a@example.com", DECISION_SUPPRESS, NOW + 1, KIND_COMPLAINT,
		"", 1 };
	struct store_suppression row;

	load("a@example.com", DECISION_SUPPRESS, NOW);
	load_by(&complaint, NULL);
	load("a@example.com", DECISION_SUPPRESS, NOW + 2);
	ck_assert(find("a@example.com", "", &row));
	ck_assert(str_eq(row.source, STR("complaint")));
	ck_assert_uint_eq(row.count, 3);
}
END_TEST

START_TEST(streams_are_apart_where_wanted)
{
	const struct store_strikes each = { .strikes = 2, .window_days = 90, .per_stream = true };
	const struct mail mails[] = {
		{ "a@example.com", DECISION_STRIKE, NOW, KIND_BOUNCE, "news", 1 },
		{ "a@example.com", DECISION_STRIKE, NOW + DAY, KIND_BOUNCE, "shop", 1 },
		{ "a@example.com", DECISION_STRIKE, NOW + 2 * DAY, KIND_BOUNCE, "news", 1 },
		{ "b@example.com", DECISION_SUPPRESS, NOW, KIND_BOUNCE, "", 1 },
	};
	struct store_suppression row;

	for (size_t i = 0; i < ARRAY_LEN(mails); i++)
		load_by(&mails[i], &each);
	ck_assert(find("a@example.com", "news", &row));
	ck_assert(!find("a@example.com", "shop", &row));
	ck_assert(!find("a@example.com", "", &row));
	ck_assert(find("b@example.com", STORE_DEFAULT_STREAM, &row));
}
END_TEST

/* ---- people ---- */

static struct store_suppression manual(const char *address, int64_t at_us)
{
	return (struct store_suppression){ .address = str_c(address),
		.domain = suppression_domain(str_c(address)),
		.source = STR("manual"),
		.diagnostic = STR("asked on the phone"),
		.first_seen_us = at_us,
		.last_seen_us = at_us,
		.expires_at_us = TIMESTAMP_NONE };
}

static size_t put(struct store_suppression row)
{
	size_t kept = 0;

	ck_assert_int_eq(store_suppressions_put(store, &row, 1, &kept), ERR_OK);
	return kept;
}

START_TEST(what_was_removed_needs_new_evidence)
{
	struct store_suppression row;
	struct store_evidence *events;
	size_t n;

	load("a@example.com", DECISION_STRIKE, NOW);
	load("a@example.com", DECISION_STRIKE, NOW + DAY);
	ck_assert_int_eq(
		store_suppression_remove(store, STR("a@example.com"), STR_EMPTY, NOW + 2 * DAY),
		ERR_OK);
	ck_assert_int_eq(
		store_suppression_remove(store, STR("a@example.com"), STR_EMPTY, NOW + 2 * DAY),
		ERR_NOT_FOUND);
	ck_assert_int_eq(store_suppression_remove(store, STR("b@example.com"), STR_EMPTY, NOW),
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
	ck_assert_str_eq(state_of("a@example.com"), "removed");
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
	ck_assert_int_eq(
		store_suppression_remove(store, STR("a@example.com"), STR_EMPTY, NOW + 2 * DAY),
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

/* ---- lists ---- */

struct seen {
	size_t n, stop_after;
	uint64_t last_seq;
	char addresses[4096], stream[64];
};

static bool see(void *context, const struct store_suppression *row)
{
	struct seen *seen = context;
	size_t n = strlen(seen->addresses);

	seen->n++;
	seen->last_seq = row->seq;
	snprintf(seen->addresses + n, sizeof seen->addresses - n, "%.*s:%.*s ",
		STR_ARG(row->address), STR_ARG(suppression_state_name(row->state)));
	snprintf(seen->stream, sizeof seen->stream, "%.*s", STR_ARG(row->stream));
	return seen->n != seen->stop_after;
}

START_TEST(lists_go_page_by_page)
{
	struct store_suppressions_query query = { .state = -1, .limit = 2 };
	struct store_suppression_place place = { STR("b@example.com"), STR("news") };
	const struct str news = STR("news");
	struct store_suppression row = manual("b@example.com", NOW);
	struct seen seen = { 0 }, next = { 0 }, one = { 0 }, active = { 0 },
		    stop = { .stop_after = 1 };

	load("a@example.com", DECISION_SUPPRESS, NOW);
	load("b@example.com", DECISION_HOLD, NOW);
	row.stream = news;
	put(row);
	put(manual("c@example.org", NOW));
	ck_assert_int_eq(store_suppressions(store, &query, see, &seen), ERR_OK);
	ck_assert_str_eq(seen.addresses, "a@example.com:active b@example.com:held ");
	query.after = &place;
	ck_assert_int_eq(store_suppressions(store, &query, see, &next), ERR_OK);
	ck_assert_str_eq(next.addresses, "c@example.org:active ");
	query = (struct store_suppressions_query){ .state = -1, .limit = 9, .stream = &news };
	ck_assert_int_eq(store_suppressions(store, &query, see, &one), ERR_OK);
	ck_assert_str_eq(one.addresses, "b@example.com:active ");
	query = (struct store_suppressions_query){
		.state = SUPPRESSION_ACTIVE, .limit = LIMIT_PAGE_ROWS, .domain = STR("example.com")
	};
	ck_assert_int_eq(store_suppressions(store, &query, see, &active), ERR_OK);
	ck_assert_str_eq(active.addresses, "a@example.com:active b@example.com:active ");
	ck_assert_int_eq(store_suppressions(store, &query, see, &stop), ERR_OK);
	ck_assert_uint_eq(stop.n, 1);
}
END_TEST

static uint64_t number(void)
{
	uint64_t seq = UINT64_MAX;

	ck_assert_int_eq(store_suppressions_number(store, &seq), ERR_OK);
	return seq;
}

START_TEST(changes_have_numbers_without_gaps)
{
	struct seen all = { 0 }, later = { 0 }, page = { 0 };

	ck_assert_uint_eq(number(), 0);
	put(manual("b@example.com", NOW));
	put(manual("a@example.com", NOW + 1));
	put(manual("c@example.com", NOW + 2));
	ck_assert_uint_eq(number(), 3);
	ck_assert_uint_eq(number(), 3);
	ck_assert_int_eq(store_suppression_changes(store, 0, 3, 2, see, &page), ERR_OK);
	ck_assert_str_eq(page.addresses, "b@example.com:active a@example.com:active ");
	ck_assert_uint_eq(page.last_seq, 2);
	ck_assert_int_eq(
		store_suppression_remove(store, STR("b@example.com"), STR_EMPTY, NOW + 3), ERR_OK);
	ck_assert_uint_eq(number(), 4);
	ck_assert_int_eq(store_suppression_changes(store, 3, 4, 9, see, &later), ERR_OK);
	ck_assert_str_eq(later.addresses, "b@example.com:removed ");
	ck_assert_int_eq(store_suppression_changes(store, 0, UINT64_MAX, 9, see, &all), ERR_OK);
	ck_assert_str_eq(
		all.addresses, "a@example.com:active c@example.com:active b@example.com:removed ");
}
END_TEST

START_TEST(a_check_names_those_not_to_be_mailed)
{
	const struct str addresses[] = { STR_INIT("a@example.com"), STR_INIT("b@example.com"),
		STR_INIT("c@example.com"), STR_INIT("d@example.com"), STR_INIT("e@example.com") };
	struct store_suppression row = manual("d@example.com", NOW);
	struct str *many = arena_calloc(arena, LIMIT_SUPPRESSION_ROWS + 1, sizeof *many);
	struct seen global = { 0 }, stream = { 0 }, later = { 0 }, full = { 0 };

	load("a@example.com", DECISION_SUPPRESS, NOW);
	load("b@example.com", DECISION_HOLD, NOW);
	put(manual("c@example.com", NOW));
	ck_assert_int_eq(
		store_suppression_remove(store, STR("c@example.com"), STR_EMPTY, NOW + 1), ERR_OK);
	row.stream = STR("news");
	put(row);
	row = manual("e@example.com", NOW);
	row.expires_at_us = NOW + DAY;
	put(row);
	ck_assert_int_eq(
		store_suppression_check(store, addresses, 5, STR_EMPTY, NOW, see, &global), ERR_OK);
	ck_assert_str_eq(global.addresses, "a@example.com:active e@example.com:active ");
	ck_assert_int_eq(
		store_suppression_check(store, addresses, 5, STR("news"), NOW + DAY, see, &stream),
		ERR_OK);
	ck_assert_str_eq(stream.addresses, "a@example.com:active d@example.com:active ");
	ck_assert_int_eq(
		store_suppression_check(store, NULL, 0, STR_EMPTY, NOW, see, &later), ERR_OK);
	ck_assert_uint_eq(later.n, 0);
	for (size_t i = 0; i <= LIMIT_SUPPRESSION_ROWS; i++)
		many[i] = STR("a@example.com");
	ck_assert_int_eq(store_suppression_check(
				 store, many, LIMIT_SUPPRESSION_ROWS, STR_EMPTY, NOW, see, &full),
		ERR_OK);
	ck_assert_uint_eq(full.n, 1);
	ck_assert_int_eq(store_suppression_check(store, many, LIMIT_SUPPRESSION_ROWS + 1, STR_EMPTY,
				 NOW, see, &full),
		ERR_LIMIT);
}
END_TEST

START_TEST(strikes_that_led_to_nothing_are_forgotten)
{
	size_t purged;

	load("a@example.com", DECISION_STRIKE, NOW);
	load("b@example.com", DECISION_SUPPRESS, NOW);
	ck_assert_int_eq(store_suppression_purge(store, NOW, &purged), ERR_OK);
	ck_assert_uint_eq(purged, 0);
	ck_assert_int_eq(store_suppression_purge(store, NOW + 1, &purged), ERR_OK);
	ck_assert_uint_eq(purged, 1);
}
END_TEST

START_TEST(one_scheduler_acts)
{
	const char *conninfo = fixture_database();
	struct store *first = NULL, *second = NULL;
	bool acting;

	ck_assert_int_eq(fixture_open(conninfo, &first), ERR_OK);
	ck_assert_int_eq(fixture_open(conninfo, &second), ERR_OK);
	ck_assert_int_eq(store_act(first, &acting), ERR_OK);
	ck_assert(acting);
	ck_assert_int_eq(store_act(first, &acting), ERR_OK);
	ck_assert(acting);
	ck_assert_int_eq(store_act(second, &acting), ERR_OK);
	ck_assert(!acting);
	store_close(first);
	acting = false;
	for (int i = 0; i < 100 && !acting; i++) {
		ck_assert_int_eq(store_act(second, &acting), ERR_OK);
		fixture_sleep_ms(acting ? 0 : 50);
	}
	ck_assert(acting);
	store_close(second);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_suppress");
	TCase *tcase = tcase_create("suppress");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, open_migrated, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, a_decision_to_suppress_is_kept_with_its_event);
	tcase_add_test(tcase, strikes_need_different_days_within_the_window);
	tcase_add_test(tcase, what_is_held_waits);
	tcase_add_test(tcase, nothing_comes_of_no_decision_or_no_address);
	tcase_add_test(tcase, an_address_is_not_cut);
	tcase_add_test(tcase, a_repeat_does_nothing);
	tcase_add_test(tcase, the_same_record_again_does_nothing);
	tcase_add_test(tcase, a_complaint_is_a_stronger_cause);
	tcase_add_test(tcase, streams_are_apart_where_wanted);
	tcase_add_test(tcase, what_was_removed_needs_new_evidence);
	tcase_add_test(tcase, people_put_and_imports_are_weaker);
	tcase_add_test(tcase, lists_go_page_by_page);
	tcase_add_test(tcase, changes_have_numbers_without_gaps);
	tcase_add_test(tcase, a_check_names_those_not_to_be_mailed);
	tcase_add_test(tcase, strikes_that_led_to_nothing_are_forgotten);
	tcase_add_test(tcase, one_scheduler_acts);
	suite_add_tcase(suite, tcase);
	fixture_start();
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? 1 : 0;
}
