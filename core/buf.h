/* core/buf.h -- growing bytes with a hard cap and a sticky error.
 * Knows: bytes. Ownership: a buf owns its bytes until buf_release. What does not fit under the cap
 * is not written at all and sets `failed`, so that a writer checks once, at the end. */
#pragma once
#include "core/attr.h"
#include "core/err.h"
#include "core/str.h"

#include <stdint.h>

struct buf {
	char *p;
	size_t n, cap, max;
	bool failed;
};

#define BUF_INIT(max_bytes)                                                                        \
	{                                                                                          \
		NULL, 0, 0, (max_bytes), false                                                     \
	}

void buf_init(struct buf *buf, size_t max_bytes);
/* Empty and not failed; keeps its memory. */
void buf_reset(struct buf *buf);
void buf_release(struct buf *buf);

void buf_put(struct buf *buf, struct str s);
void buf_putc(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) PRINTF_LIKE(2, 3);
/* Fixed-width little-endian numbers, for the binary formats. */
void buf_put_u8(struct buf *buf, uint8_t value);
void buf_put_u32(struct buf *buf, uint32_t value);
void buf_put_u64(struct buf *buf, uint64_t value);
/* A u32 length, then the bytes. */
void buf_put_str32(struct buf *buf, struct str s);
/* Room for n more bytes at p + this->n, to be counted by adding to n; NULL (and failed) over the cap. */
static inline char *buf_reserve(struct buf *buf, size_t n);
char *buf_grow(struct buf *buf, size_t n); /* for buf_reserve */
static inline char *buf_reserve(struct buf *buf, size_t n)
{
	if (buf->failed || n > buf->cap - buf->n)
		return buf_grow(buf, n);
	return buf->p + buf->n;
}
/* Drops the first n bytes. */
void buf_consume(struct buf *buf, size_t n);

/* Valid until the next change of buf. */
struct str buf_str(const struct buf *buf);
/* ERR_LIMIT if anything was refused since the last reset. */
MUST_CHECK enum err buf_check(const struct buf *buf);

/* Reads what buf_put_* wrote, off the front of *rest. False, and *rest unchanged, when too short. */
bool str_take_u8(struct str *rest, uint8_t *ret_value);
bool str_take_u32(struct str *rest, uint32_t *ret_value);
bool str_take_u64(struct str *rest, uint64_t *ret_value);
bool str_take_str32(struct str *rest, struct str *ret_value);
