/* parser/notice/gather.h -- the recipients of a bounce from all its sources.
 * Knows: which source outranks which: the delivery status report, the words of the notice, the field
 * X-Failed-Recipients, and last the one address of the returned message. Does not know why a delivery
 * failed. Pure. */
#pragma once
#include "parser/notice/format.h"

struct gathering {
	struct event_list list;
	struct str format;  /* "rfc3464", else the family */
	struct str family;  /* of the words, beside a report too */
	struct str remarks; /* the notice's words as they are, for a second look at the reason */
	struct header_list returned;
	struct str inner;       /* a whole mail behind the notice, where one stands in the text */
	struct str envelope_id; /* as the report gives it, decoded */
	bool retried;           /* given up after a time, as the words say */
	uint32_t flaws;
};

/* `certain`: the mail's shape says that it is a bounce. Without that, the words are read as far as
 * kind_notice_trust allows. */
void gather_bounce(const struct formats *formats, struct matcher_scratch *scratch,
	struct arena *arena, const struct notice *notice, bool certain,
	struct gathering *ret_gathering);
