/* parser/notice/claim.h -- a mail that only its subject claims to be a notice about a delivery.
 * Knows: how a notice differs from what people and programs write about deliveries: it says at once that
 * a message was not delivered, or it returns the message. Does not know families. Pure. */
#pragma once
#include "parser/notice/format.h"

/* Is one of them whom the mail itself is addressed to? Spam tells its reader that he could not be reached; what a mail system sends
 * goes to who sent, who has his own mailbox. */
bool claim_names_reader(const struct notice *notice, const struct event_list *list);
/* The recipients that such a mail names, none where it does not speak like a notice. */
void claim_read(const struct formats *formats, struct matcher_scratch *scratch, struct arena *arena,
	const struct notice *notice, struct format_reading *ret_reading);
