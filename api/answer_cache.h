/* api/answer_cache.h -- answers to reports that took long, for a few seconds: a dashboard asks many times what one look at
 * the database answers.
 * Knows: keys, ages, bytes. Does not know routes, HTTP or the database. For any number of threads.
 * One thread makes an answer; the others take the one before, as long as that is young enough, else wait for it.
 * What took less than CACHE_SLOW_US is kept for CACHE_MOMENT_US alone: it is of now, and many who ask at once have one maker.
 * Bounds: CACHE_BYTES in all; the answer that was asked for longest ago goes first. */
#pragma once
#include "api/request/answer.h"
#include "core/str.h"

#include <stdint.h>

#define CACHE_SLOW_US   (20 * 1000)
#define CACHE_MOMENT_US (90 * 1000)
#define CACHE_BYTES     ((size_t)48 << 20)

struct cache;
/* No answer is older than age_us; who asks when two thirds of it are over makes the next one. */
struct cache *cache_new(int64_t age_us);
/* Takes NULL. */
void cache_free(struct cache *cache);

/* True: *answer is filled. False: the caller makes it, and calls cache_done, whatever comes of it. */
bool cache_take(struct cache *cache, struct str key, int64_t now_us, struct answer *answer);
/* `answer` is kept if it is good. `took_us` is since cache_take. */
void cache_done(struct cache *cache, struct str key, int64_t now_us, int64_t took_us,
	const struct answer *answer);
