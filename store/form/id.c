#include "store/form/id.h"

#include <string.h>

/* FNV-1a with 64 bits, its end mixed (the finalizer of splitmix64), so that neighbours differ in all
 * bits. Stands in the database: never to be changed. */
static uint64_t hash_bytes(uint64_t hash, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		hash = (hash ^ (unsigned char)s.p[i]) * UINT64_C(0x100000001b3);
	return hash;
}

static uint64_t hash_number(uint64_t hash, uint64_t number)
{
	char bytes[8];

	for (unsigned i = 0; i < 8; i++)
		bytes[i] = (char)(number >> (8 * i));
	return hash_bytes(hash, str_from(bytes, sizeof bytes));
}

static uint64_t hash_mix(uint64_t hash)
{
	hash = (hash ^ (hash >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	hash = (hash ^ (hash >> 27)) * UINT64_C(0x94d049bb133111eb);
	return hash ^ (hash >> 31);
}

static uint64_t hash_key(uint64_t seed, struct str spool_id, uint64_t sequence, uint32_t number)
{
	return hash_mix(hash_number(hash_number(hash_bytes(seed, spool_id), sequence), number));
}

static uint64_t milliseconds(int64_t at_us)
{
	int64_t ms = timestamp_floor(at_us, 1000) / 1000;

	return ms < 0 ? 0 : (uint64_t)ms & UINT64_C(0xffffffffffff);
}

static void put_be(uint8_t *out, uint64_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
}

/* RFC 9562 5.8: 48 bits of ours, version, 12 of ours, variant, 62 of ours. */
struct uuid store_id(
	int64_t received_at_us, struct str spool_id, uint64_t sequence, uint32_t number)
{
	uint64_t high = hash_key(UINT64_C(0xcbf29ce484222325), spool_id, sequence, number);
	uint64_t low = hash_key(UINT64_C(0x84222325cbf29ce4), spool_id, sequence, number);
	struct uuid id;

	put_be(id.bytes, milliseconds(received_at_us), 6);
	put_be(id.bytes + 6, 0x8000 | (high & 0x0fff), 2);
	put_be(id.bytes + 8, (low & (UINT64_MAX >> 2)) | (UINT64_C(2) << 62), 8);
	return id;
}

struct uuid store_id_lowest(int64_t at_us)
{
	struct uuid id = { 0 };

	put_be(id.bytes, milliseconds(at_us), 6);
	return id;
}

int64_t store_id_received_ms(const struct uuid *id)
{
	int64_t ms = 0;

	for (unsigned i = 0; i < 6; i++)
		ms = ms * 256 + id->bytes[i];
	return ms;
}
