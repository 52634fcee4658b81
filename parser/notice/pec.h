/* parser/notice/pec.h -- receipts of Italian certified mail (posta elettronica certificata).
 * Knows: the words of X-Ricevuta, and the elements of daticert.xml that name the recipient and the error. Does not
 * know signatures, nor what an error means. Is no XML parser: it looks for elements and reads their text. Pure. */
#pragma once
#include "parser/notice/events.h"
#include "parser/notice/notice.h"

/* True where the mail is such a receipt; its events are added. */
bool pec_events(struct arena *arena, const struct notice *notice, struct event_list *list);
