/* cli/tools/verdict_memo.h -- what was written for a reply, kept for when the same one comes again.
 * Knows: texts, and how many bytes are kept at most (VERDICT_MEMO_SLOTS times VERDICT_MEMO_BYTES, 2.5 MiB). Does not know verdicts.
 * A verdict is a function of the reply, the remote MTA, the rules and the options of the run: one memo serves one run. What bulk mail
 * is answered with is a few hundred sentences again and again; a newer reply takes the place of an older one with the same hash. */
#pragma once
#include "core/str.h"

enum { VERDICT_MEMO_SLOTS = 1024, VERDICT_MEMO_BYTES = 2560 };

struct verdict_memo;

struct verdict_memo *verdict_memo_new(void);
void verdict_memo_free(struct verdict_memo *memo); /* NULL is fine */

/* What was kept for both; borrowed until the next verdict_memo_put. Empty: nothing. */
struct str verdict_memo_get(
	const struct verdict_memo *memo, struct str reply, struct str remote_mta);
/* Copies. Nothing is kept of what together is longer than VERDICT_MEMO_BYTES. */
void verdict_memo_put(
	struct verdict_memo *memo, struct str reply, struct str remote_mta, struct str written);
