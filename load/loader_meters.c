#include "load/loader_meters.h"

#include "core/limits.h"
#include "core/timestamp.h"

#include <time.h>

static int64_t wall_clock_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

static void count_events(meter_word *meters, const struct report *report)
{
	for (size_t i = 0; i < report->n_events && i < LIMIT_EVENTS; i++) {
		const struct event *event = &report->events[i];

		meter_count(meters, METER_EVENTS, meter_outcome_row(event->outcome, event->class));
		meter_count(meters, METER_REASONS, event->reason);
		meter_count(meters, METER_LAYERS, event->rule.layer);
	}
}

void loader_count_stored(struct spool_reader *reader, const struct item *items, size_t n)
{
	meter_word *meters = spool_reader_meters(reader);
	int64_t now_us = wall_clock_us();

	for (size_t i = 0; i < n; i++) {
		const struct report *report = &items[i].job.report;

		meter_time(meters, METER_AGE, now_us - items[i].stored_at_us);
		if (items[i].job.parse_us >= 0)
			meter_time(meters, METER_PARSE, items[i].job.parse_us);
		if (report->flaws & FLAW_BIT(FLAW_PARSER_CRASHED))
			meter_count(meters, METER_ASIDE, 0);
		meter_count(meters, METER_KINDS, report->kind);
		meter_count(meters, METER_TOKENS, report->token.verdict);
		count_events(meters, report);
	}
}

void loader_count_batch(struct spool_reader *reader, int64_t us)
{
	meter_time(spool_reader_meters(reader), METER_BATCH, us);
}

void loader_note_waiting(struct spool_reader *reader, const struct batch *batch)
{
	const struct item *oldest = &batch->items[batch->stored];

	if (batch->stored < batch->n)
		spool_reader_note_waiting(reader, oldest->sequence, oldest->stored_at_us);
}
