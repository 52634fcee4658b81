/* parser/text/said_reply.h -- the reply that a notice quotes somewhere, and the step that it answered.
 * Knows: what stands in front of a reply in a line: arrows, bullets, "returned", a label and its colon. Does not know recipients.
 * Pure; borrows. */
#pragma once
#include "core/str.h"

/* From the code of the first reply on, to the end of its line; empty without one. */
struct str said_reply(struct str text);
/* "RCPT", of the words that events use: the last ">>> " in front of a refusal, or as the words have it. */
struct str said_step(struct str text);
