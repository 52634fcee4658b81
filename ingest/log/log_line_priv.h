/* ingest/log/log_line_priv.h -- what the readers of the formats share. */
#pragma once
#include "core/buf.h"
#include "core/limits.h"
#include "ingest/log/delivery.h"
#include "ingest/log/log_mails.h"
#include "ingest/log/log_terms.h"
#include "ingest/log/log_time.h"

enum log_line {
	LOG_LINE_OTHER,  /* of no interest, or of another program */
	LOG_LINE_TOLD,   /* read */
	LOG_LINE_BROKEN, /* begins as a line of a delivery and does not go on as one */
};
struct log_reader;
typedef enum log_line log_line_fn(struct log_reader *reader, struct str line);
#define LOG_FORMAT(id, name, line, meaning) log_line_fn line;
#include "ingest/log/log_format.def"

/* Columns of a table by our own fields; see log_table_priv.h. */
enum { LOG_MAX_COLUMNS = 128 };

struct log_reader {
	enum log_format format;
	log_line_fn *line;
	struct log_time time;
	struct log_mails *mails;
	delivery_fn *deliver;
	void *context;
	uint64_t counts[LOG_COUNT_COUNT];
	bool in_long_line;
	uint64_t offset; /* of the line at hand */
	/* Of a table (CSV): its first line, and for each column the field that it is, -1: none. */
	struct buf header;
	signed char column[LOG_MAX_COLUMNS];
	size_t n_columns;
	struct buf unquoted; /* texts of the line at hand that had to be written anew */
};

/* A delivery with nothing told. */
struct delivery log_delivery(enum delivery_outcome outcome, int64_t at_us);
/* Counts and hands on what has all that it needs; counts why where something is missing. A sender that is not known
 * is NULL. `queue_id` and the sender's mail may be unknown. */
void log_deliver(struct log_reader *reader, const struct str *sender, struct delivery *delivery);
/* The same for a delivery of a mail of the table: its sender, message id and campaign; who waits is remembered. */
void log_deliver_mail(struct log_reader *reader, struct log_mail *mail, struct delivery *delivery);
/* All that wait of this mail have failed, with the words of their last attempt. How many that were. */
size_t log_fail_waiting(
	struct log_reader *reader, struct log_mail *mail, const struct delivery *model);

/* ---- pieces of lines ---- */

/* "Nov 29 07:40:24 host name[123]: text" or with an RFC 3339 time: what `text` is, and of whom. A line without time or
 * program is text alone. *ret_at_us is TIMESTAMP_NONE without a time. The tag is what stands before '[' or ':'. */
void log_take_prefix(
	struct log_reader *reader, struct str *line, int64_t *ret_at_us, struct str *ret_tag);
/* Of "<a@b.example>..." the address, and what follows it; the last '>' before `end` closes it. */
bool log_take_angle(struct str *rest, struct str end, struct str *ret_address);
/* "host[192.0.2.1]:25" or "host [192.0.2.1]": the name, else the address. */
struct str log_host(struct str text);
/* The enhanced code at the start of a reply "550 5.1.1 text" or "550-5.1.1 text"; empty without one. */
struct str log_reply_status(struct str reply);
struct str log_strip_angles(struct str text);
/* "hh:mm:ss", "1+02:03:04" (days), "12", "3.5", "1h2m3s", "4s", "0.12s" as microseconds; 0 for anything else. */
int64_t log_duration_us(struct str text);
