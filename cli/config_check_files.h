/* cli/config_check_files.h -- files and folders that lists of settings name: where export jobs write, Unix sockets, logs.
 * Knows: settings that settings_check approved; those that it did not are left alone. Makes and changes nothing. */
#pragma once
#include "serve/settings/findings.h"

void config_check_files(const struct config *config, struct findings *findings);
