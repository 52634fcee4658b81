/* parser/notice/arf.h -- feedback reports: who complained.
 * Knows: RFC 5965, 6591, JMRP. Does not know MIME. Pure.
 * Only a complaint is an event: a report that a mail is no spam (not-spam) or that authentication
 * failed (RFC 6591) is nothing that a recipient did, and must not suppress anybody. */
#pragma once
#include "parser/notice/events.h"
#include "parser/notice/notice.h"

/* Adds an event for each recipient that the report names, else the one that the returned header
 * names. *ret_type is the feedback type in lower case, empty where none is told. */
void arf_events(struct arena *arena, const struct notice *notice, struct event_list *list,
	struct str *ret_type);
