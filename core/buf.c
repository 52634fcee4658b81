#include "core/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf, size_t max_bytes)
{
	*buf = (struct buf)BUF_INIT(max_bytes);
}

void buf_reset(struct buf *buf)
{
	buf->n = 0;
	buf->failed = false;
}

void buf_release(struct buf *buf)
{
	free(buf->p);
	*buf = (struct buf)BUF_INIT(buf->max);
}

char *buf_grow(struct buf *buf, size_t n)
{
	size_t cap = buf->cap ? buf->cap : 256;

	if (buf->failed || n > buf->max - buf->n) {
		buf->failed = true;
		return NULL;
	}
	while (n > cap - buf->n)
		cap = cap > buf->max / 2 ? buf->max : cap * 2;
	cap = cap < buf->max ? cap : buf->max; /* so what fits into it is under the cap, too */
	if (cap > buf->cap) {
		buf->p = realloc(buf->p, cap);
		if (!buf->p)
			abort();
		buf->cap = cap;
	}
	return buf->p + buf->n;
}

void buf_put(struct buf *buf, struct str s)
{
	char *room = s.n ? buf_reserve(buf, s.n) : NULL;

	if (!room)
		return;
	memcpy(room, s.p, s.n);
	buf->n += s.n;
}

void buf_putc(struct buf *buf, char c)
{
	char *room = buf_reserve(buf, 1);

	if (!room)
		return;
	*room = c;
	buf->n++;
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	va_list args, again;
	char *room;
	int n;

	va_start(args, format);
	va_copy(again, args);
	n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	room = n < 0 ? NULL : buf_reserve(buf, (size_t)n + 1);
	if (room) {
		vsnprintf(room, (size_t)n + 1, format, again);
		buf->n += (size_t)n;
	}
	va_end(again);
}

void buf_put_u8(struct buf *buf, uint8_t value)
{
	buf_putc(buf, (char)value);
}

static void put_le(struct buf *buf, uint64_t value, size_t bytes)
{
	char *room = buf_reserve(buf, bytes);

	if (!room)
		return;
	for (size_t i = 0; i < bytes; i++)
		room[i] = (char)(value >> (8 * i));
	buf->n += bytes;
}

void buf_put_u32(struct buf *buf, uint32_t value)
{
	put_le(buf, value, 4);
}

void buf_put_u64(struct buf *buf, uint64_t value)
{
	put_le(buf, value, 8);
}

void buf_put_str32(struct buf *buf, struct str s)
{
	if (s.n > UINT32_MAX) {
		buf->failed = true;
		return;
	}
	buf_put_u32(buf, (uint32_t)s.n);
	buf_put(buf, s);
}

void buf_consume(struct buf *buf, size_t n)
{
	if (n >= buf->n) {
		buf->n = 0;
		return;
	}
	memmove(buf->p, buf->p + n, buf->n - n);
	buf->n -= n;
}

struct str buf_str(const struct buf *buf)
{
	return str_from(buf->p, buf->n);
}

enum err buf_check(const struct buf *buf)
{
	return buf->failed ? ERR_LIMIT : ERR_OK;
}

static bool take_le(struct str *rest, size_t bytes, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (rest->n < bytes)
		return false;
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t)(unsigned char)rest->p[i] << (8 * i);
	*rest = str_skip(*rest, bytes);
	*ret_value = value;
	return true;
}

bool str_take_u8(struct str *rest, uint8_t *ret_value)
{
	uint64_t value;

	if (!take_le(rest, 1, &value))
		return false;
	*ret_value = (uint8_t)value;
	return true;
}

bool str_take_u32(struct str *rest, uint32_t *ret_value)
{
	uint64_t value;

	if (!take_le(rest, 4, &value))
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

bool str_take_u64(struct str *rest, uint64_t *ret_value)
{
	return take_le(rest, 8, ret_value);
}

bool str_take_str32(struct str *rest, struct str *ret_value)
{
	struct str left = *rest;
	uint32_t n;

	if (!str_take_u32(&left, &n) || n > left.n)
		return false;
	*ret_value = str_head(left, n);
	*rest = str_skip(left, n);
	return true;
}
