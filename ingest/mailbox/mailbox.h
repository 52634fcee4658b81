/* ingest/mailbox/mailbox.h -- mail that lies in files: .eml, mbox, maildir -> one message after the other.
 * Knows: RFC 4155 and its variants (mboxo, mboxrd, mboxcl, mboxcl2), maildir's folders. Does not
 * know MIME or the spool. The splitter (mbox_next) is pure; mailbox_* is the thin layer of files on
 * it. Ownership: a mailbox owns its files' bytes; a message borrows from it, or from the arena
 * where quoted lines had to be restored. Line ends stay as they are.
 * Bounds: a file is mapped, not copied, so only LIMIT_MESSAGE_BYTES of standard input or another
 * stream are held; a message over LIMIT_MESSAGE_BYTES is cut there and marked. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

enum mailbox_format {
	MAILBOX_AUTO, /* a folder is a maildir; "From " at the start is an mbox; else one message */
	MAILBOX_EML,  /* one message, whatever it starts with */
	MAILBOX_MBOXO,   /* ">From " loses one ">" */
	MAILBOX_MBOXRD,  /* ">From ", ">>From " and so on lose one ">" */
	MAILBOX_MBOXCL,  /* as mboxo, with Content-Length */
	MAILBOX_MBOXCL2, /* Content-Length, nothing quoted */
	MAILBOX_MAILDIR,
	MAILBOX_FORMAT_COUNT
};
struct str mailbox_format_name(enum mailbox_format format);
bool mailbox_format_from_name(struct str name, enum mailbox_format *ret_format);

/* Takes the next message off *rest, which starts with a "From " line. A separator is a line that
 * starts with "From " at the start or after an empty line; the empty line belongs to it. A
 * Content-Length counts only where it ends exactly before a separator or the end (MAILBOX_AUTO then
 * takes the message as mboxcl2, else as mboxrd). False when nothing is left. */
bool mbox_next(
	struct arena *arena, enum mailbox_format format, struct str *rest, struct str *ret_message);
/* Does this look like an mbox: does it start with a "From " line that LF or CRLF ends? */
bool mbox_starts(struct str bytes);

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
