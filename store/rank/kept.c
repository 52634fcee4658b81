#include "store/rank/kept.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct item {
	struct kept_column is; /* the first: who has it has the item */
	struct item *newer, *older;
	struct column *column;
	size_t users, bytes;
	unsigned which;
	char *row; /* behind the item; n bytes */
	size_t n;
};

struct kept {
	pthread_mutex_t lock;
	struct item
		ends; /* .older is the item that was taken last, .newer the one that waits longest */
	size_t bytes, max_bytes;
};

struct kept *kept_new(size_t max_bytes)
{
	struct kept *kept = calloc(1, sizeof *kept);

	if (!kept || pthread_mutex_init(&kept->lock, NULL))
		abort();
	kept->ends.newer = kept->ends.older = &kept->ends;
	kept->max_bytes = max_bytes;
	return kept;
}

static void take_out(struct item *item)
{
	item->newer->older = item->older;
	item->older->newer = item->newer;
}

static void put_first(struct kept *kept, struct item *item)
{
	item->newer = &kept->ends;
	item->older = kept->ends.older;
	item->older->newer = item;
	kept->ends.older = item;
}

static void drop(struct kept *kept, struct item *item)
{
	take_out(item);
	kept->bytes -= item->bytes;
	column_free(item->column);
	free(item);
}

void kept_free(struct kept *kept)
{
	if (!kept)
		return;
	while (kept->ends.older != &kept->ends)
		drop(kept, kept->ends.older);
	pthread_mutex_destroy(&kept->lock);
	free(kept);
}

/* What nobody has asked for the longest goes first. */
static void make_room(struct kept *kept)
{
	for (struct item *item = kept->ends.newer, *next;
		item != &kept->ends && kept->bytes > kept->max_bytes; item = next) {
		next = item->newer;
		if (!item->users)
			drop(kept, item);
	}
}

static struct item *find(struct kept *kept, struct str row, unsigned which)
{
	struct item *item = kept->ends.older;

	while (item != &kept->ends &&
		(item->which != which || item->n != row.n || memcmp(item->row, row.p, row.n)))
		item = item->older;
	return item == &kept->ends ? NULL : item;
}

static struct kept_column *use(struct kept *kept, struct item *item)
{
	take_out(item);
	put_first(kept, item);
	item->users++;
	return &item->is;
}

bool kept_has(struct kept *kept, struct str row, unsigned which)
{
	bool has;

	pthread_mutex_lock(&kept->lock);
	has = find(kept, row, which) != NULL;
	pthread_mutex_unlock(&kept->lock);
	return has;
}

struct kept_column *kept_take(struct kept *kept, struct str row, unsigned which)
{
	struct kept_column *column = NULL;
	struct item *item;

	pthread_mutex_lock(&kept->lock);
	item = find(kept, row, which);
	if (item)
		column = use(kept, item);
	pthread_mutex_unlock(&kept->lock);
	return column;
}

static struct item *item_new(struct str row, unsigned which, struct column *column)
{
	struct item *item = calloc(1, sizeof *item + row.n);

	if (!item)
		abort();
	item->is.column = item->column = column;
	item->which = which;
	item->row = (char *)(item + 1);
	item->n = row.n;
	memcpy(item->row, row.p, row.n);
	item->bytes = sizeof *item + row.n + column->bytes;
	item->users = 1;
	return item;
}

struct kept_column *kept_put(
	struct kept *kept, struct str row, unsigned which, struct column *take_column)
{
	struct kept_column *column;
	struct item *item;

	pthread_mutex_lock(&kept->lock);
	item = find(kept, row, which);
	if (item) {
		column = use(kept, item);
		column_free(take_column);
	} else {
		item = item_new(row, which, take_column);
		put_first(kept, item);
		kept->bytes += item->bytes;
		column = &item->is;
		make_room(kept);
	}
	pthread_mutex_unlock(&kept->lock);
	return column;
}

void kept_give(struct kept *kept, struct kept_column *column)
{
	pthread_mutex_lock(&kept->lock);
	((struct item *)column)->users--;
	make_room(kept);
	pthread_mutex_unlock(&kept->lock);
}

size_t kept_bytes(struct kept *kept)
{
	size_t bytes;

	pthread_mutex_lock(&kept->lock);
	bytes = kept->bytes;
	pthread_mutex_unlock(&kept->lock);
	return bytes;
}
