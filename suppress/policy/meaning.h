/* suppress/policy/meaning.h -- what an address is for a stream: the one meaning of "suppressed", which list, get, check, the
 * page, the command line and exports ask.
 * An entry reaches an address (its own, or all of a domain: `@example.com`) and a stream (every one, or its own). Of
 * those that reach, the heaviest answers, in the order of the words below; of equals the nearest: the address before
 * its domain, the stream's own before every stream's.
 * Knows: entries and the time. Does not know where entries are kept, or how they came about. Pure. */
#pragma once
#include "store/store_suppress.h"

enum meaning {
	MEANING_CLEAR,
	MEANING_STRIKES,    /* may be mailed; some events count against it */
	MEANING_EXPIRED,    /* may be mailed; it was suppressed for a time that is over */
	MEANING_HELD,       /* may be mailed; waits for a person */
	MEANING_SUPPRESSED, /* not to be mailed */
	MEANING_ALLOWED,    /* may be mailed, whatever else is known */
	MEANING_COUNT
};

/* "clear", "strikes", "expired", "held", "suppressed", "allowed". */
struct str meaning_name(enum meaning meaning);
/* What an entry says on its own at now_us: an end that has come counts before anybody noted it. */
enum meaning meaning_of(const struct store_suppression *row, int64_t now_us);
bool meaning_reaches(
	const struct store_suppression *row, struct str address, const struct str *stream);
/* Does an entry that allows take all weight from another, wherever that one reaches? One for a stream alone says
 * nothing of the rest of an entry for all. */
bool meaning_allows(const struct store_suppression *allowing, const struct store_suppression *row,
	int64_t now_us);

/* Of the n entries, what the address is for the stream (NULL: for any stream, as who asks without one must know).
 * *ret_at is the entry that says so (one that was removed says MEANING_CLEAR); n where none reaches. */
enum meaning meaning_choose(const struct store_suppression *rows, size_t n, struct str address,
	const struct str *stream, int64_t now_us, size_t *ret_at);

/* Notes, diagnostics and events are seen within their stream alone: `viewer` is the stream that somebody is bound
 * to, NULL for who may see all. */
bool meaning_shows(const struct store_suppression *row, const struct str *viewer);
