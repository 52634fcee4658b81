/* spool/meter.h -- numbers by time or by word, which one role counts and another shows.
 * Knows: where each of them stands among the words of a page, and how it is labelled. Bounded: every meter has a fixed number
 * of rows. Pure but for the words, which belong to the caller. One thread writes a word, any may read it. */
#pragma once
#include "core/str.h"

#include <stdatomic.h>
#include <stdint.h>

enum meter {
#define METER(id, side, shape, name, help) METER_##id,
#include "spool/meter.def"
	METER_COUNT
};
enum meter_side { METER_OF_WRITER, METER_OF_READER };
enum {
	METER_BOUNDS = 17,  /* of times; behind the last of them is one more row */
	METER_REPLIES = 40, /* pairs of codes; what comes after is counted in the last row */
	METER_WORDS = 476,  /* of one side */
	METER_LABEL_BYTES = 96,
};
enum meter_gap { GAP_DAMAGED, GAP_TORN, GAP_COUNT };
typedef _Atomic uint64_t meter_word;

const char *meter_name(enum meter meter);
const char *meter_help(enum meter meter);
enum meter_side meter_side(enum meter meter);
bool meter_is_time(enum meter meter);
/* The upper end of each row of a time, in microseconds, ascending. */
const int64_t *meter_bounds_us(void);

/* `row`: of the word's enum; of an outcome and class meter_outcome_row. Out of range: nothing happens. */
void meter_count(meter_word *words, enum meter meter, size_t row);
size_t meter_outcome_row(unsigned outcome, unsigned class);
void meter_time(meter_word *words, enum meter meter, int64_t us);
/* "550", "5.7.1", which may be empty. */
void meter_reply(meter_word *words, enum meter meter, unsigned code, struct str status);

/* Rows that can be shown, one after the other; a time has METER_BOUNDS + 1, not added up, and its sum. False: the row does not
 * exist or was never counted. `label` is `reason="mailbox.full"`, empty where there is none. */
size_t meter_rows(enum meter meter);
bool meter_get(const uint64_t *words, enum meter meter, size_t row, uint64_t *ret_n,
	char label[static METER_LABEL_BYTES]);
uint64_t meter_sum_us(const uint64_t *words, enum meter meter);
