#define _GNU_SOURCE
#include "spool/backlog.h"

#include "spool/lane_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

/* 0 where nobody has written the page yet; `counters` may be NULL. */
static enum err read_page(int dir, const char *name, uint64_t *ret_sequence, uint64_t *ret_counters)
{
	struct lane_page *page = NULL;
	int fd = -1;
	enum err err = lane_map(dir, name, LANE_READ, &fd, &page);

	if (err && err != ERR_NOT_FOUND)
		return err;
	*ret_sequence = err ? 0 : lane_load(&page->sequence);
	for (size_t i = 0; ret_counters && !err && i < COUNTER_COUNT; i++)
		ret_counters[i] = atomic_load_explicit(&page->counters[i], memory_order_relaxed);
	lane_unmap(fd, page);
	return ERR_OK;
}

enum err spool_backlog(const char *folder, struct spool_backlog *ret_backlog)
{
	struct spool_backlog backlog = { 0 };
	int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err = dir < 0 ? err_from_errno(errno) : lane_read_id(dir, &backlog.id);

	/* Committed first: it is never ahead of what is durable afterwards. */
	if (!err)
		err = read_page(dir, "committed", &backlog.committed, NULL);
	if (!err)
		err = read_page(dir, "durable", &backlog.durable, backlog.counters);
	if (backlog.durable > backlog.committed)
		backlog.waiting = backlog.durable - backlog.committed;
	if (dir >= 0)
		close(dir);
	if (!err)
		*ret_backlog = backlog;
	return err;
}
