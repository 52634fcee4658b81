// links: suppress suppress_policy store
// Check program of suppress/backtest over a real database: with the policy in force it is the list, whatever came and
// whatever people did; another policy is judged by its own settings alone.
#define _GNU_SOURCE
#include "store/store_amend.h"
#include "store/store_log.h"
#include "suppress/backtest.h"
#include "suppress/policy/origin.h"
#include "tests/support/store_suppress_fixture.h"
#include "tests/support/suite.h"

#include <stdlib.h>

/* ---- settings ---- */

struct seat {
	struct config *config;
	struct suppress_settings settings;
	struct judge judge;
	struct store_judge store_judge;
};

static void set(struct config *config, enum config_id id, const char *value)
{
	struct str trouble;

	ck_assert_int_eq(config_set(config, id, str_c(value), arena, &trouble), ERR_OK);
}

static void sit(
	struct seat *seat, const char *unsigned_mode, const char *scope, const char *rules_text)
{
	struct str trouble;

	seat->config = config_new();
	set(seat->config, CONFIG_SUPPRESS_UNSIGNED, unsigned_mode);
	set(seat->config, CONFIG_SUPPRESS_SCOPE, scope);
	set(seat->config, CONFIG_SUPPRESS_SIGNED_STREAMS, "news");
	set(seat->config, CONFIG_SUPPRESS_NETWORK_STRIKES, "1");
	set(seat->config, CONFIG_SUPPRESS_RULES, rules_text);
	ck_assert_int_eq(
		suppress_settings_load(seat->config, arena, &seat->settings, &trouble), ERR_OK);
	suppress_judge(&seat->settings, &seat->judge, &seat->store_judge);
	seat->store_judge.guard = NULL;
}

/* ---- mail, as the loader decides on it ---- */

static const char *const names[] = { "a@example.com", "b@example.com", "C@Example.com",
	"d@example.org", "e@example.org", "f@example.net", "=1+2@example.com",
	"\"g h\"@example.com" };
static const char *const streams[] = { "news", "shop", "" };
static const char *const peers[] = { "192.0.2.1", "::ffff:192.0.2.77", "198.51.100.9",
	"2001:db8:1::5", "2001:db8:2::5", "" };
static const struct {
	enum reason reason;
	enum reason_class class;
	enum outcome outcome;
	enum kind kind;
} said[] = {
	{ REASON_RECIPIENT_UNKNOWN, CLASS_HARD, OUTCOME_FAILED, KIND_BOUNCE },
	{ REASON_RECIPIENT_UNKNOWN, CLASS_HARD, OUTCOME_FAILED, KIND_BOUNCE },
	{ REASON_RECIPIENT_DISABLED, CLASS_HARD, OUTCOME_FAILED, KIND_BOUNCE },
	{ REASON_MAILBOX_FULL, CLASS_SOFT, OUTCOME_FAILED, KIND_BOUNCE },
	{ REASON_MAILBOX_FULL, CLASS_SOFT, OUTCOME_FAILED, KIND_BOUNCE },
	{ REASON_CONTENT_SPAM, CLASS_BLOCK, OUTCOME_FAILED, KIND_BOUNCE },
	{ REASON_NONE, CLASS_NONE, OUTCOME_COMPLAINT, KIND_COMPLAINT },
	{ REASON_MAILBOX_FULL, CLASS_SOFT, OUTCOME_DELAYED, KIND_BOUNCE },
};

static void put_proof(struct evidence *evidence)
{
	static const enum token_verdict verdicts[] = { TOKEN_NONE, TOKEN_NONE, TOKEN_NONE,
		TOKEN_VALID, TOKEN_VALID, TOKEN_INVALID };

	evidence->token = verdicts[rand() % (int)ARRAY_LEN(verdicts)];
	evidence->bound = evidence->token == TOKEN_VALID && rand() % 4;
	evidence->logged = rand() % 8 == 0;
}

/* One mail with one event, of which the seat's policy says what it weighs. */
static void submit(struct seat *seat, const struct envelope *envelope,
	const struct evidence *evidence, bool counts, struct str delivered)
{
	struct store_batch *batch = store_batch_new(store, STR("spool"));
	struct policy policy = suppress_policy(&seat->settings, envelope->stream);
	struct store_standing standing = {
		.proof = policy_proof(evidence), .rated = true, .counts = counts
	};
	struct store_weight weight = policy_weigh(&policy, evidence);
	struct store_batch_result result;
	struct report report;
	struct event event;
	struct store_message message = { .envelope = envelope,
		.report = &report,
		.weights = &weight,
		.standings = &standing,
		.network = origin_network(arena, envelope->peer) };

	report_init(&report);
	event_init(&event);
	report.kind = evidence->kind;
	report.events = &event;
	report.n_events = 1;
	event.recipient = evidence->recipient;
	event.domain = evidence->domain;
	event.outcome = evidence->outcome;
	event.reason = evidence->reason;
	event.class = evidence->class;
	event.remote_mta = evidence->remote_mta;
	if (!counts)
		weight.decision = DECISION_NONE;
	ck_assert_int_eq(store_position(store, STR("spool"), &message.sequence), ERR_OK);
	memcpy(message.digest, &message.sequence, sizeof message.sequence);
	store_batch_set_judge(batch, &seat->store_judge);
	ck_assert_int_eq(store_batch_add(batch, &message), ERR_OK);
	if (delivered.n)
		ck_assert_int_eq(store_batch_add_delivered(batch, delivered,
					 str_c(streams[rand() % 2]), envelope->received_at_us + 1),
			ERR_OK);
	ck_assert_int_eq(
		store_batch_commit(batch, message.sequence, message.sequence + 1, &result), ERR_OK);
	store_batch_free(batch);
}

static void deliver(struct seat *seat, int64_t at_us)
{
	size_t what = (size_t)rand() % ARRAY_LEN(said);
	struct str recipient = str_c(names[rand() % (int)ARRAY_LEN(names)]);
	const struct envelope envelope = { .received_at_us = at_us,
		.stream = str_c(streams[rand() % 3]),
		.peer = str_c(peers[rand() % (int)ARRAY_LEN(peers)]) };
	struct evidence evidence = { .kind = said[what].kind,
		.outcome = said[what].outcome,
		.reason = said[what].reason,
		.class = said[what].class,
		.recipient = recipient,
		.domain = suppression_domain(recipient) };

	evidence.remote_mta = rand() % 3 ? STR("mx.elsewhere.example") : evidence.domain;
	put_proof(&evidence);
	submit(seat, &envelope, &evidence, rand() % 9 != 0,
		rand() % 6 ? STR_EMPTY : str_c(names[rand() % 6]));
}

/* ---- people ---- */

static uint64_t believe_two(const struct store_answers *answers UNUSED)
{
	return 2;
}

static void decide_hold(void *context, const struct store_hold *hold)
{
	int64_t *id = context;

	if (str_eq(hold->state, STR("open")))
		*id = hold->id;
}

static void meddle(struct seat *seat, int64_t at_us)
{
	struct str address = STR_EMPTY, stream = rand() % 3 ? STR_EMPTY : STR("shop");
	struct store_undo undo = {
		.from_us = at_us - 5 * DAY, .to_us = at_us - 4 * DAY, .reason = STR("mailbox.full")
	};
	struct store_suppression row;
	struct store_amended amended;
	int64_t hold = 0;
	enum err err;

	ck_assert(suppression_address(arena, str_c(names[rand() % 6]), &address));
	switch (rand() % 6) {
	case 0:
	case 1:
		err = store_suppression_remove(store, address, stream, STR("test"), at_us);
		ck_assert(!err || err == ERR_NOT_FOUND);
		break;
	case 2:
		row = manual(arena_c(arena, address), at_us);
		row.stream = stream;
		row.state = rand() % 2 ? SUPPRESSION_ACTIVE : SUPPRESSION_ALLOWED;
		row.expires_at_us = rand() % 2 ? at_us + 3 * DAY : TIMESTAMP_NONE;
		put(row);
		break;
	case 3:
		ck_assert_int_eq(
			store_undo(store, &seat->store_judge, &undo, at_us, &amended), ERR_OK);
		break;
	case 4:
		seat->store_judge.guard = believe_two;
		for (int i = 0; i < 6; i++)
			deliver(seat, at_us + i * TIMESTAMP_SECOND_US);
		seat->store_judge.guard = NULL;
		break;
	default:
		ck_assert_int_eq(
			store_holds(store, STORE_HOLDS_ALL, 0, decide_hold, &hold), ERR_OK);
		if (hold)
			ck_assert_int_eq(
				store_hold_decide(store, &seat->store_judge, hold,
					rand() % 2 ? STORE_HOLD_RELEASE : STORE_HOLD_DISCARD,
					STR("test"), at_us, &amended),
				ERR_OK);
	}
}

/* ---- the two lists ---- */

static bool is_made_of_events(struct str source)
{
	return str_eq(source, STR("bounce")) || str_eq(source, STR("complaint"));
}

static bool write_row(void *context, const struct store_suppression *row)
{
	if (is_made_of_events(row->source) && row->state != SUPPRESSION_REMOVED)
		buf_printf(context, "%.*s|%.*s %.*s %.*s %.*s %llu %lld %lld\n",
			STR_ARG(row->address), STR_ARG(row->stream),
			STR_ARG(suppression_state_name(row->state)),
			STR_ARG(reason_name(row->reason)), STR_ARG(row->source),
			(unsigned long long)row->count, (long long)row->last_seen_us,
			(long long)row->expires_at_us);
	return true;
}

static void write_list(struct buf *out)
{
	struct store_suppressions_query query = { .state = -1, .limit = LIMIT_PAGE_ROWS };

	ck_assert_int_eq(store_suppressions(store, &query, write_row, out), ERR_OK);
	query.state = SUPPRESSION_STRIKES;
	ck_assert_int_eq(store_suppressions(store, &query, write_row, out), ERR_OK);
}

struct found {
	struct buf others, strikes; /* in the order of write_list */
	size_t side;
};

static int by_stream(const void *a, const void *b)
{
	return str_cmp(
		((const struct side_entry *)a)->stream, ((const struct side_entry *)b)->stream);
}

static void take_found(void *context, const struct backtest_address *address)
{
	struct found *found = context;
	struct side_entry entries[8];
	size_t n = address->of[found->side].n;

	ck_assert_uint_le(n, ARRAY_LEN(entries));
	memcpy(entries, address->of[found->side].entries, n * sizeof *entries);
	qsort(entries, n, sizeof *entries, by_stream);
	for (size_t i = 0; i < n; i++) {
		const struct store_verdict *verdict = &entries[i].verdict;
		const struct store_suppression row = { .address = address->address,
			.stream = entries[i].stream,
			.state = verdict->state,
			.reason = verdict->reason,
			.source = verdict->complaint ? STR("complaint") : STR("bounce"),
			.count = verdict->count,
			.last_seen_us = verdict->last_seen_us,
			.expires_at_us = verdict->expires_at_us };

		if (!verdict->keeps_cause)
			write_row(
				row.state == SUPPRESSION_STRIKES ? &found->strikes : &found->others,
				&row);
	}
}

static void run_backtest(const struct seat *in_force, const struct seat *other, struct buf *out)
{
	struct found found = { .others = BUF_INIT(1 << 20), .strikes = BUF_INIT(1 << 20) };
	struct backtest backtest = { .sides = { &in_force->settings,
					     other ? &other->settings : NULL },
		.n_sides = other ? 2 : 1,
		.since_us = NOW - DAY,
		.found = take_found,
		.context = &found };
	uint64_t events;

	found.side = other ? 1 : 0;
	ck_assert_int_eq(backtest_run(store, &backtest, &events), ERR_OK);
	buf_put(out, buf_str(&found.others));
	buf_put(out, buf_str(&found.strikes));
	buf_release(&found.others);
	buf_release(&found.strikes);
}

static const struct {
	const char *unsigned_mode, *scope, *rules_text;
	unsigned seed;
} cases[] = {
	{ "strikes", "global", "", 1 },
	{ "strikes", "stream", "", 2 },
	{ "strikes", "global", "mailbox.full=2/1/10, shop:recipient.unknown=never, complaint=2",
		3 },
	{ "hold", "global", "soft=2/1/20", 4 },
	{ "trust", "stream", "hard=2/1", 5 },
	{ "trust", "global", "", 6 },
	{ "strikes", "global", "mailbox.full=2/2/5", 7 },
	{ "hold", "stream", "mailbox.full=2/2/5", 8 },
};

START_TEST(of_the_policy_in_force_it_is_the_list)
{
	struct buf list = BUF_INIT(1 << 20), found = BUF_INIT(1 << 20);
	struct seat seat;
	int64_t at_us = NOW;

	srand(cases[_i].seed);
	sit(&seat, cases[_i].unsigned_mode, cases[_i].scope, cases[_i].rules_text);
	for (int i = 0; i < 220; i++) {
		at_us += 1 + rand() % (int)(6 * 3600) * TIMESTAMP_SECOND_US;
		deliver(&seat, at_us);
		if (rand() % 8 == 0)
			meddle(&seat, at_us + 20 * TIMESTAMP_SECOND_US);
		at_us += 30 * TIMESTAMP_SECOND_US;
	}
	write_list(&list);
	run_backtest(&seat, NULL, &found);
	ck_assert_uint_gt(list.n, 200);
	ck_assert_msg(str_eq(buf_str(&list), buf_str(&found)), "%.*sand not\n%.*s",
		STR_ARG(buf_str(&list)), STR_ARG(buf_str(&found)));
	config_free(seat.config);
	buf_release(&list);
	buf_release(&found);
}
END_TEST

/* ---- another policy ---- */

static void mail(struct seat *seat, const char *recipient, enum reason reason, int64_t at_us)
{
	const struct envelope envelope = { .received_at_us = at_us, .stream = STR("shop") };
	const struct evidence evidence = { .kind = KIND_BOUNCE,
		.outcome = OUTCOME_FAILED,
		.reason = reason,
		.class = reason == REASON_MAILBOX_FULL ? CLASS_SOFT : CLASS_HARD,
		.logged = true,
		.recipient = str_c(recipient),
		.domain = suppression_domain(str_c(recipient)) };

	submit(seat, &envelope, &evidence, true, STR_EMPTY);
}

/* What the policy in force never counted is counted by one that does; another scope has other entries; what a person took away
 * stays away in it; and events from before the time are none. */
/* Each pair is one network, of which one mail a day counts: however its peers are written, the second is one too many. */
static const char *const pairs[][2] = {
	{ "192.0.2.1", "192.0.2.77" },
	{ "192.0.2.1", "::ffff:192.0.2.77" },
	{ "2001:db8:1::5", "2001:db8:1:2::9" },
	{ "2001:db8::5", "2001:db8:0:1::9" },
};

START_TEST(two_mails_of_a_network_are_one_too_many)
{
	struct buf list = BUF_INIT(1 << 20), found = BUF_INIT(1 << 20);
	struct seat seat;

	sit(&seat, "strikes", "global", "hard=1/1");
	for (int i = 0; i < 2; i++) {
		const struct envelope envelope = { .received_at_us = NOW + i * TIMESTAMP_HOUR_US,
			.stream = STR("shop"),
			.peer = str_c(pairs[_i][i]) };
		const struct evidence evidence = { .kind = KIND_BOUNCE,
			.outcome = OUTCOME_FAILED,
			.reason = REASON_RECIPIENT_UNKNOWN,
			.class = CLASS_HARD,
			.recipient = str_c(names[i]),
			.domain = STR("example.com"),
			.remote_mta = STR("mx.elsewhere.example") };

		submit(&seat, &envelope, &evidence, true, STR_EMPTY);
	}
	write_list(&list);
	run_backtest(&seat, NULL, &found);
	ck_assert_ptr_nonnull(strstr(arena_c(arena, buf_str(&list)), "a@example.com"));
	ck_assert_ptr_null(strstr(arena_c(arena, buf_str(&list)), "b@example.com"));
	ck_assert_msg(str_eq(buf_str(&list), buf_str(&found)), "%.*sand not\n%.*s",
		STR_ARG(buf_str(&list)), STR_ARG(buf_str(&found)));
	config_free(seat.config);
	buf_release(&list);
	buf_release(&found);
}
END_TEST

START_TEST(another_policy_is_judged_by_its_own_settings)
{
	struct buf found = BUF_INIT(1 << 16);
	struct seat in_force, other;
	char wanted[256];

	sit(&in_force, "strikes", "global", "mailbox.full=never");
	sit(&other, "strikes", "stream", "mailbox.full=1/0/10");
	mail(&in_force, "a@example.com", REASON_MAILBOX_FULL, NOW);
	mail(&in_force, "b@example.com", REASON_RECIPIENT_UNKNOWN, NOW - 2 * DAY);
	mail(&in_force, "c@example.com", REASON_RECIPIENT_UNKNOWN, NOW);
	ck_assert_int_eq(store_suppression_remove(
				 store, STR("c@example.com"), STR_EMPTY, STR("test"), NOW + 1),
		ERR_OK);
	ck_assert_str_eq(state_of("a@example.com"), "");
	run_backtest(&in_force, &other, &found);
	snprintf(wanted, sizeof wanted,
		"a@example.com|shop active mailbox.full bounce 1 %lld %lld\n", (long long)NOW,
		(long long)(NOW + 10 * DAY));
	ck_assert_msg(str_eq(buf_str(&found), str_c(wanted)), "%.*s", STR_ARG(buf_str(&found)));
	ck_assert_str_eq(state_of("a@example.com"), "");
	ck_assert_str_eq(state_of("b@example.com"), "active");
	config_free(in_force.config);
	config_free(other.config);
	buf_release(&found);
}
END_TEST

/* A server that says that it has Citus gets the statements of Citus, and answers them alike. */
static void open_as_citus(void)
{
	open_migrated();
	fixture_sql(fixture.newest,
		"INSERT INTO pg_extension SELECT 4000000000, 'citus', extowner, extnamespace, false, "
		"'13', NULL, NULL FROM pg_extension WHERE extname = 'plpgsql'");
}

static TCase *cases_of(const char *name, void (*open)(void), size_t n_pairs, size_t n_cases)
{
	TCase *tcase = tcase_create(name);

	tcase_add_checked_fixture(tcase, open, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, two_mails_of_a_network_are_one_too_many, 0, (int)n_pairs);
	tcase_add_loop_test(tcase, of_the_policy_in_force_it_is_the_list, 0, (int)n_cases);
	tcase_add_test(tcase, another_policy_is_judged_by_its_own_settings);
	return tcase;
}

int main(void)
{
	Suite *suite = suite_create("backtest");
	int code;

	suite_add_tcase(suite, cases_of("plain", open_migrated, ARRAY_LEN(pairs), ARRAY_LEN(cases)));
	suite_add_tcase(suite, cases_of("citus", open_as_citus, 2, 2));
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
