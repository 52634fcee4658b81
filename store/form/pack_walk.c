#include "store/form/pack_walk.h"

#include <endian.h>
#include <string.h>

/* The distance, which columns are set, and a load of eight octets from the first of seven columns on. */
enum { LOAD = 8, SHORT_ENTRY = 2 + LOAD, SHORT_COLUMNS = 7 };
#define HIGH_BITS UINT64_C(0x8080808080808080)

/* How many bits of `set` are set below `column`, for each set: where the column stands. */
static void find_column(uint8_t shift[128], enum pack_column column)
{
	for (unsigned set = 0; set < 128; set++) {
		bool is_set = (unsigned)column < SHORT_COLUMNS && set & 1u << column;
		unsigned before = set & ((1u << column) - 1);

		shift[set] = (uint8_t)(8 * (is_set ? __builtin_popcount(before) : SHORT_COLUMNS));
	}
}

void pack_walk_open(struct pack_walk *walk, const enum pack_column columns[PACK_FEW])
{
	for (unsigned set = 0; set < 128; set++)
		walk->n[set] = (uint8_t)__builtin_popcount(set);
	for (size_t i = 0; i < PACK_FEW; i++) {
		walk->columns[i] = columns[i];
		find_column(walk->shift[i], columns[i]);
	}
}

/* False, and nothing is read, where a number of it is longer than an octet, or it is one of the last. */
static inline bool next_short(
	const struct pack_walk *walk, struct pack_reader *reader, struct pack_few *ret)
{
	const unsigned char *p = (const unsigned char *)reader->rest.p;
	uint64_t octets;
	unsigned n;

	if (reader->rest.n < SHORT_ENTRY || (p[0] | p[1]) > 127 || p[0] > UINT64_MAX - reader->last)
		return false;
	memcpy(&octets, p + 2, LOAD);
	n = walk->n[p[1]];
	octets = le64toh(octets) & ((UINT64_C(1) << 8 * n) - 1);
	if (octets & HIGH_BITS)
		return false;
	reader->last += p[0];
	reader->rest = str_skip(reader->rest, 2 + n);
	ret->number = reader->last;
	ret->set = p[1];
	for (size_t i = 0; i < PACK_FEW; i++)
		ret->value[i] = octets >> walk->shift[i][p[1]] & 127;
	return true;
}

static bool next_long(
	const struct pack_walk *walk, struct pack_reader *reader, struct pack_few *ret)
{
	struct pack_entry entry;

	if (!pack_next(reader, &entry))
		return false;
	ret->number = entry.number;
	ret->set = entry.set;
	for (size_t i = 0; i < PACK_FEW; i++)
		ret->value[i] =
			entry.set & 1u << walk->columns[i] ? entry.column[walk->columns[i]] : 0;
	return true;
}

size_t pack_walk_next(
	const struct pack_walk *walk, struct pack_reader *reader, struct pack_few *ret, size_t max)
{
	size_t n = 0;

	if (reader->bad)
		return 0;
	while (n < max && (next_short(walk, reader, &ret[n]) || next_long(walk, reader, &ret[n])))
		n++;
	return n;
}
