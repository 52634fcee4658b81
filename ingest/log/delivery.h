/* ingest/log/delivery.h -- one fact of a mail system's own log: what became of one recipient of one mail.
 * Knows: the words that all logs share. Does not know formats, files, SQL. Pure.
 * Texts are raw bytes of the log, bounded by LIMIT_LOG_LINE_BYTES, and live as long as the call that they are handed to.
 * Empty text is "not told". */
#pragma once
#include "core/str.h"
#include "core/timestamp.h"

enum delivery_outcome {
	DELIVERY_ACCEPTED, /* the next server, or a mailbox, has it */
	DELIVERY_DEFERRED, /* to be tried again */
	DELIVERY_FAILED,   /* given up: refused, or not delivered within its time */
	DELIVERY_OUTCOME_COUNT
};

struct delivery {
	enum delivery_outcome outcome;
	bool again;   /* deferred, and was deferred before, as far as the reader remembers */
	bool expired; /* failed since its time was over; the reply is that of the last attempt */
	uint64_t line_at; /* the offset of its line in all that was read */
	int64_t at_us;
	int64_t sent_at_us; /* when the mail came to the mail system; TIMESTAMP_NONE: not told */
	struct str queue_id;
	struct str sender;          /* the reverse path, without angle brackets; never empty */
	struct str recipient;       /* that the sender sent to, as far as the log tells */
	struct str final_recipient; /* that it was delivered to: another one behind an alias */
	struct str message_id;      /* without angle brackets */
	struct str stream, campaign;
	struct str remote_mta; /* the name of the next server, else its address */
	struct str status;     /* the enhanced code as the log has it: "5.1.1" */
	struct str reply;      /* what the next server said, else what the mail system says */
	struct str command;    /* that was refused: "RCPT TO" */
	/* A line that counts names no recipient but a domain, and these; else they are 0. */
	bool counted;
	uint64_t attempted, accepted, deferred;
	struct str domain; /* of `recipient`, as it was written; never empty */
};

typedef void delivery_fn(void *context, const struct delivery *delivery);
