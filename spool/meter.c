#include "spool/meter.h"

#include "core/attr.h"
#include "core/reason.h"
#include "core/report.h"

#include <assert.h>
#include <stdio.h>

/* How many words a shape takes. Of a reply: a pair of codes as a number, and how often. */
enum {
	ROWS_TIME = METER_BOUNDS + 1,
	ROWS_REPLY = METER_REPLIES,
	ROWS_KIND = KIND_COUNT,
	ROWS_OUTCOME = OUTCOME_COUNT * CLASS_COUNT,
	ROWS_REASON = REASON_COUNT,
	ROWS_LAYER = LAYER_COUNT,
	ROWS_TOKEN = TOKEN_VERDICT_COUNT,
	ROWS_ASIDE = 1,
	ROWS_GAP = GAP_COUNT,
};
enum {
	WORDS_TIME = ROWS_TIME + 1,
	WORDS_REPLY = 2 * ROWS_REPLY,
	WORDS_KIND = ROWS_KIND,
	WORDS_OUTCOME = ROWS_OUTCOME,
	WORDS_REASON = ROWS_REASON,
	WORDS_LAYER = ROWS_LAYER,
	WORDS_TOKEN = ROWS_TOKEN,
	WORDS_ASIDE = ROWS_ASIDE,
	WORDS_GAP = ROWS_GAP,
};
enum shape {
	SHAPE_TIME,
	SHAPE_REPLY,
	SHAPE_KIND,
	SHAPE_OUTCOME,
	SHAPE_REASON,
	SHAPE_LAYER,
	SHAPE_TOKEN,
	SHAPE_ASIDE,
	SHAPE_GAP
};

/* All meters one behind the other, as if both sides were one page: where each begins is known to the compiler. */
struct all {
#define METER(id, side, shape, name, help) uint64_t id[WORDS_##shape];
#include "spool/meter.def"
};
_Static_assert(
	sizeof(struct all) <= METER_WORDS * sizeof(uint64_t), "METER_WORDS has room for all");

static const struct {
	const char *name, *help;
	enum meter_side side;
	enum shape shape;
	size_t at, rows;
} meters[METER_COUNT] = {
#define METER(id, side, shape, name, help)                                                         \
	[METER_##id] = { name, help, METER_OF_##side, SHAPE_##shape,                               \
		offsetof(struct all, id) / sizeof(uint64_t), ROWS_##shape },
#include "spool/meter.def"
};

static const int64_t bounds_us[METER_BOUNDS] = { 1000, 2500, 5000, 10000, 25000, 50000, 100000,
	250000, 500000, 1000000, 2500000, 5000000, 10000000, 30000000, 60000000, 300000000,
	1800000000 };

const char *meter_name(enum meter meter)
{
	return meters[meter].name;
}

const char *meter_help(enum meter meter)
{
	return meters[meter].help;
}

enum meter_side meter_side(enum meter meter)
{
	return meters[meter].side;
}

bool meter_is_time(enum meter meter)
{
	return meters[meter].shape == SHAPE_TIME;
}

const int64_t *meter_bounds_us(void)
{
	return bounds_us;
}

size_t meter_rows(enum meter meter)
{
	return meters[meter].rows;
}

static void add(meter_word *word, uint64_t n)
{
	atomic_fetch_add_explicit(word, n, memory_order_relaxed);
}

void meter_count(meter_word *words, enum meter meter, size_t row)
{
	assert(meters[meter].shape != SHAPE_REPLY);
	if (row < meters[meter].rows)
		add(&words[meters[meter].at + row], 1);
}

size_t meter_outcome_row(unsigned outcome, unsigned class)
{
	return (size_t)outcome * CLASS_COUNT + class;
}

void meter_time(meter_word *words, enum meter meter, int64_t us)
{
	size_t row = 0;

	assert(meters[meter].shape == SHAPE_TIME);
	if (us < 0)
		us = 0; /* a clock that was set back */
	while (row < METER_BOUNDS && us > bounds_us[row])
		row++;
	add(&words[meters[meter].at + row], 1);
	add(&words[meters[meter].at + ROWS_TIME], (uint64_t)us);
}

/* 550 and "5.7.1" as 550571: each part of a status of ours is one digit. */
static uint64_t reply_key(unsigned code, struct str status)
{
	uint64_t key = code;

	for (size_t i = 0; i < 3; i++) {
		size_t at = 2 * i;
		bool digit = at < status.n && status.p[at] >= '0' && status.p[at] <= '9';

		key = key * 10 + (digit ? (uint64_t)(status.p[at] - '0') : 0);
	}
	return key;
}

void meter_reply(meter_word *words, enum meter meter, unsigned code, struct str status)
{
	meter_word *row = &words[meters[meter].at];
	uint64_t key = reply_key(code, status);

	assert(meters[meter].shape == SHAPE_REPLY);
	for (size_t i = 0; i + 1 < METER_REPLIES; i++, row += 2) {
		uint64_t has = atomic_load_explicit(row, memory_order_relaxed);

		if (!has)
			atomic_store_explicit(row, key, memory_order_relaxed);
		if (!has || has == key)
			break;
	}
	add(row + 1, 1);
}

static void label_reply(uint64_t key, char label[static METER_LABEL_BYTES])
{
	unsigned digits = (unsigned)(key % 1000);

	snprintf(label, METER_LABEL_BYTES, "code=\"%u\",status=\"%u.%u.%u\"",
		(unsigned)(key / 1000) % 1000, digits / 100, digits / 10 % 10, digits % 10);
}

static void label_word(const char *name, struct str word, char label[static METER_LABEL_BYTES])
{
	snprintf(label, METER_LABEL_BYTES, "%s=\"%.*s\"", name, STR_ARG(word));
}

static void label_row(enum shape shape, size_t row, char label[static METER_LABEL_BYTES])
{
	label[0] = '\0';
	switch (shape) {
	case SHAPE_KIND:
		label_word("kind", kind_name((enum kind)row), label);
		break;
	case SHAPE_OUTCOME:
		snprintf(label, METER_LABEL_BYTES, "outcome=\"%.*s\",class=\"%.*s\"",
			STR_ARG(outcome_name((enum outcome)(row / CLASS_COUNT))),
			STR_ARG(reason_class_name((enum reason_class)(row % CLASS_COUNT))));
		break;
	case SHAPE_REASON:
		label_word("reason", reason_name((enum reason)row), label);
		break;
	case SHAPE_LAYER:
		label_word("layer", layer_name((enum layer)row), label);
		break;
	case SHAPE_TOKEN:
		label_word("verdict", token_verdict_name((enum token_verdict)row), label);
		break;
	case SHAPE_GAP:
		label_word("kind", row == GAP_TORN ? STR("torn") : STR("damaged"), label);
		break;
	case SHAPE_TIME:
	case SHAPE_REPLY:
	case SHAPE_ASIDE:
		break;
	}
}

bool meter_get(const uint64_t *words, enum meter meter, size_t row, uint64_t *ret_n,
	char label[static METER_LABEL_BYTES])
{
	const uint64_t *at = words + meters[meter].at;

	label[0] = '\0';
	if (row >= meters[meter].rows)
		return false;
	if (meters[meter].shape == SHAPE_REPLY) {
		*ret_n = at[2 * row + 1];
		label_reply(at[2 * row], label);
		return *ret_n;
	}
	*ret_n = at[row];
	label_row(meters[meter].shape, row, label);
	/* What is watched for must be there from the start: of a number that appears nobody knows by how much it rose. */
	return *ret_n || meters[meter].shape == SHAPE_TIME || meters[meter].shape == SHAPE_ASIDE ||
	       meters[meter].shape == SHAPE_GAP ||
	       (meters[meter].shape == SHAPE_REASON && row == REASON_UNKNOWN_UNCLASSIFIED);
}

uint64_t meter_sum_us(const uint64_t *words, enum meter meter)
{
	return words[meters[meter].at + ROWS_TIME];
}
