/* parser/notice/correlate.h -- which of our messages a report is about.
 * Knows: return-path tokens by their look, RFC 3461 ENVID, the returned header. Does not know keys: a
 * token is not verified here. Pure. */
#pragma once
#include "core/report.h"
#include "parser/notice/notice.h"

/* The text of a return-path token among the mail's recipients, else in the returned header. */
struct token_ref correlate_token(struct arena *arena, const struct notice *notice);
/* What the returned header says of the message that bounced. */
struct original correlate_original(struct arena *arena, const struct notice *notice);
/* The one address to which the returned message was sent, where its header names one only; empty
 * otherwise. This is the single source of a recipient that no report names. */
struct str correlate_recipient(struct arena *arena, const struct notice *notice);
