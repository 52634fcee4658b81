/* parser/text/diagnostic.h -- the facts in the words of a refusal.
 * Knows: where reply codes (RFC 5321 4.2), enhanced codes (RFC 3463), commands and host names stand
 * in the sentences that servers write around them. Does not know what a code means. Pure; results
 * borrow from the text. */
#pragma once
#include "core/str.h"

struct diagnostic {
	unsigned reply_code; /* 0: none */
	struct str status;   /* "5.1.1"; empty: none */
	struct str command;  /* "RCPT"; empty: not told */
	struct str host;     /* who said it; empty: not told */
};

/* Facts stand literally in the text: none is made up. */
void diagnostic_read(struct str text, struct diagnostic *ret_diagnostic);
/* Does the text start with the code of a refusal, as a line of a reply does: 400 to 599, then a blank or a hyphen (RFC 5321 4.2)? */
bool diagnostic_refuses(struct str text);
/* The step alone that the words name, as ->command. */
struct str diagnostic_command(struct str text);
/* The first enhanced code in the text; empty without one. */
struct str diagnostic_status(struct str text);
/* The reply of the other side where a gateway wraps it into words of its own, else the whole. */
struct str diagnostic_unwrap(struct str text);
