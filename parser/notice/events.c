#include "parser/notice/events.h"

#include "core/limits.h"

#include <string.h>

struct event *event_list_add(struct arena *arena, struct event_list *list)
{
	if (list->n >= LIMIT_EVENTS) {
		list->flaws |= FLAW_BIT(FLAW_EVENT_LIMIT);
		return NULL;
	}
	if (list->n == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 4;
		struct event *grown = arena_calloc(arena, cap, sizeof *grown);

		if (list->n)
			memcpy(grown, list->items, list->n * sizeof *grown);
		list->items = grown;
		list->cap = cap;
	}
	event_init(&list->items[list->n]);
	return &list->items[list->n++];
}

struct event *event_list_find(const struct event_list *list, struct str address)
{
	for (size_t i = 0; address.n && i < list->n; i++)
		if (str_ieq(list->items[i].final_recipient, address) ||
			str_ieq(list->items[i].recipient, address))
			return &list->items[i];
	return NULL;
}

/* Open addressing over the indexes of the events that are kept; 0 is an empty slot. */
static struct event *find_slot(
	uint32_t *table, size_t mask, struct event *kept, struct event *event, uint32_t **ret_slot)
{
	uint32_t hash = str_ihash(event->final_recipient) * 31u + str_ihash(event->recipient);

	for (size_t i = hash & mask;; i = (i + 1) & mask) {
		struct event *other = table[i] ? &kept[table[i] - 1] : NULL;

		*ret_slot = &table[i];
		if (!other)
			return NULL;
		if (str_ieq(other->final_recipient, event->final_recipient) &&
			str_ieq(other->recipient, event->recipient))
			return other;
	}
}

void event_list_merge(struct arena *arena, struct event_list *list)
{
	size_t size = 4, n = 0;
	uint32_t *table, *slot;

	while (size < list->n * 2)
		size *= 2;
	table = arena_calloc(arena, size, sizeof *table);
	for (size_t i = 0; i < list->n; i++) {
		struct event *same =
			find_slot(table, size - 1, list->items, &list->items[i], &slot);

		if (same) {
			list->flaws |= FLAW_BIT(FLAW_REPEATED_GROUP);
			if (list->items[i].outcome < same->outcome)
				*same = list->items[i];
			continue;
		}
		list->items[n] = list->items[i];
		*slot = (uint32_t)++n;
	}
	list->n = n;
}
