#include "parser/reason/likeness.h"

#include "core/embedded.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded_file likeness_embedded[];

struct likeness {
	struct likeness_head head;
	const char *rows; /* FEATURE_ROWS of LIKENESS_STRIDE signed bytes */
	bool hard[REASON_COUNT];
};

struct str likeness_builtin(void)
{
	return likeness_embedded[0].name
		       ? str_from(likeness_embedded[0].bytes, likeness_embedded[0].n)
		       : STR_EMPTY;
}

struct likeness *likeness_new(struct str bytes)
{
	struct likeness *likeness;
	struct likeness_head head;

	if (bytes.n != sizeof head + sizeof(int8_t[FEATURE_ROWS][LIKENESS_STRIDE]))
		return NULL;
	memcpy(&head, bytes.p, sizeof head);
	if (memcmp(head.magic, LIKENESS_MAGIC, sizeof head.magic) ||
		head.columns != LIKENESS_COLUMNS)
		return NULL;
	likeness = calloc(1, sizeof *likeness);
	if (!likeness)
		abort();
	likeness->head = head;
	likeness->rows = bytes.p + sizeof head;
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++)
		likeness->hard[i] = reason_class((enum reason)i) == CLASS_HARD;
	return likeness;
}

void likeness_free(struct likeness *likeness)
{
	free(likeness);
}

static const signed char *row_at(const struct likeness *likeness, uint16_t row)
{
	return (const signed char *)likeness->rows + (size_t)row * LIKENESS_STRIDE;
}

void likeness_announce(const struct likeness *likeness, struct features *features)
{
	features->table = likeness ? likeness->rows : "";
	features->stride = likeness ? LIKENESS_STRIDE : 0;
}

/* As many rows as sums of 16 bits can hold. */
enum { ROWS_AT_ONCE = 255 };

/* Sixteen columns at a time, in sums that a compiler keeps in registers. Read as eight numbers of 16 bits, columns are pairs: the
 * low and the high byte of each. What fills a row up behind the last lane is not summed. */
enum {
	LANE = 16,
	LANES = (LIKENESS_COLUMNS + LANE - 1) / LANE,
	SUMMED = LANES * LANE,
	LOW_FIRST = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
};
typedef int16_t lane __attribute__((vector_size(LANE)));

static lane read_lane(const signed char *row)
{
	lane pairs;

	memcpy(&pairs, row, sizeof pairs);
	return pairs;
}

static void add_lane(lane low, lane high, int32_t sums[static LANE])
{
	for (size_t i = 0; i < LANE / 2; i++) {
		sums[2 * i] += LOW_FIRST ? low[i] : high[i];
		sums[2 * i + 1] += LOW_FIRST ? high[i] : low[i];
	}
}

static void add_some_rows(const struct likeness *likeness, const uint16_t *rows, size_t n,
	int32_t sums[static SUMMED])
{
	lane low[LANES] = { { 0 } }, high[LANES] = { { 0 } };

	for (size_t i = 0; i < n; i++) {
		const signed char *row = row_at(likeness, rows[i]);

#pragma GCC unroll 8
		for (size_t k = 0; k < LANES; k++) {
			lane pairs = read_lane(row + k * LANE);

			low[k] += (pairs << 8) >> 8;
			high[k] += pairs >> 8;
		}
	}
#pragma GCC unroll 8
	for (size_t k = 0; k < LANES; k++)
		add_lane(low[k], high[k], sums + k * LANE);
}

static void add_rows(const struct likeness *likeness, const struct feature_group *group,
	int32_t ret_sums[static SUMMED])
{
	memset(ret_sums, 0, sizeof(int32_t[SUMMED]));
	for (size_t i = 0; i < group->n; i += ROWS_AT_ONCE)
		add_some_rows(likeness, group->rows + i,
			group->n - i < ROWS_AT_ONCE ? group->n - i : ROWS_AT_ONCE, ret_sums);
}

static void find_first_two(struct likeness_scores *scores)
{
	enum reason first = REASON_NONE + 1, second;

	for (int i = first; i < REASON_COUNT; i++)
		if (scores->of[i] > scores->of[first])
			first = (enum reason)i;
	second = first == REASON_NONE + 1 ? REASON_NONE + 2 : REASON_NONE + 1;
	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++)
		if (i != (int)first && scores->of[i] > scores->of[second])
			second = (enum reason)i;
	scores->first = first;
	scores->second = second;
}

static double hard_of(const struct likeness *likeness, const struct likeness_scores *scores)
{
	double best[2] = { -INFINITY, -INFINITY };

	for (int i = REASON_NONE + 1; i < REASON_COUNT; i++) {
		bool hard = likeness->hard[i];

		if (scores->of[i] > best[hard])
			best[hard] = scores->of[i];
	}
	return scores->of[LIKENESS_HARD] + best[true] - best[false];
}

void likeness_score(const struct likeness *likeness, const struct features *features,
	struct likeness_scores *ret_scores)
{
	int32_t sums[SUMMED];

	for (size_t k = 0; k < LIKENESS_COLUMNS; k++)
		ret_scores->of[k] = likeness->head.bias[k];
	for (size_t kind = 0; kind < FEATURE_KINDS; kind++) {
		const struct feature_group *group = &features->groups[kind];
		double each = group->n ? likeness->head.step / sqrt((double)group->n) : 0;

		add_rows(likeness, group, sums);
		for (size_t k = 0; k < LIKENESS_COLUMNS; k++)
			ret_scores->of[k] += each * sums[k];
	}
	find_first_two(ret_scores);
	ret_scores->hard = hard_of(likeness, ret_scores);
}

size_t likeness_words(const struct likeness *likeness, const struct features *features,
	enum reason first, enum reason second, struct feature_span ret_spans[static LIKENESS_WORDS])
{
	int loud[LIKENESS_WORDS];
	size_t n = 0;

	for (size_t i = 0; i < features->n_spans; i++) {
		const signed char *row = row_at(likeness, features->spans[i].row);
		int speaks = row[first] - row[second];
		size_t at = n;

		for (; at && loud[at - 1] < speaks; at--)
			;
		if (speaks <= 0 || at == LIKENESS_WORDS)
			continue;
		n -= n == LIKENESS_WORDS;
		memmove(&loud[at + 1], &loud[at], (n - at) * sizeof *loud);
		memmove(&ret_spans[at + 1], &ret_spans[at], (n - at) * sizeof *ret_spans);
		loud[at] = speaks;
		ret_spans[at] = features->spans[i];
		n++;
	}
	return n;
}
