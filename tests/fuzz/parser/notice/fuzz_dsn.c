// links: parser
/* Fuzz target of parser/notice/dsn and parser/notice/delivery: any bytes as a delivery status report. */
#include "core/limits.h"
#include "parser/notice/delivery.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct event_list list = { 0 };
	struct dsn dsn;

	if (dsn_parse(arena, str_from((const char *)bytes, n), &dsn))
		return 0;
	delivery_events(arena, &dsn, &list);
	event_list_merge(arena, &list);
	assert(list.n <= LIMIT_EVENTS);
	return 0;
}
