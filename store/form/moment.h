/* store/form/moment.h -- by which times an event counts.
 * Knows: events, envelopes, and which dates of peers are believed. Does not know the clock. Pure. */
#pragma once
#include "core/envelope.h"
#include "core/report.h"

/* When what an event tells of happened: the last attempt as the report has it; else, of mail that was
 * imported, the time of its delivery, the original's arrival or its Date; else, of mail that came to us,
 * when it came. Peers write dates: one after the arrival (by more than an hour of clocks that differ), or
 * more than 30 days before the delivery that is known, is no such time. TIMESTAMP_NONE: not known. Pure. */
int64_t store_happened_at(const struct event *event, const struct original *original,
	const struct envelope *envelope);
/* When the mail that failed was sent: the Date of the original, if it lies within 30 days before that (an
 * hour after it still is that moment); else TIMESTAMP_NONE: not known. Pure. */
int64_t store_sent_at(int64_t date_us, int64_t happened_at_us);

/* By the time at which it happened, or by the Date of the mail that bounced. */
enum store_basis { STORE_BASIS_EVENT, STORE_BASIS_SEND, STORE_BASIS_COUNT };
struct str store_basis_name(enum store_basis basis);
