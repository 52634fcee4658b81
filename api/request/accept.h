/* api/request/accept.h -- what a client would rather have: fields like Accept and Accept-Encoding.
 * Knows: RFC 9110 12.4.2 and 12.5. Does not know which forms there are. Pure. */
#pragma once
#include "core/str.h"

/* 0 (not wanted) to 1000. `type` is "text/csv"; the range that says most about it decides. */
int accept_type(struct str accept, struct str type);
/* Does the client take this coding? Without a field, or by a field that does not name it: no. */
bool accept_coding(struct str accept_encoding, struct str coding);
