/* logs/log_source.h -- one log file into the database, each byte of it once.
 * Knows: which file it is (the digest of its first line that has a digit in it: names, inodes and compression do not matter,
 * and a line of column names is the same in every file); its position, which moves in the transaction of what was counted.
 * Does not know where files come from or when there is more to read.
 *
 * A file that begins as another one did and goes on otherwise is refused (ERR_CONFLICT). Killed at any moment, whoever
 * opens it again goes on behind the last commit, with what the reader remembered there. */
#pragma once
#include "ingest/logfile/log_file.h"
#include "logs/log_batch.h"

struct log_source;

struct log_source_options {
	struct log_context *context;
	struct store *store;
	const char *path;
	struct str log; /* the log that the file belongs to; empty: an import */
	bool guess;     /* the format, else it is this: */
	enum log_format format;
	log_zone_fn *zone; /* of times that name none */
	struct str
		before; /* the state of the file before this one, for a file that was never seen; may be empty */
};

/* Finds the file's position and goes there. ERR_NOT_FOUND, ERR_DENIED, ERR_IO, ERR_RANGE: of the file; ERR_CLOSED: it has no
 * whole line yet; ERR_SYNTAX: damaged, or of no format that is known; ERR_CONFLICT: see above; those of the store. */
MUST_CHECK enum err log_source_open(
	const struct log_source_options *options, struct log_source **ret_source);
void log_source_close(struct log_source *source);

/* Reads on, at most about so many bytes of text, and commits when there is enough. *ret_n 0: the end, for now, and all that
 * was read is committed. Errors as above; ERR_CONFLICT: somebody else counts the same file. After an error of the store
 * (err_worth_retry) close and open again: what was not committed is read again. */
MUST_CHECK enum err log_source_read(struct log_source *source, size_t max_bytes, size_t *ret_n);
/* The file is complete: what is left without a line's end is counted as cut. */
void log_source_end(struct log_source *source);

const uint64_t *log_source_counts(const struct log_source
		*source); /* LOG_COUNT_COUNT of them, of what was committed since it was opened */
enum log_format log_source_format(const struct log_source *source);
uint64_t log_source_skipped(
	const struct log_source *source); /* bytes that were counted before it was opened */
const struct log_file *log_source_file(const struct log_source *source);
/* For the file behind this one. Holds until the next call. */
struct str log_source_state(struct log_source *source);
