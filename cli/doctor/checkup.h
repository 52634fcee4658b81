/* cli/doctor/checkup.h -- what was looked at, and what was found: each with its weight and what to do.
 * Knows: ailment.def, how a result is printed. Does not know how anything is found out.
 * Texts are in `arena`; those that a peer chose are escaped where they are printed. Bounds: CHECKUP_ROWS, beyond which results are
 * only counted. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/config.h"

enum checkup_weight { CHECKUP_PASSED, CHECKUP_WARNING, CHECKUP_ERROR, CHECKUP_WEIGHTS };
enum ailment {
#define AILMENT(id, name, weight, cure) AILMENT_##id,
#include "cli/doctor/ailment.def"
	AILMENT_COUNT
};
enum { CHECKUP_ROWS = 256 };

struct checkup_row {
	enum checkup_weight weight;
	struct str check; /* "mx", or an ailment's name */
	struct str subject, what, cure;
};
struct checkup {
	struct arena *arena;
	const struct config *config;
	int64_t now_us;
	struct checkup_row rows[CHECKUP_ROWS];
	size_t n, counts[CHECKUP_WEIGHTS];
};

struct checkup *checkup_new(struct arena *arena, const struct config *config, int64_t now_us);
void checkup_pass(struct checkup *checkup, const char *check, struct str subject, struct str what);
void checkup_find(
	struct checkup *checkup, enum ailment ailment, struct str subject, struct str what);
/* Was this found before? */
bool checkup_has(const struct checkup *checkup, enum ailment ailment);
/* "3 h", "12 days": for a person. */
struct str checkup_age(struct arena *arena, int64_t us);

/* In words, what is wrong first; or one JSON object. */
void checkup_print(const struct checkup *checkup);
void checkup_json(const struct checkup *checkup, struct buf *out);
