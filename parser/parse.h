/* parser/parse.h -- the room's only door: bytes and envelope in, `struct report` out.
 * Knows: mail. Does not know: files, sockets, clocks, the database. Pure: the same bytes and rules
 * give the same report, always, from any thread. Bounds: LIMIT_MIME_*, LIMIT_EVENTS, limits.h.
 * A parse_rules is read-only after loading and may be shared by threads; a parser may not. */
#pragma once
#include "core/arena.h"
#include "core/envelope.h"
#include "core/err.h"
#include "core/report.h"
#include "parser/text/source.h"

struct rules;       /* rules.h */
struct parse_rules; /* the compiled rules */
struct parser;      /* one thread's reusable state */
struct features;    /* feature.h */

/* Compiles the sources, an earlier one winning over a later one (an operator's file first). On
 * ERR_SYNTAX, ERR_LIMIT or ERR_EXISTS nothing is made and *ret_trouble (in `arena`) says what is wrong and where:
 * "builtin.rules:12: unknown reason \"x\"". ERR_CORRUPT: the weights within the program are not those of this build. */
MUST_CHECK enum err parse_rules_load(struct arena *arena, const struct parse_source *sources,
	size_t n_sources, struct parse_rules **ret_rules, struct str *ret_trouble);
/* The rules that are compiled into the program, as the last source(s) to load. */
size_t parse_builtin_sources(const struct parse_source **ret_sources);
/* The golden cases of the built-in rules, see rules_check.h. */
size_t parse_builtin_cases(const struct parse_source **ret_sources);
/* The rules themselves, for rules_check and lists. */
const struct rules *parse_rules_set(const struct parse_rules *rules);
/* Other weights than those that the build learnt (learn.h), which it borrows; empty: none. For measuring. */
void parse_rules_weigh(struct parse_rules *rules, struct str weights);
void parse_rules_free(struct parse_rules *rules);
void parse_rules_freep(struct parse_rules **rules);

/* `rules` must outlive the parser. */
struct parser *parser_new(const struct parse_rules *rules);
void parser_free(struct parser *parser);
void parser_freep(struct parser **parser);

/* From now on events say how their verdicts came about (event.account). Costs time; off at first. */
void parser_ask_account(struct parser *parser, bool on);

/* From now on what was looked at in the last refusal is left in *features (NULL: no more). For learning. */
void parser_ask_features(struct parser *parser, struct features *features);

/* Never fails: what cannot be read becomes KIND_UNKNOWN or KIND_NOT_BOUNCE with its flaws.
 * `envelope` may be NULL (a file). The report lives in `arena`; nothing borrows from `message`. */
void parse_message(struct parser *parser, struct arena *arena, const struct envelope *envelope,
	struct str message, struct report *ret_report);

/* A bare SMTP reply: an event without a recipient, for `bounced classify`. `remote_mta` may be empty. A reply of 2xx is
 * delivered, one of 3xx delayed; neither has a reason. */
void parse_reply(struct parser *parser, struct arena *arena, struct str reply,
	struct str remote_mta, struct event *ret_event);
