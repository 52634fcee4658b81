/* ingest/session/smtp_xtext.h -- the encoding of DSN parameters, RFC 3461 4 (xtext) with RFC 6533 3.
 * Knows: "+XX" for an octet that a parameter cannot hold. Pure. Bounds: the caller's. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

enum smtp_xtext_kind {
	SMTP_XTEXT_ASCII,
	SMTP_XTEXT_UTF8 /* non-ASCII characters may stand in it, SMTPUTF8 */
};

/* Well formed, and printable when it is decoded (RFC 3461 4.2 and 4.4)? */
bool smtp_xtext_good(struct str text, enum smtp_xtext_kind kind);
/* Of what smtp_xtext_good approved. */
struct str smtp_xtext_decode(struct arena *arena, struct str text);
