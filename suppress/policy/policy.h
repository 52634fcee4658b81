/* suppress/policy/policy.h -- what one event means for whether we go on mailing its recipient.
 * Knows: outcome, class, and how far the evidence can be trusted: anyone can send a bounce. Does not
 * know what happened before (the store counts strikes) or what is done about it. Pure. */
#pragma once
#include "core/report.h"
#include "core/suppression.h"

/* What an event of a stream that does not sign its return paths may do. */
enum unsigned_mode {
	UNSIGNED_STRIKES, /* suppresses when policy.strikes events stand on as many different days */
	UNSIGNED_HOLD,    /* is noted, and waits for a person */
	UNSIGNED_TRUST,   /* counts as if it were signed */
	UNSIGNED_MODE_COUNT
};

struct policy {
	enum unsigned_mode unsigned_mode;
	bool stream_signs; /* then an event without a valid token does nothing */
};

struct evidence {
	enum kind kind;
	enum outcome outcome;
	enum reason_class class;
	enum token_verdict token;
	bool bound;           /* the token was made for this recipient */
	bool logged;          /* our own mail system's log says it */
	struct str recipient; /* empty: not known */
};

/* How far the evidence is proven, and whether a rate of its stream may be made of it: of a stream that signs
 * its return paths, only what is proven. */
enum proof policy_proof(const struct evidence *evidence);
bool policy_rates(const struct policy *policy, enum proof proof);
/* Did we or our own mail system say it, so that nobody can have made it up? */
bool policy_is_proven(enum proof proof);
enum decision policy_decide(const struct policy *policy, const struct evidence *evidence);

/* "strikes", "hold", "trust". */
struct str unsigned_mode_name(enum unsigned_mode mode);
bool unsigned_mode_from_name(struct str name, enum unsigned_mode *ret_mode);
