/* cli/suppress/cmd_suppress_check.h -- `bounced suppress check`: what each address is, a line each. */
#pragma once
#include "cli/suppress/suppress_command.h"

/* The exit code: EXIT_CODE_OK, or 3 where one is not to be mailed. */
int cmd_suppress_check(struct suppress *s);
