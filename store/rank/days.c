#include "store/rank/days.h"

#include <stdlib.h>

/* So many entries, of two octets and more, lie between two places where the second walk may begin: few of them are read again,
 * and places take a quarter of the memory of the days at most. All parts go on by so many numbers in turn: their ranks stay in the
 * processor's own memory meanwhile. */
enum { MARK_ENTRIES = 32, TURN_NUMBERS = 4096 };

struct mark {
	uint64_t last; /* the number before the first entry there */
	size_t at;     /* octets */
};

struct part {
	const struct rank_part *is;
	struct pack_reader
		reader; /* of the first walk, which makes the marks, before each MARK_ENTRIES entries */
	struct mark *marks;
	size_t n_marks;
};

struct days {
	struct part *parts;
	size_t n;
};

struct days *days_new(const struct rank_part *parts, size_t n)
{
	struct days *days = calloc(1, sizeof *days);

	if (!days || !(days->parts = calloc(n + 1, sizeof *days->parts)))
		abort();
	days->n = n;
	for (size_t i = 0; i < n; i++) {
		struct part *part = &days->parts[i];

		part->is = &parts[i];
		pack_open(&part->reader, parts[i].packed);
		part->marks =
			calloc(parts[i].packed.n / (2 * MARK_ENTRIES) + 2, sizeof *part->marks);
		if (!part->marks)
			abort();
	}
	return days;
}

void days_free(struct days *days)
{
	if (!days)
		return;
	for (size_t i = 0; i < days->n; i++)
		free(days->parts[i].marks);
	free(days->parts);
	free(days);
}

struct adding {
	struct pack_walk walks[2]; /* of days, of volumes */
	struct rank *ranks;
	uint64_t n;
};

static void open_walk(struct pack_walk *walk, bool volume, enum pack_column sorted)
{
	const enum pack_column columns[PACK_FEW] = { [RANK_FAILED] = PACK_FAILED,
		[RANK_OTHER] = rank_other(volume),
		[RANK_SORTED] = sorted };

	pack_walk_open(walk, columns);
}

/* Up to the first entry from number `below` on, or a few behind it. */
static enum err add_part(const struct adding *adding, struct part *part, uint64_t below)
{
	const struct pack_walk *walk = &adding->walks[part->is->volume];
	struct pack_few few[MARK_ENTRIES];

	while (part->reader.rest.n && part->reader.last < below) {
		size_t n;

		part->marks[part->n_marks++] = (struct mark){ part->reader.last,
			(size_t)(part->reader.rest.p - part->is->packed.p) };
		n = pack_walk_next(walk, &part->reader, few, MARK_ENTRIES);
		if (part->reader.bad || few[n - 1].number >= adding->n)
			return ERR_CORRUPT;
		for (size_t i = 0; i < n; i++)
			rank_add(&adding->ranks[few[i].number], &few[i], part->is);
	}
	return part->reader.bad ? ERR_CORRUPT : ERR_OK;
}

enum err days_add_up(struct days *days, enum pack_column sorted, struct rank *ranks, uint64_t n)
{
	struct adding adding = { .ranks = ranks, .n = n };
	enum err err = ERR_OK;

	open_walk(&adding.walks[false], false, sorted);
	open_walk(&adding.walks[true], true, sorted);
	for (uint64_t below = TURN_NUMBERS; !err && below < n + TURN_NUMBERS; below += TURN_NUMBERS)
		for (size_t i = 0; !err && i < days->n; i++)
			err = add_part(&adding, &days->parts[i], below);
	return err;
}

/* Entries of numbers[i] to the last, from this mark on; both come by rising number. */
static void read_between(const struct part *part, const struct mark *mark, const uint64_t *numbers,
	size_t i, size_t n, rank_fn *fn, void *context)
{
	struct pack_reader reader = { .rest = str_skip(part->is->packed, mark->at),
		.last = mark->last };
	struct pack_entry entry;

	for (size_t k = 0; k < MARK_ENTRIES && pack_next(&reader, &entry); k++) {
		while (i < n && numbers[i] < entry.number)
			i++;
		if (i < n && numbers[i] == entry.number)
			fn(context, i, part->is, &entry);
	}
}

static void read_part(
	const struct part *part, const uint64_t *numbers, size_t n, rank_fn *fn, void *context)
{
	size_t next = 0;

	for (size_t k = 0; k < part->n_marks; k++) {
		uint64_t to = k + 1 < part->n_marks ? part->marks[k + 1].last : UINT64_MAX;

		while (next < n && numbers[next] <= part->marks[k].last)
			next++;
		if (next < n && numbers[next] <= to)
			read_between(part, &part->marks[k], numbers, next, n, fn, context);
	}
}

void days_read(
	const struct days *days, const uint64_t *numbers, size_t n, rank_fn *fn, void *context)
{
	for (size_t i = 0; i < days->n; i++)
		read_part(&days->parts[i], numbers, n, fn, context);
}
