#include "core/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>

/* Calls that stay calls: GCC 14 takes a const pointer to what malloc just gave for a read of it. */
__attribute__((noinline)) static void poison(void *p, size_t n)
{
	ASAN_POISON_MEMORY_REGION(p, n);
}

__attribute__((noinline)) static void unpoison(void *p, size_t n)
{
	ASAN_UNPOISON_MEMORY_REGION(p, n);
}
#else
#define poison(p, n)   ((void)(p), (void)(n))
#define unpoison(p, n) ((void)(p), (void)(n))
#endif

/* A message takes a few chunks: to give them back to malloc and ask again for each message costs more than
 * to keep them, as it joins its lists and returns pages whenever so much is freed. */
enum { ARENA_CHUNK_BYTES = 64 * 1024, ARENA_SPARE_CHUNKS = 8 };

struct chunk {
	struct chunk *next;
	size_t cap, used;
	alignas(max_align_t) char bytes[];
};

struct arena {
	struct chunk *chunks; /* the newest first */
	struct chunk *spare;  /* of the usual size, poisoned */
	size_t used, n_spare;
};

static struct chunk *chunk_new(size_t cap)
{
	struct chunk *chunk = malloc(sizeof *chunk + cap);

	if (!chunk)
		abort();
	chunk->next = NULL;
	chunk->cap = cap;
	chunk->used = 0;
	poison(chunk->bytes, cap);
	return chunk;
}

static void chunk_free(struct chunk *chunk)
{
	unpoison(chunk->bytes, chunk->cap);
	free(chunk);
}

static void chunks_free(struct chunk *chunk)
{
	struct chunk *next;

	for (; chunk; chunk = next) {
		next = chunk->next;
		chunk_free(chunk);
	}
}

/* A chunk of at least the usual size, in front of the others. */
static struct chunk *chunk_push(struct arena *arena, size_t cap)
{
	struct chunk *chunk = arena->spare;

	if (chunk && cap <= ARENA_CHUNK_BYTES) {
		arena->spare = chunk->next;
		arena->n_spare--;
	} else {
		chunk = chunk_new(cap > ARENA_CHUNK_BYTES ? cap : ARENA_CHUNK_BYTES);
	}
	chunk->next = arena->chunks;
	arena->chunks = chunk;
	return chunk;
}

struct arena *arena_new(void)
{
	struct arena *arena = calloc(1, sizeof *arena);

	if (!arena)
		abort();
	chunk_push(arena, ARENA_CHUNK_BYTES);
	return arena;
}

static void chunk_retire(struct arena *arena, struct chunk *chunk)
{
	if (chunk->cap != ARENA_CHUNK_BYTES || arena->n_spare == ARENA_SPARE_CHUNKS) {
		chunk_free(chunk);
		return;
	}
	poison(chunk->bytes, chunk->cap);
	chunk->used = 0;
	chunk->next = arena->spare;
	arena->spare = chunk;
	arena->n_spare++;
}

void arena_reset(struct arena *arena)
{
	struct chunk *next;

	for (struct chunk *chunk = arena->chunks; chunk; chunk = next) {
		next = chunk->next;
		chunk_retire(arena, chunk);
	}
	arena->chunks = NULL;
	arena->used = 0;
	chunk_push(arena, ARENA_CHUNK_BYTES);
}

void arena_free(struct arena *arena)
{
	if (!arena)
		return;
	chunks_free(arena->chunks);
	chunks_free(arena->spare);
	free(arena);
}

void arena_freep(struct arena **arena)
{
	arena_free(*arena);
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
	struct chunk *chunk = arena->chunks;
	size_t room;

	if (bytes > SIZE_MAX / 2)
		abort();
	room = (bytes + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (room > chunk->cap - chunk->used)
		chunk = chunk_push(arena, room);
	void *piece = chunk->bytes + chunk->used;

	chunk->used += room;
	arena->used += room;
	unpoison(piece, bytes);
	return piece;
}

void *arena_zalloc(struct arena *arena, size_t bytes)
{
	return memset(arena_alloc(arena, bytes), 0, bytes);
}

void *arena_calloc(struct arena *arena, size_t n, size_t bytes)
{
	if (bytes && n > SIZE_MAX / 2 / bytes)
		abort();
	return arena_zalloc(arena, n * bytes);
}

struct str arena_dup(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.n + 1);

	if (s.n)
		memcpy(copy, s.p, s.n);
	copy[s.n] = '\0';
	return (struct str){ copy, s.n };
}

struct str arena_join(struct arena *arena, struct str a, struct str b)
{
	char *p = arena_alloc(arena, a.n + b.n + 1);

	memcpy(p, a.p, a.n);
	memcpy(p + a.n, b.p, b.n);
	p[a.n + b.n] = '\0';
	return (struct str){ p, a.n + b.n };
}

struct str arena_lower(struct arena *arena, struct str s)
{
	char *copy = arena_alloc(arena, s.n + 1);

	for (size_t i = 0; i < s.n; i++)
		copy[i] = ascii_lower(s.p[i]);
	copy[s.n] = '\0';
	return (struct str){ copy, s.n };
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;
	char *text;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	assert(n >= 0);
	text = arena_alloc(arena, (size_t)n + 1);
	vsnprintf(text, (size_t)n + 1, format, again);
	va_end(again);
	return (struct str){ text, (size_t)n };
}

const char *arena_c(struct arena *arena, struct str s)
{
	return arena_dup(arena, s).p;
}

size_t arena_used(const struct arena *arena)
{
	return arena->used;
}
