/* ingest/session/smtp_received.h -- what in a message forbids to take it. Pure. */
#pragma once
#include "core/str.h"

/* More than LIMIT_RECEIVED_FIELDS of them in the header? */
bool smtp_received_loops(struct str message);
/* A CR or LF that is not part of a CR LF? */
bool smtp_has_bare_line_ends(struct str message);
