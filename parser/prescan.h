/* parser/prescan.h -- the raw bytes of a mail, cut and mended before a MIME library sees them.
 * Knows: lines, header blocks, boundaries (RFC 2045, 2046); LIMIT_MIME_* and LIMIT_HEADER_*. Does not
 * know encodings, charsets, or what a mail says. Pure, one pass. The result lives in `arena` and is
 * never longer than LIMIT_MIME_BYTES and one mended field for each part.
 *
 * What it does, because GMime does not: caps fields, header blocks, parts and depth; drops the body of
 * a returned message; makes line ends LF; skips what stands before the header; drops lines inside a
 * header that are no fields; finds the boundary that a multipart really uses. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

#include <stdint.h>

/* The bytes to parse; *ret_flaws gets FLAW_BITs of core/report.h, *ret_returned the first returned
 * message as it stood, for the one case that somebody wants its body. It borrows from `message`. */
struct str prescan(
	struct arena *arena, struct str message, uint32_t *ret_flaws, struct str *ret_returned);
