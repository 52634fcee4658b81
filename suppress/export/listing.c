#include "suppress/export/listing.h"

#include "core/limits.h"
#include "core/suppression.h"

#include <glib.h>

/* Hands rows on and remembers where the page ended. */
struct page {
	store_suppression_fn *fn;
	void *context;
	enum listing listing;
	uint64_t last_seq;
	size_t n;
	GHashTable *allowed; /* "ADDRESS\nSTREAM" of entries that take the weight from others */
	bool ended;
};

/* ---- what is allowed ---- */

static char *allowed_key(struct str address, struct str stream)
{
	return g_strdup_printf("%.*s\n%.*s", STR_ARG(address), STR_ARG(stream));
}

static bool has_key(GHashTable *allowed, struct str address, struct str stream)
{
	g_autofree char *key = allowed_key(address, stream);

	return g_hash_table_contains(allowed, key);
}

/* An entry that is allowed somewhere else is shown as allowed: it is not to be in any list. */
static bool is_allowed(const struct page *page, const struct store_suppression *row)
{
	g_autofree char *domain =
		g_strdup_printf("@%.*s", STR_ARG(suppression_domain(row->address)));
	const struct str addresses[] = { row->address, str_c(domain) };

	if (row->state != SUPPRESSION_ACTIVE || !g_hash_table_size(page->allowed))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(addresses); i++)
		if (has_key(page->allowed, addresses[i], STR_EMPTY) ||
			has_key(page->allowed, addresses[i], row->stream))
			return true;
	return false;
}

static bool take_allowed(void *context, const struct store_suppression *row)
{
	g_hash_table_add(context, allowed_key(row->address, row->stream));
	return true;
}

/* ---- pages ---- */

/* Where lists elsewhere are concerned: an entry that another one takes the weight from is one that is allowed. */
static bool take_row(void *context, const struct store_suppression *row)
{
	struct store_suppression shown = *row;
	struct page *page = context;

	page->n++;
	page->last_seq = row->seq;
	if (is_allowed(page, row))
		shown.state = SUPPRESSION_ALLOWED;
	if ((page->listing != LISTING_FULL && page->listing != LISTING_HELD) ||
		shown.state == SUPPRESSION_ACTIVE || shown.state == SUPPRESSION_HELD)
		page->ended = !page->fn(page->context, &shown);
	return !page->ended;
}

static enum err walk_changes(struct store *store, struct page *page, uint64_t to_seq)
{
	enum err err;

	do {
		page->n = 0;
		err = store_suppression_changes(
			store, page->last_seq, to_seq, LIMIT_PAGE_ROWS, take_row, page);
	} while (!err && !page->ended && page->n == LIMIT_PAGE_ROWS);
	return err;
}

static const enum store_walk walks[LISTING_COUNT] = { [LISTING_FULL] = STORE_WALK_ACTIVE,
	[LISTING_HELD] = STORE_WALK_HELD,
	[LISTING_AFFECTED] = STORE_WALK_AFFECTED };

enum err listing_walk_from(struct store *store, enum listing listing, uint64_t from_seq,
	uint64_t to_seq, const struct store_suppression_place *after, store_suppression_fn *fn,
	void *fn_context)
{
	struct page page = { .fn = fn,
		.context = fn_context,
		.listing = listing,
		.last_seq = from_seq,
		.allowed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
	/* Of entries whose end has come the store has noted it before a listing is made. */
	enum err err = store_suppressions_allowed(store, take_allowed, page.allowed);

	if (!err && listing == LISTING_CHANGES)
		err = walk_changes(store, &page, to_seq);
	else if (!err)
		err = store_suppression_walk(
			store, walks[listing], from_seq, to_seq, after, take_row, &page);
	g_hash_table_destroy(page.allowed);
	return err;
}

enum err listing_walk(void *store, enum listing listing, uint64_t from_seq, uint64_t to_seq,
	store_suppression_fn *fn, void *fn_context)
{
	return listing_walk_from(store, listing, from_seq, to_seq, NULL, fn, fn_context);
}
