/* parser/mail/html.h -- the text of an HTML notice, for mails that carry nothing else.
 * Knows: tags, entities, which elements break a line or are never shown. Does not know CSS, and renders
 * nothing. Pure. The result lives in `arena` and is not longer than the source. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

struct str html_text(struct arena *arena, struct str html);
/* True for a text/plain that is HTML all the same. */
bool html_likely(struct str text);
