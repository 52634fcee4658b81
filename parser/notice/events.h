/* parser/notice/events.h -- the events of one message while they are gathered.
 * Knows: the cap, and that one recipient counts once. Does not know where events come from. Pure.
 * Items live in the arena that was given; a pointer to one is good until the next is added. */
#pragma once
#include "core/arena.h"
#include "core/report.h"

struct event_list {
	struct event *items;
	size_t n, cap;
	uint32_t flaws;
};

/* A new event, all unknown; NULL at LIMIT_EVENTS (FLAW_EVENT_LIMIT). */
struct event *event_list_add(struct arena *arena, struct event_list *list);
/* The event whose final recipient or recipient is `address`, without regard to case; NULL: none. */
struct event *event_list_find(const struct event_list *list, struct str address);
/* The first event without a recipient; NULL: none. */
struct event *event_list_unnamed(const struct event_list *list);
/* The final recipient, and the recipient where none is known. */
void event_name(struct event *event, struct str address);
/* Is the reply of items[i] about another recipient of the list? Some servers give up at the first who is refused,
 * and put his reply to all. */
bool event_list_copied(const struct event_list *list, size_t i);
/* Of an address several members failed: the others may live, and nothing hard is known of it. */
void event_list_soften(struct event_list *list);
/* One event for each recipient and final recipient: of two the first is kept, with the graver outcome,
 * and FLAW_REPEATED_GROUP is set. */
void event_list_merge(struct arena *arena, struct event_list *list);
