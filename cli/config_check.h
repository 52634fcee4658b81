/* cli/config_check.h -- what can be tried of a configuration without starting: users, folders, ports, files, programs.
 * Knows: settings, findings. Makes and changes nothing; a socket is opened and closed. */
#pragma once
#include "serve/settings/findings.h"

void config_check_all(const struct config *config, struct findings *findings);
