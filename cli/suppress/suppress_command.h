/* cli/suppress/suppress_command.h -- what the verbs of `bounced suppress` share. */
#pragma once
#include "cli/command/command_line.h"
#include "core/arena.h"
#include "store/store.h"

struct suppress {
	struct store *store;
	struct arena *arena;
	const char *stream, *format, *since, *reason, *state, *domain, *until;
	char **operands;
	size_t n_operands;
};

int64_t suppress_now_us(void);
/* Prints the store's trouble; the exit code. */
int suppress_failed(const struct suppress *s, enum err err);
