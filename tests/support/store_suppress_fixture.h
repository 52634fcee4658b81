/* tests/support/store_suppress_fixture.h -- a migrated database, events as the loader brings them, rows as people put
 * them: shared by the Check programs of the suppression list. */
#pragma once
#include "core/limits.h"
#include "store/store_judge.h"
#include "store/store_suppress.h"
#include "suppress/policy/judge.h"
#include "tests/support/cluster_fixture.h"

#include <check.h>

#define NOW ((int64_t)1795000000 * TIMESTAMP_SECOND_US) /* 2026-11-18T11:06:40Z */
#define DAY TIMESTAMP_DAY_US

static struct store *store;
static const char *database; /* for another connection to it */
static struct arena *arena;
static uint64_t sequence;
static struct policy_rules rules;
static struct judge judge = { &rules, 2, 90 };
static struct store_judge store_judge = { judge_case, &judge, 1000, NULL };

static UNUSED void open_migrated(void)
{
	struct store_migration migration;

	sequence = 1;
	policy_rules_init(&rules);
	arena = arena_new();
	database = fixture_database();
	assert(!fixture_open(database, &store));
	assert(!store_migrate(store, NOW, 1000, &migration));
}

static UNUSED void close_all(void)
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
	bool of_stream;
	const char *network; /* NULL: of each mail another */
};

static UNUSED enum err load_as(const struct mail *mail, uint64_t from, uint64_t digest,
	struct store_batch_result *ret_result)
{
	struct store_batch *batch = store_batch_new(store, STR("spool"));
	struct event events[4];
	struct store_weight weights[4];
	struct envelope envelope = { .received_at_us = mail->at_us, .stream = str_c(mail->stream) };
	struct report report;
	struct store_message message = {
		.sequence = from, .envelope = &envelope, .report = &report, .weights = weights
	};
	char network[32];
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
		weights[i] = (struct store_weight){ mail->decision, mail->of_stream, false };
	}
	memcpy(message.digest, &digest, sizeof digest);
	snprintf(network, sizeof network, "10.0.%d.0/24", (int)(digest % 250));
	message.network = str_c(mail->network ? mail->network : network);
	store_batch_set_judge(batch, &store_judge);
	ck_assert_int_eq(store_batch_add(batch, &message), ERR_OK);
	err = store_batch_commit(batch, from, from + 1, ret_result);
	store_batch_free(batch);
	return err;
}

static UNUSED void load_by(const struct mail *mail)
{
	struct store_batch_result result;
	uint64_t position;

	ck_assert_int_eq(store_position(store, STR("spool"), &position), ERR_OK);
	sequence++;
	ck_assert_int_eq(load_as(mail, position, sequence, &result), ERR_OK);
	ck_assert_uint_eq(result.messages, 1);
}

static UNUSED void load(const char *recipient, enum decision decision, int64_t at_us)
{
	const struct mail mail = { recipient, decision, at_us, KIND_BOUNCE, "", 1, false, NULL };

	load_by(&mail);
}

static UNUSED bool find(const char *address, const char *stream, struct store_suppression *ret_row)
{
	enum err err = store_suppression_get(store, arena, str_c(address), str_c(stream), ret_row);

	ck_assert(err == ERR_OK || err == ERR_NOT_FOUND);
	return !err;
}

static UNUSED const char *state_of(const char *address)
{
	struct store_suppression row;

	return find(address, "", &row) ? suppression_state_name(row.state).p : "";
}

static UNUSED struct store_suppression manual(const char *address, int64_t at_us)
{
	return (struct store_suppression){ .address = str_c(address),
		.domain = suppression_domain(str_c(address)),
		.source = STR("manual"),
		.diagnostic = STR("asked on the phone"),
		.first_seen_us = at_us,
		.last_seen_us = at_us,
		.expires_at_us = TIMESTAMP_NONE };
}

static UNUSED size_t put(struct store_suppression row)
{
	size_t kept = 0;

	ck_assert_int_eq(store_suppressions_put(store, &row, 1, &kept), ERR_OK);
	return kept;
}
