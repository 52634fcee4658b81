#include "store/rank/column.h"

#include "store/form/pack_walk.h"

#include <assert.h>
#include <stdlib.h>

enum { READ_ENTRIES = 256, LIST_BYTES = sizeof(uint32_t) + sizeof(uint64_t) };

/* What is two octets at most is in `pairs`, the rest in a list. */
struct making {
	uint16_t *pairs;
	uint32_t *numbers;
	uint64_t *values;
	size_t n_long, room;
	size_t n_small, n_pairs; /* of one octet; of two */
};

static void *must(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void add_long(struct making *m, uint64_t number, uint64_t value)
{
	if (m->n_long == m->room) {
		m->room = m->room ? 2 * m->room : 64;
		m->numbers = must(realloc(m->numbers, m->room * sizeof *m->numbers));
		m->values = must(realloc(m->values, m->room * sizeof *m->values));
	}
	m->numbers[m->n_long] = (uint32_t)number;
	m->values[m->n_long++] = value;
}

static inline void add_value(struct making *m, uint64_t number, uint64_t value)
{
	if (value > UINT16_MAX) {
		add_long(m, number, value);
		return;
	}
	m->pairs[number] = (uint16_t)value;
	m->n_small += value && value <= UINT8_MAX;
	m->n_pairs += value > UINT8_MAX;
}

/* The largest value of the array in the form that takes the fewest octets; 0: there is none. */
static uint64_t most_of_array(const struct making *m, uint64_t n)
{
	const uint64_t octets = n + LIST_BYTES * (m->n_pairs + m->n_long),
		       pairs = 2 * n + LIST_BYTES * m->n_long,
		       list = LIST_BYTES * (m->n_small + m->n_pairs + m->n_long);

	if (list <= octets && list <= pairs)
		return 0;
	return octets <= pairs ? UINT8_MAX : UINT16_MAX;
}

/* What is more than the array has room for, by number. */
static void put_list(const struct making *m, uint64_t most, struct column *c)
{
	size_t k = 0;

	for (uint64_t i = 0; i < c->n; i++) {
		bool is_long = k < m->n_long && m->numbers[k] == i;

		if (!is_long && m->pairs[i] <= most)
			continue;
		c->numbers[c->n_more] = (uint32_t)i;
		c->values[c->n_more++] = is_long ? m->values[k++] : m->pairs[i];
	}
}

static uint8_t *octets_of(const uint16_t *pairs, uint64_t n)
{
	uint8_t *octets = must(malloc(n + 1));

	for (uint64_t i = 0; i < n; i++)
		octets[i] = (uint8_t)(pairs[i] > UINT8_MAX ? 0 : pairs[i]);
	return octets;
}

static struct column *end_column(struct making *m, uint64_t n)
{
	const uint64_t most = most_of_array(m, n);
	const size_t n_list = m->n_long + (most < UINT16_MAX ? m->n_pairs : 0) +
			      (most < UINT8_MAX ? m->n_small : 0);
	struct column *c = must(calloc(1, sizeof *c));

	c->n = n;
	c->numbers = must(malloc((n_list + 1) * sizeof *c->numbers));
	c->values = must(malloc((n_list + 1) * sizeof *c->values));
	if (n_list)
		put_list(m, most, c);
	assert(c->n_more == n_list);
	if (most == UINT8_MAX)
		c->octets = octets_of(m->pairs, n);
	if (most == UINT16_MAX) {
		c->pairs = must(realloc(m->pairs, (n + 1) * sizeof *c->pairs));
		m->pairs = NULL;
	}
	c->bytes = sizeof *c + (n_list + 1) * LIST_BYTES +
		   (n + 1) * ((c->octets != NULL) + 2 * (size_t)(c->pairs != NULL));
	return c;
}

static struct column *end_bits(uint64_t *bits, uint64_t n)
{
	struct column *c = must(calloc(1, sizeof *c));

	c->n = n;
	c->bytes = sizeof *c + (n / 64 + 1) * sizeof *bits;
	c->bits = must(realloc(bits, (n / 64 + 1) * sizeof *bits));
	return c;
}

struct reading {
	struct making makings[PACK_FEW];
	size_t n_makings;
	uint64_t *bits;
	struct pack_walk walk;
	uint64_t known, last;
};

static void open_reading(struct reading *r, const unsigned *wanted, size_t n)
{
	enum pack_column columns[PACK_FEW] = { PACK_FAILED, PACK_FAILED, PACK_FAILED };

	for (size_t i = 0; i < n; i++) {
		if (wanted[i] == COLUMN_ENTRIES)
			continue;
		assert(r->n_makings < PACK_FEW);
		columns[r->n_makings] = (enum pack_column)wanted[i];
		r->makings[r->n_makings++].pairs = must(calloc(r->known + 1, sizeof(uint16_t)));
	}
	r->bits = must(calloc(r->known / 64 + 1, sizeof *r->bits));
	pack_walk_open(&r->walk, columns);
}

static bool read_entries(struct reading *r, struct str packed)
{
	struct pack_few few[READ_ENTRIES];
	struct pack_reader reader;
	size_t n;

	for (pack_open(&reader, packed);
		(n = pack_walk_next(&r->walk, &reader, few, READ_ENTRIES)) > 0;) {
		if (few[n - 1].number >= r->known)
			return false;
		for (size_t i = 0; i < n; i++) {
			if (few[i].number <= r->last)
				return false;
			r->last = few[i].number;
			r->bits[few[i].number / 64] |= (uint64_t)(few[i].set != 0)
						       << few[i].number % 64;
		}
		for (size_t k = 0; k < r->n_makings; k++)
			for (size_t i = 0; i < n; i++)
				add_value(&r->makings[k], few[i].number, few[i].value[k]);
	}
	return !reader.bad;
}

static void end_reading(
	struct reading *r, const unsigned *wanted, size_t n, struct column **ret_columns)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (wanted[i] != COLUMN_ENTRIES) {
			ret_columns[i] = end_column(&r->makings[k++], r->last + 1);
			continue;
		}
		ret_columns[i] = end_bits(r->bits, r->last + 1);
		r->bits = NULL;
	}
}

bool column_make(struct str packed, uint64_t known, const unsigned *wanted, size_t n,
	struct column **ret_columns)
{
	struct reading r = { .known = known };
	bool good;

	assert(n <= COLUMNS_AT_ONCE);
	open_reading(&r, wanted, n);
	good = read_entries(&r, packed);
	if (good)
		end_reading(&r, wanted, n, ret_columns);
	for (size_t k = 0; k < r.n_makings; k++) {
		free(r.makings[k].pairs);
		free(r.makings[k].numbers);
		free(r.makings[k].values);
	}
	free(r.bits);
	return good;
}

void column_free(struct column *column)
{
	if (!column)
		return;
	free(column->bits);
	free(column->octets);
	free(column->pairs);
	free(column->numbers);
	free(column->values);
	free(column);
}
