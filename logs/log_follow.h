/* logs/log_follow.h -- logs that are being written, through all their rotations, into the database.
 * Knows: files that are renamed, copied and cut short, named by a date, or new in a folder; in which order they are read, and
 * what the reader of one hands to the next. Does not know when to look again: whoever calls does.
 * A log that was never followed begins with the file that is there now, not with older ones: those are for an import.
 * One that was is taken up where it was left, with every file that was written to since. */
#pragma once
#include "logs/log_source.h"

struct log_follow;

/* What is told of a file: ERR_OK when it is begun, else why it is not read (said once for each length that it has). */
typedef void log_follow_fn(void *context, const char *path, enum log_format format, enum err err);

struct log_follow_options {
	struct log_context *context;
	struct store *store;
	log_zone_fn *zone;
	log_follow_fn *say;
	void *say_context;
};

struct log_follow *log_follow_new(const struct log_follow_options *options);
void log_follow_free(struct log_follow *follow);
/* A file, or a folder of files. */
void log_follow_add(struct log_follow *follow, struct str path, bool guess, enum log_format format);
/* "postfix:/var/log/mail.log", "/var/log/mail.log", "auto:...". ERR_SYNTAX: no such format, or no path that begins with a '/'. */
MUST_CHECK enum err log_follow_add_text(struct log_follow *follow, struct str text);

/* Reads what is new in all of them. *ret_bytes: how many bytes of text that were; 0: time to wait. Errors are the
 * store's (err_worth_retry: later again); all that was not committed is read again then. */
MUST_CHECK enum err log_follow_round(struct log_follow *follow, uint64_t *ret_bytes);
/* Adds up what all files of all logs gave. */
void log_follow_counts(
	const struct log_follow *follow, uint64_t ret_counts[static LOG_COUNT_COUNT]);
