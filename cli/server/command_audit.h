/* cli/server/command_audit.h -- what a command changed, noted with who ran it (`bounced audit`).
 * Knows: the user. Does not know transactions: the note is part of the one that is open (store_noted_begin). */
#pragma once
#include "core/arena.h"
#include "store/store.h"

/* "cli:root". */
struct str command_who(struct arena *arena);
/* Texts may be empty; see store/store_access.h. `note` is why. */
MUST_CHECK enum err command_audit_note(struct store *store, const char *action, struct str subject,
	struct str address, uint64_t n, struct str note);
/* Without one. */
MUST_CHECK enum err command_audit(struct store *store, const char *action, struct str subject,
	struct str address, uint64_t n);
