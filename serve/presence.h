/* serve/presence.h -- what a node tells of itself in the database, for `bounced node list`.
 * Knows: the id of the data folder (DIR/node.id, 16 hexadecimal digits, made once), the machine's name, the lanes. Does not know who
 * reads it; nothing depends on it, so that what fails is not complained of and tried again later.
 * Bounds: a row for the role and one for each lane, every PRESENCE_MS. */
#pragma once
#include "serve/role.h"
#include "store/store.h"

enum { PRESENCE_MS = 10000, PRESENCE_ID_BYTES = 16 };

/* The id of a data folder; in `arena`. It is made where it is missing. */
MUST_CHECK enum err presence_id(struct arena *arena, const char *data_dir, struct str *ret_id);
/* The same, and nothing is made. ERR_NOT_FOUND. ERR_CORRUPT: it is none. */
MUST_CHECK enum err presence_read_id(struct arena *arena, const char *data_dir, struct str *ret_id);
/* The word that a role of this node is started with (role.h). Without an id it tells nothing. */
const char *presence_word(struct arena *arena, const char *data_dir);

struct presence {
	const struct role *role;
	int64_t due_ms;
};
/* If it is time, by a connection that nobody uses now. Roles that may not see the spool tell of no lane. */
void presence_tell(struct presence *presence, struct store *store);

/* The same by a thread with a connection of its own, for a role whose own are busy. */
struct presence_thread;
struct presence_thread *presence_start(const struct role *role);
/* Waits for it, but not for a database that does not answer. */
void presence_stop(struct presence_thread *thread);
