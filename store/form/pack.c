#include "store/form/pack.h"

#include <stdlib.h>

enum { PACK_VERSION = 2 };

/* Seven bits an octet, the lowest first; the highest bit says that there are more. */
void pack_put_number(struct buf *out, uint64_t number)
{
	for (; number > 127; number >>= 7)
		buf_put_u8(out, (uint8_t)(number | 128));
	buf_put_u8(out, (uint8_t)number);
}

static bool take_long_number(struct str *rest, uint64_t *ret_number)
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

/* Nearly all are below 128. */
static inline bool take_number(struct str *rest, uint64_t *ret_number)
{
	if (!rest->n || (unsigned char)*rest->p > 127)
		return take_long_number(rest, ret_number);
	*ret_number = (unsigned char)*rest->p;
	*rest = str_skip(*rest, 1);
	return true;
}

bool pack_take_number(struct str *rest, uint64_t *ret_number)
{
	return take_number(rest, ret_number);
}

void pack_start(struct buf *out, uint64_t *ret_last)
{
	buf_reset(out);
	buf_put_u8(out, PACK_VERSION);
	*ret_last = 0;
}

void pack_put(struct buf *out, uint64_t *last, const struct pack_entry *entry)
{
	pack_put_number(out, entry->number - *last);
	pack_put_number(out, entry->set);
	for (unsigned i = 0; i < PACK_COLUMNS; i++)
		if (entry->set & 1u << i)
			pack_put_number(out, entry->column[i]);
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
	struct str rest = reader->rest;
	uint64_t distance, set;

	if (reader->bad || !rest.n)
		return false;
	reader->bad = !take_number(&rest, &distance) || !take_number(&rest, &set) ||
		      set >> PACK_COLUMNS || distance > UINT64_MAX - reader->last;
	for (uint32_t left = reader->bad ? 0 : (uint32_t)set; left; left &= left - 1)
		if (!take_number(&rest, &ret_entry->column[__builtin_ctz(left)])) {
			reader->bad = true;
			break;
		}
	if (reader->bad)
		return false;
	reader->rest = rest;
	reader->last += distance;
	ret_entry->number = reader->last;
	ret_entry->set = (uint32_t)set;
	return true;
}

/* ---- adding up ---- */

/* What the readers hold next, as a heap: the lowest number is the first. */
struct heads {
	struct pack_entry *entries; /* of each reader */
	size_t *order;              /* the heap: readers */
	size_t n;
};

static bool is_before(const struct heads *h, size_t a, size_t b)
{
	return h->entries[h->order[a]].number < h->entries[h->order[b]].number;
}

static void sink(struct heads *h, size_t at)
{
	for (;;) {
		size_t low = at, child = 2 * at + 1, other;

		for (size_t i = child; i < h->n && i < child + 2; i++)
			if (is_before(h, i, low))
				low = i;
		if (low == at)
			return;
		other = h->order[at];
		h->order[at] = h->order[low];
		h->order[low] = other;
		at = low;
	}
}

static void add_entry(struct pack_entry *sum, const struct pack_entry *entry)
{
	for (uint32_t left = entry->set; left; left &= left - 1) {
		unsigned i = (unsigned)__builtin_ctz(left);

		sum->column[i] = (sum->set & 1u << i ? sum->column[i] : 0) + entry->column[i];
	}
	sum->set |= entry->set;
	sum->number = entry->number;
}

static bool fill_heads(struct heads *h, struct pack_reader *readers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (pack_next(&readers[i], &h->entries[i]))
			h->order[h->n++] = i;
		if (readers[i].bad)
			return false;
	}
	for (size_t i = h->n; i > 0; i--)
		sink(h, i - 1);
	return true;
}

static bool merge(struct heads *h, struct pack_reader *readers, struct buf *out)
{
	struct pack_entry sum = { 0 };
	uint64_t last;

	pack_start(out, &last);
	while (h->n) {
		size_t reader = h->order[0];

		if (sum.set && sum.number != h->entries[reader].number) {
			pack_put(out, &last, &sum);
			sum.set = 0;
		}
		add_entry(&sum, &h->entries[reader]);
		if (!pack_next(&readers[reader], &h->entries[reader]))
			h->order[0] = h->order[--h->n];
		if (readers[reader].bad)
			return false;
		sink(h, 0);
	}
	if (sum.set)
		pack_put(out, &last, &sum);
	return true;
}

bool pack_merge(struct pack_reader *readers, size_t n, struct buf *out)
{
	struct heads heads = { calloc(n + 1, sizeof *heads.entries),
		calloc(n + 1, sizeof *heads.order), 0 };
	bool good;

	if (!heads.entries || !heads.order)
		abort();
	good = fill_heads(&heads, readers, n) && merge(&heads, readers, out);
	free(heads.entries);
	free(heads.order);
	return good;
}
