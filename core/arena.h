/* core/arena.h -- memory for one message or one request, freed whole.
 * Knows: chunks. Does not know what is in them. Out of memory aborts: sizes that a peer chooses meet
 * limits.h before they come here. Freed and unused bytes are poisoned under AddressSanitizer.
 * Ownership: the arena owns all that it handed out, until arena_reset or arena_free. Not shared
 * between threads. */
#pragma once
#include "core/attr.h"
#include "core/str.h"

#include <stdarg.h>
#include <stddef.h>

struct arena;

struct arena *arena_new(void);
/* All pieces become invalid; up to half a megabyte is kept for the next message. */
void arena_reset(struct arena *arena);
void arena_free(struct arena *arena);
/* For CLEANUP(arena_freep). */
void arena_freep(struct arena **arena);

/* Aligned for any type; never NULL; `bytes` may be 0. */
void *arena_alloc(struct arena *arena, size_t bytes);
void *arena_zalloc(struct arena *arena, size_t bytes);
/* n items of `bytes` each, zeroed; the product is checked. */
void *arena_calloc(struct arena *arena, size_t n, size_t bytes);

/* A copy, with a NUL behind it that does not count. */
struct str arena_dup(struct arena *arena, struct str s);
struct str arena_lower(struct arena *arena, struct str s);
/* Both in one piece, likewise. */
struct str arena_join(struct arena *arena, struct str a, struct str b);
struct str arena_printf(struct arena *arena, const char *format, ...) PRINTF_LIKE(2, 3);
/* The text as a C string; what stands behind a NUL is cut off. */
const char *arena_c(struct arena *arena, struct str s);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *arena);
