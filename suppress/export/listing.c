#include "suppress/export/listing.h"

#include "core/limits.h"
#include "core/suppression.h"

#include <glib.h>

/* Hands rows on and remembers where the page ended. */
struct page {
	store_suppression_fn *fn;
	void *context;
	struct arena *arena;
	struct store_suppression_place last;
	uint64_t last_seq;
	size_t n;
	bool (*fits)(const struct store_suppression *row); /* NULL: all do */
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

struct allowed_page {
	GHashTable *allowed;
	struct arena *arena;
	struct store_suppression_place last;
	size_t n;
};

static bool take_allowed(void *context, const struct store_suppression *row)
{
	struct allowed_page *page = context;

	page->n++;
	g_hash_table_add(page->allowed, allowed_key(row->address, row->stream));
	page->last.address = arena_dup(page->arena, row->address);
	page->last.stream = arena_dup(page->arena, row->stream);
	return true;
}

/* Of entries whose end has come the store has noted it before a listing is made. */
static enum err read_allowed(struct store *store, struct arena *arena, GHashTable *allowed)
{
	struct allowed_page page = { .allowed = allowed, .arena = arena };
	struct store_suppressions_query query = { .state = SUPPRESSION_ALLOWED,
		.limit = LIMIT_PAGE_ROWS };
	enum err err;

	do {
		struct store_suppression_place after = page.last;

		query.after = after.address.n ? &after : NULL;
		page.n = 0;
		err = store_suppressions(store, &query, take_allowed, &page);
	} while (!err && page.n == LIMIT_PAGE_ROWS);
	return err;
}

/* ---- pages ---- */

/* Asked here and not of the database: a condition beside the place makes its planner, where it does not know
 * the table, sort all rows for each page. */
static bool stands_numbered(const struct store_suppression *row)
{
	return row->state == SUPPRESSION_ACTIVE && row->seq;
}

static bool take_row(void *context, const struct store_suppression *row)
{
	struct store_suppression shown = *row;
	struct page *page = context;

	page->n++;
	page->last_seq = row->seq;
	if (is_allowed(page, row))
		shown.state = SUPPRESSION_ALLOWED;
	if (!page->fits || page->fits(&shown))
		page->ended = !page->fn(page->context, &shown);
	if (page->n == LIMIT_PAGE_ROWS) {
		page->last.address = arena_dup(page->arena, row->address);
		page->last.stream = arena_dup(page->arena, row->stream);
	}
	return !page->ended;
}

static enum err next_page(
	struct store *store, enum listing listing, struct page *page, uint64_t to_seq, bool first)
{
	struct store_suppressions_query query = {
		.state = -1, .after = first ? NULL : &page->last, .limit = LIMIT_PAGE_ROWS
	};

	page->n = 0;
	if (listing == LISTING_CHANGES)
		return store_suppression_changes(
			store, page->last_seq, to_seq, LIMIT_PAGE_ROWS, take_row, page);
	return store_suppressions(store, &query, take_row, page);
}

enum err listing_walk(void *store, enum listing listing, uint64_t from_seq, uint64_t to_seq,
	store_suppression_fn *fn, void *fn_context)
{
	/* The place before is read while the page is asked for, so its arena is the other one. */
	struct arena *arenas[2] = { arena_new(), arena_new() };
	struct page page = { .fn = fn,
		.context = fn_context,
		.last_seq = from_seq,
		.fits = listing == LISTING_FULL ? stands_numbered : NULL,
		.allowed = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL) };
	enum err err = read_allowed(store, arenas[0], page.allowed);

	for (size_t i = 0; !err; i++) {
		page.arena = arenas[i % 2];
		arena_reset(page.arena);
		err = next_page(store, listing, &page, to_seq, i == 0);
		if (page.ended || page.n < LIMIT_PAGE_ROWS)
			break;
	}
	g_hash_table_destroy(page.allowed);
	arena_free(arenas[0]);
	arena_free(arenas[1]);
	return err;
}
