/* parser/mail/prescan.h -- the raw bytes of a mail, cut and mended before a MIME library sees them.
 * Knows: lines, header blocks, boundaries (RFC 2045, 2046); LIMIT_MIME_* and LIMIT_HEADER_*. Does not
 * know encodings, charsets, or what a mail says. Pure, one pass. Results live in `arena`; the bytes are
 * never longer than LIMIT_MIME_BYTES and one mended field for each part.
 *
 * What it does, because GMime does not: caps fields, header blocks, parts and depth; drops the body of
 * a returned message; makes line ends LF; skips what stands before the header; drops lines inside a
 * header that are no fields; finds the boundary that a multipart really uses.
 *
 * What it does, because GMime does it at great cost: reads the header of the mail and of the first
 * returned message, of which GMime would make an object for each field and for each address. */
#pragma once
#include "core/arena.h"
#include "core/str.h"
#include "parser/mail/headers.h"
#include "parser/mail/leaf.h"

#include <stdint.h>

/* A returned message is no part of `bytes`, but where a multipart would have none: then a part of this
 * type without a body stands in its place. */
#define PRESCAN_RETURNED_TYPE "message/x-returned-header"

/* The mail as one part: no multipart, no message in it, no file name of its own. */
struct lone_part {
	struct str type, encoding; /* the values of its Content- fields, folded as they were */
	struct str body; /* of the pre-scan's bytes; p is NULL where the mail is no such part */
};

struct prescan {
	struct str bytes;            /* to parse: of headers only what MIME needs is left */
	struct header_list headers;  /* of the mail but for Content- fields; names borrow from it */
	struct header_list returned; /* of the first returned message in the clear, likewise */
	struct str returned_raw; /* the same as it stood, with its body; borrows from the mail */
	struct lone_part lone;
	struct leaf_list leaves; /* of a multipart; their bodies are of `bytes` */
	uint32_t flaws;          /* FLAW_BITs of core/report.h */
};

void prescan(struct arena *arena, struct str message, struct prescan *ret_prescan);
