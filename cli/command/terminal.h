/* cli/command/terminal.h -- text that somebody else wrote, on standard output.
 * Knows: that a terminal obeys some characters (core/sink.h). Does not know what is printed. */
#pragma once
#include "core/str.h"

void terminal_print(struct str text);
