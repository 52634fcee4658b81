#include "spool/recovery_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Room is scarce below a quarter of the quota, and below so many segments. */
enum { TIGHT_SHARE = 4, TIGHT_SEGMENTS = 2 };

static uint64_t max_u64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* What a scan of one segment found. */
struct scan {
	uint64_t last; /* highest sequence of a whole record, 0: none */
	uint64_t end;  /* behind the last whole record */
	uint64_t rewritten;
	uint64_t torn_from,
		torn_to; /* missing in front of a record of the same batch, the last one; 0: none */
};

/* A sync that failed before the crash may have left the page marked clean: without a fresh write
 * the next sync would succeed and save nothing. */
static enum err rewrite(
	struct spool_writer *writer, struct segment *segment, uint64_t offset, struct str whole)
{
	while (whole.n) {
		ssize_t wrote =
			writer->options.ops->write_at(segment->fd, whole.p, whole.n, (off_t)offset);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return wrote ? err_from_errno(errno) : ERR_IO;
		whole = str_skip(whole, (size_t)wrote);
		offset += (uint64_t)wrote;
	}
	return ERR_OK;
}

/* The next whole record at or behind *offset with a sequence in from..to. */
static enum err next_whole(struct segment *segment, uint64_t from, uint64_t to, uint64_t *offset,
	struct record *ret_record)
{
	enum record_state state;
	struct record record;
	enum err err = segment_read(segment, *offset, &state, &record);

	if (err)
		return err;
	if (state == RECORD_NEWER)
		return ERR_NEWER;
	if (state != RECORD_WHOLE || record.sequence < from || record.sequence > to)
		return segment_find(segment, *offset, from, to, offset, ret_record);
	*ret_record = record;
	return ERR_OK;
}

/* `least` should have stood where `record` does. A batch is written when the one before is synced: so what is missing of
 * the last one was never acknowledged, unless the watermark says so, and what is missing of any other was. */
static void note_gap(
	struct scan *scan, uint64_t least, uint64_t watermark, const struct record *record)
{
	uint64_t from = max_u64(max_u64(least, record_batch(record)), watermark + 1);

	if (record_batch(record) > scan->torn_from)
		scan->torn_from = scan->torn_to = 0;
	if (from >= record->sequence)
		return;
	if (!scan->torn_from)
		scan->torn_from = from;
	scan->torn_to = record->sequence - 1;
}

/* Finds every whole record with a sequence in first..bound-1, secures those above the watermark. */
static enum err scan_segment(
	struct spool_writer *writer, struct segment *segment, uint64_t bound, struct scan *ret_scan)
{
	uint64_t watermark = lane_load(&writer->durable->sequence), offset = 0;
	struct scan scan = { 0 };

	for (;;) {
		uint64_t least = scan.last ? scan.last + 1 : segment->first;
		struct record record;
		enum err err = next_whole(segment, least, bound - 1, &offset, &record);

		if (err == ERR_NOT_FOUND)
			break;
		if (!err && record.sequence > watermark) {
			scan.rewritten += record.whole.n;
			err = rewrite(writer, segment, offset, record.whole);
		}
		if (err)
			return err;
		note_gap(&scan, least, watermark, &record);
		scan.last = record.sequence;
		scan.end = offset += record.whole.n;
	}
	*ret_scan = scan;
	return ERR_OK;
}

static enum err recover_segment(struct spool_writer *writer, uint64_t first, uint64_t bound,
	struct segment *segment, struct scan *ret_scan)
{
	enum err err = segment_open(segment, writer->dir, writer->id, first, SEGMENT_REPAIR);

	if (err)
		return err;
	err = scan_segment(writer, segment, bound, ret_scan);
	if (!err && writer->options.ops->sync(segment->fd))
		err = err_from_errno(errno);
	return err;
}

/* The last segment goes on where it ends, unless a durable record behind that point was damaged:
 * its bytes stay for whoever may still mend them. */
static void adopt_last(
	struct spool_writer *writer, struct segment *segment, const struct scan *scan)
{
	bool goes_on = scan->last ? scan->last + 1 == writer->next_sequence
				  : segment->first == writer->next_sequence;

	if (!goes_on || scan->end >= segment->size)
		return;
	writer->current = (struct open_segment){
		.fd = segment->fd,
		.first = segment->first,
		.offset = scan->end,
		.size = segment->size,
		.seed = segment->seed,
	};
	segment->fd = -1;
}

static enum err scan_lane(struct spool_writer *writer, const uint64_t *first, size_t n,
	struct segment *segment, struct scan *ret_scan)
{
	uint64_t watermark = lane_load(&writer->durable->sequence), last = watermark;
	struct scan scan = { 0 };

	for (size_t i = 0; i < n; i++) {
		uint64_t bound = i + 1 < n ? first[i + 1] : LANE_SEQUENCE_MAX;
		enum err err;

		if (i + 1 < n && bound - 1 <= watermark)
			continue; /* all of it was durable */
		err = recover_segment(writer, first[i], bound, segment, &scan);
		if (err)
			return err;
		last = max_u64(last, scan.last);
		writer->stats.kept_bytes += scan.rewritten;
	}
	last = max_u64(last, lane_load(&writer->committed->sequence));
	writer->next_sequence = max_u64(last + 1, n ? first[n - 1] : 1);
	*ret_scan = scan;
	return ERR_OK;
}

static enum err count_bytes(struct spool_writer *writer, const uint64_t *first, size_t n)
{
	char name[LANE_NAME_BYTES];
	struct stat st;

	for (size_t i = 0; i < n; i++) {
		lane_segment_name(first[i], name);
		if (fstatat(writer->dir, name, &st, 0))
			return err_from_errno(errno);
		writer->segment_bytes += (uint64_t)st.st_size;
	}
	return ERR_OK;
}

/* The reader may come to it much later, and the machine lose its power again before: so it is saved with the watermark, in
 * the place of the oldest. */
static void tell_torn(struct spool_writer *writer, const struct scan *scan)
{
	struct lane_page *page = writer->durable;
	size_t oldest = 0;

	if (!scan->torn_from)
		return;
	for (size_t i = 1; i < LANE_TORN; i++)
		if (lane_load(&page->torn[i].to) < lane_load(&page->torn[oldest].to))
			oldest = i;
	atomic_store_explicit(&page->torn[oldest].to, scan->torn_to, memory_order_relaxed);
	atomic_store_explicit(&page->torn[oldest].from, scan->torn_from, memory_order_relaxed);
	if (writer->options.ops->sync(writer->durable_fd))
		return; /* costs a wrong word in the log, and no mail */
}

static enum err recover_listed(
	struct spool_writer *writer, const uint64_t *first, size_t n, struct segment *segment)
{
	struct scan scan = { 0 };
	enum err err = count_bytes(writer, first, n);

	if (!err)
		err = scan_lane(writer, first, n, segment, &scan);
	if (err)
		return err;
	if (n) {
		adopt_last(writer, segment, &scan);
		atomic_store_explicit(
			&writer->durable->segment, first[n - 1], memory_order_relaxed);
		tell_torn(writer, &scan);
	}
	atomic_store_explicit(
		&writer->durable->sequence, writer->next_sequence - 1, memory_order_release);
	return ERR_OK;
}

enum err writer_recover(struct spool_writer *writer)
{
	struct segment segment;
	uint64_t *first;
	size_t n;
	enum err err;

	if (unlinkat(writer->dir, LANE_PREPARED, 0) && errno != ENOENT)
		return err_from_errno(errno);
	if (writer->options.ops->sync(writer->dir))
		return err_from_errno(errno);
	err = lane_list(writer->dir, &first, &n);
	if (err)
		return err;
	segment_init(&segment);
	err = recover_listed(writer, first, n, &segment);
	segment_release(&segment);
	free(first);
	return err;
}

/* Every record of it is committed, so the next segment starts at most one above. */
static bool is_committed(const struct spool_writer *writer, uint64_t bound)
{
	uint64_t committed = lane_load(&writer->committed->sequence);
	uint64_t durable = lane_load(&writer->durable->sequence);

	return bound - 1 <= committed && committed <= durable;
}

/* It was last written before the retention: its modification time is that of its last record. */
static bool is_old(const struct spool_writer *writer, const struct stat *st)
{
	int64_t written_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - written_ms >=
	       writer->options.retention_ms;
}

/* Soon mail would be refused for want of room. The retention is for repeating a load, and no reason for that:
 * a busy lane fills its quota within the retention, with mail that is in the database long since. */
static bool is_tight(struct spool_writer *writer)
{
	uint64_t quota = writer->options.quota_bytes, used;
	uint64_t segments = TIGHT_SEGMENTS * writer->options.segment_bytes;

	pthread_mutex_lock(&writer->lock);
	used = writer->segment_bytes;
	pthread_mutex_unlock(&writer->lock);
	return used >= quota || quota - used < max_u64(segments, quota / TIGHT_SHARE) ||
	       writer_check_space(writer, segments) == ERR_NO_SPACE;
}

static void sweep_one(struct spool_writer *writer, uint64_t first, uint64_t bound)
{
	char name[LANE_NAME_BYTES];
	struct stat st;

	lane_segment_name(first, name);
	if (!is_committed(writer, bound) || fstatat(writer->dir, name, &st, 0) ||
		(!is_old(writer, &st) && !is_tight(writer)) || unlinkat(writer->dir, name, 0))
		return;
	pthread_mutex_lock(&writer->lock);
	writer->segment_bytes -= (uint64_t)st.st_size;
	writer->stats.segments_deleted++;
	writer->prepare_now = writer->options.prepare == SPOOL_PREPARE_AHEAD;
	pthread_cond_signal(&writer->want_prepared);
	pthread_mutex_unlock(&writer->lock);
}

void writer_sweep(struct spool_writer *writer)
{
	uint64_t *first;
	size_t n;

	if (lane_list(writer->dir, &first, &n))
		return;
	for (size_t i = 0; i + 1 < n; i++)
		sweep_one(writer, first[i], first[i + 1]);
	free(first);
}
