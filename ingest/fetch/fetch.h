/* ingest/fetch/fetch.h -- mail out of a mailbox on another server: the IMAP (RFC 3501, 4315) and POP3 (RFC 1939)
 * conversations behind the log-in. Knows: the two protocols, as bytes through a wire. Does not know libcurl, TLS,
 * passwords, the spool. A message is marked or deleted only after `settle` said that it is on stable storage, and
 * only if that is asked.
 * Bounds: a line LIMIT_FETCH_LINE_BYTES, a message LIMIT_MESSAGE_BYTES (IMAP asks for no more, POP3 drops what
 * is over it), a run LIMIT_FETCH_MESSAGES, FETCH_WINDOW of them on their way to
 * stable storage. A cut message is never deleted. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

/* Both block until something was done or their time is over (ERR_TIMEOUT); ERR_CLOSED: the peer is gone. */
struct fetch_wire {
	enum err (*send)(void *context, struct str bytes);
	enum err (*receive)(void *context, char *room, size_t n, size_t *ret_n);
	void *context;
	struct buf in; /* received, of which `used` bytes were handed out */
	size_t used;
};
void fetch_wire_init(struct fetch_wire *wire);
void fetch_wire_release(struct fetch_wire *wire);
/* What was received and not yet used, at least a byte. */
MUST_CHECK enum err fetch_wire_chunk(struct fetch_wire *wire, struct str *ret_chunk);
void fetch_wire_use(struct fetch_wire *wire, size_t n);
/* A line without its end; valid until the next call. ERR_LIMIT: too long. */
MUST_CHECK enum err fetch_wire_line(struct fetch_wire *wire, struct str *ret_line);
/* Exactly n bytes; those that `out` (NULL: none) does not take are dropped. */
MUST_CHECK enum err fetch_wire_bytes(struct fetch_wire *wire, uint64_t n, struct buf *out);

enum fetch_after { FETCH_LEAVE, FETCH_MARK_SEEN, FETCH_DELETE };

enum { FETCH_WINDOW = 64 };

/* A message that was handed over. */
struct fetch_item {
	uint32_t number;  /* the server's */
	bool stored, cut; /* on stable storage; not the whole of it */
};

struct fetch {
	struct fetch_wire *wire;
	enum fetch_after after;
	bool all;          /* IMAP: seen ones too */
	struct str folder; /* IMAP: as the server writes it */
	uint64_t limit;    /* messages of a run */
	/* Takes a copy of the message; window[item] is its own. An error may be about one that came before. */
	enum err (*store)(void *context, struct str message, size_t item);
	/* Waits for all that were handed over: window[i].stored and, for those, .cut hold. The first error. */
	enum err (*settle)(void *context);
	bool (*stopped)(void *context); /* asked between messages: end the conversation properly */
	void *context;
	struct fetch_item window[FETCH_WINDOW];
	size_t n_window;
	bool refused; /* the last error is of `store`, not of the conversation */
	/* The outcome. */
	uint64_t found, stored, cut, marked, unmarked, gone;
	struct buf said; /* what the server said to what failed */
};

/* ERR_OK: the conversation ended as it should. The counts hold in any case. ERR_SYNTAX: the server does not
 * speak the protocol; ERR_DENIED: it refused (->said); others are of the wire and of `store`. */
MUST_CHECK enum err fetch_imap(struct fetch *fetch);
MUST_CHECK enum err fetch_pop3(struct fetch *fetch);

/* Of the two conversations: marks a message that is stored; ERR_DENIED counts as unmarked. */
typedef enum err fetch_mark(void *conversation, uint32_t number);
/* Hands a message over, and settles when the window is full. */
MUST_CHECK enum err fetch_take(struct fetch *fetch, uint32_t number, struct str message, bool cut,
	fetch_mark *mark, void *conversation);
/* Settles what is in the window and marks what is stored. `before` comes first; where the conversation has failed
 * nothing is marked any more. */
MUST_CHECK enum err fetch_settle(
	struct fetch *fetch, enum err before, fetch_mark *mark, void *conversation);
