#include "ingest/fetch/fetch.h"

/* A cut message is not the whole of it: it may be marked as seen, never deleted. */
static bool is_to_be_marked(const struct fetch *fetch, const struct fetch_item *item)
{
	return item->stored && fetch->after != FETCH_LEAVE &&
	       (fetch->after != FETCH_DELETE || !item->cut);
}

static enum err mark_one(struct fetch *fetch, uint32_t number, fetch_mark *mark, void *conversation)
{
	enum err err = mark(conversation, number);

	fetch->marked += !err;
	fetch->unmarked += err != ERR_OK;
	return err == ERR_DENIED ? ERR_OK : err;
}

enum err fetch_settle(struct fetch *fetch, enum err before, fetch_mark *mark, void *conversation)
{
	enum err of_store = fetch->settle(fetch->context), err = fetch->refused ? ERR_OK : before;

	for (size_t i = 0; i < fetch->n_window; i++) {
		const struct fetch_item *item = &fetch->window[i];

		fetch->stored += item->stored;
		fetch->cut += item->stored && item->cut;
		if (!is_to_be_marked(fetch, item))
			continue;
		if (err)
			fetch->unmarked++;
		else
			err = mark_one(fetch, item->number, mark, conversation);
	}
	fetch->n_window = 0;
	if (before)
		return before;
	return err ? err : of_store;
}

enum err fetch_take(struct fetch *fetch, uint32_t number, struct str message, bool cut,
	fetch_mark *mark, void *conversation)
{
	size_t at = fetch->n_window++;
	enum err err;

	fetch->window[at] = (struct fetch_item){ .number = number, .cut = cut };
	err = fetch->store(fetch->context, message, at);
	fetch->refused = err != ERR_OK;
	if (!err && fetch->n_window == FETCH_WINDOW)
		err = fetch_settle(fetch, ERR_OK, mark, conversation);
	return err;
}
