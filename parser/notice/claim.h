/* parser/notice/claim.h -- a mail that only its subject claims to be a notice about a delivery.
 * Knows: how a notice differs from what people and programs write about deliveries: it says at once that
 * a message was not delivered, or it returns the message. Does not know families. Pure. */
#pragma once
#include "parser/notice/format.h"

/* The recipients that such a mail names, none where it does not speak like a notice. */
void claim_read(const struct formats *formats, struct matcher_scratch *scratch, struct arena *arena,
	const struct notice *notice, struct format_reading *ret_reading);
