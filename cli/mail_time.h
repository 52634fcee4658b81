/* cli/mail_time.h -- when a mail that lies in a file was delivered there.
 * Knows: the date of the topmost Received field, which the last system wrote (RFC 5321 4.4), and the Date
 * field. Does not know the clock: what is possible is for others to judge. Pure.
 * Bounds: the first LIMIT_HEADER_BLOCK_BYTES are read. */
#pragma once
#include "core/str.h"

#include <stdint.h>

/* Microseconds since 1970; 0: no field says it. */
int64_t mail_time(struct str mail);
