/* ingest/log/log_reader.h -- the door of the floor: bytes of a mail system's log -> deliveries.
 * Knows: lines, formats, what a format's lines have to be joined with. Does not know files, the clock, the
 * database, streams. Pure: the same bytes give the same deliveries, however they are cut into pieces.
 * Bounded: LIMIT_LOG_LINE_BYTES a line; of mails under way what log_mails.h keeps.
 *
 * What is counted: a recipient is attempted once, when its delivery ends: accepted or failed, at the time of that line.
 * One that is still tried again is deferred, once, and no attempt yet. So attempted = accepted + failed in every
 * span of time, and a line lost or forgotten never makes a rate of more than it. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "ingest/log/delivery.h"
#include "ingest/log/log_terms.h"
#include "ingest/log/log_time.h"

/* Of the first lines of a log, the format that reads most of them; false: none reads any. */
bool log_format_guess(struct str bytes, enum log_format *ret_format);

struct log_reader;
/* The texts of a delivery hold during the call of `deliver`. */
struct log_reader *log_reader_new(
	enum log_format format, const struct log_clock *clock, delivery_fn *deliver, void *context);
void log_reader_free(struct log_reader *reader);
void log_reader_freep(struct log_reader **reader);
/* How many bytes were taken, those before a log_reader_load too. */
uint64_t log_reader_offset(const struct log_reader *reader);
/* Where it stands, for a reader that remembers nothing of what is before. */
void log_reader_set_offset(struct log_reader *reader, uint64_t offset);
/* No line to come is of a later time than this. */
void log_reader_set_newest(struct log_reader *reader, int64_t newest_us);

/* Reads the whole lines of `bytes` and returns how many bytes that were; the rest is to be given again, with
 * more behind it. A line over the limit is taken in pieces and counted. */
size_t log_reader_feed(struct log_reader *reader, struct str bytes);
/* The log ends behind `rest`, which is not read: a line without an end may have been cut anywhere. */
void log_reader_end(struct log_reader *reader, struct str rest);
const uint64_t *log_reader_counts(const struct log_reader *reader); /* LOG_COUNT_COUNT of them */

/* What the reader remembers, so that another goes on behind the same byte: at most max_bytes, of mails under
 * way the youngest. */
void log_reader_save(const struct log_reader *reader, size_t max_bytes, struct buf *out);
/* ERR_SYNTAX: not what log_reader_save writes; nothing is remembered then. For the next file of the same log, which begins
 * where the other ended, log_reader_follow takes over what it says of mails alone. */
MUST_CHECK enum err log_reader_load(struct log_reader *reader, struct str bytes);
MUST_CHECK enum err log_reader_follow(struct log_reader *reader, struct str bytes);
