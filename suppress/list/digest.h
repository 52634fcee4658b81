/* suppress/list/digest.h -- an address in the forms in which two that are the same mailbox are the same text, and the digest of that, which
 * stands on the list for an address that was erased.
 * Knows: RFC 5321 4.1.2 (quotes that are not needed), A-labels (RFC 5890), SHA-256. Whoever has a list of addresses can still find out which
 * of them a digest is of. Pure. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* "sha256:" and 64 hexadecimal digits, those that the format `sha256` writes of the address. */
struct str digest_of(struct arena *arena, struct str address);
bool digest_is(struct str text);
/* What stands behind "sha256:". Borrowed. */
struct str digest_text(struct str digest);

/* Without quotes that it does not need. *ret_quoted: it needs them. */
struct str digest_unquoted(struct arena *arena, struct str address, bool *ret_quoted);
/* The domain as A-labels. False: it cannot be. */
bool digest_a_labels(struct arena *arena, struct str address, struct str *ret_address);
