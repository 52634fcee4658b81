/* ingest/intake/import_window.h -- messages of an import or a fetch on their way to stable storage, several at
 * once, so that they share a sync.
 * Knows: a copy of each until the spool's word about it is there, since a full spool gives it back. Does not know where
 * it came from, or what becomes of its file: `settled` is told, once for each message, and only when its own record
 * is durable.
 * Bounds: IMPORT_WINDOW messages, IMPORT_WINDOW_BYTES of them or one larger message. */
#pragma once
#include "ingest/intake/intake.h"

enum { IMPORT_WINDOW = 128, IMPORT_WINDOW_BYTES = 4 << 20 };

struct import_item {
	struct intake_mail mail;
	struct str file; /* copied with a NUL behind it */
	size_t path;     /* of the command line: the caller's number */
	bool movable;    /* a file of its own in a maildir */
	bool cut;        /* not the whole of it, by whoever cut it */
};

struct import_window_calls {
	void (*settled)(void *context, const struct import_item *item);
	/* The spool takes nothing now, and why. ERR_OK: waited, try again; `attempt` counts what was tried in vain in
	 * a row. */
	enum err (*wait)(
		void *context, const struct import_item *item, enum err why, unsigned attempt);
	void *context;
	/* From a source that is slower than the disk each message would have a sync of its own: held back until the
	 * window is full or finished. */
	bool together;
};

struct import_window;

struct import_window *import_window_new(
	struct intake *intake, const struct import_window_calls *calls);
/* Only behind import_window_finish. */
void import_window_free(struct import_window *window);

/* Waits for room, copies the message and hands it over. An error is that of `wait` or of the spool, and may be about a
 * message that was added before. */
MUST_CHECK enum err import_window_add(struct import_window *window, const struct import_item *item);
/* Waits for what is on its way. The first error there was; the others were settled all the same. */
MUST_CHECK enum err import_window_finish(struct import_window *window);
