#include "store/form/moment.h"

#include "core/timestamp.h"

#include <assert.h>

/* Clocks differ; queues end after five days, and few of them later than a month. */
#define CLOCKS_US TIMESTAMP_HOUR_US
#define PAST_US   (30 * TIMESTAMP_DAY_US)

/* `at_us` where it lies in [latest - past, latest], the latest within an hour behind it; else not known. */
static int64_t believed(int64_t at_us, int64_t latest_us, int64_t past_us)
{
	if (at_us == TIMESTAMP_NONE || at_us > latest_us + CLOCKS_US || at_us < latest_us - past_us)
		return TIMESTAMP_NONE;
	return at_us < latest_us ? at_us : latest_us;
}

/* Mail that was imported may be of any age, once there was mail. */
static int64_t age_of(const struct envelope *envelope)
{
	bool imported = envelope->source == SOURCE_IMPORT && !envelope->delivered_at_us;
	int64_t first_us = timestamp_days(1982, 8, 1) * TIMESTAMP_DAY_US;

	return imported ? envelope->received_at_us - first_us : PAST_US;
}

int64_t store_happened_at(
	const struct event *event, const struct original *original, const struct envelope *envelope)
{
	int64_t arrival_us = envelope->received_at_us, latest_us = arrival_us, at_us;

	if (envelope->source == SOURCE_IMPORT && envelope->delivered_at_us)
		latest_us = envelope->delivered_at_us < arrival_us ? envelope->delivered_at_us
								   : arrival_us;
	if (envelope->source == SOURCE_LOG) /* of our own mail system, of any age */
		return believed(envelope->delivered_at_us, arrival_us, INT64_MAX / 2);
	at_us = believed(event->last_attempt_date_us, latest_us, age_of(envelope));
	if (at_us != TIMESTAMP_NONE)
		return at_us;
	if (envelope->source != SOURCE_IMPORT)
		return arrival_us;
	if (envelope->delivered_at_us)
		return latest_us;
	at_us = believed(event->arrival_date_us, latest_us, age_of(envelope));
	return at_us != TIMESTAMP_NONE ? at_us
				       : believed(original->date_us, latest_us, age_of(envelope));
}

int64_t store_sent_at(int64_t date_us, int64_t happened_at_us)
{
	return happened_at_us == TIMESTAMP_NONE ? TIMESTAMP_NONE
						: believed(date_us, happened_at_us, PAST_US);
}

static const struct str basis_names[STORE_BASIS_COUNT] = {
	[STORE_BASIS_EVENT] = STR_INIT("event"),
	[STORE_BASIS_SEND] = STR_INIT("send"),
};

struct str store_basis_name(enum store_basis basis)
{
	assert(basis < STORE_BASIS_COUNT);
	return basis_names[basis];
}
