#include "suppress/policy/meaning.h"

static const struct str names[MEANING_COUNT] = {
	[MEANING_CLEAR] = STR_INIT("clear"),
	[MEANING_STRIKES] = STR_INIT("strikes"),
	[MEANING_EXPIRED] = STR_INIT("expired"),
	[MEANING_HELD] = STR_INIT("held"),
	[MEANING_SUPPRESSED] = STR_INIT("suppressed"),
	[MEANING_ALLOWED] = STR_INIT("allowed"),
};

/* What a state says while it holds, and when its end has come. */
static const struct {
	enum meaning now, over;
} meanings[SUPPRESSION_STATE_COUNT] = {
	[SUPPRESSION_ACTIVE] = { MEANING_SUPPRESSED, MEANING_EXPIRED },
	[SUPPRESSION_HELD] = { MEANING_HELD, MEANING_EXPIRED },
	[SUPPRESSION_REMOVED] = { MEANING_CLEAR, MEANING_CLEAR },
	[SUPPRESSION_ALLOWED] = { MEANING_ALLOWED, MEANING_CLEAR },
	[SUPPRESSION_EXPIRED] = { MEANING_EXPIRED, MEANING_EXPIRED },
	[SUPPRESSION_STRIKES] = { MEANING_STRIKES, MEANING_STRIKES },
};

struct str meaning_name(enum meaning meaning)
{
	return names[meaning];
}

enum meaning meaning_of(const struct store_suppression *row, int64_t now_us)
{
	bool over = row->expires_at_us != TIMESTAMP_NONE && row->expires_at_us <= now_us;

	return over ? meanings[row->state].over : meanings[row->state].now;
}

static bool reaches_address(const struct store_suppression *row, struct str address)
{
	if (str_eq(row->address, address))
		return true;
	return suppression_is_domain(row->address) &&
	       str_eq(str_skip(row->address, 1), suppression_domain(address));
}

bool meaning_reaches(
	const struct store_suppression *row, struct str address, const struct str *stream)
{
	return (!stream || !row->stream.n || str_eq(row->stream, *stream)) &&
	       reaches_address(row, address);
}

/* Does an entry that allows take the weight from `row`, where `address` is asked about? */
static bool overrides(const struct store_suppression *allowing, const struct store_suppression *row,
	struct str address, int64_t now_us)
{
	return meaning_of(allowing, now_us) == MEANING_ALLOWED &&
	       (!allowing->stream.n || str_eq(allowing->stream, row->stream)) &&
	       reaches_address(allowing, address);
}

bool meaning_allows(const struct store_suppression *allowing, const struct store_suppression *row,
	int64_t now_us)
{
	return overrides(allowing, row, row->address, now_us);
}

struct question {
	const struct store_suppression *rows;
	size_t n;
	struct str address;
	const struct str *stream;
	int64_t now_us;
};

static bool is_overridden(const struct question *q, const struct store_suppression *row)
{
	for (size_t i = 0; i < q->n; i++)
		if (overrides(&q->rows[i], row, q->address, q->now_us))
			return true;
	return false;
}

/* First by what is said, then the address before its domain, then the stream that was asked about or, where none was,
 * all of them. 0: says nothing. Where any stream is asked about, an entry that allows one of them says nothing of the
 * others. */
static unsigned weight_of(const struct question *q, const struct store_suppression *row)
{
	enum meaning meaning = meaning_of(row, q->now_us);
	unsigned weight = (unsigned)meaning;

	if (!meaning_reaches(row, q->address, q->stream))
		return 0;
	if (meaning != MEANING_ALLOWED && is_overridden(q, row))
		return 0;
	if (meaning == MEANING_ALLOWED && !q->stream && row->stream.n)
		weight = 0;
	return 1 + 4 * weight + (suppression_is_domain(row->address) ? 0 : 2) +
	       ((q->stream != NULL) == (row->stream.n != 0) ? 1 : 0);
}

enum meaning meaning_choose(const struct store_suppression *rows, size_t n, struct str address,
	const struct str *stream, int64_t now_us, size_t *ret_at)
{
	const struct question q = { rows, n, address, stream, now_us };
	unsigned best = 0;

	*ret_at = n;
	for (size_t i = 0; i < n; i++) {
		unsigned weight = weight_of(&q, &rows[i]);

		if (weight <= best)
			continue;
		best = weight;
		*ret_at = i;
	}
	return best ? meaning_of(&rows[*ret_at], now_us) : MEANING_CLEAR;
}

bool meaning_shows(const struct store_suppression *row, const struct str *viewer)
{
	return !viewer || str_eq(row->stream, *viewer);
}
