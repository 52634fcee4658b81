/* api/handle/rate.h -- counts -> rates.
 * Knows: failure_rate = failed / attempted over the days that have a volume, its Wilson interval,
 * coverage. Does not know where counts come from. Pure.
 * Without a denominator there is no rate: it is unknown, never 0. */
#pragma once
#include "store/store.h"

enum rate_flag {
	RATE_NO_VOLUME = 1u << 0, /* no time of the window has a volume, or only volumes of 0 */
	RATE_OVER_ATTEMPTED =
		1u << 1, /* more failures than attempts: times or streams do not match */
	RATE_PARTLY_COVERED =
		1u << 2, /* some failures are of days without a volume: not in the rate */
	RATE_NOT_COVERED =
		1u << 3, /* all failures are: streams do not match, or the mail was sent before */
	RATE_CUT = 1u << 4, /* the time zone cuts a volume of an hour */
};

struct rates {
	bool known; /* the rates below are valid */
	double failure, hard, soft, block;
	double low, high; /* of failure: the Wilson score interval of 95 % */
	bool has_coverage;
	double coverage; /* share of the failures that are of hours with a volume; only with failures */
	unsigned flags;
};

struct rates rates_of(const struct store_counts *counts);
/* The bounds for `failed` of `attempted` at 95 %; attempted > 0, failed <= attempted. */
void rate_wilson(uint64_t failed, uint64_t attempted, double *ret_low, double *ret_high);
