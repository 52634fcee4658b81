/* tests/support/store_batch_fixture.h -- a migrated database, sample messages and how they are loaded: shared by the Check
 * programs of the loader's batches and of what is counted from them. */
#pragma once
#include "core/limits.h"
#include "tests/support/cluster_fixture.h"

#include <check.h>

#define NOW  ((int64_t)1795000000 * TIMESTAMP_SECOND_US) /* 2026-11-18T11:06:40Z */
#define HOUR TIMESTAMP_HOUR_US

static UNUSED struct store *open_migrated(void)
{
	return fixture_migrated(NOW);
}

/* A message with one event a recipient of `domains`, all failed and hard. */
struct sample {
	struct envelope envelope;
	struct report report;
	struct event events[4];
	struct store_message message;
};

static UNUSED void sample_init(struct sample *sample, uint64_t sequence, const char *domain)
{
	struct event *event = &sample->events[0];

	memset(sample, 0, sizeof *sample);
	report_init(&sample->report);
	for (size_t i = 0; i < ARRAY_LEN(sample->events); i++)
		event_init(&sample->events[i]);
	event->domain = str_c(domain);
	event->recipient = STR("ann@example.com");
	event->outcome = OUTCOME_FAILED;
	event->reason = REASON_RECIPIENT_UNKNOWN;
	event->class = CLASS_HARD;
	event->diagnostic = STR("550 5.1.1 <ann@example.com>: User unknown");
	event->status = STR("5.1.1");
	event->reply_code = 550;
	sample->report.kind = KIND_BOUNCE;
	sample->report.events = sample->events;
	sample->report.n_events = 1;
	sample->envelope.received_at_us = NOW;
	sample->message.sequence = sequence;
	sample->message.envelope = &sample->envelope;
	sample->message.report = &sample->report;
	sample->message.raw = STR("From: x\r\n\r\nbody\0\xff");
	sample->message.size = sample->message.raw.n;
	memcpy(sample->message.digest, &sequence, sizeof sequence);
	memcpy(sample->message.digest + 8, domain, strnlen(domain, 20));
}

static UNUSED struct store_counts counts_of(
	struct store *store, const char *domain, enum store_basis basis)
{
	const struct store_window window = { .from_us = timestamp_floor(NOW, HOUR) - 40 * 24 * HOUR,
		.to_us = timestamp_floor(NOW, HOUR) + HOUR,
		.basis = basis };
	struct store_counts counts;

	ck_assert_int_eq(store_domain_counts(store, &window, str_c(domain), &counts), ERR_OK);
	return counts;
}

static UNUSED uint64_t differences(struct store *store)
{
	uint64_t n;

	ck_assert_int_eq(
		store_rollup_check(store, NOW - 60 * 24 * HOUR, NOW + 24 * HOUR, &n), ERR_OK);
	return n;
}

static UNUSED enum err load(struct store *store, const char *spool, struct sample *samples,
	size_t n, uint64_t from, uint64_t to, struct store_batch_result *ret_result)
{
	struct store_batch *batch = store_batch_new(store, str_c(spool));
	enum err err;

	for (size_t i = 0; i < n; i++)
		ck_assert_int_eq(store_batch_add(batch, &samples[i].message), ERR_OK);
	ck_assert_uint_eq(store_batch_count(batch), n);
	err = store_batch_commit(batch, from, to, ret_result);
	store_batch_free(batch);
	return err;
}
