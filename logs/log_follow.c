#define _GNU_SOURCE
#include "logs/log_follow.h"

#include "core/limits.h"
#include "ingest/logfile/log_family.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLACK_US  (2 * TIMESTAMP_SECOND_US) /* clocks of file systems are coarse */
#define LINGER_US (5 * TIMESTAMP_MINUTE_US) /* who rotated may write on for so long */

enum { ROUND_BYTES = 32 << 20, OPEN_FILES = 8, SETTLED_FILES = 256 };

/* A file that needs no look while it has this length: read, or not to be read. */
struct settled {
	struct log_file_id id;
	uint64_t size;
};

struct open_file {
	struct log_file_id id;
	struct log_source *source;
};

struct log {
	struct str path;
	bool guess, begun;
	enum log_format format;
	int64_t since_us; /* files that were changed before are read */
	struct open_file open[OPEN_FILES];
	size_t n_open;
	struct settled settled[SETTLED_FILES];
	size_t n_settled;  /* all that ever were; the youngest are kept */
	struct buf before; /* what the reader of the last file remembers */
};

struct log_follow {
	struct log_follow_options options;
	struct log *logs;
	size_t n;
	struct arena *paths, *arena;
	uint64_t counts[LOG_COUNT_COUNT]; /* of closed files */
};

struct log_follow *log_follow_new(const struct log_follow_options *options)
{
	struct log_follow *follow = calloc(1, sizeof *follow);

	if (!follow)
		abort();
	follow->options = *options;
	follow->paths = arena_new();
	follow->arena = arena_new();
	return follow;
}

static void add_counts(uint64_t sum[static LOG_COUNT_COUNT], const uint64_t *counts)
{
	for (int i = 0; i < LOG_COUNT_COUNT; i++)
		sum[i] += counts[i];
}

static void close_file(struct log_follow *follow, struct log *log, size_t at)
{
	add_counts(follow->counts, log_source_counts(log->open[at].source));
	log_source_close(log->open[at].source);
	log->n_open--;
	for (; at < log->n_open; at++)
		log->open[at] = log->open[at + 1];
}

static void close_all(struct log_follow *follow, struct log *log)
{
	while (log->n_open)
		close_file(follow, log, log->n_open - 1);
}

void log_follow_free(struct log_follow *follow)
{
	if (!follow)
		return;
	for (size_t i = 0; i < follow->n; i++) {
		close_all(follow, &follow->logs[i]);
		buf_release(&follow->logs[i].before);
	}
	free(follow->logs);
	arena_free(follow->paths);
	arena_free(follow->arena);
	free(follow);
}

void log_follow_add(struct log_follow *follow, struct str path, bool guess, enum log_format format)
{
	struct log *log;

	follow->logs = reallocarray(follow->logs, follow->n + 1, sizeof *follow->logs);
	if (!follow->logs)
		abort();
	log = &follow->logs[follow->n++];
	*log = (struct log){
		.path = arena_dup(follow->paths, path), .guess = guess, .format = format
	};
	buf_init(&log->before, STORE_LOG_STATE_BYTES);
}

enum err log_follow_add_text(struct log_follow *follow, struct str text)
{
	enum log_format format = LOG_FORMAT_POSTFIX;
	bool guess = true;
	struct str name;

	if (!str_starts(text, STR("/")) && str_cut(text, ':', &name, &text)) {
		guess = str_eq(str_trim(name), STR("auto"));
		if (!guess && !log_format_from_name(str_trim(name), &format))
			return ERR_SYNTAX;
	}
	text = str_trim(text);
	if (!str_starts(text, STR("/")))
		return ERR_SYNTAX;
	log_follow_add(follow, text, guess, format);
	return ERR_OK;
}

void log_follow_counts(const struct log_follow *follow, uint64_t ret_counts[static LOG_COUNT_COUNT])
{
	memcpy(ret_counts, follow->counts, sizeof follow->counts);
	for (size_t i = 0; i < follow->n; i++)
		for (size_t j = 0; j < follow->logs[i].n_open; j++)
			add_counts(ret_counts, log_source_counts(follow->logs[i].open[j].source));
}

/* ---- files ---- */

static bool same_file(struct log_file_id a, struct log_file_id b)
{
	return a.device == b.device && a.inode == b.inode;
}

static bool is_settled(const struct log *log, const struct log_member *member)
{
	size_t n = log->n_settled < SETTLED_FILES ? log->n_settled : SETTLED_FILES;

	for (size_t i = 0; i < n; i++)
		if (same_file(log->settled[i].id, member->id) &&
			log->settled[i].size == member->size)
			return true;
	return false;
}

static void settle(struct log *log, const struct log_member *member)
{
	log->settled[log->n_settled++ % SETTLED_FILES] =
		(struct settled){ member->id, member->size };
}

static size_t find_open(const struct log *log, struct log_file_id id)
{
	size_t i = 0;

	while (i < log->n_open && !same_file(log->open[i].id, id))
		i++;
	return i;
}

/* Another file takes the place of the one that was opened first, if there must be one. */
static struct log_source *open_member(struct log_follow *follow, struct log *log,
	const struct log_member *member, enum err *ret_err)
{
	const struct log_source_options options = { .context = follow->options.context,
		.store = follow->options.store,
		.path = member->path.p,
		.log = log->path,
		.guess = log->guess,
		.format = log->format,
		.zone = follow->options.zone,
		.before = buf_str(&log->before) };
	struct log_source *source = NULL;

	*ret_err = log_source_open(&options, &source);
	if (*ret_err)
		return NULL;
	if (log->n_open == OPEN_FILES)
		close_file(follow, log, 0);
	log->open[log->n_open++] = (struct open_file){ member->id, source };
	follow->options.say(
		follow->options.say_context, member->path.p, log_source_format(source), ERR_OK);
	return source;
}

/* Of a file that cannot be read. One without a line yet, or moved away meanwhile, is nothing to speak of; what is wrong with
 * others is said once. Errors that no file has are the store's. */
static enum err note_trouble(
	struct log_follow *follow, struct log *log, const struct log_member *member, enum err err)
{
	static const enum err of_files[] = { ERR_DENIED, ERR_IO, ERR_RANGE, ERR_SYNTAX,
		ERR_CONFLICT };
	bool of_file = false;

	if (err == ERR_CLOSED || err == ERR_NOT_FOUND)
		return ERR_OK;
	for (size_t i = 0; i < ARRAY_LEN(of_files); i++)
		of_file |= err == of_files[i];
	if (!of_file)
		return err;
	settle(log, member);
	follow->options.say(follow->options.say_context, member->path.p, log->format, err);
	return ERR_OK;
}

static void remember(struct log *log, struct log_source *source)
{
	buf_reset(&log->before);
	buf_put(&log->before, log_source_state(source));
}

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

/* *ret_more: it was not read to its end, so that the next file must wait. */
static enum err read_member(struct log_follow *follow, struct log *log,
	const struct log_member *member, bool last, uint64_t *bytes, bool *ret_more)
{
	size_t at = find_open(log, member->id), n = 0;
	struct log_source *source;
	enum err err = ERR_OK;

	if (at < log->n_open && log_file_replaced(log_source_file(log->open[at].source))) {
		remember(log, log->open[at].source);
		close_file(follow, log, at);
		at = log->n_open;
	}
	if (at == log->n_open && is_settled(log, member))
		return ERR_OK;
	source = at < log->n_open ? log->open[at].source : open_member(follow, log, member, &err);
	if (!err)
		err = log_source_read(source, ROUND_BYTES, &n);
	*bytes += n;
	*ret_more = n >= ROUND_BYTES;
	if (err) {
		at = find_open(log, member->id);
		if (at < log->n_open)
			close_file(follow, log, at);
		/* Two names of one text: whoever comes second goes on behind the first, in the next round. */
		return err == ERR_CONFLICT && source ? ERR_OK
						     : note_trouble(follow, log, member, err);
	}
	if (n)
		remember(log, source);
	if (!last && !n && member->changed_us < now_us() - LINGER_US) {
		log_source_end(source);
		close_file(follow, log, find_open(log, member->id));
		settle(log, member);
	}
	return ERR_OK;
}

/* Where it was left, if it ever was followed. */
static enum err begin(struct log_follow *follow, struct log *log)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct store_log known;
	enum err err = store_log_last(follow->options.store, log->path, arena, &known);

	if (err && err != ERR_NOT_FOUND)
		return err;
	log->since_us = INT64_MAX;
	if (!err) {
		log->since_us = known.seen_at_us - SLACK_US;
		buf_reset(&log->before);
		buf_put(&log->before, known.state);
	}
	log->begun = true;
	return ERR_OK;
}

/* Of a folder that was never followed the youngest file is the one that is there now. */
static enum err list(
	struct log_follow *follow, struct log *log, struct log_member **ret_members, size_t *ret_n)
{
	enum err err = log_family(follow->arena, log->path, log->since_us, ret_members, ret_n);

	if (!err && !*ret_n && log->since_us == INT64_MAX) {
		err = log_family(follow->arena, log->path, INT64_MIN, ret_members, ret_n);
		if (!err && *ret_n) {
			*ret_members += *ret_n - 1;
			*ret_n = 1;
		}
	}
	return err;
}

static enum err round_of(struct log_follow *follow, struct log *log, uint64_t *bytes)
{
	struct log_member *members = NULL;
	size_t n = 0;
	bool more = false;
	enum err err = log->begun ? ERR_OK : begin(follow, log);

	if (err)
		return err;
	arena_reset(follow->arena);
	if (list(follow, log, &members, &n))
		return ERR_OK; /* the folder is not there, yet or now */
	for (size_t i = 0; i < n && !err && !more; i++)
		err = read_member(follow, log, &members[i], i + 1 == n, bytes, &more);
	/* From the first look on every file counts that is written to. */
	if (!err && n && log->since_us == INT64_MAX)
		log->since_us = members[n - 1].changed_us;
	return err;
}

enum err log_follow_round(struct log_follow *follow, uint64_t *ret_bytes)
{
	enum err err = ERR_OK;

	*ret_bytes = 0;
	for (size_t i = 0; i < follow->n && !err; i++)
		err = round_of(follow, &follow->logs[i], ret_bytes);
	for (size_t i = 0; i < follow->n && err; i++)
		close_all(follow, &follow->logs[i]);
	return err;
}
