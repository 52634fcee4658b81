/* serve/role_run.h -- a process becomes a role: descriptors, settings, sandbox, then its function. */
#pragma once

/* `bounced role NAME N`: how the supervisor starts a role. Not for people. Returns an exit code. */
int role_run(int argc, char **argv);
