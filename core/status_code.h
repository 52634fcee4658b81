/* core/status_code.h -- enhanced status codes, RFC 3463: "class.subject.detail".
 * Knows: the grammar and the IANA registry. Does not know texts around a code. Pure. */
#pragma once
#include "core/reason.h"
#include "core/str.h"

struct status_code {
	unsigned class, subject, detail; /* class 2, 4 or 5; the others 0..999 */
};

/* The whole of s, as RFC 3463 2 has it: no leading zeros, no white space. */
bool status_code_parse(struct str s, struct status_code *ret_code);
/* The code at the start of s, ended by anything but a digit, a letter or ".digit"; its length too. */
bool status_code_prefix(struct str s, struct status_code *ret_code, size_t *ret_bytes);
/* Meaning by the registry; empty for a code that is not in it. */
struct str status_code_meaning(struct status_code code);
/* The registry's reason; for an unregistered detail that of its subject's X.n.0.
 * REASON_UNKNOWN_UNCLASSIFIED where that says nothing; REASON_NONE for a success. */
enum reason status_code_reason(struct status_code code);
/* True where the registry has the very code. */
bool status_code_registered(struct status_code code);
/* All rows of the registry, in order; for tests and documents. */
size_t status_code_count(void);
void status_code_row(
	size_t i, struct status_code *ret_code, struct str *ret_meaning, enum reason *ret_reason);
