#include "ingest/log/log_reader.h"

#include "ingest/log/log_line_priv.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { GUESS_BYTES = 1 << 18, SAVED_VERSION = 1 };

static log_line_fn *const lines[LOG_FORMAT_COUNT] = {
#define LOG_FORMAT(id, name, line, meaning) [LOG_FORMAT_##id] = line,
#include "ingest/log/log_format.def"
};

struct log_reader *log_reader_new(
	enum log_format format, const struct log_clock *clock, delivery_fn *deliver, void *context)
{
	struct log_reader *reader = calloc(1, sizeof *reader);

	if (!reader)
		abort();
	reader->format = format;
	reader->line = lines[format];
	reader->mails = log_mails_new();
	reader->deliver = deliver;
	reader->context = context;
	log_time_init(&reader->time, clock);
	buf_init(&reader->header, LIMIT_LOG_LINE_BYTES);
	buf_init(&reader->unquoted, 2 * LIMIT_LOG_LINE_BYTES);
	return reader;
}

void log_reader_free(struct log_reader *reader)
{
	if (!reader)
		return;
	log_mails_free(reader->mails);
	buf_release(&reader->header);
	buf_release(&reader->unquoted);
	free(reader);
}

void log_reader_freep(struct log_reader **reader)
{
	log_reader_free(*reader);
}

uint64_t log_reader_offset(const struct log_reader *reader)
{
	return reader->offset;
}

void log_reader_set_offset(struct log_reader *reader, uint64_t offset)
{
	reader->offset = offset;
}

void log_reader_set_newest(struct log_reader *reader, int64_t newest_us)
{
	reader->time.clock.newest_us = newest_us;
}

static void read_line(struct log_reader *reader, struct str line)
{
	enum log_line told;

	reader->counts[LOG_COUNT_LINES]++;
	if (line.n && line.p[line.n - 1] == '\r')
		line.n--;
	if (reader->in_long_line || line.n > LIMIT_LOG_LINE_BYTES) {
		reader->counts[LOG_COUNT_LONG] += !reader->in_long_line;
		reader->in_long_line = false;
		return;
	}
	told = reader->line(reader, line);
	if (told == LOG_LINE_OTHER)
		reader->counts[LOG_COUNT_OTHER]++;
	if (told == LOG_LINE_BROKEN)
		reader->counts[LOG_COUNT_BROKEN]++;
}

size_t log_reader_feed(struct log_reader *reader, struct str bytes)
{
	struct str rest = bytes;

	while (rest.n) {
		const char *end = memchr(rest.p, '\n', rest.n);

		if (!end)
			break;
		read_line(reader, (struct str){ rest.p, (size_t)(end - rest.p) });
		reader->offset += (uint64_t)(end - rest.p) + 1;
		rest = str_skip(rest, (size_t)(end - rest.p) + 1);
	}
	if (rest.n > LIMIT_LOG_LINE_BYTES) {
		reader->counts[LOG_COUNT_LONG] += !reader->in_long_line;
		reader->in_long_line = true;
		reader->offset += rest.n;
		rest.n = 0;
	}
	reader->counts[LOG_COUNT_FORGOTTEN] = log_mails_forgotten(reader->mails);
	return bytes.n - rest.n;
}

void log_reader_end(struct log_reader *reader, struct str rest)
{
	reader->counts[LOG_COUNT_CUT] += rest.n > 0;
}

const uint64_t *log_reader_counts(const struct log_reader *reader)
{
	return reader->counts;
}

/* ---- which format it is ---- */

static void ignore_delivery(void *context, const struct delivery *delivery)
{
	(void)context;
	(void)delivery;
}

/* Deliveries weigh more than lines that are merely of the right form. */
static uint64_t score(enum log_format format, struct str bytes)
{
	const struct log_clock clock = { .newest_us =
						 timestamp_days(2100, 1, 1) * TIMESTAMP_DAY_US };
	struct log_reader *reader = log_reader_new(format, &clock, ignore_delivery, NULL);
	const uint64_t *n = reader->counts;
	uint64_t told;

	log_reader_feed(reader, bytes);
	told = n[LOG_COUNT_LINES] - n[LOG_COUNT_OTHER] - n[LOG_COUNT_BROKEN] - n[LOG_COUNT_LONG];
	told += 1000 * (n[LOG_COUNT_ACCEPTED] + n[LOG_COUNT_FAILED] + n[LOG_COUNT_DEFERRED] +
			       n[LOG_COUNT_ROWS]);
	log_reader_free(reader);
	return told;
}

bool log_format_guess(struct str bytes, enum log_format *ret_format)
{
	uint64_t best = 0;

	for (int i = 0; i < LOG_FORMAT_COUNT; i++) {
		uint64_t now = score((enum log_format)i, str_head(bytes, GUESS_BYTES));

		if (now > best) {
			best = now;
			*ret_format = (enum log_format)i;
		}
	}
	return best > 0;
}

/* ---- to go on later ---- */

struct saved {
	uint8_t in_long_line;
	uint64_t offset, last_us;
	struct str header, mails;
};

void log_reader_save(const struct log_reader *reader, size_t max_bytes, struct buf *out)
{
	size_t head = 2 + 8 + 8 + 4 + reader->header.n;

	buf_put_u8(out, SAVED_VERSION);
	buf_put_u8(out, reader->in_long_line);
	buf_put_u64(out, reader->offset);
	buf_put_u64(out, (uint64_t)reader->time.last_us);
	buf_put_str32(out, buf_str(&reader->header));
	log_mails_save(reader->mails, max_bytes > head ? max_bytes - head : 0, out);
}

static bool take_saved(struct str bytes, struct saved *ret_saved)
{
	uint8_t version;
	bool good = str_take_u8(&bytes, &version) && version == SAVED_VERSION &&
		    str_take_u8(&bytes, &ret_saved->in_long_line) && ret_saved->in_long_line <= 1 &&
		    str_take_u64(&bytes, &ret_saved->offset) &&
		    str_take_u64(&bytes, &ret_saved->last_us) &&
		    str_take_str32(&bytes, &ret_saved->header) &&
		    ret_saved->header.n <= LIMIT_LOG_LINE_BYTES;

	ret_saved->mails = bytes;
	return good;
}

enum err log_reader_load(struct log_reader *reader, struct str bytes)
{
	struct saved saved;

	if (!take_saved(bytes, &saved) || log_mails_load(reader->mails, saved.mails))
		return ERR_SYNTAX;
	reader->in_long_line = saved.in_long_line;
	reader->offset = saved.offset;
	reader->time.last_us = (int64_t)saved.last_us;
	if (saved.header.n)
		reader->line(reader, saved.header);
	return ERR_OK;
}

enum err log_reader_follow(struct log_reader *reader, struct str bytes)
{
	struct saved saved;

	return take_saved(bytes, &saved) ? log_mails_load(reader->mails, saved.mails) : ERR_SYNTAX;
}
