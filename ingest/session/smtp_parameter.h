/* ingest/session/smtp_parameter.h -- the parameters of MAIL and RCPT (RFC 5321 4.1.1.11): SIZE, BODY, SMTPUTF8,
 * and those of RFC 3461.
 * Knows: each keyword and its value, as rows of tables. Pure; values borrow from the line. */
#pragma once
#include "core/envelope.h"
#include "ingest/session/smtp_reply.h"

struct smtp_parameters {
	uint64_t max_message_bytes; /* given: what SIZE may say */
	uint32_t flags; /* enum envelope_flag; of RCPT given: those of the MAIL before */
	enum envelope_ret ret;
	struct str envid, orcpt; /* xtext, well formed; empty: none */
	uint32_t notify;
};
enum smtp_parameter_set { SMTP_OF_MAIL, SMTP_OF_RCPT };

/* SMTP_SAY_NOTHING, or what is said about the first wrong one. */
enum smtp_reply smtp_parameters_take(
	struct smtp_parameters *parameters, enum smtp_parameter_set set, struct str text);
