/* library/mails.c -- mailboxes as others hold them: ingest/mailbox with memory that is its own. */
#include "core/arena.h"
#include "ingest/mailbox/mailbox.h"
#include "library/bounced_parser.h"
#include "library/error.h"

#include <stdlib.h>

struct bounced_mailbox {
	struct mailbox *mailbox;
	struct arena *arena; /* of the message at hand */
};

enum bounced_error bounced_mailbox_open(const char *path, struct bounced_mailbox **ret_mailbox)
{
	struct bounced_mailbox *made;
	struct mailbox *mailbox;
	enum err err = mailbox_open(path, MAILBOX_AUTO, &mailbox);

	if (err)
		return error_of(err);
	made = calloc(1, sizeof *made);
	if (!made)
		abort();
	made->mailbox = mailbox;
	made->arena = arena_new();
	*ret_mailbox = made;
	return BOUNCED_OK;
}

enum bounced_error bounced_mailbox_next(
	struct bounced_mailbox *mailbox, const void **ret_mail, size_t *ret_bytes)
{
	struct mailbox_message message;
	enum err err;

	arena_reset(mailbox->arena);
	err = mailbox_next(mailbox->mailbox, mailbox->arena, &message);
	if (err)
		return err == ERR_NOT_FOUND ? BOUNCED_END : error_of(err);
	*ret_mail = message.bytes.n ? message.bytes.p : "";
	*ret_bytes = message.bytes.n;
	return BOUNCED_OK;
}

void bounced_mailbox_free(struct bounced_mailbox *mailbox)
{
	if (!mailbox)
		return;
	mailbox_free(mailbox->mailbox);
	arena_free(mailbox->arena);
	free(mailbox);
}
