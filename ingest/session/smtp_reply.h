/* ingest/session/smtp_reply.h -- the sentences of smtp_replies.def, written to a buffer.
 * Knows: reply lines, RFC 5321 4.2 and RFC 2034. Does not know when to say what. Pure. */
#pragma once
#include "core/buf.h"
#include "core/str.h"

enum smtp_reply {
	SMTP_SAY_NOTHING,
#define SMTP_REPLY(id, code, status, effect, text) SMTP_SAY_##id,
#include "ingest/session/smtp_replies.def"
	SMTP_REPLY_COUNT
};
enum smtp_effect { SMTP_EFFECT_FINE, SMTP_EFFECT_FAULT, SMTP_EFFECT_BYE };

unsigned smtp_reply_code(enum smtp_reply reply);
struct str smtp_reply_status(enum smtp_reply reply);
enum smtp_effect smtp_reply_effect(enum smtp_reply reply);
struct str smtp_reply_text(enum smtp_reply reply);

enum smtp_reply_line { SMTP_LINE_LAST, SMTP_LINE_CONTINUED };
/* Appends one line with CR LF. */
void smtp_reply_put(
	struct buf *out, enum smtp_reply reply, struct str argument, enum smtp_reply_line line);
