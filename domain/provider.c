#include "domain/provider.h"

#include "domain/domain_name.h"
#include "domain/org_domain.h"

#include <stdlib.h>

struct provider_row {
	struct str domain, provider;
};

/* Sorted by domain, so that it is searched by halves. */
static const struct provider_row table[] = {
#define PROVIDER(domain, provider) { STR_INIT(domain), STR_INIT(provider) },
#include "domain/provider.def"
};

static const struct provider_row mail_hosts[] = {
#define MAIL_HOST(name, provider) { STR_INIT(name), STR_INIT(provider) },
#include "domain/mail_host.def"
};

struct providers {
	struct provider_row *rows; /* sorted */
	size_t n;
};

static int compare(const void *a, const void *b)
{
	const struct provider_row *x = a, *y = b;

	return str_cmp(x->domain, y->domain);
}

static struct str find(const struct provider_row *rows, size_t n, struct str domain)
{
	const struct provider_row key = { .domain = domain };
	const struct provider_row *row = n ? bsearch(&key, rows, n, sizeof *rows, compare) : NULL;

	return row ? row->provider : STR_EMPTY;
}

static bool read_row(struct arena *arena, struct str text, struct provider_row *ret_row)
{
	struct str domain, provider;

	if (!str_cut(text, '=', &domain, &provider))
		return false;
	provider = str_trim(provider);
	if (!provider.n || provider.n > 64 ||
		str_span(provider, "abcdefghijklmnopqrstuvwxyz0123456789_-.") != provider.n)
		return false;
	ret_row->provider = provider;
	return domain_name(arena, str_trim(domain), &ret_row->domain);
}

enum err providers_read(struct arena *arena, struct str list,
	const struct providers **ret_providers, struct str *ret_bad)
{
	struct providers *providers = arena_zalloc(arena, sizeof *providers);
	struct str rest = list, item;
	size_t n = 0;

	while (str_next_word(&rest, ",", &item))
		n++;
	providers->rows = arena_calloc(arena, n, sizeof *providers->rows);
	while (str_next_word(&list, ",", &item)) {
		struct provider_row *row = &providers->rows[providers->n++];

		if (!read_row(arena, item, row)) {
			*ret_bad = str_trim(item);
			return ERR_SYNTAX;
		}
		row->provider = arena_dup(arena, row->provider);
		row->domain = arena_dup(arena, row->domain);
	}
	qsort(providers->rows, n, sizeof *providers->rows, compare);
	*ret_providers = providers;
	return ERR_OK;
}

static struct str named(const struct providers *providers, struct str domain)
{
	struct str own = providers ? find(providers->rows, providers->n, domain) : STR_EMPTY;

	return own.n ? own : find(table, sizeof table / sizeof *table, domain);
}

/* "yahoo.*" is the label in front of any public suffix. */
static struct str by_label(struct str organisation)
{
	char room[80];
	size_t n = str_chr(organisation, '.');

	if (n == STR_NPOS || n > sizeof room - 3)
		return STR_EMPTY;
	for (size_t i = 0; i < n; i++)
		room[i] = organisation.p[i];
	room[n] = '.';
	room[n + 1] = '*';
	return find(table, sizeof table / sizeof *table, str_from(room, n + 2));
}

struct str provider_of(const struct providers *providers, struct str name)
{
	struct str organisation = org_domain(name), provider = named(providers, name);

	if (!provider.n && organisation.n != name.n)
		provider = named(providers, organisation);
	return provider.n ? provider : by_label(organisation);
}

struct str provider_of_mail_host(struct str host)
{
	while (host.n) {
		struct str provider =
			find(mail_hosts, sizeof mail_hosts / sizeof *mail_hosts, host);
		size_t dot = str_chr(host, '.');

		if (provider.n || dot == STR_NPOS)
			return provider;
		host = str_skip(host, dot + 1);
	}
	return STR_EMPTY;
}
