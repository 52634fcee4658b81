/* parser/mail/broken_address.h -- addresses that a mailer broke in two, made whole.
 * Knows: where a line is broken within an address: at its "@", or within angle brackets, which tell
 * where it ends. Does not know anchors or fields. Pure; linear. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* The text with each broken address on one line; the same text where none is broken. */
struct str broken_addresses_mend(struct arena *arena, struct str text);
/* The value of a field, in which a break was unfolded to a space: "ann@ shop.example". */
struct str broken_address_join(struct arena *arena, struct str value);
