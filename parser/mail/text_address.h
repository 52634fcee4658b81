/* parser/mail/text_address.h -- where an address ends in a text that does not set its words apart.
 * Knows: full-width and CJK punctuation, scripts that run into a domain. The grammar of an address is
 * address.h's. Pure. */
#pragma once
#include "core/str.h"

/* As address_prefix, for text of which the address is a part. */
size_t text_address_prefix(struct str s);
/* Bytes of the punctuation at the start of s that no address holds; 0: none. */
size_t text_wide_mark(struct str s);
/* True for what may stand in a local part of ASCII. */
bool text_address_byte(char c);
