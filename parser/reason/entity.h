/* parser/reason/entity.h -- names in a reply: addresses, hosts, IP addresses, links, fields of a log.
 * Knows: how each looks in running text, RFC 5321's address literals and quoted local parts among them. Does not know whose a
 * name is. Pure; borrows from the text. */
#pragma once
#include "core/str.h"

enum entity_name { ENTITY_ADDRESS, ENTITY_HOST, ENTITY_IP, ENTITY_URL, ENTITY_FIELD };

/* No letter of it is a word. */
struct entity {
	enum entity_name name;
	size_t from, to;
	struct str said; /* as it stands in the source */
};

/* Does a name start at s[i], as far as what stands in front of it tells? */
bool entity_may_start(struct str s, size_t i);
/* Where the next "@" stands, from `from` on; s.n without one. */
size_t entity_next_at_sign(struct str s, size_t from);
/* The name that starts at `i`, in positions of `s` and without `said`; false without one. `next_at`: of the next "@". */
bool entity_at(struct str s, size_t i, size_t next_at, struct entity *ret_entity);
