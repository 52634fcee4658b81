#include "store/form/pack_head.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_VERSION = 1 };

/* What lists are ordered by (enum store_sort). */
static const enum pack_column ordered[] = { PACK_FAILED, PACK_HARD, PACK_SOFT, PACK_BLOCK,
	PACK_DELAYED, PACK_ATTEMPTED, PACK_COMPLAINTS };
enum { ORDERED = sizeof ordered / sizeof *ordered };

/* ---- the largest values of a column: a heap, the least of them first ---- */

struct largest {
	uint64_t *values;
	size_t n, room;
};

static void sink(struct largest *l)
{
	for (size_t at = 0;;) {
		size_t least = at, child = 2 * at + 1;
		uint64_t value = l->values[at];

		for (size_t i = child; i < l->n && i < child + 2; i++)
			if (l->values[i] < l->values[least])
				least = i;
		if (least == at)
			return;
		l->values[at] = l->values[least];
		l->values[least] = value;
		at = least;
	}
}

static void keep(struct largest *l, uint64_t value)
{
	size_t at = l->n;

	if (l->n == l->room) {
		if (value <= l->values[0])
			return;
		l->values[0] = value;
		sink(l);
		return;
	}
	l->n++;
	for (; at && l->values[(at - 1) / 2] > value; at = (at - 1) / 2)
		l->values[at] = l->values[(at - 1) / 2];
	l->values[at] = value;
}

/* Fewer entries than there is room for have more. */
static uint64_t beyond(const struct largest *l)
{
	return l->n == l->room ? l->values[0] : 0;
}

/* ---- making one ---- */

struct making {
	struct largest columns[ORDERED];
	uint64_t beyond[ORDERED];
	size_t entries;
	struct buf *out;
};

static bool read_largest(struct making *m, struct str packed)
{
	struct pack_reader reader;
	struct pack_entry entry;

	for (pack_open(&reader, packed); pack_next(&reader, &entry); m->entries++)
		for (size_t i = 0; i < ORDERED; i++)
			if (entry.set & 1u << ordered[i] && entry.column[ordered[i]])
				keep(&m->columns[i], entry.column[ordered[i]]);
	for (size_t i = 0; i < ORDERED; i++)
		m->beyond[i] = beyond(&m->columns[i]);
	return !reader.bad;
}

static bool is_large(const struct making *m, const struct pack_entry *entry)
{
	for (size_t i = 0; i < ORDERED; i++)
		if (entry->set & 1u << ordered[i] && entry->column[ordered[i]] > m->beyond[i])
			return true;
	return false;
}

/* The marks in front, the entries behind them. */
static void write_head(const struct making *m, struct str packed, struct buf *entries)
{
	struct pack_reader reader;
	struct pack_entry entry;
	uint64_t last, marked = 0, marked_at = 0;

	buf_putc(m->out, HEAD_VERSION);
	for (size_t i = 0; i < ORDERED; i++)
		pack_put_number(m->out, m->beyond[i]);
	pack_put_number(m->out, (m->entries - 1) / PACK_HEAD_MARK_ENTRIES + 1);
	pack_start(entries, &last);
	pack_open(&reader, packed);
	for (size_t i = 0;; i++) {
		uint64_t number = reader.last, at = (uint64_t)(reader.rest.p - packed.p);

		if (!pack_next(&reader, &entry))
			return;
		if (is_large(m, &entry))
			pack_put(entries, &last, &entry);
		if (i % PACK_HEAD_MARK_ENTRIES)
			continue;
		pack_put_number(m->out, number - marked);
		pack_put_number(m->out, at - marked_at);
		marked = number;
		marked_at = at;
	}
}

bool pack_head_make(struct str packed, size_t largest, struct buf *out)
{
	struct making m = { .out = out };
	uint64_t *values = calloc(ORDERED * largest, sizeof *values);
	struct buf entries = BUF_INIT(out->max);
	bool good;

	if (!values)
		abort();
	for (size_t i = 0; i < ORDERED; i++)
		m.columns[i] = (struct largest){ values + i * largest, 0, largest };
	buf_reset(out);
	good = read_largest(&m, packed);
	if (good && m.entries > largest) {
		write_head(&m, packed, &entries);
		buf_put(out, buf_str(&entries));
	}
	buf_release(&entries);
	free(values);
	return good;
}

/* ---- reading one ---- */

bool pack_head_open(struct pack_head *head, struct str bytes)
{
	struct str rest = str_skip(bytes, bytes.n ? 1 : 0), marks;
	uint64_t number, n_marks;

	*head = (struct pack_head){ .whole = false };
	if (!bytes.n || bytes.p[0] != HEAD_VERSION)
		return false;
	for (size_t i = 0; i < ORDERED; i++)
		if (!pack_take_number(&rest, &head->beyond[ordered[i]]))
			return false;
	if (!pack_take_number(&rest, &n_marks) || !n_marks || n_marks > rest.n)
		return false;
	marks = rest;
	for (uint64_t i = 0; i < 2 * n_marks; i++)
		if (!pack_take_number(&rest, &number))
			return false;
	head->marks = str_head(marks, marks.n - rest.n);
	pack_open(&head->entries, rest);
	return !head->entries.bad;
}

void pack_head_whole(struct pack_head *head, struct str packed)
{
	*head = (struct pack_head){ .whole = true };
	pack_open(&head->entries, packed);
}

struct pack_place pack_head_find(const struct pack_head *head, uint64_t number)
{
	struct pack_place place = { 0, 0, UINT64_MAX, UINT64_MAX };
	struct str rest = head->marks;
	uint64_t last = 0, at = 0, by, octets;

	while (pack_take_number(&rest, &by) && pack_take_number(&rest, &octets)) {
		last += by;
		at += octets;
		if (place.at && last >= number) {
			place.end = at;
			place.next = last;
			return place;
		}
		place.last = last;
		place.at = at; /* never 0: the version stands in front */
	}
	return place;
}

struct pack_reader pack_head_read(const struct pack_place *place, struct str bytes)
{
	return (struct pack_reader){ .rest = bytes, .last = place->last };
}
