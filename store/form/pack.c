#include "store/form/pack.h"

enum { PACK_VERSION = 1 };

/* Seven bits an octet, the lowest first; the highest bit says that there are more. */
static void put_number(struct buf *out, uint64_t number)
{
	for (; number > 127; number >>= 7)
		buf_put_u8(out, (uint8_t)(number | 128));
	buf_put_u8(out, (uint8_t)number);
}

static bool take_number(struct str *rest, uint64_t *ret_number)
{
	uint64_t number = 0;

	for (size_t i = 0; i < rest->n && i < 10; i++) {
		uint64_t octet = (unsigned char)rest->p[i];

		number |= (octet & 127) << (7 * i);
		if (octet & 128)
			continue;
		*rest = str_skip(*rest, i + 1);
		*ret_number = number;
		return true;
	}
	return false;
}

void pack_start(struct buf *out, uint64_t *ret_last)
{
	buf_reset(out);
	buf_put_u8(out, PACK_VERSION);
	*ret_last = 0;
}

void pack_put(struct buf *out, uint64_t *last, const struct pack_entry *entry)
{
	put_number(out, entry->number - *last);
	put_number(out, entry->set);
	for (unsigned i = 0; i < PACK_COLUMNS; i++)
		if (entry->set & 1u << i)
			put_number(out, entry->column[i]);
	*last = entry->number;
}

void pack_open(struct pack_reader *reader, struct str packed)
{
	*reader = (struct pack_reader){ .rest = packed };
	reader->bad = !packed.n || packed.p[0] != PACK_VERSION;
	reader->rest = str_skip(packed, packed.n ? 1 : 0);
}

bool pack_next(struct pack_reader *reader, struct pack_entry *ret_entry)
{
	uint64_t distance, set;

	if (reader->bad || !reader->rest.n)
		return false;
	if (!take_number(&reader->rest, &distance) || !take_number(&reader->rest, &set) ||
		set >> PACK_COLUMNS || distance > UINT64_MAX - reader->last)
		reader->bad = true;
	for (unsigned i = 0; i < PACK_COLUMNS && !reader->bad; i++)
		if (set & 1u << i && !take_number(&reader->rest, &ret_entry->column[i]))
			reader->bad = true;
	if (reader->bad)
		return false;
	reader->last += distance;
	ret_entry->number = reader->last;
	ret_entry->set = (uint32_t)set;
	return true;
}
