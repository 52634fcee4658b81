/* ingest/mailbox/mailbox.h -- mail that lies in files: .eml, mbox, maildir -> one message after the other.
 * Knows: RFC 4155 and its variants (mboxo, mboxrd, mboxcl, mboxcl2), maildir's folders. Does not
 * know MIME or the spool. The splitter (mbox.h) is pure; this is the thin layer of files on
 * it. Ownership: a mailbox owns its files' bytes; a message borrows from it, or from the arena
 * where quoted lines had to be restored. Line ends stay as they are.
 * Bounds: a file of more than 256 KiB is mapped, not copied, so only LIMIT_MESSAGE_BYTES of standard input or another
 * stream are held; a message over LIMIT_MESSAGE_BYTES is cut there and marked. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"
#include "ingest/mailbox/mbox.h"

struct str mailbox_format_name(enum mailbox_format format);
bool mailbox_format_from_name(struct str name, enum mailbox_format *ret_format);

struct mailbox_message {
	struct str bytes;
	struct str file; /* path of the file that it stood in */
	size_t number;   /* of the message in that file, from 1 */
	bool cut;        /* longer than LIMIT_MESSAGE_BYTES */
	bool maildir;    /* `file`, which a NUL follows, is one of a maildir */
};

struct mailbox;

/* "-" is standard input. ERR_NOT_FOUND, ERR_DENIED, ERR_IO; ERR_UNSUPPORTED: a folder that is no
 * maildir, or a device. */
MUST_CHECK enum err mailbox_open(
	const char *path, enum mailbox_format format, struct mailbox **ret_mailbox);
/* Leaves out what a maildir's names call seen. Before the first mailbox_next. */
void mailbox_skip_seen(struct mailbox *mailbox);
/* How much of it was handed out: files of a maildir, bytes of a file; 0 of 0 for a stream. */
struct mailbox_progress {
	uint64_t done, total;
};
struct mailbox_progress mailbox_progress(const struct mailbox *mailbox);
void mailbox_free(struct mailbox *mailbox);
/* For CLEANUP(mailbox_freep). */
void mailbox_freep(struct mailbox **mailbox);
/* The next message, valid until the next call with this mailbox and the arena's next reset.
 * ERR_NOT_FOUND: no more. Another error: this file of a maildir could not be read (ERR_CONFLICT: it
 * was moved away meanwhile); the call after it goes on with the next one. An empty file is one
 * empty message. */
MUST_CHECK enum err mailbox_next(
	struct mailbox *mailbox, struct arena *arena, struct mailbox_message *ret_message);
