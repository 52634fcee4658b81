/* api/request/answer.h -- what goes back to a client: a status, headers, and JSON.
 * Knows: jansson, problem details (RFC 9457). Does not know: HTTP's framing, routes, the store.
 * Ownership: an answer owns its body until answer_release. */
#pragma once
#include "api/request/etag.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

#include <jansson.h>

enum problem {
#define PROBLEM(id, status, type, title) PROBLEM_##id,
#include "api/request/problems.def"
	PROBLEM_COUNT
};

/* What a client may do with an answer that it has. */
enum answer_keep {
	KEEP_NOT,   /* no-store: it may hold personal data */
	KEEP_ASK,   /* keep it, and ask by its tag whether it still holds */
	KEEP_SHORT, /* for fresh_s, then ask */
	KEEP_EVER,  /* its name says what is in it */
};

struct answer {
	unsigned status;
	const char *content_type;
	struct str policy; /* what a browser may do with it (CSP), borrowed for good; empty: nothing */
	struct buf body;
	char allow[64];         /* empty: none; so is the next */
	char attachment[64];    /* the name to save the body under */
	struct buf link;        /* RFC 8288: where the next page is; empty: none */
	unsigned retry_after_s; /* 0: none */
	enum answer_keep keep;
	unsigned fresh_s;
	char etag[ETAG_BYTES]; /* empty: none */
	/* What the log is told of it. */
	int route;          /* enum route; -1: none */
	char who[16];       /* "key:1a2b3c4d", "loopback"; empty: nobody was asked for */
	const char *action; /* that changed something; NULL: none */
	uint64_t n_changed;
	bool close; /* the connection ends: what follows on it cannot be trusted */
};

void answer_init(struct answer *answer);
void answer_reset(struct answer *answer);
void answer_release(struct answer *answer);

/* Takes the reference away. */
void answer_json(struct answer *answer, unsigned status, json_t *take_json);
/* `content_type` is borrowed for good. */
void answer_bytes(
	struct answer *answer, unsigned status, const char *content_type, struct str bytes);
/* `where_key` ("parameter", "pointer") and `where` say which part of the request is meant; NULL: the
 * whole. `detail` is cleaned to UTF-8. */
void answer_problem(struct answer *answer, enum problem problem, struct str detail,
	const char *where_key, struct str where);

/* null for empty text; invalid UTF-8 cannot come this far and would be null too. */
json_t *json_text(struct str s);
json_t *json_time(int64_t at_us);
