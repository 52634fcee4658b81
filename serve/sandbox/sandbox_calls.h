/* serve/sandbox/sandbox_calls.h -- the seccomp half of a sandbox.
 * Knows: libseccomp, sandbox_calls.def. Does not know files, which Landlock is for. */
#pragma once
#include <stdbool.h>

/* Gives up the system calls that `rights` (enum sandbox_right) do not name. True: it is in force. */
bool sandbox_calls(unsigned rights);
