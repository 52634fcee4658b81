// links: spool
/* tests/power/power_spool.c -- a lane's writer and its reader, as roles are: what a power cut is tried with.
 * usage: power_spool LANE FIRST N POSITION RECORD_AT
 *
 * Opens the lane (which recovers it), appends the messages FIRST to FIRST + N - 1 in bursts, and reads everything behind POSITION,
 * the last sequence that a database has, whose record was committed at RECORD_AT. Says on standard output, a line by one write:
 * told NUMBER (there is a 250), stored NUMBER SEQUENCE RECORD_AT (a transaction is over), refused NUMBER,
 * gap KIND FROM TO, other LINE (a mail that is none of these numbers). */
#include "spool/spool.h"

#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEXT_BYTES = 6000, BURST = 12, SEGMENT_BYTES = 16384 };

static _Atomic bool writing = true;
static const struct envelope envelope = { .source = SOURCE_IMPORT,
	.session_id = STR_INIT("s"),
	.peer = STR_INIT("p"),
	.helo = STR_INIT("h"),
	.reverse_path = STR_INIT(""),
	.envelope_id = STR_INIT(""),
	.stream = STR_INIT("") };

static NORETURN void fail(const char *what, enum err err)
{
	fprintf(stderr, "power_spool: %s: %s\n", what, err_text(err));
	exit(1);
}

static PRINTF_LIKE(1, 2) void say(const char *format, ...)
{
	char line[128];
	va_list more;
	int n;

	va_start(more, format);
	n = vsnprintf(line, sizeof line, format, more);
	va_end(more);
	if (write(STDOUT_FILENO, line, (size_t)n) != n)
		exit(2);
}

/* The text of a message is known by its number. Most are small, some go over several sectors. */
static struct str text_of(uint64_t number, char room[static TEXT_BYTES])
{
	uint64_t random = number * 6364136223846793005u + 1442695040888963407u;
	size_t n = 32 + (random >> 33) % (number % 3 ? 600 : TEXT_BYTES - 64);
	int head = snprintf(room, TEXT_BYTES, "%" PRIu64 "\n", number);

	for (size_t i = (size_t)head; i < n; i++)
		room[i] = (char)('a' +
				 (random = random * 6364136223846793005u + 1442695040888963407u) %
					 23);
	return str_from(room, n);
}

/* A mail of somebody else's is told by its first line. */
static void read_message(const struct spool_record *record)
{
	struct str text = record->message, line = str_head(text, str_cspan(text, "\r\n"));
	char room[TEXT_BYTES];
	uint64_t number;

	if (str_to_u64(line, UINT64_MAX / 2, &number) && str_eq(text, text_of(number, room)))
		say("stored %" PRIu64 " %" PRIu64 " %" PRId64 "\n", number, record->sequence,
			record->stored_at_us);
	else
		say("other %.*s\n", STR_ARG(str_head(line, 64)));
}

static void read_one(const struct spool_record *record, struct spool_reader *reader)
{
	if (record->kind == SPOOL_MESSAGE)
		read_message(record);
	else
		say("gap %s %" PRIu64 " %" PRIu64 "\n",
			record->kind == SPOOL_TORN ? "torn" : "damaged", record->sequence,
			record->last_sequence);
	spool_reader_publish(reader, record->last_sequence);
}

static void *read_all(void *argument)
{
	struct spool_reader *reader = argument;
	struct spool_record record;

	for (;;) {
		bool over = !writing;
		enum err err = spool_reader_next(reader, &record);

		if (!err)
			read_one(&record, reader);
		else if (err != ERR_NOT_FOUND)
			fail("read", err);
		else if (over)
			return NULL;
		else
			usleep(200);
	}
}

static struct spool_reader *open_reader(const char *folder, uint64_t position, int64_t record_at_us)
{
	enum spool_history history = SPOOL_HISTORY_SAME;
	struct spool_reader *reader;
	enum err err = spool_reader_open(folder, &reader);

	if (!err && position)
		err = spool_reader_compare(reader, position, record_at_us, &history);
	if (!err && history == SPOOL_HISTORY_OTHER)
		fail("the record that the database has is another", ERR_CONFLICT);
	if (!err)
		err = spool_reader_seek(reader, position);
	if (err)
		fail("reader", err);
	return reader;
}

static void reap(struct spool_writer *writer, size_t n)
{
	struct spool_completion rows[BURST];
	struct pollfd wait = { .fd = spool_writer_fd(writer), .events = POLLIN };

	while (n) {
		size_t got = spool_writer_reap(writer, rows, BURST);

		for (size_t i = 0; i < got; i++)
			say("%s %" PRIu64 "\n", rows[i].err ? "refused" : "told", rows[i].cookie);
		n -= got;
		if (n && poll(&wait, 1, 30000) < 0)
			fail("poll", ERR_IO);
	}
}

static void append(struct spool_writer *writer, uint64_t first, uint64_t n)
{
	char room[TEXT_BYTES];

	for (uint64_t i = 0; i < n;) {
		uint64_t burst = 1 + (first + i) % BURST, sent = 0;

		for (; sent < burst && i < n; i++) {
			if (spool_submit(writer, &envelope, text_of(first + i, room), first + i))
				say("refused %" PRIu64 "\n", first + i);
			else
				sent++;
		}
		reap(writer, sent);
	}
}

static uint64_t argument(const char *text)
{
	uint64_t value;

	if (!str_to_u64(str_c(text), UINT64_MAX / 2, &value))
		fail(text, ERR_SYNTAX);
	return value;
}

int main(int argc, char **argv)
{
	struct spool_options options;
	struct spool_writer *writer;
	struct spool_reader *reader;
	pthread_t thread;
	enum err err;

	if (argc != 6)
		fail("usage: LANE FIRST N POSITION RECORD_AT", ERR_SYNTAX);
	spool_options_init(&options);
	options.segment_bytes = SEGMENT_BYTES;
	options.quota_bytes = 64 * options.segment_bytes;
	options.min_free_bytes = 1;
	options.retention_ms = 0;
	options.retry_ms = 1;
	err = spool_writer_open(argv[1], &options, &writer);
	if (err)
		fail("writer", err);
	reader = open_reader(argv[1], argument(argv[4]), (int64_t)argument(argv[5]));
	if (pthread_create(&thread, NULL, read_all, reader))
		fail("thread", ERR_UNAVAILABLE);
	append(writer, argument(argv[2]), argument(argv[3]));
	writing = false;
	pthread_join(thread, NULL);
	spool_reader_close(reader);
	spool_writer_close(writer);
	return 0;
}
