/* cli/config_check.h -- what can be tried of a configuration without starting: users, folders, ports, files, programs.
 * Knows: settings, findings. Makes and changes nothing; a socket is opened and closed. */
#pragma once
#include "serve/settings/findings.h"

enum config_check_when {
	CONFIG_CHECK_BEFORE,
	CONFIG_CHECK_RUNNING /* its own server has the ports */
};
void config_check_all(
	const struct config *config, enum config_check_when when, struct findings *findings);
