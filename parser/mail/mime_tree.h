/* parser/mail/mime_tree.h -- a mail as a header, a list of parts, and the header of the returned message.
 * Knows: MIME (RFC 2045 to 2047), charsets; the one stem that sees GMime. Does not know what a part
 * means. Pure as far as callers see; iconv loads its tables on first use.
 * Bounds: prescan.h, LIMIT_TEXT_BYTES. Everything in a tree is UTF-8 and lives in `arena`, but for names
 * of fields, which borrow from the mail. */
#pragma once
#include "core/arena.h"
#include "core/str.h"
#include "parser/mail/headers.h"

#include <stdint.h>

struct mime_parser; /* reusable state of one thread */

struct mime_part {
	struct str type; /* "text/plain", lower-case */
	struct str name; /* file name, where one is given */
	struct str text; /* decoded; empty for what is no text */
	bool encoded;    /* was in base64 or quoted-printable */
};

struct mime_tree {
	struct header_list headers;
	struct str type, report_type; /* of the whole mail, lower-case */
	struct mime_part *parts;      /* the leaves, in order; none of a returned message */
	size_t n_parts;
	struct header_list returned; /* header of the first returned message */
	struct str returned_raw;     /* the same from its header on, with what follows; borrows */
	uint32_t flaws;
};

struct mime_parser *mime_parser_new(void);
void mime_parser_free(struct mime_parser *parser);

/* Never fails: a message that is no mail is a tree of one text. */
void mime_tree_read(struct mime_parser *parser, struct arena *arena, struct str message,
	struct mime_tree *ret_tree);
/* Encoded words (RFC 2047) of a header value, decoded. */
struct str mime_decode_words(struct arena *arena, struct str value);
