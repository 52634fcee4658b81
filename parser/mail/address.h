/* parser/mail/address.h -- mailbox addresses as reports write them.
 * Knows: RFC 5321 paths, RFC 3461 4 (xtext), RFC 6533 3 (utf-8 addresses), IDNA. Does not know who
 * an address belongs to, or display names. Pure. Results borrow from the text or live in `arena`. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* One @ outside quotes, both sides non-empty, no white space or control outside quotes, at most
 * LIMIT_ADDRESS_BYTES. A domain literal and a host without a dot are fine. */
bool address_valid(struct str s);
/* The length of the address at the start of s, for text in which one stands; 0 without one. Trailing
 * full stops and the like do not belong to it. */
size_t address_prefix(struct str s);
/* Takes the address out of "Name <a@b>", "<a@b>", "\"a@b\"", "SMTP:a@b", "a@b (x)"; False: none. */
bool address_take(struct arena *arena, struct str text, struct str *ret_address);
/* The same with an address type in front: "rfc822; a@b" has type "rfc822". Decodes utf-8 addresses,
 * and xtext where `xtext` says that the field may carry it. */
bool address_typed(
	struct arena *arena, struct str type, struct str text, bool xtext, struct str *ret_address);
/* The domain in lower case; the local part as it is. */
struct str address_normal(struct arena *arena, struct str address);
/* The domain in lower case, as A-labels where they can be made; empty where there is none. */
struct str address_domain(struct arena *arena, struct str address);
/* xtext, RFC 3461 4: "+40" is "@". What is no xtext stays as it is. */
struct str xtext_decode(struct arena *arena, struct str s);
