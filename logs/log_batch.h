/* logs/log_batch.h -- deliveries -> a batch of the store: volumes, failures as events, deliveries after failures.
 * Knows: whose mail counts (smtp.return_path_domains), streams, how a failure becomes an event (its reply is classified like
 * any), the suppression policy. Does not know files or positions. Touches no database: rows wait in the store's batch. */
#pragma once
#include "core/config.h"
#include "ingest/log/log_reader.h"
#include "parser/parse.h"
#include "store/store_log.h"

/* What was left out beyond what the reader counts. */
struct log_batch_counts {
	uint64_t foreign;   /* of a sender that is none of the return paths */
	uint64_t no_domain; /* to what is no domain */
	uint64_t events;    /* failures that became one */
};

/* What is the same for all files. */
struct log_context;
/* Reads the settings of `config`, which must outlive it; `stream`, where it is not empty, is that of every sender.
 * *ret_trouble (in `arena`) says what is wrong. */
MUST_CHECK enum err log_context_new(const struct config *config, struct arena *arena,
	struct str stream, const struct parse_rules *rules, struct log_context **ret_context,
	struct str *ret_trouble);
void log_context_free(struct log_context *context);
struct log_batch_counts log_context_counts(const struct log_context *context);

/* Rows go to `batch` from now on; log_batch_take is the delivery_fn of a reader. `now_us` is when the events came. */
void log_batch_start(struct log_context *context, struct store_batch *batch, enum log_format format,
	int64_t now_us);
void log_batch_take(void *context, const struct delivery *delivery);
/* It has so much that it should be committed. */
bool log_batch_is_full(const struct log_context *context);
/* Makes rows of all that still waits. Any error that a row had; the batch is then not to be committed. */
MUST_CHECK enum err log_batch_finish(struct log_context *context);
void log_batch_reset(struct log_context *context);
