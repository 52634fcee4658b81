#include "spool/record.h"

#include "spool/crc32c.h"

#include <string.h>

/* Places of the fields in the header. */
enum {
	AT_MAGIC = 0,
	AT_VERSION = 4,
	AT_ENVELOPE_BYTES = 8,
	AT_MESSAGE_BYTES = 12,
	AT_SEQUENCE = 16,
	AT_TIME = 24,
	AT_BODY_CRC = 32,
	AT_HEADER_CRC = 36,
};

static void put_le(char *room, uint64_t value, size_t n)
{
	for (size_t i = 0; i < n; i++)
		room[i] = (char)(value >> (8 * i));
}

static uint64_t get_le(const char *p, size_t n)
{
	uint64_t value = 0;

	for (size_t i = 0; i < n; i++)
		value |= (uint64_t)(unsigned char)p[i] << (8 * i);
	return value;
}

uint32_t record_seed(uint64_t lane_id, uint64_t segment)
{
	char bytes[16];

	put_le(bytes, lane_id, 8);
	put_le(bytes + 8, segment, 8);
	return crc32c(0, str_from(bytes, sizeof bytes));
}

uint64_t record_batch(const struct record *record)
{
	uint64_t place = (uint64_t)record->stored_at_us % RECORD_BATCH;

	return place < record->sequence ? record->sequence - place : 1;
}

uint64_t record_bytes(uint64_t envelope_and_message)
{
	uint64_t bytes = RECORD_HEADER_BYTES + envelope_and_message;

	return (bytes + RECORD_ALIGN - 1) / RECORD_ALIGN * RECORD_ALIGN;
}

size_t record_put(struct buf *out, const struct envelope *envelope, struct str message)
{
	static const char zeros[RECORD_HEADER_BYTES];
	size_t start = out->n, body, padding;
	char *header;

	buf_put(out, str_from(zeros, RECORD_HEADER_BYTES));
	body = out->n;
	envelope_encode(envelope, out);
	body = out->n - body;
	buf_put(out, message);
	padding = (size_t)record_bytes(body + message.n) - RECORD_HEADER_BYTES - body - message.n;
	buf_put(out, str_from(zeros, padding));
	if (out->failed || body > UINT32_MAX || message.n > UINT32_MAX) {
		out->n = start;
		out->failed = false;
		return 0;
	}
	header = out->p + start;
	put_le(header + AT_MAGIC, RECORD_MAGIC, 4);
	put_le(header + AT_VERSION, RECORD_VERSION, 4);
	put_le(header + AT_ENVELOPE_BYTES, body, 4);
	put_le(header + AT_MESSAGE_BYTES, message.n, 4);
	return out->n - start;
}

static struct str record_body(const char *header)
{
	uint64_t n = get_le(header + AT_ENVELOPE_BYTES, 4) + get_le(header + AT_MESSAGE_BYTES, 4);

	return str_from(header + RECORD_HEADER_BYTES, record_bytes(n) - RECORD_HEADER_BYTES);
}

void record_seal(char *room, uint32_t seed, uint64_t sequence, int64_t stored_at_us)
{
	put_le(room + AT_SEQUENCE, sequence, 8);
	put_le(room + AT_TIME, (uint64_t)stored_at_us, 8);
	put_le(room + AT_BODY_CRC, crc32c(seed, record_body(room)), 4);
	put_le(room + AT_HEADER_CRC, crc32c(seed, str_from(room, AT_HEADER_CRC)), 4);
}

static bool is_zero(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i])
			return false;
	return true;
}

enum record_state record_peek(struct str bytes, uint32_t seed, uint64_t *ret_bytes)
{
	struct str header = str_head(bytes, RECORD_HEADER_BYTES);

	if (is_zero(header))
		return RECORD_EMPTY;
	if (header.n < RECORD_HEADER_BYTES || get_le(header.p + AT_MAGIC, 4) != RECORD_MAGIC ||
		get_le(header.p + AT_HEADER_CRC, 4) !=
			crc32c(seed, str_head(header, AT_HEADER_CRC)))
		return RECORD_BAD;
	if (get_le(header.p + AT_VERSION, 4) != RECORD_VERSION)
		return RECORD_NEWER;
	*ret_bytes = RECORD_HEADER_BYTES + record_body(header.p).n;
	return RECORD_SHORT;
}

enum record_state record_read(struct str bytes, uint32_t seed, struct record *ret_record)
{
	uint64_t n;
	enum record_state state = record_peek(bytes, seed, &n);
	struct str body;
	size_t envelope_bytes;

	if (state != RECORD_SHORT || n > bytes.n)
		return state;
	body = record_body(bytes.p);
	if (get_le(bytes.p + AT_BODY_CRC, 4) != crc32c(seed, body))
		return RECORD_BAD;
	envelope_bytes = get_le(bytes.p + AT_ENVELOPE_BYTES, 4);
	*ret_record = (struct record){
		.sequence = get_le(bytes.p + AT_SEQUENCE, 8),
		.stored_at_us = (int64_t)get_le(bytes.p + AT_TIME, 8),
		.envelope = str_head(body, envelope_bytes),
		.message = str_slice(body, envelope_bytes,
			envelope_bytes + get_le(bytes.p + AT_MESSAGE_BYTES, 4)),
		.whole = str_head(bytes, n),
	};
	return RECORD_WHOLE;
}

size_t record_next_magic(struct str bytes, size_t from)
{
	for (; from < bytes.n && bytes.n - from >= 4; from += RECORD_ALIGN)
		if (get_le(bytes.p + from, 4) == RECORD_MAGIC)
			return from;
	return bytes.n;
}
