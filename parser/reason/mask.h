/* parser/reason/mask.h -- a refusal without the names that somebody chose.
 * Knows: where an address or a host that answered stands in the words of a refusal. Does not know what
 * the words mean. Pure. The result has the length of the text, so that a span of one is a span of the
 * other; it is the text itself, or lives in `arena`. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* "host spam.shop.example[192.0.2.1] said: <virus@shop.example> unknown" says nothing of spam or of a
 * virus. Letters and digits become "x" in the local part of an address, in its domain too where the
 * address stands in angle brackets, and in a host name that its address in brackets follows. Names
 * elsewhere stay: "blocked by zen.blocklist.example" is told by the name. */
struct str mask_names(struct arena *arena, struct str text);
