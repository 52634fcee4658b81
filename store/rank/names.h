/* store/rank/names.h -- the names of domains by their numbers in packed days, kept between questions, for any number of threads.
 * Knows: domain_number. Does not know what is counted. Owns its names. */
#pragma once
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
