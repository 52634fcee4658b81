/* store/store_hook.h -- what is to be told to other systems, until they have taken it.
 * Knows: rows. Does not know HTTP, or what a message says. Errors: as in store.h. */
#pragma once
#include "store/store.h"

/* A target that is new is told of changes from now on. *ret_seq: up to where it was told. */
MUST_CHECK enum err store_hook_target(struct store *store, struct str name, uint64_t *ret_seq);

struct store_hook_message {
	int64_t id;
	struct str target, kind, body, error;
	int64_t created_us, due_us;
	uint64_t attempts;
	bool dead; /* given up */
};
typedef bool store_hook_fn(void *context, const struct store_hook_message *message);

/* One transaction around what is written down and what it was made of. */
MUST_CHECK enum err store_hook_begin(struct store *store);
MUST_CHECK enum err store_hook_end(struct store *store, enum err err);
/* Takes up to `limit` events out of the outbox; `fn` gets each that is kept still. */
struct store_hook_event {
	struct uuid id, message_id;
	int64_t received_us;
	struct str stream, campaign, kind, recipient, domain, outcome, status, reason, class,
		diagnostic, proof;
	int64_t reply_code;
};
typedef void store_hook_event_fn(void *context, const struct store_hook_event *event);
MUST_CHECK enum err store_hook_take_events(struct store *store, size_t limit,
	store_hook_event_fn *fn, void *context, size_t *ret_taken);
/* Adds a message, due at once. */
MUST_CHECK enum err store_hook_add(
	struct store *store, const struct store_hook_message *message, int64_t now_us);
/* The target was told up to `seq`. */
MUST_CHECK enum err store_hook_moved(struct store *store, struct str name, uint64_t seq);

/* Those that are due, the oldest first. */
MUST_CHECK enum err store_hook_due(
	struct store *store, int64_t now_us, size_t limit, store_hook_fn *fn, void *context);
MUST_CHECK enum err store_hook_sent(struct store *store, int64_t id);
/* Tried in vain: due again, or dead. */
MUST_CHECK enum err store_hook_failed(
	struct store *store, const struct store_hook_message *message);
/* All that are kept, the oldest first, without their bodies. */
MUST_CHECK enum err store_hook_list(struct store *store, store_hook_fn *fn, void *context);
/* Makes dead ones due; id 0: all of them. */
MUST_CHECK enum err store_hook_replay(
	struct store *store, int64_t id, int64_t now_us, size_t *ret_replayed);
