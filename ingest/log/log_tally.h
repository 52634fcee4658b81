/* ingest/log/log_tally.h -- deliveries -> how many recipients were attempted, accepted, deferred.
 * Knows: the quarter of an hour, stream, campaign and domain that a delivery counts for. Does not know how a stream is
 * found, or the database. Pure. It grows with what is added; log_tally_full says that LIMIT_VOLUME_ROWS rows are reached and should
 * be taken out: whoever feeds a reader in small pieces bounds both. */
#pragma once
#include "ingest/log/delivery.h"

#include <stddef.h>

struct log_tally_row {
	int64_t at_us;                       /* start of a quarter of an hour */
	struct str stream, campaign, domain; /* the domain lower-case, without a dot at its end */
	uint64_t attempted, accepted, deferred;
};

struct log_tally;
struct log_tally *log_tally_new(void);
void log_tally_free(struct log_tally *tally);

/* The domain that a delivery counts for, written to `room` where it must be changed. False: it is none (too long, or
 * not of letters, digits, '-', '_', '.', or bytes of UTF-8; an address in brackets is one). */
enum { LOG_DOMAIN_ROOM = 256 };
bool log_domain(struct str domain, char room[static LOG_DOMAIN_ROOM], struct str *ret_domain);

/* Counts; a repeated deferral counts nothing. A campaign is cut at 256 bytes; one that is no UTF-8 is none. */
void log_tally_add(struct log_tally *tally, const struct delivery *delivery, struct str stream,
	struct str domain);
/* LIMIT_VOLUME_ROWS rows or more. */
bool log_tally_full(const struct log_tally *tally);
/* The rows, in no order; they hold until the next call that changes the tally. */
const struct log_tally_row *log_tally_rows(const struct log_tally *tally, size_t *ret_n);
void log_tally_reset(struct log_tally *tally);
