/* suppress/list/list_entry.h -- what a line of a list says of one address, and whether it can be believed to be one.
 * Knows: the grammar of addresses as far as a list must hold it, words for kinds, dates. Does not know formats. Pure.
 * Texts live in the arena or in the text that they came from. */
#pragma once
#include "suppress/list/list_source.h"

struct list_entry {
	uint64_t line; /* where it stands, from 1 */
	struct store_suppression
		row; /* address, domain, stream, state, reason, class, status, diagnostic and moments
					 (TIMESTAMP_NONE: not said); `source` only where the list is our own */
	enum list_kind kind;
};

/* What was found in a line, as text. Who tells a scope is our own list: there `@example.com` is an entry too. */
struct list_facts {
	struct str address, when, first_seen, last_seen, end, words, reason, word, status, code,
		scope, state, count;
	enum list_kind kind;
};

/* Is the text local@domain, as RFC 5321 4.1.2 has it (RFC 6531 as well), dots anywhere in the local part, since such
 * addresses exist? Stricter than what a bounce may name: nobody looks at a list of millions. */
enum list_flaw list_address(struct arena *arena, struct str text, struct str *ret_address);
/* Seconds since 1970, RFC 3339, the same with a space, or RFC 5322. False: none of them. */
bool list_moment(struct str text, int64_t *ret_at_us);
/* Puts a value where the letter of list_source.def says; the first that comes stays. */
void list_facts_set(struct list_facts *facts, char role, struct str value);
enum list_flaw list_entry_make(
	struct arena *arena, const struct list_facts *facts, struct list_entry *ret_entry);
