/* ingest/mailbox/mbox.h -- an mbox as text -> one message after the other.
 * Knows: RFC 4155 and its variants (mboxo, mboxrd, mboxcl, mboxcl2). Does not know files or MIME. Pure. A message
 * borrows from the text, or from the arena where quoted lines had to be restored. Line ends stay as they are. */
#pragma once
#include "core/arena.h"
#include "core/str.h"

/* How mail lies in a file or a folder; what is no mbox is the mailbox's to read (mailbox.h). */
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

/* Takes the next message off *rest, which starts with a "From " line. A separator is a line that
 * starts with "From " at the start or after an empty line; the empty line belongs to it. A
 * Content-Length counts only where it ends exactly before a separator or the end (MAILBOX_AUTO then
 * takes the message as mboxcl2, else as mboxrd). False when nothing is left. */
bool mbox_next(
	struct arena *arena, enum mailbox_format format, struct str *rest, struct str *ret_message);
/* Does this look like an mbox: does it start with a "From " line that LF or CRLF ends? */
bool mbox_starts(struct str bytes);
