/* suppress/hook/hook_target.h -- who is told by HTTP of events and of changes of the suppression list, and how.
 * Knows: the text of webhook.targets. Pure. */
#pragma once
#include "core/arena.h"
#include "core/err.h"

enum { HOOK_TARGETS = 16, HOOK_SECRET_BYTES = 64 };
enum hook_kind {
	HOOK_GENERIC,  /* batches, signed as Standard Webhooks has it */
	HOOK_LISTMONK, /* POST /webhooks/bounce, one failure each */
	HOOK_KIND_COUNT
};
enum hook_tell { HOOK_EVENTS = 1u << 0, HOOK_SUPPRESSIONS = 1u << 1 };

struct hook_target {
	struct str name, url, user; /* user: "NAME:TOKEN" of basic authentication; empty: none */
	enum hook_kind kind;
	unsigned tell;
	bool private_too; /* addresses of this machine and of private networks, and http: */
	unsigned char secret[HOOK_SECRET_BYTES];
	size_t secret_n; /* 0: not signed */
};

/* *ret_trouble (in `arena`) names the target and the cure, never a secret. Texts borrow from `text`. */
MUST_CHECK enum err hook_targets_read(struct arena *arena, struct str text,
	struct hook_target ret_targets[static HOOK_TARGETS], size_t *ret_n,
	struct str *ret_trouble);
