/* suppress/suppress_settings.h -- [suppress] and [export] as the policy, the store and the exporter want them.
 * Knows: their settings. Does not know events or files. Pure. Texts borrow from the configuration. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "store/store.h"
#include "suppress/export/exporter.h"
#include "suppress/policy/judge.h"
#include "suppress/policy/policy.h"

struct suppress_settings {
	enum unsigned_mode unsigned_mode;
	struct policy_rules rules;
	unsigned strikes, window_days, network_strikes;
	bool per_stream, unsubscribes;
	const struct config *config;
};

/* *ret_trouble (in `arena`) names the setting and the cure. */
MUST_CHECK enum err suppress_settings_load(const struct config *config, struct arena *arena,
	struct suppress_settings *ret_settings, struct str *ret_trouble);
/* Who judges; `judge` keeps what he knows, and both lean on the settings. */
void suppress_judge(const struct suppress_settings *settings, struct judge *judge,
	struct store_judge *ret_judge);
/* Days after which an event that led to nothing cannot lead to anything any more. */
unsigned suppress_memory_days(const struct suppress_settings *settings);
/* The policy for mail of a stream; leans on the settings and the text. */
struct policy suppress_policy(const struct suppress_settings *settings, struct str stream);
/* All that decides, in one line: "2 unsigned=strikes strikes=2 ...". In `arena`. */
struct str suppress_policy_version(const struct suppress_settings *settings, struct arena *arena);
/* The formats of export.formats, each once. */
MUST_CHECK enum err suppress_export_formats(const struct config *config, struct arena *arena,
	enum format ret_formats[static FORMAT_COUNT], size_t *ret_n, struct str *ret_trouble);
/* All of these, and what no single setting shows. */
MUST_CHECK enum err suppress_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble);
