/* api/request/etag.h -- a name for what an answer says, so that who has it need not get it again.
 * Knows: entity tags and their weak comparison (RFC 9110 8.8.3, 13.1.2), SHA-256. Does not know routes or HTTP. Pure. */
#pragma once
#include "core/str.h"

enum { ETAG_BYTES = 40 }; /* W/"32 digits" and the end */

/* Weak: answers that differ in the moment they are of (the first "as_of") say the same. */
struct str etag_make(struct str body, char room[static ETAG_BYTES]);
/* Is the tag among those of an If-None-Match field? */
bool etag_is_among(struct str if_none_match, struct str etag);
