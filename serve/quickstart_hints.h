/* serve/quickstart_hints.h -- what a newcomer types next, on standard output when the server is ready.
 * Knows: settings. Says nothing but where server.quickstart_hints asks for it. */
#pragma once
#include "core/config.h"

void quickstart_hints(const struct config *config);
