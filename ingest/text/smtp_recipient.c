#include "ingest/text/smtp_recipient.h"

#include "core/limits.h"

/* Linear but for the way back to the last star, which the lengths of SMTP bound. */
static bool matches(struct str pattern, struct str text)
{
	size_t p = 0, t = 0, star = STR_NPOS, tried = 0;

	while (t < text.n) {
		if (p < pattern.n && pattern.p[p] == '*') {
			star = p++;
			tried = t;
		} else if (p < pattern.n && ascii_lower(pattern.p[p]) == ascii_lower(text.p[t])) {
			p++;
			t++;
		} else if (star != STR_NPOS) {
			p = star + 1;
			t = ++tried;
		} else {
			return false;
		}
	}
	while (p < pattern.n && pattern.p[p] == '*')
		p++;
	return p == pattern.n;
}

static size_t literal_bytes(struct str pattern)
{
	size_t n = 0;

	for (size_t i = 0; i < pattern.n; i++)
		n += pattern.p[i] != '*';
	return n;
}

/* "a\ b" in quotes and a b without are one local part, RFC 5321 4.1.2. */
static struct str unquote(struct str local, char room[static LIMIT_LOCAL_PART_BYTES])
{
	size_t n = 0;

	if (!local.n || *local.p != '"' || local.n > LIMIT_LOCAL_PART_BYTES)
		return local;
	for (size_t i = 1; i + 1 < local.n; i++) {
		if (local.p[i] == '\\' && i + 2 < local.n)
			i++;
		room[n++] = local.p[i];
	}
	return str_from(room, n);
}

static bool entry_holds(struct str entry, struct str local, struct str domain)
{
	size_t at = str_rchr(entry, '@');

	if (at == STR_NPOS)
		return matches(entry, domain);
	return matches(str_head(entry, at), local) && matches(str_skip(entry, at + 1), domain);
}

bool smtp_recipient_serves(const struct smtp_domain *domains, size_t n_domains, struct str domain)
{
	for (size_t i = 0; i < n_domains; i++) {
		struct str entry = domains[i].domain;
		size_t at = str_rchr(entry, '@');

		if (matches(at == STR_NPOS ? entry : str_skip(entry, at + 1), domain))
			return true;
	}
	return false;
}

const struct smtp_domain *smtp_recipient_find(
	const struct smtp_domain *domains, size_t n_domains, const struct smtp_path *path)
{
	char room[LIMIT_LOCAL_PART_BYTES];
	struct str local = unquote(path->local, room);
	const struct smtp_domain *best = NULL;

	if (!path->domain.n)
		local = path->local; /* <postmaster>: only `*` has it */
	for (size_t i = 0; i < n_domains; i++) {
		if (!entry_holds(domains[i].domain, local, path->domain))
			continue;
		if (!best || literal_bytes(domains[i].domain) > literal_bytes(best->domain))
			best = &domains[i];
	}
	return best;
}

static bool is_printable(struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] <= ' ' || text.p[i] == 0x7f)
			return false;
	return true;
}

/* What a domain or its pattern may be made of. Quotes, or a URL, would match nothing, and all mail be refused. */
static bool domain_good(struct str domain)
{
	if (str_starts(domain, STR("[")) && str_ends(domain, STR("]")))
		return true;
	for (size_t i = 0; i < domain.n; i++)
		if (!ascii_alpha(domain.p[i]) && !ascii_digit(domain.p[i]) &&
			(unsigned char)domain.p[i] < 0x80 &&
			str_chr(STR("-_.*"), domain.p[i]) == STR_NPOS)
			return false;
	return domain.n > 0;
}

enum err smtp_domain_parse(struct str text, struct smtp_domain *ret_domain)
{
	/* A local part may hold a '=', a domain and a stream's name may not: VERP writes user=host. */
	size_t at = str_rchr(text, '@'), from = at == STR_NPOS ? 0 : at;
	size_t equals = str_chr(str_skip(text, from), '=');
	struct smtp_domain domain = { text, STR("default") };

	if (equals != STR_NPOS) {
		domain.domain = str_trim(str_head(text, from + equals));
		domain.stream = str_trim(str_skip(text, from + equals + 1));
	}
	at = str_rchr(domain.domain, '@');
	if (!domain.domain.n || domain.domain.n > LIMIT_PATH_BYTES || !domain.stream.n ||
		!is_printable(domain.domain) || !is_printable(domain.stream))
		return ERR_SYNTAX;
	if (!at || !domain_good(at == STR_NPOS ? domain.domain : str_skip(domain.domain, at + 1)))
		return ERR_SYNTAX;
	*ret_domain = domain;
	return ERR_OK;
}
