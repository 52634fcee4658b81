#include "api/handle/gaps.h"

enum err gaps_open(struct handle *handle, const struct store_window *window,
	enum store_interval interval, struct str timezone, struct gaps *ret_gaps)
{
	struct gaps gaps = { NULL, 0, 0 };
	int64_t *starts;
	enum err err = ERR_OK;

	if (handle->values.number[PARAM_FILL]) {
		err = store_interval_starts(
			handle->store, handle->arena, window, interval, timezone, &starts, &gaps.n);
		if (!err)
			gaps.starts = starts;
	}
	if (!err)
		*ret_gaps = gaps;
	return err;
}

void gaps_fill(struct gaps *gaps, int64_t at_us, store_series_fn *fn, void *context)
{
	for (; gaps->next < gaps->n && gaps->starts[gaps->next] <= at_us; gaps->next++) {
		const struct store_series_row nothing = { .at_us = gaps->starts[gaps->next] };

		if (nothing.at_us < at_us)
			(void)fn(context, &nothing);
	}
}
