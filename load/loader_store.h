/* load/loader_store.h -- a batch of one lane into the database, exactly once; and what it shares with the loop.
 * Knows: the store's verbs, policy, proof, patience. Does not know how a batch was read or parsed. */
#pragma once
#include "load/batch.h"
#include "load/loader_outside.h"
#include "store/store.h"
#include "suppress/proof/token.h"
#include "suppress/proof/verp.h"
#include "suppress/suppress_settings.h"

enum { LOADER_ID_BYTES = 24 };

struct lane {
	const char *name, *folder;   /* of its folder below the spool, and the whole path */
	struct spool_reader *reader; /* NULL: its writer has not made it yet */
	struct store_batch *rows;
	struct batch batches[2];
	struct batch *now, *next;
	char spool_id[LOADER_ID_BYTES];
	enum err trouble; /* of its folder, as the log has it */
};

struct loader {
	const struct config *config;
	struct loader_outside outside;
	struct arena *arena;
	struct store *store;
	struct parser_pool *pool;
	struct token_keys token_keys;
	struct verp verp;
	struct suppress_settings suppress;
	struct lane *lanes; /* LANES of them */
	int64_t asked_us;   /* when the positions were last compared with the database's */
	struct judge judge;
	struct store_judge store_judge;
	struct store_weight *weights;     /* of one message: LIMIT_EVENTS */
	struct store_standing *standings; /* likewise */
	size_t unsigned_recipients;       /* of one message that may count */
	struct arena *scratch;            /* of one message */
	bool keep_raw, stopping;
};

/* Waits until the loader is to stop, or timeout_ms are over. True: stop. */
bool loader_wait_stop(const struct loader *l, int timeout_ms);
/* Stores the whole batch and publishes the position behind it. Tries until it is done; a message that the
 * database refuses is kept without its events. ERR_CLOSED: the role is to stop. */
MUST_CHECK enum err loader_store(struct loader *l, struct lane *lane, struct batch *batch);
/* Compares each lane's position with the database's, every ten seconds: a standby that was promoted, or a copy that was
 * restored, may lack what the database had told to be there for good. ERR_CONFLICT: so it is, and whoever starts
 * again at the database's position finds it in the spool, as long as that is kept. */
MUST_CHECK enum err loader_check_positions(struct loader *l);
