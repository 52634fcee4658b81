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
	walk->is_of_long = false;
	for (unsigned set = 0; set < 128; set++)
		walk->n[set] = (uint8_t)__builtin_popcount(set);
	for (size_t i = 0; i < PACK_FEW; i++) {
		walk->columns[i] = columns[i];
		walk->is_of_long |= columns[i] == PACK_ATTEMPTED;
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

/* Seven bits of each octet, one after the other. */
static inline uint64_t join_octets(uint64_t x)
{
	x = (x & UINT64_C(0x007f007f007f007f)) | (x & UINT64_C(0x7f007f007f007f00)) >> 1;
	x = (x & UINT64_C(0x00003fff00003fff)) | (x & UINT64_C(0x3fff00003fff0000)) >> 2;
	return (x & UINT64_C(0x000000000fffffff)) | (x & UINT64_C(0x0fffffff00000000)) >> 4;
}

/* False, and nothing is read, where its columns are of more than eight octets in all, or it is one of the last. Whether a number is
 * long is no branch: of volumes every other one is, and a processor would guess wrong. */
static inline bool next_medium(
	const struct pack_walk *walk, struct pack_reader *reader, struct pack_few *ret)
{
	const unsigned char *p = (const unsigned char *)reader->rest.p;
	unsigned n, ends[SHORT_COLUMNS + 1] = { 0 }; /* ends[k]: in bits, of k numbers */
	uint64_t octets, last;

	if (reader->rest.n < SHORT_ENTRY || (p[0] | p[1]) > 127 || p[0] > UINT64_MAX - reader->last)
		return false;
	memcpy(&octets, p + 2, LOAD);
	octets = le64toh(octets);
	last = ~octets & HIGH_BITS;
	n = walk->n[p[1]];
	for (unsigned k = 1; k <= n; k++, last &= last - 1) {
		if (!last)
			return false;
		ends[k] = (unsigned)__builtin_ctzll(last) + 1;
	}
	reader->last += p[0];
	reader->rest = str_skip(reader->rest, 2 + ends[n] / 8);
	ret->number = reader->last;
	ret->set = p[1];
	for (size_t i = 0; i < PACK_FEW; i++) {
		unsigned k = walk->shift[i][p[1]] / 8;

		ret->value[i] = k == SHORT_COLUMNS
					? 0
					: join_octets(octets >> ends[k] &
						      UINT64_MAX >> (64 - (ends[k + 1] - ends[k])));
	}
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

static inline bool next(
	const struct pack_walk *walk, struct pack_reader *reader, struct pack_few *ret)
{
	return (!walk->is_of_long && next_short(walk, reader, ret)) ||
	       next_medium(walk, reader, ret) || next_long(walk, reader, ret);
}

size_t pack_walk_next(
	const struct pack_walk *walk, struct pack_reader *reader, struct pack_few *ret, size_t max)
{
	size_t n = 0;

	if (reader->bad)
		return 0;
	while (n < max && next(walk, reader, &ret[n]))
		n++;
	return n;
}
