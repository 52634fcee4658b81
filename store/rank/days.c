#include "store/rank/days.h"

static bool read_part(
	const struct rank_part *part, const uint64_t *numbers, size_t n, rank_fn *fn, void *context)
{
	struct pack_reader reader;
	struct pack_entry entry;
	size_t i = 0;

	for (pack_open(&reader, part->packed); i < n && pack_next(&reader, &entry);) {
		while (i < n && numbers[i] < entry.number)
			i++;
		if (i < n && numbers[i] == entry.number)
			fn(context, i, part, &entry);
	}
	return !reader.bad;
}

enum err days_read(const struct rank_part *parts, size_t n_parts, const uint64_t *numbers, size_t n,
	rank_fn *fn, void *context)
{
	for (size_t i = 0; i < n_parts; i++)
		if (!read_part(&parts[i], numbers, n, fn, context))
			return ERR_CORRUPT;
	return ERR_OK;
}
