#include "parser/notice/events.h"

#include "core/limits.h"

#include <string.h>

enum { BRACKETS = 8 }; /* looked into for an address */

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

struct event *event_list_unnamed(const struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		if (!list->items[i].recipient.n)
			return &list->items[i];
	return NULL;
}

void event_name(struct event *event, struct str address)
{
	event->final_recipient = address;
	if (!event->recipient.n)
		event->recipient = address;
}

static bool names(const struct event *event, struct str address)
{
	return str_ieq(event->recipient, address) || str_ieq(event->final_recipient, address) ||
	       str_ieq(event->original_recipient, address);
}

bool event_list_copied(const struct event_list *list, size_t i)
{
	const struct event *event = &list->items[i];
	struct str rest = event->diagnostic, inner;
	bool other = false;

	if (list->n < 2)
		return false;
	for (size_t n = 0; n < BRACKETS && str_cut(rest, '<', &inner, &rest); n++) {
		inner = str_head(rest, str_cspan(rest, ">"));
		if (names(event, inner))
			return false;
		other |= str_chr(inner, '@') != STR_NPOS && event_list_find(list, inner);
	}
	return other;
}

void event_list_soften(struct event_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < list->n && list->items[i].class == CLASS_HARD; k++)
			if (str_ieq(list->items[i].recipient, list->items[k].recipient) &&
				!str_ieq(list->items[i].final_recipient,
					list->items[k].final_recipient))
				list->items[i].class = CLASS_SOFT;
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
