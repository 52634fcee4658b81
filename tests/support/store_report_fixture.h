/* tests/support/store_report_fixture.h -- a story in a migrated database: failures, delays and volumes of three days. Shared by
 * the Check programs of reports and of lists of events. */
#pragma once
#include "core/limits.h"
#include "tests/support/cluster_fixture.h"

#include <check.h>

#define HOUR TIMESTAMP_HOUR_US
#define DAY  TIMESTAMP_DAY_US
#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */

static UNUSED struct store *open_migrated(void)
{
	return fixture_migrated(NOON);
}

/* One line of a story: at `at_us`, n messages of one event each. */
struct line {
	int64_t at_us;
	const char *stream, *domain, *recipient, *diagnostic;
	enum outcome outcome;
	enum reason reason;
	enum reason_class class;
	unsigned n;
};

static UNUSED void add_line(struct store_batch *batch, const struct line *line, uint64_t *sequence)
{
	for (unsigned i = 0; i < line->n; i++, ++*sequence) {
		struct envelope envelope = { .received_at_us = line->at_us + i,
			.stream = str_c(line->stream) };
		struct report report;
		struct event event;
		struct store_message message = {
			.sequence = *sequence, .envelope = &envelope, .report = &report
		};

		event_init(&event);
		report_init(&report);
		event.domain = str_c(line->domain);
		event.recipient = event.final_recipient = str_c(line->recipient);
		event.diagnostic = str_c(line->diagnostic);
		event.outcome = line->outcome;
		event.reason = line->reason;
		event.class = line->class;
		report.kind = line->outcome == OUTCOME_COMPLAINT ? KIND_COMPLAINT : KIND_BOUNCE;
		report.events = &event;
		report.n_events = 1;
		memcpy(message.digest, sequence, sizeof *sequence);
		ck_assert_int_eq(store_batch_add(batch, &message), ERR_OK);
	}
}

static UNUSED void tell(struct store *store, const struct line *lines, size_t n)
{
	struct store_batch *batch = store_batch_new(store, STR("s1"));
	struct store_batch_result result;
	uint64_t sequence = 0;

	for (size_t i = 0; i < n; i++)
		add_line(batch, &lines[i], &sequence);
	ck_assert_int_eq(store_batch_commit(batch, 0, sequence, &result), ERR_OK);
	ck_assert_uint_eq(result.events, sequence);
	store_batch_free(batch);
}

static const struct line story[] = {
	/* Three days: an edge, a whole day, an edge. */
	{ NOON - DAY, "news", "a.example", "x@a.example", "550 5.1.1 <x@a.example> unknown",
		OUTCOME_FAILED, REASON_RECIPIENT_UNKNOWN, CLASS_HARD, 5 },
	{ NOON, "news", "a.example", "y@a.example", "452 4.2.2 full", OUTCOME_FAILED,
		REASON_MAILBOX_FULL, CLASS_SOFT, 3 },
	{ NOON + DAY, "shop", "a.example", "z@a.example", "554 spam", OUTCOME_FAILED,
		REASON_CONTENT_SPAM, CLASS_BLOCK, 2 },
	{ NOON, "news", "b.example", "x@b.example", "", OUTCOME_FAILED, REASON_RECIPIENT_UNKNOWN,
		CLASS_HARD, 7 },
	{ NOON, "news", "b.example", "x@b.example", "later", OUTCOME_DELAYED, REASON_TIME_EXPIRED,
		CLASS_SOFT, 4 },
	{ NOON, "news", "c.example", "x@c.example", "", OUTCOME_COMPLAINT, REASON_NONE, CLASS_NONE,
		1 },
};

static const struct store_volume volumes[] = {
	VOLUME(NOON, STR_INIT("news"), STR_INIT("c1"), STR_INIT("a.example"), STR_INIT("mta1"), 60),
	VOLUME(NOON, STR_INIT("news"), STR_INIT("c1"), STR_INIT("a.example"), STR_INIT("mta2"), 40),
	VOLUME(NOON + DAY, STR_INIT("shop"), STR_INIT(""), STR_INIT("a.example"), STR_INIT(""), 10),
	VOLUME(NOON, STR_INIT("news"), STR_INIT(""), STR_INIT("quiet.example"), STR_INIT(""), 500),
};

static UNUSED struct store *told(void)
{
	struct store *store = open_migrated();

	tell(store, story, ARRAY_LEN(story));
	ck_assert_int_eq(store_volume_put(store, volumes, ARRAY_LEN(volumes)), ERR_OK);
	return store;
}

static UNUSED const struct store_window all_days = {
	.from_us = NOON - DAY, .to_us = NOON + DAY + HOUR, .stream = { "", 0 }
};

static UNUSED struct store_counts counts_in(
	struct store *store, struct store_window window, const char *domain)
{
	struct store_counts counts;

	ck_assert_int_eq(store_domain_counts(store, &window, str_c(domain), &counts), ERR_OK);
	return counts;
}
