/* api/handle/suppression_json_priv.h -- an entry of the suppression list as JSON, for those who may see all of it and
 * for those who may not. */
#pragma once
#include "api/handle/handle.h"
#include "suppress/check.h"

/* The stream that the key is bound to and asks about; NULL: it sees all. */
const struct str *suppression_viewer(const struct handle *handle);
/* The stream that is asked about; NULL: any. */
const struct str *suppression_stream(const struct handle *handle);
/* `answer` is what the entry's address is for the stream that is asked about. */
json_t *suppression_json(
	const struct handle *handle, const struct store_suppression *row, enum meaning answer);
/* [{"id":...,"seen_at":...}, ...] */
json_t *suppression_events_json(const struct store_evidence *events, size_t n);
/* A problem about the body; always false. */
bool suppression_refuse(struct handle *handle, struct str pointer, const char *wanted);
/* The body as JSON; an empty one is an object with nothing in it. NULL: a problem was answered. */
json_t *suppression_body(struct handle *handle);
/* "key:PREFIX" of the key that asks; "loopback" without one. */
struct str suppression_who(const struct handle *handle);
