/* parser/notice/failed_field.h -- the field X-Failed-Recipients, which Exim and those who imitate it write.
 * Knows: that the field is made by the program while the list in the text is read by us. Does not know reports.
 * Pure. */
#pragma once
#include "parser/notice/format.h"

/* Adds whom the field names to what was read of the text, and drops whom it does not name, if it names any. */
void failed_fields_read(struct arena *arena, const struct notice *notice,
	const struct format_reading *reading, struct event_list *list);
