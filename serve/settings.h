/* serve/settings.h -- what a configuration means as a whole.
 * Knows: which settings of several rooms need each other. Each room checks its own. Pure. */
#pragma once
#include "core/arena.h"
#include "core/config.h"

/* Mistakes that no single setting shows. *ret_trouble (in `arena`) names the setting and the cure. */
MUST_CHECK enum err settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble);
