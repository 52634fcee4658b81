/* ingest/text/smtp_dot.h -- the end of DATA, and dot-unstuffing (RFC 5321 4.1.1.4, 4.5.2).
 * Knows: that CR LF . CR LF ends a message and nothing else does: LF . LF, LF . CR LF, CR LF . LF,
 * CR . CR LF and their like are text. Bare CR and LF are kept as they came, and no line starts
 * behind them. Does not know commands. Pure. Bounds: what `out` takes. */
#pragma once
#include "core/buf.h"
#include "core/frame.h"

struct smtp_dot {
	unsigned char state;
	uint64_t bytes; /* of the message so far, whether `out` took them or not */
};

/* At the start of a line: the one that DATA's 354 began. */
void smtp_dot_reset(struct smtp_dot *dot);
/* Takes bytes off *rest and puts the message's own to `out` (NULL: nowhere). STEP_DONE: the end of
 * the message; *rest is what stands behind it. STEP_MORE: *rest is used up. */
enum step smtp_dot_take(struct smtp_dot *dot, struct str *rest, struct buf *out);
