/* api/handle/handle_counts.c -- counts and rates as JSON, for every route that shows them. */
#include "api/handle/handle.h"
#include "api/handle/rate.h"

static const struct {
	unsigned flag;
	const char *name;
} flag_names[] = {
	{ RATE_NO_VOLUME, "no_volume" },
	{ RATE_OVER_ATTEMPTED, "over_attempted" },
	{ RATE_PARTLY_COVERED, "partly_covered" },
	{ RATE_NOT_COVERED, "not_covered" },
	{ RATE_CUT, "volume_cut" },
};

static void set_count(json_t *json, const char *key, uint64_t count)
{
	json_object_set_new(json, key, json_integer((json_int_t)count));
}

static void set_rate(json_t *json, const char *key, bool known, double rate)
{
	json_object_set_new(json, key, known ? json_real(rate) : json_null());
}

void handle_set_counts(json_t *json, const struct store_counts *counts)
{
	json_object_set_new(json, "attempted",
		counts->has_volume ? json_integer((json_int_t)counts->attempted) : json_null());
	json_object_set_new(json, "accepted",
		counts->has_accepted ? json_integer((json_int_t)counts->accepted) : json_null());
	set_count(json, "failed", counts->failed);
	set_count(json, "hard", counts->hard);
	set_count(json, "soft", counts->soft);
	set_count(json, "block", counts->block);
	set_count(json, "delayed", counts->delayed);
	set_count(json, "complaints", counts->complaints);
	set_count(json, "unproven", counts->unproven);
}

/* Where a proof was chosen the failures beside it are among those that were chosen, or are not: no share can be told. */
static void set_forged(const struct handle *handle, json_t *json, const struct store_counts *counts)
{
	uint64_t all = counts->failed + counts->unproven;
	bool known = all && !has_param(handle, PARAM_PROOF);

	set_rate(json, "forged_share", known, known ? (double)counts->unproven / (double)all : 0);
}

void handle_set_rates(const struct handle *handle, json_t *json, const struct store_counts *counts)
{
	struct rates rates = rates_of(counts);
	json_t *flags = json_array();

	set_rate(json, "failure_rate", rates.known, rates.failure);
	json_object_set_new(json, "failure_rate_interval",
		rates.known ? json_pack("[f,f]", rates.low, rates.high) : json_null());
	set_rate(json, "hard_rate", rates.known, rates.hard);
	set_rate(json, "soft_rate", rates.known, rates.soft);
	set_rate(json, "block_rate", rates.known, rates.block);
	set_rate(json, "coverage", rates.has_coverage, rates.coverage);
	for (size_t i = 0; i < ARRAY_LEN(flag_names); i++)
		if (rates.flags & flag_names[i].flag)
			json_array_append_new(flags, json_string(flag_names[i].name));
	set_forged(handle, json, counts);
	json_object_set_new(json, "flags", flags);
}
