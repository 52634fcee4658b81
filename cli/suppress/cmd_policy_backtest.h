/* cli/suppress/cmd_policy_backtest.h -- `bounced policy backtest`: what another policy would have done. */
#pragma once
#include "core/arena.h"
#include "core/config.h"

struct policy_options {
	const char *since, *policy, *format;
	bool compare;
};

/* The exit code. */
int cmd_policy_backtest(
	const struct config *config, struct arena *arena, const struct policy_options *options);
