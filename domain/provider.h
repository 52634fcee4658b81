/* domain/provider.h -- who runs the mailboxes of a domain.
 * Knows: domains of large providers (provider.def), those that the operator adds, and names of mail hosts (mail_host.def). Does not
 * ask the DNS. Pure. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

struct providers;

/* "corp.example=google, mail.example=acme": rows that go before those of the table. All of it lies in the arena.
 * ERR_SYNTAX: *ret_bad is none. */
MUST_CHECK enum err providers_read(struct arena *arena, struct str list,
	const struct providers **ret_providers, struct str *ret_bad);

/* Of a name as domain_name makes it: by the domain, then by its organisational domain; empty: none is known.
 * `providers` NULL: the table alone. Borrowed for good, or from the rows. */
struct str provider_of(const struct providers *providers, struct str name);

/* Of the mail host that a domain's MX record names, lower-case: by its name, then by each that it lies below. Empty: nobody's that
 * is known. Borrowed for good. */
struct str provider_of_mail_host(struct str host);
