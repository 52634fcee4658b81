// links: ingest/fetch
// Any bytes as what an IMAP or POP3 server says: the conversation ends, asks for no change where none is wanted, marks
// nothing that was not stored, and has the same outcome however the bytes are cut. The first octet chooses what is
// asked for, the second the size of the pieces.
#include "ingest/fetch/fetch.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

struct peer {
	struct str rest;
	struct fetch *fetch;
	size_t piece, stores, settled, changes, bytes;
	uint64_t sum; /* of what was stored */
};

static enum err hear(void *context, struct str line)
{
	struct peer *peer = context;

	assert(line.n > 2 && str_chr(line, '\n') == line.n - 1);
	peer->changes += str_find(line, STR("STORE")) != STR_NPOS || str_starts(line, STR("DELE"));
	assert(peer->changes <= peer->settled);
	return ERR_OK;
}

static enum err speak(void *context, char *room, size_t n, size_t *ret_n)
{
	struct peer *peer = context;
	struct str part = str_head(peer->rest, peer->piece < n ? peer->piece : n);

	if (part.n)
		memcpy(room, part.p, part.n);
	peer->rest = str_skip(peer->rest, part.n);
	*ret_n = part.n;
	return ERR_OK; /* nothing more: closed */
}

static enum err keep(void *context, struct str message, size_t item)
{
	struct peer *peer = context;

	assert(item == peer->stores - peer->settled && item < FETCH_WINDOW);
	peer->stores++;
	peer->bytes += message.n;
	for (size_t i = 0; i < message.n; i++)
		peer->sum = peer->sum * 31 + (unsigned char)message.p[i];
	peer->fetch->window[item].cut |= message.n % 8 == 7;
	return ERR_OK;
}

static enum err settle(void *context)
{
	struct peer *peer = context;

	for (size_t i = 0; i < peer->stores - peer->settled; i++)
		peer->fetch->window[i].stored = true;
	peer->settled = peer->stores;
	return ERR_OK;
}

static bool never(void *context)
{
	(void)context;
	return false;
}

static enum err talk(struct peer *peer, unsigned choice, struct fetch *fetch)
{
	struct fetch_wire wire = { .send = hear, .receive = speak, .context = peer };
	enum err err;

	*fetch = (struct fetch){ .wire = &wire,
		.after = (enum fetch_after)((choice >> 1) % 3),
		.all = choice >> 4 & 1,
		.folder = STR("INBOX"),
		.limit = 200,
		.store = keep,
		.settle = settle,
		.stopped = never,
		.context = peer };
	peer->fetch = fetch;
	fetch_wire_init(&wire);
	buf_init(&fetch->said, 200);
	err = choice & 1 ? fetch_pop3(fetch) : fetch_imap(fetch);
	assert(fetch->after != FETCH_LEAVE || !peer->changes);
	assert(fetch->stored == peer->stores && fetch->marked <= fetch->stored);
	assert(fetch->said.n <= 200);
	buf_release(&fetch->said);
	fetch_wire_release(&wire);
	return err;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str said = str_skip(str_from((const char *)bytes, n), 2);
	struct peer whole = { .rest = said, .piece = SIZE_MAX };
	struct peer cut = { .rest = said, .piece = n > 1 && bytes[1] ? bytes[1] : 1 };
	struct fetch first, second;

	enum err err = talk(&whole, n ? bytes[0] : 0, &first);

	assert(err == talk(&cut, n ? bytes[0] : 0, &second));
	assert(whole.stores == cut.stores && whole.changes == cut.changes);
	assert(whole.bytes == cut.bytes && whole.sum == cut.sum && whole.bytes <= n);
	assert(first.found == second.found && first.gone == second.gone && first.cut == second.cut);
	assert(first.marked == second.marked && first.unmarked == second.unmarked);
	return 0;
}
