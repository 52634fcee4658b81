/* ingest/text/smtp_path.h -- the paths of MAIL and RCPT, RFC 5321 4.1.2 with RFC 6531 3.3.
 * Knows: angle brackets, source routes, quoted local parts, lengths. Does not know whose domain it
 * is. Pure. Results borrow from the line. Bounds: LIMIT_LOCAL_PART_BYTES, LIMIT_DOMAIN_BYTES and
 * LIMIT_PATH_BYTES (brackets and source route included).
 * More tolerant than the grammar where real senders are: any run of atext and dots as a local part, of any length that a
 * path has room for, underscores in a domain, a mailbox without brackets up to a space (docs/deviations.md). */
#pragma once
#include "core/err.h"
#include "core/str.h"

enum smtp_path_kind {
	SMTP_REVERSE_PATH, /* may be null */
	SMTP_FORWARD_PATH, /* may be <postmaster> without a domain */
};

struct smtp_path {
	struct str
		mailbox; /* local@domain as written, without a source route; empty: the null path */
	struct str local, domain;
	bool non_ascii; /* legal only with SMTPUTF8; valid UTF-8 */
};

/* Takes the path off the front of *rest. ERR_SYNTAX; ERR_LIMIT: too long. */
MUST_CHECK enum err smtp_path_take(
	struct str *rest, enum smtp_path_kind kind, struct smtp_path *ret_path);
