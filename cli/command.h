/* cli/command.h -- the whole command line: picks the subcommand. Returns an exit code. */
#pragma once

int command_run(int argc, char **argv);
