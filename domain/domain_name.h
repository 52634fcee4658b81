/* domain/domain_name.h -- a domain as events and volumes have it, from what a person writes.
 * Knows: labels (RFC 1035 2.3.1, with the underscore that is in use), lengths (RFC 1035 2.3.4), international names in both
 * forms (RFC 5890), address literals (RFC 5321 4.1.3). Does not know which domains there are, or the DNS. Pure. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* Lower-case, A-labels, without a dot at the end. False: no domain. `text` is valid UTF-8 without NUL. */
bool domain_name(struct arena *arena, struct str text, struct str *ret_name);
