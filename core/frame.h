/* core/frame.h -- length-prefixed messages between roles: u32 length, u8 type, body.
 * Knows: the framing. Does not know sockets: bytes go in and out of a buf. Pure. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum frame_type {
	FRAME_PARSE = 1, /* to a parser: str32 envelope, then the message to the end */
	FRAME_REPORT, /* from a parser: one line of NDJSON for the oldest unanswered FRAME_PARSE */
	FRAME_BYE, /* from a parser that ends by order: what waits for it is nobody's fault; no body */
	FRAME_CLASSIFY, /* to a parser: str32 remote MTA, str32 rules to go before all others, then the text of a server */
	FRAME_VERDICT, /* from a parser: str32 report of one event, str32 how it came about, then what is wrong with the rules */
	FRAME_TYPE_COUNT
};
enum step { STEP_MORE, STEP_DONE, STEP_BAD };

/* Appends a frame with an empty body of which `frame_end` fills in the length. Returns its place. */
size_t frame_begin(struct buf *out, enum frame_type type);
/* ERR_LIMIT when out is full or the body is over LIMIT_FRAME_BYTES. */
MUST_CHECK enum err frame_end(struct buf *out, size_t place);
/* The first frame of `bytes`: STEP_DONE and its type, body (borrowed) and whole length;
 * STEP_BAD: no type of ours, or over LIMIT_FRAME_BYTES. */
enum step frame_next(
	struct str bytes, enum frame_type *ret_type, struct str *ret_body, size_t *ret_bytes);
