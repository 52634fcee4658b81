#include "api/answer_cache.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { CACHE_BUCKETS = 1024 };

struct entry {
	struct entry *next;          /* in its bucket */
	struct entry *newer, *older; /* by when it was asked for */
	char *key;
	size_t key_n;
	struct answer answer;
	int64_t made_us, age_us;
	bool kept;   /* there is an answer */
	bool making; /* somebody makes one */
};

struct cache {
	pthread_mutex_t lock;
	pthread_cond_t made;
	struct entry *buckets[CACHE_BUCKETS];
	struct entry *newest, *oldest;
	size_t bytes;
	int64_t age_us;
};

struct cache *cache_new(int64_t age_us)
{
	struct cache *cache = calloc(1, sizeof *cache);

	if (!cache || pthread_mutex_init(&cache->lock, NULL) ||
		pthread_cond_init(&cache->made, NULL))
		abort();
	cache->age_us = age_us;
	return cache;
}

static struct entry **place_of(struct cache *cache, struct str key)
{
	struct entry **place = &cache->buckets[str_ihash(key) % CACHE_BUCKETS];

	while (*place && !str_eq(str_from((*place)->key, (*place)->key_n), key))
		place = &(*place)->next;
	return place;
}

/* ---- the order in which they were asked for ---- */

static void unlink_entry(struct cache *cache, struct entry *entry)
{
	if (entry->newer)
		entry->newer->older = entry->older;
	else
		cache->newest = entry->older;
	if (entry->older)
		entry->older->newer = entry->newer;
	else
		cache->oldest = entry->newer;
}

static void link_newest(struct cache *cache, struct entry *entry)
{
	entry->newer = NULL;
	entry->older = cache->newest;
	if (cache->newest)
		cache->newest->newer = entry;
	else
		cache->oldest = entry;
	cache->newest = entry;
}

static size_t bytes_of(const struct entry *entry)
{
	return sizeof *entry + entry->key_n + entry->answer.body.cap + entry->answer.link.cap;
}

static void drop(struct cache *cache, struct entry *entry)
{
	struct entry **place = place_of(cache, str_from(entry->key, entry->key_n));

	*place = entry->next;
	unlink_entry(cache, entry);
	cache->bytes -= bytes_of(entry);
	answer_release(&entry->answer);
	free(entry->key);
	free(entry);
}

static struct entry *add(struct cache *cache, struct str key)
{
	struct entry **place = place_of(cache, key), *entry = calloc(1, sizeof *entry);

	if (!entry || !(entry->key = malloc(key.n + 1)))
		abort();
	memcpy(entry->key, key.p, key.n);
	entry->key_n = key.n;
	answer_init(&entry->answer);
	*place = entry;
	link_newest(cache, entry);
	cache->bytes += bytes_of(entry);
	return entry;
}

static void make_room(struct cache *cache)
{
	for (struct entry *entry = cache->oldest, *newer; entry && cache->bytes > CACHE_BYTES;
		entry = newer) {
		newer = entry->newer;
		if (!entry->making)
			drop(cache, entry);
	}
}

void cache_free(struct cache *cache)
{
	if (!cache)
		return;
	while (cache->newest)
		drop(cache, cache->newest);
	pthread_mutex_destroy(&cache->lock);
	pthread_cond_destroy(&cache->made);
	free(cache);
}

/* ---- asking ---- */

static void copy_answer(struct answer *to, const struct answer *from)
{
	answer_reset(to);
	to->status = from->status;
	to->content_type = from->content_type;
	to->keep = from->keep;
	to->fresh_s = from->fresh_s;
	buf_put(&to->body, buf_str(&from->body));
	buf_put(&to->link, buf_str(&from->link));
}

/* Than so many thirds of its time. */
static bool is_younger(const struct entry *entry, int64_t now_us, int thirds)
{
	return entry->kept && now_us - entry->made_us < entry->age_us / 3 * thirds;
}

/* The entry of the key, while nobody makes it; NULL: there is none. */
static struct entry *wait_for(struct cache *cache, struct str key, int64_t now_us)
{
	struct entry *entry = *place_of(cache, key);

	while (entry && entry->making && !is_younger(entry, now_us, 3)) {
		pthread_cond_wait(&cache->made, &cache->lock);
		entry = *place_of(cache, key);
	}
	return entry;
}

bool cache_take(struct cache *cache, struct str key, int64_t now_us, struct answer *answer)
{
	struct entry *entry;
	bool found;

	pthread_mutex_lock(&cache->lock);
	entry = wait_for(cache, key, now_us);
	if (!entry)
		entry = add(cache, key);
	unlink_entry(cache, entry);
	link_newest(cache, entry);
	found = is_younger(entry, now_us, entry->making ? 3 : 2);
	if (found)
		copy_answer(answer, &entry->answer);
	else
		entry->making = true;
	pthread_mutex_unlock(&cache->lock);
	return found;
}

void cache_done(struct cache *cache, struct str key, int64_t now_us, int64_t took_us,
	const struct answer *answer)
{
	struct entry *entry;

	pthread_mutex_lock(&cache->lock);
	entry = *place_of(cache, key);
	cache->bytes -= bytes_of(entry);
	entry->making = false;
	entry->made_us = now_us;
	entry->kept = answer->status == 200;
	entry->age_us = took_us >= CACHE_SLOW_US || cache->age_us < CACHE_MOMENT_US
				? cache->age_us
				: CACHE_MOMENT_US;
	answer_release(&entry->answer);
	answer_init(&entry->answer);
	if (entry->kept)
		copy_answer(&entry->answer, answer);
	cache->bytes += bytes_of(entry);
	pthread_cond_broadcast(&cache->made);
	if (!entry->kept)
		drop(cache, entry);
	make_room(cache);
	pthread_mutex_unlock(&cache->lock);
}
