#include "suppress/export/listing.h"

#include "core/limits.h"

/* Hands rows on and remembers where the page ended. */
struct page {
	store_suppression_fn *fn;
	void *context;
	struct arena *arena;
	struct store_suppression_place last;
	uint64_t last_seq;
	size_t n;
	bool (*fits)(const struct store_suppression *row); /* NULL: all do */
	bool ended;
};

/* Asked here and not of the database: a condition beside the place makes its planner, where it does not know
 * the table, sort all rows for each page. */
static bool stands_numbered(const struct store_suppression *row)
{
	return row->state == SUPPRESSION_ACTIVE && row->seq;
}

static bool take_row(void *context, const struct store_suppression *row)
{
	struct page *page = context;

	page->n++;
	page->last_seq = row->seq;
	if (!page->fits || page->fits(row))
		page->ended = !page->fn(page->context, row);
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
		.fits = listing == LISTING_FULL ? stands_numbered : NULL };
	enum err err = ERR_OK;

	for (size_t i = 0; !err; i++) {
		page.arena = arenas[i % 2];
		arena_reset(page.arena);
		err = next_page(store, listing, &page, to_seq, i == 0);
		if (page.ended || page.n < LIMIT_PAGE_ROWS)
			break;
	}
	arena_free(arenas[0]);
	arena_free(arenas[1]);
	return err;
}
