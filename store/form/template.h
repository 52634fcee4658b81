/* store/form/template.h -- the text of a refusal without what differs from case to case.
 * Knows: what in a diagnostic is a number, an address, an id. Does not know what it means. Pure.
 * "550 5.1.1 <ann@example.com>: user 17 unknown" -> "550 5.1.1 <*>: user # unknown".
 * Reply codes and enhanced status codes stay. At most TEMPLATE_BYTES of valid UTF-8, cut between words, where there are any. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

enum { TEMPLATE_BYTES = 160 };

/* `diagnostic` is valid UTF-8. The result lives as long as `arena`. */
struct str template_make(struct arena *arena, struct str diagnostic);
