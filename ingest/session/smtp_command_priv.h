/* ingest/session/smtp_command_priv.h -- the verbs. Knows smtp_commands.def. */
#pragma once
#include "ingest/session/smtp_state_priv.h"

/* Executes one command line. */
void smtp_command_run(struct smtp_session *session, struct str line);
