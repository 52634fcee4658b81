#define _GNU_SOURCE
#include "spool/backlog.h"

#include "spool/lane_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A copy of a page, all 0 where nobody has written it yet. */
struct numbers {
	uint64_t sequence, waiting_sequence, waiting_us, stuck;
	uint64_t counters[COUNTER_COUNT];
};

static enum err read_page(
	int dir, const char *name, struct numbers *ret_numbers, uint64_t ret_meters[METER_WORDS])
{
	struct lane_page *page = NULL;
	int fd = -1;
	enum err err = lane_map(dir, name, LANE_READ, &fd, &page);

	*ret_numbers = (struct numbers){ 0 };
	if (err)
		return err == ERR_NOT_FOUND ? ERR_OK : err;
	ret_numbers->sequence = lane_load(&page->sequence);
	ret_numbers->waiting_sequence = lane_load(&page->waiting_sequence);
	ret_numbers->stuck = atomic_load_explicit(&page->stuck, memory_order_relaxed);
	ret_numbers->waiting_us = atomic_load_explicit(&page->waiting_us, memory_order_relaxed);
	for (size_t i = 0; i < COUNTER_COUNT; i++)
		ret_numbers->counters[i] =
			atomic_load_explicit(&page->counters[i], memory_order_relaxed);
	for (size_t i = 0; i < METER_WORDS; i++)
		ret_meters[i] = atomic_load_explicit(&page->meters[i], memory_order_relaxed);
	lane_unmap(fd, page);
	return ERR_OK;
}

/* The reader knows the oldest while it has it in hand; else the writer knows since when something waits. */
static int64_t oldest(const struct numbers *durable, const struct numbers *committed)
{
	uint64_t first = committed->sequence + 1;

	if (durable->sequence < first)
		return 0;
	if (committed->waiting_sequence == first)
		return (int64_t)committed->waiting_us;
	return durable->waiting_sequence && durable->waiting_sequence <= first
		       ? (int64_t)durable->waiting_us
		       : 0;
}

static void read_room(int dir, struct spool_backlog *backlog)
{
	uint64_t *list = NULL;
	struct statvfs fs;
	size_t n = 0;

	if (!fstatvfs(dir, &fs))
		backlog->free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	if (lane_list(dir, &list, &n))
		return;
	for (size_t i = 0; i < n; i++) {
		char name[LANE_NAME_BYTES];
		struct stat st;

		lane_segment_name(list[i], name);
		if (!fstatat(dir, name, &st, 0))
			backlog->used_bytes += (uint64_t)st.st_size;
	}
	free(list);
}

enum err spool_backlog(const char *folder, struct spool_backlog *ret_backlog)
{
	struct spool_backlog backlog = { 0 };
	struct numbers durable = { 0 }, committed = { 0 };
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = dir < 0 ? err_from_errno(errno) : lane_read_id(dir, &backlog.id);

	/* Committed first: it is never ahead of what is durable afterwards. */
	if (!err)
		err = read_page(dir, "committed", &committed, backlog.read);
	if (!err)
		err = read_page(dir, "durable", &durable, backlog.written);
	if (!err)
		read_room(dir, &backlog);
	if (dir >= 0)
		close(dir);
	if (err)
		return err;
	backlog.committed = committed.sequence;
	backlog.durable = durable.sequence;
	backlog.stuck = committed.stuck != 0;
	backlog.oldest_us = oldest(&durable, &committed);
	memcpy(backlog.counters, durable.counters, sizeof backlog.counters);
	if (durable.sequence > committed.sequence)
		backlog.waiting = durable.sequence - committed.sequence;
	*ret_backlog = backlog;
	return ERR_OK;
}
