/* suppress/hook/hook_body.h -- what a message to another system says, and its signature.
 * Knows: JSON, listmonk's bounces, Standard Webhooks. Pure; the buf's sticky error is the error. */
#pragma once
#include "core/buf.h"
#include "store/store_hook.h"
#include "store/store_suppress.h"
#include "suppress/hook/hook_target.h"

enum { HOOK_SIGNATURE_BYTES = 64 };

/* {"type":"events","timestamp":...,"data":{"events":[...]}}: the head, rows with a comma between them, the foot. */
void hook_body_open(struct str type, int64_t now_us, struct buf *out);
void hook_body_event(const struct store_hook_event *event, struct buf *out);
/* A change: what an entry is now. */
void hook_body_suppression(const struct store_suppression *row, struct buf *out);
void hook_body_close(struct buf *out);
/* False, and nothing appended, for what listmonk is not told of: only failures of the recipient and complaints. */
bool hook_body_listmonk(const struct store_hook_event *event, struct buf *out);

/* "v1," and base64 of the HMAC-SHA256 over "ID.SECONDS.BODY". */
void hook_sign(const struct hook_target *target, struct str id, int64_t at_s, struct str body,
	char ret_signature[static HOOK_SIGNATURE_BYTES]);
/* When to try again after so many attempts; TIMESTAMP_NONE: never more, three days after it was made. */
int64_t hook_next_attempt(int64_t created_us, uint64_t attempts, int64_t now_us);
