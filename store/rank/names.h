/* store/rank/names.h -- the names of domains by their numbers in packed days, kept between questions, for any number of threads.
 * Knows: domain_number. Does not know what is counted. Owns its names. */
#pragma once
#include "core/arena.h"
#include "core/str.h"
#include "store/pg/pg.h"

struct names;

struct names *names_new(void);
/* Takes NULL. */
void names_free(struct names *names);
/* Reads those that are not known yet, up to number `newest` at least; names_lock's are below *ret_n then. */
MUST_CHECK enum err names_learn(
	struct names *names, struct pg *pg, uint64_t newest, uint64_t *ret_n);
/* By number, until names_unlock; one with p NULL is not known. */
const struct str *names_lock(struct names *names);
void names_unlock(struct names *names);

/* All of them by name, some at a time, from `last` on where it is begun; what is learnt meanwhile may be among them. */
struct names_walk {
	struct arena *arena; /* holds what is handed out */
	struct str last;     /* known or not */
	bool begun, z_to_a;
};
struct rank_name {
	uint64_t number;
	struct str name;
};
/* At most max; 0 at the end. */
size_t names_walk(
	struct names *names, struct names_walk *walk, struct rank_name *ret_names, size_t max);
