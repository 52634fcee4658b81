#include "store/form/copy.h"

#include <arpa/inet.h>
#include <string.h>

enum { COPY_OID_TEXT = 25, COPY_NULL = -1 };

/* Network byte order, as everything in this form. */
static void put_be(struct buf *out, uint64_t value, unsigned bytes)
{
	char room[8];

	for (unsigned i = 0; i < bytes; i++)
		room[i] = (char)(value >> (8 * (bytes - 1 - i)));
	buf_put(out, str_from(room, bytes));
}

static void put_length(struct buf *out, int64_t length)
{
	put_be(out, (uint32_t)length, 4);
}

void copy_header(struct buf *out)
{
	buf_put(out, STR("PGCOPY\n\377\r\n\0"));
	put_be(out, 0, 8); /* no flags, no extension */
}

void copy_trailer(struct buf *out)
{
	put_be(out, UINT16_MAX, 2);
}

void copy_row(struct buf *out, unsigned n_fields)
{
	put_be(out, n_fields, 2);
}

void copy_text(struct buf *out, struct str s)
{
	put_length(out, (int64_t)s.n);
	buf_put(out, s);
}

void copy_bytes(struct buf *out, const void *p, size_t n)
{
	copy_text(out, str_from(p, n));
}

void copy_i64(struct buf *out, int64_t number)
{
	put_length(out, 8);
	put_be(out, (uint64_t)number, 8);
}

void copy_bool(struct buf *out, bool value)
{
	put_length(out, 1);
	put_be(out, value, 1);
}

void copy_null(struct buf *out)
{
	put_length(out, COPY_NULL);
}

void copy_f64(struct buf *out, double number)
{
	uint64_t bits;

	memcpy(&bits, &number, sizeof bits);
	put_length(out, 8);
	put_be(out, bits, 8);
}

void copy_time(struct buf *out, int64_t at_us)
{
	if (at_us == TIMESTAMP_NONE)
		put_length(out, COPY_NULL);
	else
		copy_i64(out, at_us - PG_EPOCH_US);
}

void copy_uuid(struct buf *out, const struct uuid *uuid)
{
	copy_bytes(out, uuid->bytes, sizeof uuid->bytes);
}

void copy_text_array(struct buf *out, const struct str *texts, size_t n)
{
	size_t place = out->n;
	uint32_t length;

	put_length(out, 0);
	put_be(out, n ? 1 : 0, 4); /* dimensions; an empty array has none */
	put_be(out, 0, 4);         /* no nulls */
	put_be(out, COPY_OID_TEXT, 4);
	if (n) {
		put_be(out, n, 4);
		put_be(out, 1, 4); /* lower bound */
	}
	for (size_t i = 0; i < n; i++)
		copy_text(out, texts[i]);
	if (out->failed)
		return;
	length = htonl((uint32_t)(out->n - place - 4));
	memcpy(out->p + place, &length, sizeof length);
}
