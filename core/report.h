/* core/report.h -- what the parser found, what the store keeps, what the API shows.
 * Knows: the words of DESIGN's event. Does not know JSON, SQL, MIME. Pure.
 * Texts borrow from the arena that the report was made in. All text is valid UTF-8 without NUL.
 * Empty text is "not known"; so are reply_code 0, TIMESTAMP_NONE, REASON_NONE and CLASS_NONE. */
#pragma once
#include "core/reason.h"
#include "core/str.h"
#include "core/timestamp.h"

enum kind {
#define KIND(id, name, meaning) KIND_##id,
#include "core/report.def"
	KIND_COUNT
};
enum outcome {
#define OUTCOME(id, name, meaning) OUTCOME_##id,
#include "core/report.def"
	OUTCOME_COUNT
};
enum layer {
#define LAYER(id, name, meaning) LAYER_##id,
#include "core/report.def"
	LAYER_COUNT
};
enum token_verdict {
#define TOKEN_VERDICT(id, name, meaning) TOKEN_##id,
#include "core/report.def"
	TOKEN_VERDICT_COUNT
};
enum proof {
#define PROOF(id, name, meaning) PROOF_##id,
#include "core/report.def"
	PROOF_COUNT
};
enum flaw {
#define FLAW(id, name, meaning) FLAW_##id,
#include "core/report.def"
	FLAW_COUNT
};

/* How a reason was found: the rule, and which bytes of `diagnostic` it matched (from..to, to > from;
 * both 0 where no text was matched). */
struct rule_ref {
	struct str id;
	enum layer layer;
	size_t span_from, span_to;
};

/* What a message says about one recipient. */
struct event {
	struct str recipient; /* that the sender sent to, as far as known; domain lower-case */
	struct str
		final_recipient; /* that failed at the end; equal to recipient without a forward */
	struct str
		original_recipient; /* as the report gave it (RFC 3464 2.3.1), decoded from xtext */
	struct str domain; /* of `recipient`, lower-case, IDNA A-labels where they can be made */
	enum outcome outcome;
	struct str status;       /* best literal enhanced code, "5.1.1"; never made up */
	struct str status_field; /* code of the Status field */
	unsigned reply_code;     /* 200..599, literal; 0: none */
	enum reason reason;
	enum reason_class class; /* the reason's, unless the outcome or a 4xx code softens it */
	struct str diagnostic, diagnostic_type; /* "550 5.1.1 no such user", "smtp" */
	struct str command;                     /* the SMTP command that was refused: "RCPT" */
	struct str reporting_mta, remote_mta;
	int64_t arrival_date_us, last_attempt_date_us, will_retry_until_us;
	struct rule_ref rule;
	double confidence; /* 0 to 1 */
	struct str
		account; /* how the verdict came about, in lines; empty unless it was asked for */
};

/* Of the message that bounced, from its returned headers. */
struct original {
	struct str message_id; /* without angle brackets */
	struct str from;       /* the address alone */
	struct str subject, list_id, envelope_id;
	int64_t date_us;
};

struct token_ref {
	enum token_verdict verdict;
	struct str text; /* the token as it stood in the return path, lower-case */
	struct str
		sent_to; /* beside a token: whom the returned message was addressed to, if to one alone */
};

struct report {
	enum kind kind;
	struct str format; /* family of the bounce: "rfc3464", "qmail", ...; empty: not told */
	struct event *events;
	size_t n_events;
	struct original original;
	struct token_ref token;
	uint32_t flaws; /* FLAW_BIT of each */
};
#define FLAW_BIT(flaw) (1u << (flaw))

/* A zeroed event with its dates unknown; `ret_report` likewise. */
void event_init(struct event *event);
void report_init(struct report *report);

struct str kind_name(enum kind kind);
struct str outcome_name(enum outcome outcome);
struct str layer_name(enum layer layer);
struct str token_verdict_name(enum token_verdict verdict);
struct str proof_name(enum proof proof);
struct str flaw_name(enum flaw flaw);
bool kind_from_name(struct str name, enum kind *ret_kind);
bool outcome_from_name(struct str name, enum outcome *ret_outcome);
bool layer_from_name(struct str name, enum layer *ret_layer);
bool token_verdict_from_name(struct str name, enum token_verdict *ret_verdict);
bool proof_from_name(struct str name, enum proof *ret_proof);
bool flaw_from_name(struct str name, enum flaw *ret_flaw);
