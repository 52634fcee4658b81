/* core/suppression.h -- the words of the suppression list: decisions, states, and the key of an address.
 * Knows: names. Does not know who decides (suppress/policy) or where the list is kept (the store). Pure. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* What one event means for its recipient. */
enum decision {
	DECISION_NONE,     /* never held against the recipient */
	DECISION_HOLD,     /* on the list, in state `held` */
	DECISION_STRIKE,   /* counts, at most once a day */
	DECISION_SUPPRESS, /* at once */
	DECISION_COUNT
};

enum suppression_state {
	SUPPRESSION_ACTIVE,  /* not to be mailed */
	SUPPRESSION_HELD,    /* noted, waits for a person; may be mailed */
	SUPPRESSION_REMOVED, /* was on the list; only newer evidence brings it back */
	SUPPRESSION_ALLOWED, /* may be mailed, whatever else the list says */
	SUPPRESSION_EXPIRED, /* was on the list, for a time that is over */
	SUPPRESSION_STRIKES, /* events count against it, not enough of them */
	SUPPRESSION_STATE_COUNT
};

/* "none", "hold", "strike", "suppress". */
struct str decision_name(enum decision decision);
/* "active", "held", "removed", "allowed", "expired", "strikes". */
struct str suppression_state_name(enum suppression_state state);
bool suppression_state_from_name(struct str name, enum suppression_state *ret_state);

/* The form in which an address stands on the list: without white space around it, ASCII letters in lower
 * case, the rest as it came. False for what no list may hold: a text without a local part, an @ and a domain
 * (a receiving list may read it as "this local part at every domain"), with control characters or with white
 * space outside of a quoted local part, longer than LIMIT_ADDRESS_BYTES (a cut address is another one), or no
 * UTF-8. */
bool suppression_address(struct arena *arena, struct str text, struct str *ret_address);
/* What an entry may be for: an address, or `@example.com`, every address of a domain. */
bool suppression_target(struct arena *arena, struct str text, struct str *ret_target);
bool suppression_is_domain(struct str target);
/* What stands behind the last @. */
struct str suppression_domain(struct str address);
