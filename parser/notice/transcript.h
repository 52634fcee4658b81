/* parser/notice/transcript.h -- SMTP sessions that a notice quotes: whom the other side refused, and with what.
 * Knows: how sendmail, MDaemon, Courier and their like print a session. Does not know families.
 * Pure; adds events to a list. */
#pragma once
#include "parser/notice/entry.h"

/* "550 <user@host>... diagnosis" lines, with the reply quoted before each. */
void transcript_lines(struct entry_source *source);
/* RCPT TO:<user@host> and a refusal behind it; a refusal of the data is about all that were taken. */
void transcript_session(struct entry_source *source);
