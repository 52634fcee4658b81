/* logs/log_settings.h -- [log] as it is meant, and the rules that classify replies.
 * Knows: its settings. Not pure: reads the operator's rules file. */
#pragma once
#include "core/config.h"
#include "logs/log_follow.h"

/* *ret_trouble (in `arena`) names the setting and the cure. Pure. */
MUST_CHECK enum err log_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble);
/* Are there logs to follow? */
bool log_settings_any(const struct config *config);
/* The built-in rules under those of parser.rules_file. */
MUST_CHECK enum err log_settings_rules(const struct config *config, struct arena *arena,
	struct parse_rules **ret_rules, struct str *ret_trouble);
/* Adds each of log.files. */
void log_settings_add(const struct config *config, struct log_follow *follow);
