/* cli/command/commands.h -- the subcommands: the functions of commands.def.
 * Each gets its own argv (argv[0] is its name) and returns an exit code. */
#pragma once

#define COMMAND(name, function, arguments, help) int function(int argc, char **argv);
#include "cli/command/commands.def"
