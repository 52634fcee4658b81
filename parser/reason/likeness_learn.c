#include "parser/reason/likeness_learn.h"

#include <math.h>
#include <string.h>

enum {
	ROUNDS_MOST = 40,
	WEIGHT_MOST = 127, /* of a row's whole numbers */
};
/* How much an example that is on the wrong side costs, and the largest step of a round that ends the learning. */
#define COST    0.25
#define SETTLED 0.01

/* One column while it is learnt. */
struct column {
	const struct likeness_example *examples;
	size_t n;
	double *weights; /* of FEATURE_ROWS */
	double bias;
	double *alpha;           /* of each example */
	const signed char *side; /* 1, -1, or 0: is not asked */
	const double *cost;
	uint32_t *order;
	uint64_t shuffle;
};

struct likeness_example likeness_example_of(struct arena *arena, const struct features *features,
	uint64_t reasons, enum example_hard hard)
{
	struct likeness_example one = { .reasons = reasons, .hard = hard };

	for (size_t kind = 0; kind < FEATURE_KINDS; kind++) {
		const struct feature_group *group = &features->groups[kind];
		uint16_t *rows = arena_calloc(arena, group->n + 1, sizeof *rows);

		memcpy(rows, group->rows, group->n * sizeof *rows);
		one.rows[kind] = rows;
		one.n[kind] = group->n;
	}
	return one;
}

/* ---- one column ---- */

static double each_of(const struct likeness_example *one, size_t kind)
{
	return one->n[kind] ? 1 / sqrt((double)one->n[kind]) : 0;
}

static double decide(const struct column *c, const struct likeness_example *one)
{
	double all = c->bias;

	for (size_t kind = 0; kind < FEATURE_KINDS; kind++) {
		double sum = 0;

		for (size_t i = 0; i < one->n[kind]; i++)
			sum += c->weights[one->rows[kind][i]];
		all += sum * each_of(one, kind);
	}
	return all;
}

static void move(struct column *c, const struct likeness_example *one, double by)
{
	c->bias += by;
	for (size_t kind = 0; kind < FEATURE_KINDS; kind++) {
		double each = by * each_of(one, kind);

		for (size_t i = 0; i < one->n[kind]; i++)
			c->weights[one->rows[kind][i]] += each;
	}
}

/* The square of an example's length: one for each kind that has features, and one for the bias. */
static double square_of(const struct likeness_example *one)
{
	double square = 1;

	for (size_t kind = 0; kind < FEATURE_KINDS; kind++)
		square += one->n[kind] > 0;
	return square;
}

/* The step of the dual problem in one coordinate; returns how large it was. */
static double step(struct column *c, size_t i)
{
	const struct likeness_example *one = &c->examples[i];
	double soft = 1 / (2 * c->cost[i]), side = c->side[i], before = c->alpha[i];
	double slope = side * decide(c, one) - 1 + soft * before;
	double after = before - slope / (square_of(one) + soft);

	if (after < 0)
		after = 0;
	if (after == before)
		return 0;
	c->alpha[i] = after;
	move(c, one, (after - before) * side);
	return fabs(after - before);
}

/* Knuth's MMIX generator: an order that is mixed, and the same each time. */
static void mix(struct column *c)
{
	for (size_t i = c->n; i > 1; i--) {
		size_t at;
		uint32_t other;

		c->shuffle = c->shuffle * 6364136223846793005u + 1442695040888963407u;
		at = (size_t)((c->shuffle >> 33) % i);
		other = c->order[at];
		c->order[at] = c->order[i - 1];
		c->order[i - 1] = other;
	}
}

static void learn_column(struct column *c)
{
	for (size_t i = 0; i < c->n; i++)
		c->order[i] = (uint32_t)i;
	c->shuffle = 1;
	for (unsigned round = 0; round < ROUNDS_MOST; round++) {
		double largest = 0;

		mix(c);
		for (size_t i = 0; i < c->n; i++) {
			double by = c->side[c->order[i]] ? step(c, c->order[i]) : 0;

			largest = by > largest ? by : largest;
		}
		if (largest < SETTLED)
			return;
	}
}

/* ---- all columns ---- */

static unsigned count_bits(uint64_t bits)
{
	return (unsigned)__builtin_popcountll(bits);
}

/* An example with several reasons is a weak one for each. */
static void take_sides(const struct likeness_example *examples, size_t n, size_t column,
	signed char *ret_side, double *ret_cost)
{
	for (size_t i = 0; i < n; i++) {
		bool is = column < LIKENESS_HARD && examples[i].reasons >> column & 1;

		ret_side[i] = column == LIKENESS_HARD ? (signed char)examples[i].hard : is ? 1 : -1;
		ret_cost[i] = is ? COST / count_bits(examples[i].reasons) : COST;
	}
}

static double largest_of(const double *weights, size_t n)
{
	double largest = 0;

	for (size_t i = 0; i < n; i++)
		if (fabs(weights[i]) > largest)
			largest = fabs(weights[i]);
	return largest;
}

/* Weights as whole numbers of one step for all, so that sums are exact. */
static struct str put_table(struct arena *arena, const double *weights, struct likeness_head *head)
{
	size_t bytes = sizeof *head + sizeof(int8_t[FEATURE_ROWS][LIKENESS_STRIDE]);
	char *out = arena_calloc(arena, bytes, 1);
	double largest = largest_of(weights, (size_t)LIKENESS_COLUMNS * FEATURE_ROWS);

	head->step = largest > 0 ? largest / WEIGHT_MOST : 1;
	memcpy(out, head, sizeof *head);
	for (size_t row = 0; row < FEATURE_ROWS; row++)
		for (size_t column = 0; column < LIKENESS_COLUMNS; column++)
			out[sizeof *head + row * LIKENESS_STRIDE + column] =
				(char)lround(weights[column * FEATURE_ROWS + row] / head->step);
	return str_from(out, bytes);
}

struct str likeness_learn(struct arena *arena, const struct likeness_example *examples, size_t n)
{
	struct likeness_head head = { .magic = LIKENESS_MAGIC, .columns = LIKENESS_COLUMNS };
	double *weights =
		arena_calloc(arena, (size_t)LIKENESS_COLUMNS * FEATURE_ROWS, sizeof *weights);
	signed char *side = arena_calloc(arena, n + 1, sizeof *side);
	double *cost = arena_calloc(arena, n + 1, sizeof *cost);
	struct column c = { .examples = examples,
		.n = n,
		.side = side,
		.cost = cost,
		.order = arena_calloc(arena, n + 1, sizeof *c.order) };

	for (size_t column = 0; column < LIKENESS_COLUMNS; column++) {
		if (column == REASON_NONE) {
			head.bias[column] = -1;
			continue;
		}
		take_sides(examples, n, column, side, cost);
		c.weights = weights + column * FEATURE_ROWS;
		c.bias = 0;
		c.alpha = arena_calloc(arena, n + 1, sizeof *c.alpha);
		learn_column(&c);
		head.bias[column] = c.bias;
	}
	return put_table(arena, weights, &head);
}
