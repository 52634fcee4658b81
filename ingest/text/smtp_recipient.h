/* ingest/text/smtp_recipient.h -- whose recipient is it: return-path domains and patterns -> stream.
 * Knows: the entries of smtp.return_path_domains. Does not know SMTP replies. Pure, borrows.
 * An entry is a domain (`bounces.example.com`, `*.example.com`, `*`) or an address pattern
 * (`bounce+*@example.com`); a `*` stands for any run of characters, none too. ASCII case does not
 * matter. Of several entries that match, the one with the most literal characters is meant, so that
 * an exact name goes before a pattern and `*` is last; of equals the first. */
#pragma once
#include "core/err.h"
#include "core/str.h"
#include "ingest/text/smtp_path.h"

struct smtp_domain {
	struct str domain, stream;
};

/* "ENTRY" or "ENTRY=STREAM"; the stream is "default" where none is named. ERR_SYNTAX. */
MUST_CHECK enum err smtp_domain_parse(struct str text, struct smtp_domain *ret_domain);
/* NULL: nobody's. */
const struct smtp_domain *smtp_recipient_find(
	const struct smtp_domain *domains, size_t n_domains, const struct smtp_path *path);
/* Does an entry name this domain, whatever its pattern wants of the local part? */
bool smtp_recipient_serves(const struct smtp_domain *domains, size_t n_domains, struct str domain);
