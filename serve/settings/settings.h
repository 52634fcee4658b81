/* serve/settings/settings.h -- what a configuration means as a whole.
 * Knows: which settings of several rooms need each other. Each room checks its own. Pure. */
#pragma once
#include "serve/settings/findings.h"

/* Mistakes that no single setting shows, all of them: each finding names the setting and the cure. The first error; warnings
 * are none. */
MUST_CHECK enum err settings_check(const struct config *config, struct findings *findings);
