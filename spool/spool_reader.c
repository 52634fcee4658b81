#include "spool/lane_priv.h"
#include "spool/spool.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A segment is opened only once a record in it is known to be durable: before that the writer may
 * still replace the file (committer.c, poison_current). */
struct spool_reader {
	int dir, wake_fd, durable_fd, committed_fd;
	struct lane_page *durable, *committed;
	uint64_t id;
	uint64_t expected; /* the next sequence to hand on */
	struct segment segment;
	uint64_t offset; /* in segment: where `expected` should stand */
	uint64_t bound;  /* first sequence of the segment behind; UINT64_MAX: none seen yet */
	uint64_t newest; /* durable->segment when bound was looked up */
};

static enum err open_pages(struct spool_reader *reader)
{
	enum err err =
		lane_map(reader->dir, "durable", LANE_READ, &reader->durable_fd, &reader->durable);

	if (!err)
		err = lane_map(reader->dir, "committed", LANE_WRITE, &reader->committed_fd,
			&reader->committed);
	if (err)
		return err;
	lane_reset_numbers(reader->committed);
	spool_reader_note_stuck(reader, false);
	return ERR_OK;
}

enum err spool_reader_open(const char *folder, struct spool_reader **ret_reader)
{
	CLEANUP(spool_reader_closep) struct spool_reader *reader = calloc(1, sizeof *reader);
	enum err err;

	if (!reader)
		abort();
	segment_init(&reader->segment);
	reader->expected = 1;
	reader->wake_fd = -1;
	reader->dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (reader->dir < 0)
		return err_from_errno(errno);
	err = lane_read_id(reader->dir, &reader->id);
	if (!err)
		err = open_pages(reader);
	if (err)
		return err;
	reader->wake_fd = lane_open_wake(reader->dir);
	*ret_reader = reader;
	reader = NULL;
	return ERR_OK;
}

void spool_reader_close(struct spool_reader *reader)
{
	if (!reader)
		return;
	segment_release(&reader->segment);
	lane_unmap(reader->durable_fd, reader->durable);
	lane_unmap(reader->committed_fd, reader->committed);
	if (reader->wake_fd >= 0)
		close(reader->wake_fd);
	if (reader->dir >= 0)
		close(reader->dir);
	free(reader);
}

void spool_reader_closep(struct spool_reader **reader)
{
	spool_reader_close(*reader);
}

uint64_t spool_reader_id(const struct spool_reader *reader)
{
	return reader->id;
}

int spool_reader_fd(const struct spool_reader *reader)
{
	return reader->wake_fd;
}

void spool_reader_drain(struct spool_reader *reader)
{
	lane_drain(reader->wake_fd);
}

enum err spool_reader_seek(struct spool_reader *reader, uint64_t sequence)
{
	if (sequence >= LANE_SEQUENCE_MAX)
		return ERR_RANGE;
	segment_release(&reader->segment);
	segment_init(&reader->segment);
	reader->expected = sequence + 1;
	return ERR_OK;
}

void spool_reader_publish(struct spool_reader *reader, uint64_t sequence)
{
	if (sequence > lane_load(&reader->committed->sequence) && sequence < LANE_SEQUENCE_MAX)
		atomic_store_explicit(&reader->committed->sequence, sequence, memory_order_release);
}

meter_word *spool_reader_meters(struct spool_reader *reader)
{
	return reader->committed->meters;
}

void spool_reader_note_waiting(struct spool_reader *reader, uint64_t sequence, int64_t stored_at_us)
{
	lane_note_waiting(reader->committed, sequence, stored_at_us);
}

void spool_reader_note_stuck(struct spool_reader *reader, bool stuck)
{
	atomic_store_explicit(&reader->committed->stuck, stuck, memory_order_relaxed);
}

uint64_t spool_reader_backlog(const struct spool_reader *reader)
{
	uint64_t watermark = lane_load(&reader->durable->sequence);

	return watermark < reader->expected ? 0 : watermark - reader->expected + 1;
}

/* The segment that holds `sequence`: the last whose first sequence is not above it, or, where that
 * is missing, the first of all. Its bound, too. ERR_NOT_FOUND: the folder has no segment. */
static enum err find_segment(const struct spool_reader *reader, uint64_t sequence,
	uint64_t *ret_first, uint64_t *ret_bound)
{
	uint64_t *list;
	size_t n, i = 0;
	enum err err = lane_list(reader->dir, &list, &n);

	if (err)
		return err;
	while (i + 1 < n && list[i + 1] <= sequence)
		i++;
	if (n) {
		*ret_first = list[i];
		*ret_bound = i + 1 < n ? list[i + 1] : UINT64_MAX;
	}
	free(list);
	return n ? ERR_OK : ERR_NOT_FOUND;
}

/* Opens or stays in the segment of `expected`. The page's word for the newest segment is read after
 * the watermark: whoever sees a record as durable sees its segment, too. */
static enum err enter_segment(struct spool_reader *reader)
{
	uint64_t newest = lane_load(&reader->durable->segment), first = 0, bound = 0;
	bool is_open = reader->segment.fd >= 0;
	enum err err;

	if (is_open && reader->newest == newest && reader->expected < reader->bound)
		return ERR_OK;
	err = find_segment(reader, reader->expected, &first, &bound);
	if (err)
		return err;
	if (!is_open || reader->segment.first != first) {
		err = segment_open(&reader->segment, reader->dir, reader->id, first, SEGMENT_READ);
		if (err)
			return err;
		reader->offset = 0;
	}
	reader->bound = bound;
	reader->newest = newest;
	return ERR_OK;
}

static enum err copy_range(struct spool_reader *reader, int fd, uint64_t from, uint64_t n)
{
	while (n) {
		struct str piece;
		enum err err = segment_bytes(&reader->segment, from, n < 65536 ? n : 65536, &piece);

		if (err || !piece.n)
			return err;
		for (struct str rest = piece; rest.n;) {
			ssize_t wrote = write(fd, rest.p, rest.n);

			if (wrote < 0 && errno == EINTR)
				continue;
			if (wrote <= 0)
				return wrote ? err_from_errno(errno) : ERR_IO;
			rest = str_skip(rest, (size_t)wrote);
		}
		from += piece.n;
		n -= piece.n;
	}
	return ERR_OK;
}

/* Damaged bytes go to damaged/<segment>-<offset>, for the operator. */
static enum err set_aside(struct spool_reader *reader, uint64_t from, uint64_t n)
{
	char name[96];
	enum err err;
	int fd;

	if (!n)
		return ERR_OK;
	if (mkdirat(reader->dir, LANE_DAMAGED, 0700) && errno != EEXIST)
		return err_from_errno(errno);
	snprintf(name, sizeof name, LANE_DAMAGED "/%020" PRIu64 "-%" PRIu64, reader->segment.first,
		from);
	fd = openat(reader->dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_from_errno(errno);
	err = copy_range(reader, fd, from, n);
	if (!err && fsync(fd))
		err = err_from_errno(errno);
	close(fd);
	return err;
}

/* Was nobody told of `sequence`, by the word of a recovery? Lowers *next to where the answer changes. */
static enum spool_record_kind kind_of_gap(
	const struct spool_reader *reader, uint64_t sequence, uint64_t *next)
{
	enum spool_record_kind kind = SPOOL_DAMAGE;

	for (size_t i = 0; i < LANE_TORN; i++) {
		uint64_t from = lane_load(&reader->durable->torn[i].from);
		uint64_t to = lane_load(&reader->durable->torn[i].to);
		bool torn = from && sequence >= from && sequence <= to;
		uint64_t change = torn ? to + 1 : from;

		if (torn)
			kind = SPOOL_TORN;
		if (sequence < change && change < *next)
			*next = change;
	}
	return kind;
}

/* The bytes offset..end held `expected` to next - 1 and cannot be read. */
static void report_damage(
	struct spool_reader *reader, uint64_t end, uint64_t next, struct spool_record *ret_record)
{
	uint64_t n = end - reader->offset;
	enum spool_record_kind kind = kind_of_gap(reader, reader->expected, &next);
	struct spool_record record = {
		.kind = kind,
		.sequence = reader->expected,
		.last_sequence = next - 1,
		.segment = reader->segment.first,
		.offset = reader->offset,
		.bytes = n,
		.envelope = STR_EMPTY,
		.message = STR_EMPTY,
	};

	record.aside = set_aside(reader, reader->offset, n);
	/* A look at the first of them; a failed read leaves them out. */
	if (segment_bytes(&reader->segment, reader->offset, n < 4096 ? n : 4096, &record.message))
		record.message = STR_EMPTY;
	reader->expected = next;
	*ret_record = record;
}

/* Is this still the segment of `expected`? A failed batch takes its segment's name away, and the next one gives it to
 * another: whoever looked in between knows of neither, and by the newest name alone does not learn of it. */
static enum err look_again(struct spool_reader *reader, bool *ret_same)
{
	uint64_t first, bound;
	enum err err = find_segment(reader, reader->expected, &first, &bound);

	if (err)
		return err == ERR_NOT_FOUND ? ERR_CORRUPT : err;
	*ret_same = first == reader->segment.first && bound == reader->bound;
	if (!*ret_same)
		reader->bound = 0; /* enter_segment finds it */
	return ERR_OK;
}

/* Nothing readable stands at `offset`, and something should. ERR_CONFLICT: nothing was lost, the
 * next record stands further on. */
static enum err pass_damage(
	struct spool_reader *reader, uint64_t watermark, struct spool_record *ret_record)
{
	uint64_t limit = reader->bound - 1 < watermark ? reader->bound - 1 : watermark;
	uint64_t at, end, next;
	struct record found;
	enum err err = segment_find(
		&reader->segment, reader->offset, reader->expected, limit, &at, &found);

	if (err && err != ERR_NOT_FOUND)
		return err;
	if (!err && found.sequence == reader->expected) {
		reader->offset = at;
		return ERR_CONFLICT;
	}
	next = err ? limit + 1 : found.sequence;
	if (!err)
		end = at;
	else if (segment_data_end(&reader->segment, reader->offset, &end))
		return ERR_IO;
	report_damage(reader, end, next, ret_record);
	if (!err)
		reader->offset =
			at; /* else the writer may still append behind the damage: search */
	return ERR_OK;
}

static void hand_on(
	struct spool_reader *reader, const struct record *record, struct spool_record *ret_record)
{
	reader->expected = record->sequence + 1;
	reader->offset += record->whole.n;
	*ret_record = (struct spool_record){
		.kind = SPOOL_MESSAGE,
		.sequence = record->sequence,
		.last_sequence = record->sequence,
		.stored_at_us = record->stored_at_us,
		.envelope = record->envelope,
		.message = record->message,
		.segment = reader->segment.first,
		.offset = reader->offset - record->whole.n,
		.bytes = record->whole.n,
	};
}

/* Segments before this one are gone and nobody had read them. */
static void report_missing(
	struct spool_reader *reader, uint64_t watermark, struct spool_record *ret_record)
{
	uint64_t next = reader->segment.first <= watermark ? reader->segment.first : watermark + 1;

	*ret_record = (struct spool_record){
		.kind = SPOOL_DAMAGE,
		.sequence = reader->expected,
		.last_sequence = next - 1,
		.segment = reader->segment.first,
		.envelope = STR_EMPTY,
		.message = STR_EMPTY,
	};
	reader->expected = next;
}

/* ERR_CONFLICT: a record below `expected` was passed, or damage without loss; look again. */
static enum err read_one(
	struct spool_reader *reader, uint64_t watermark, struct spool_record *ret_record)
{
	enum record_state state;
	struct record record;
	bool same;
	enum err err = segment_read(&reader->segment, reader->offset, &state, &record);

	if (err)
		return err;
	if (state == RECORD_NEWER)
		return ERR_NEWER;
	if (state == RECORD_WHOLE && record.sequence == reader->expected) {
		hand_on(reader, &record, ret_record);
		return ERR_OK;
	}
	if (state == RECORD_WHOLE && record.sequence < reader->expected) {
		reader->offset += record.whole.n; /* after a seek */
		return ERR_CONFLICT;
	}
	err = look_again(reader, &same);
	if (err)
		return err;
	return same ? pass_damage(reader, watermark, ret_record) : ERR_CONFLICT;
}

enum err spool_reader_next(struct spool_reader *reader, struct spool_record *ret_record)
{
	for (;;) {
		uint64_t watermark = lane_load(&reader->durable->sequence);
		enum err err;

		if (reader->expected > watermark)
			return ERR_NOT_FOUND;
		err = enter_segment(reader);
		if (err == ERR_NOT_FOUND)
			return ERR_CORRUPT;
		if (err)
			return err;
		if (reader->expected < reader->segment.first) {
			report_missing(reader, watermark, ret_record);
			return ERR_OK;
		}
		err = read_one(reader, watermark, ret_record);
		if (err != ERR_CONFLICT)
			return err;
	}
}

/* ---- a lane that was set back ---- */

/* Each record that will come has a sequence above this one (recovery.c). */
static uint64_t used_up(const struct spool_reader *reader)
{
	uint64_t watermark = lane_load(&reader->durable->sequence);
	uint64_t committed = lane_load(&reader->committed->sequence);

	return watermark > committed ? watermark : committed;
}

/* The first whole record of the segment whose sequence is from..to; ERR_NOT_FOUND. */
static enum err find_record(
	struct segment *segment, uint64_t from, uint64_t to, struct record *ret_record)
{
	enum record_state state = RECORD_WHOLE;
	uint64_t offset = 0;
	struct record record;

	for (;; offset += record.whole.n) {
		enum err err = segment_read(segment, offset, &state, &record);

		if (err)
			return err;
		if (state == RECORD_NEWER)
			return ERR_NEWER;
		if (state != RECORD_WHOLE || record.sequence > to)
			return segment_find(segment, offset, from, to, &offset, ret_record);
		if (record.sequence >= from) {
			*ret_record = record;
			return ERR_OK;
		}
	}
}

static enum spool_history judge(bool is_there, bool goes_on, int64_t at_us, int64_t found_us)
{
	if (!is_there)
		return goes_on ? SPOOL_HISTORY_UNKNOWN : SPOOL_HISTORY_OTHER;
	if (!at_us)
		return SPOOL_HISTORY_UNKNOWN;
	return at_us == found_us ? SPOOL_HISTORY_SAME : SPOOL_HISTORY_OTHER;
}

enum err spool_reader_compare(struct spool_reader *reader, uint64_t sequence, int64_t stored_at_us,
	enum spool_history *ret_history)
{
	bool goes_on = used_up(reader) >= sequence, is_there = false;
	uint64_t first = 0, bound = UINT64_MAX;
	struct record record = { 0 };
	struct segment segment;
	enum err err = find_segment(reader, sequence, &first, &bound);

	segment_init(&segment);
	if (!err)
		err = segment_open(&segment, reader->dir, reader->id, first, SEGMENT_READ);
	if (!err)
		err = find_record(&segment, sequence, bound - 1, &record);
	is_there = !err && record.sequence == sequence;
	goes_on |= !err || bound != UINT64_MAX || first > sequence;
	segment_release(&segment);
	if (err && err != ERR_NOT_FOUND)
		return err;
	*ret_history = judge(is_there, goes_on, stored_at_us, record.stored_at_us);
	return ERR_OK;
}

enum err spool_reader_oldest(struct spool_reader *reader, uint64_t *ret_sequence)
{
	uint64_t first = 0, bound;
	enum err err = find_segment(reader, 0, &first, &bound);

	if (err && err != ERR_NOT_FOUND)
		return err;
	*ret_sequence = err ? used_up(reader) + 1 : first;
	return ERR_OK;
}
