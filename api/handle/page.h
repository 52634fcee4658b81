/* api/handle/page.h -- one page of a list: its rows, and the cursor that leads to the next.
 * Knows: how many rows fit, that one row more tells of another page, and to which query a cursor belongs. Does not know
 * what a row is, or the store.
 * A cursor is opaque to clients: base64url (RFC 4648 5) of a seal over path and parameters, the window, and the place of
 * the last row. The window is kept, as the default one moves with the clock. It holds no secret and proves nothing:
 * whoever makes one gets rows that the key may see.
 * Ownership: a page that was opened ends in page_answer or page_refuse. */
#pragma once
#include "api/handle/handle.h"

enum { PLACE_FIELDS = 5 };

struct page {
	struct handle *handle;
	json_t *rows;
	size_t limit;
	bool more;
	struct span span; /* that the rows are of; all 0: of no window */
	bool has_after;   /* the page begins behind `after` */
	struct str after[PLACE_FIELDS];
	struct str last[PLACE_FIELDS]; /* of the last row */
};

/* The page that is asked for. `span` may be NULL; else page->span is it, or that of the page before. False: the
 * cursor is none of this query, and the answer says so. */
bool page_open(struct page *page, struct handle *handle, const struct span *span);
/* How many rows to ask the store for. */
size_t page_ask(const struct page *page);
/* No room for another row: there is a next page. */
bool page_is_full(struct page *page);
/* `place` is copied; none of its fields but the last may hold a line feed. */
void page_add(struct page *page, json_t *take_row, const struct str place[static PLACE_FIELDS]);
/* The place within a cursor is none of this list; the answer says so. */
enum err page_refuse(struct page *page);
/* The Link field to the page behind `place`, for lists that are no JSON. */
void page_link(struct page *page, const struct str place[static PLACE_FIELDS]);
/* Ends a page that is answered without page_answer. After page_refuse it does nothing. */
void page_close(struct page *page);
/* The answer: `take_head` with the rows under `rows_key` and `next_cursor`; nothing of it when err is one. Returns err. */
enum err page_answer(struct page *page, enum err err, json_t *take_head, const char *rows_key);
