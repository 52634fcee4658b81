/* parser/notice/entry.h -- the recipients at the place in a notice that an anchor points to.
 * Knows: how lists of addresses and their diagnoses are laid out: bullets, brackets, indentation.
 * Does not know families or reasons. Pure; adds events to a list, diagnosis squeezed. */
#pragma once
#include "parser/notice/events.h"

struct entry_source {
	struct arena *arena;
	struct str region; /* behind the anchor, up to the next one */
	struct str rest;   /* behind the anchor, up to the returned message */
	struct str from;   /* address of the notice's sender */
	struct event_list *list;
	bool introduced; /* a sentence in front says that a list of failures comes */
};
enum entry_kind { ENTRY_ADDRESS, ENTRY_LOCAL_PART };

/* A list on lines of their own. What stands between one and the next is its diagnosis; where none
 * has any, all share what follows the list. */
void entries_below(struct entry_source *source, enum entry_kind kind);
/* One address, or several with commas, right behind the anchor. */
void entries_inline(struct entry_source *source);
/* The last address of the region, which is a sentence about it. */
void entries_before(struct entry_source *source);
/* One recipient who failed with these words; NULL where there are too many. */
struct event *entry_add(struct entry_source *source, struct str address, struct str words);
