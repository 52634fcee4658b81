/* ingest/intake/trace_fields.h -- what the delivering mail system wrote in front of a stored mail.
 * Knows: Return-Path (RFC 5321 4.4) and the fields in which delivery agents note the recipient:
 * X-Original-To, Delivered-To, Envelope-To, X-Envelope-To. Does not know whose address it is; anybody
 * can write such a field, the topmost is the last system's. Pure. Addresses borrow from the mail.
 * Bounds: the first LIMIT_HEADER_BLOCK_BYTES are read; an address keeps smtp_path's limits. */
#pragma once
#include "core/str.h"

enum trace_kind { TRACE_SENDER, TRACE_RECIPIENT };

struct trace_field {
	enum trace_kind kind;
	struct str address; /* without brackets; empty: the null reverse-path */
};

struct trace_reader {
	struct str rest;
};

void trace_start(struct trace_reader *reader, struct str mail);
/* The next such field from the top that holds an address. False: none is left in the header. */
bool trace_next(struct trace_reader *reader, struct trace_field *ret_field);

/* The address of a command line, an environment or a field, in brackets or not. Empty, "<>" and
 * "MAILER-DAEMON", which pipe(8) and local(8) put for it, are the null reverse-path. False: no address;
 * the null path is none of a recipient. */
bool trace_address(struct str text, enum trace_kind kind, struct str *ret_address);
