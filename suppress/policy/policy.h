/* suppress/policy/policy.h -- what one event means for whether we go on mailing its recipient.
 * Knows: outcome, class, rules, and how far the evidence can be trusted: anyone can send a bounce. Does not
 * know what happened before (suppress/policy/judge does) or what is done about it. Pure. */
#pragma once
#include "core/report.h"
#include "core/suppression.h"
#include "store/store.h"
#include "suppress/policy/rules.h"

/* What an event of a stream that does not sign its return paths may do. */
enum unsigned_mode {
	UNSIGNED_STRIKES, /* counts, among others from other hands */
	UNSIGNED_HOLD,    /* is noted, and waits for a person */
	UNSIGNED_TRUST,   /* counts as if it were signed */
	UNSIGNED_MODE_COUNT
};

struct policy {
	const struct policy_rules *rules;
	struct str stream;
	enum unsigned_mode unsigned_mode;
	bool stream_signs; /* then an event without a valid token does nothing */
	bool others_sign;  /* some stream does: what is not proven stays within its own stream */
	bool per_stream;   /* an event is held against its recipient within its stream alone */
};

struct evidence {
	enum kind kind;
	enum outcome outcome;
	enum reason reason;
	enum reason_class class;
	enum token_verdict token;
	bool bound;                    /* the token was made for this recipient */
	bool logged;                   /* our own mail system's log says it */
	struct str recipient;          /* empty: not known */
	struct str remote_mta, domain; /* who said so, as the report has it; of the recipient */
};

/* How far the evidence is proven, and whether a rate of its stream may be made of it: of a stream that signs
 * its return paths, only what is proven. */
enum proof policy_proof(const struct evidence *evidence);
bool policy_rates(const struct policy *policy, enum proof proof);
/* Did we or our own mail system say it, so that nobody can have made it up? */
bool policy_is_proven(enum proof proof);
enum decision policy_decide(const struct policy *policy, const struct evidence *evidence);
/* The decision, and where it holds. */
struct store_weight policy_weigh(const struct policy *policy, const struct evidence *evidence);

/* "strikes", "hold", "trust". */
struct str unsigned_mode_name(enum unsigned_mode mode);
bool unsigned_mode_from_name(struct str name, enum unsigned_mode *ret_mode);
