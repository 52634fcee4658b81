/* cli/suppress/suppress_command.h -- what the verbs of `bounced suppress` share. */
#pragma once
#include "cli/command/command_line.h"
#include "core/arena.h"
#include "core/config.h"
#include "store/store.h"

struct suppress {
	struct store *store;
	struct arena *arena;
	const struct config *config;
	const char *stream, *format, *since, *reason, *state, *domain, *until, *name, *rule;
	bool removed, verbose, dry_run, all_or_nothing, yes;
	char **operands;
	size_t n_operands;
};

int64_t suppress_now_us(void);
/* Who it was, for those who find the entry: "cli:NAME". */
struct str suppress_who(struct suppress *s);
/* Prints the store's trouble; the exit code. */
int suppress_failed(const struct suppress *s, enum err err);
