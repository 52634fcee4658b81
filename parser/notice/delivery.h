/* parser/notice/delivery.h -- what a delivery status report says about each recipient.
 * Knows: the meaning of the fields of RFC 3464 and 6533. Does not know the fields' grammar (dsn), nor
 * why a delivery failed (classify). Pure. */
#pragma once
#include "parser/notice/dsn.h"
#include "parser/notice/events.h"

/* Adds an event for each recipient group that names a recipient, or could: without an address its
 * recipient is empty and another source may fill it. Flaws go to list->flaws. */
void delivery_events(struct arena *arena, const struct dsn *dsn, struct event_list *list);
