#define _GNU_SOURCE
#include "logs/log_source.h"

#include "core/limits.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
	SOURCE_BYTES = 1 << 20,
	SLICE_BYTES = 16 << 10, /* bounds what one call of the reader can add to a batch */
	STATE_BYTES = 4 << 20,
	ID_BYTES = 16,
};

struct log_source {
	struct log_source_options options;
	struct log_file *file;
	struct log_reader *reader;
	struct store_batch *batch;
	char spool_id[sizeof "log-" + 2 * ID_BYTES];
	uint64_t committed, skipped; /* offsets in the text */
	int64_t seen_us;
	bool known;                       /* the database has a row of it */
	uint64_t counts[LOG_COUNT_COUNT]; /* of what is committed */
	struct buf state;
	size_t n, n_tail;
	char tail[STORE_LOG_TAIL_BYTES]; /* in front of the reader's place */
	char bytes[SOURCE_BYTES + 1];    /* behind it */
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

/* ---- which file it is ---- */

static bool has_digit(struct str line)
{
	return str_cspan(line, "0123456789") < line.n;
}

/* The first whole line with a digit; a longer one than a line may be counts as far as it goes. */
static bool find_mark(const struct log_source *source, struct str *ret_line)
{
	struct str rest = { source->bytes, source->n }, line;

	while (str_cut(rest, '\n', &line, &rest))
		if (has_digit(line)) {
			*ret_line = str_head(line, LIMIT_LOG_LINE_BYTES);
			return true;
		}
	*ret_line = str_head(rest, LIMIT_LOG_LINE_BYTES);
	return rest.n >= LIMIT_LOG_LINE_BYTES;
}

static void make_id(struct log_source *source, struct str line)
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);

	g_checksum_update(sum, (const guchar *)line.p, (gssize)line.n);
	snprintf(source->spool_id, sizeof source->spool_id, "log-%.*s", 2 * ID_BYTES,
		g_checksum_get_string(sum));
	g_checksum_free(sum);
}

/* Up to a full buffer; *ret_n 0: nothing came. */
static enum err fill(struct log_source *source, size_t *ret_n)
{
	size_t before = source->n, n;
	enum err err;

	do {
		err = log_file_read(
			source->file, source->bytes + source->n, SOURCE_BYTES - source->n, &n);
		source->n += n;
	} while (!err && n && source->n < SOURCE_BYTES);
	*ret_n = source->n - before;
	/* What was read before the damage counts first. */
	return err == ERR_SYNTAX && *ret_n ? ERR_OK : err;
}

static void remember_tail(struct log_source *source, struct str bytes)
{
	size_t keep = STORE_LOG_TAIL_BYTES -
		      (bytes.n < STORE_LOG_TAIL_BYTES ? bytes.n : STORE_LOG_TAIL_BYTES);

	if (keep < source->n_tail) {
		memmove(source->tail, source->tail + (source->n_tail - keep), keep);
		source->n_tail = keep;
	}
	if (bytes.n > STORE_LOG_TAIL_BYTES)
		bytes = str_skip(bytes, bytes.n - STORE_LOG_TAIL_BYTES);
	memcpy(source->tail + source->n_tail, bytes.p, bytes.n);
	source->n_tail += bytes.n;
}

static void drop_front(struct log_source *source, size_t n)
{
	remember_tail(source, (struct str){ source->bytes, n });
	memmove(source->bytes, source->bytes + n, source->n - n);
	source->n -= n;
}

/* Passes over what was counted, and compares what stands in front of the position with what stood there. */
static enum err skip_to(struct log_source *source, uint64_t position, struct str tail)
{
	uint64_t left = position;
	enum err err = ERR_OK;
	size_t n = 1;

	while (left && !err) {
		size_t take = left < source->n ? (size_t)left : source->n;

		drop_front(source, take);
		left -= take;
		if (left && !(err = fill(source, &n)) && !n)
			return ERR_CONFLICT; /* shorter than it was */
	}
	source->skipped = source->committed = position;
	if (!err && !str_eq(tail, str_from(source->tail, source->n_tail)))
		err = ERR_CONFLICT;
	return err;
}

static void make_reader(struct log_source *source)
{
	const struct log_clock clock = { .newest_us = log_file_changed_us(source->file),
		.zone = source->options.zone };

	source->reader = log_reader_new(
		source->options.format, &clock, log_batch_take, source->options.context);
	source->batch = store_batch_new(source->options.store, str_c(source->spool_id));
}

/* A state that another version wrote is as good as none: mails under way are then not known. */
static enum err find_position(struct log_source *source)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	uint64_t position = 0;
	struct store_log log;
	enum err err = store_log_find(
		source->options.store, str_c(source->spool_id), arena, &log, &position);
	bool known = !err;

	if (err && err != ERR_NOT_FOUND)
		return err;
	if (known && log_format_from_name(log.format, &source->options.format))
		source->options.guess = false;
	if (source->options.guess &&
		!log_format_guess(str_from(source->bytes, source->n), &source->options.format))
		return ERR_SYNTAX;
	make_reader(source);
	source->known = known;
	if (!known) {
		ERR_IGNORE(log_reader_follow(source->reader, source->options.before),
			"no state is no memory");
		return ERR_OK;
	}
	if (log_reader_load(source->reader, log.state))
		log_reader_set_offset(source->reader, position);
	return skip_to(source, position, log.tail);
}

enum err log_source_open(const struct log_source_options *options, struct log_source **ret_source)
{
	struct log_source *source = calloc(1, sizeof *source);
	struct str line;
	enum err err;
	size_t n;

	if (!source)
		abort();
	source->options = *options;
	buf_init(&source->state, STORE_LOG_STATE_BYTES);
	err = log_file_open(options->path, &source->file);
	if (!err)
		err = fill(source, &n);
	if (!err && !find_mark(source, &line))
		err = ERR_CLOSED;
	if (!err) {
		make_id(source, line);
		err = find_position(source);
	}
	if (err) {
		log_source_close(source);
		return err;
	}
	*ret_source = source;
	return ERR_OK;
}

void log_source_close(struct log_source *source)
{
	if (!source)
		return;
	log_reader_free(source->reader);
	store_batch_free(source->batch);
	log_file_close(source->file);
	buf_release(&source->state);
	free(source);
}

/* ---- reading on ---- */

struct str log_source_state(struct log_source *source)
{
	buf_reset(&source->state);
	log_reader_save(source->reader, STATE_BYTES, &source->state);
	return buf_str(&source->state);
}

/* These would be taken for the file's, which is then left for good. */
static enum err of_database(enum err err)
{
	return err == ERR_DENIED || err == ERR_IO || err == ERR_RANGE ? ERR_DATABASE : err;
}

/* An end that is not known is asked for: the position tells. */
static enum err commit_once(struct log_source *source, uint64_t to)
{
	struct store *store = source->options.store;
	struct store_batch_result result;
	enum err err = store_batch_commit(source->batch, source->committed, to, &result), asked;
	uint64_t position;

	if (err != ERR_UNAVAILABLE)
		return of_database(err);
	asked = store_reopen(store);
	if (!asked)
		asked = store_position(store, str_c(source->spool_id), &position);
	return !asked && position == to ? ERR_OK : err;
}

static enum err commit(struct log_source *source)
{
	uint64_t to = log_reader_offset(source->reader);
	const struct store_log log = { .log = source->options.log,
		.format = log_format_name(source->options.format),
		.seen_at_us = source->seen_us,
		.tail = str_from(source->tail, source->n_tail),
		.state = log_source_state(source) };
	enum err err = log_batch_finish(source->options.context);

	if (!err)
		err = store_batch_set_log(source->batch, &log);
	if (!err && (to > source->committed || !source->known))
		err = commit_once(source, to);
	if (err)
		return err;
	source->committed = to;
	source->known = true;
	memcpy(source->counts, log_reader_counts(source->reader), sizeof source->counts);
	log_batch_reset(source->options.context);
	return ERR_OK;
}

/* Whole lines of the buffer, a slice at a time. */
static enum err feed(struct log_source *source)
{
	size_t done = 0, end, used;
	enum err err = ERR_OK;

	do {
		end = done + SLICE_BYTES < source->n ? done + SLICE_BYTES : source->n;
		used = log_reader_feed(
			source->reader, (struct str){ source->bytes + done, end - done });
		if (!used && end < source->n) /* a line longer than a slice */
			used = log_reader_feed(source->reader,
				(struct str){ source->bytes + done, source->n - done });
		remember_tail(source, (struct str){ source->bytes + done, used });
		done += used;
		if (used && log_batch_is_full(source->options.context))
			err = commit(source);
	} while (used && !err);
	memmove(source->bytes, source->bytes + done, source->n - done);
	source->n -= done;
	return err;
}

/* The buffer may hold text behind the position already: of the look at the format, or behind what was passed over. */
enum err log_source_read(struct log_source *source, size_t max_bytes, size_t *ret_n)
{
	uint64_t before = log_reader_offset(source->reader);
	enum err err = ERR_OK;
	size_t n = 1;

	source->seen_us = now_us();
	log_batch_start(
		source->options.context, source->batch, source->options.format, source->seen_us);
	log_reader_set_newest(source->reader, log_file_changed_us(source->file));
	while (!err && n && log_reader_offset(source->reader) - before < max_bytes) {
		err = feed(source);
		if (!err)
			err = fill(source, &n);
	}
	*ret_n = (size_t)(log_reader_offset(source->reader) - before);
	if (err == ERR_SYNTAX && !commit(source))
		return err;
	return err ? err : commit(source);
}

void log_source_end(struct log_source *source)
{
	log_reader_end(source->reader, str_from(source->bytes, source->n));
	source->counts[LOG_COUNT_CUT] = log_reader_counts(source->reader)[LOG_COUNT_CUT];
}

const uint64_t *log_source_counts(const struct log_source *source)
{
	return source->counts;
}

enum log_format log_source_format(const struct log_source *source)
{
	return source->options.format;
}

uint64_t log_source_skipped(const struct log_source *source)
{
	return source->skipped;
}

const struct log_file *log_source_file(const struct log_source *source)
{
	return source->file;
}
