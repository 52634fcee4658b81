/* suppress/list/list_sink.h -- where the readers of lists put what they find. */
#pragma once
#include "suppress/list/list_entry.h"

struct list_sink {
	/* Texts live until it returns. False ends the reading. */
	bool (*entry)(void *context, const struct list_entry *entry);
	void (*flaw)(void *context, uint64_t line, enum list_flaw flaw);
	void *context;
};
