/* spool/crc32c.h -- the checksum of every spool record: CRC-32C (Castagnoli), RFC 3720 appendix B.4.
 * Pure. Uses the processor's own instruction where it has one, a table elsewhere: same value. */
#pragma once
#include "core/str.h"

#include <stdint.h>

/* Of s alone with crc = 0; of a text in pieces with the value of what came before. */
uint32_t crc32c(uint32_t crc, struct str s);
/* The table's way, for the test that compares the two. */
uint32_t crc32c_portable(uint32_t crc, struct str s);
