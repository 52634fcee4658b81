/* ingest/log/log_mails.h -- mails that a log has told of and not yet finished: by queue id, what lines that name no
 * sender or no recipient have to be joined with.
 * Knows: texts of a mail, the recipients that wait. Does not know formats or time. Pure.
 * Bounded: LIMIT_LOG_MAILS mails and LIMIT_LOG_MAILS_BYTES; over them the mail that was longest not spoken of is
 * forgotten, and counted. Ownership: the table owns mails and texts; a text holds until its mail is changed. */
#pragma once
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

/* The note is the format's own. */
enum log_mail_text {
	LOG_MAIL_SENDER,
	LOG_MAIL_MESSAGE_ID,
	LOG_MAIL_CAMPAIGN,
	LOG_MAIL_NOTE,
	LOG_MAIL_TEXTS
};

/* What a recipient's last attempt said. */
enum log_waiting_text {
	LOG_WAITING_RECIPIENT,
	LOG_WAITING_FINAL,
	LOG_WAITING_STATUS,
	LOG_WAITING_REPLY,
	LOG_WAITING_REMOTE,
	LOG_WAITING_COMMAND,
	LOG_WAITING_TEXTS
};
struct log_waiting {
	struct log_waiting *next;
	bool deferred; /* an attempt was made; else it is only known */
	struct str text[LOG_WAITING_TEXTS];
	char bytes[];
};

struct log_mails;
struct log_mail;

struct log_mails *log_mails_new(void);
void log_mails_free(struct log_mails *mails);
/* NULL: not known. */
struct log_mail *log_mails_find(struct log_mails *mails, struct str id);
/* Finds or makes it, and makes it the youngest. */
struct log_mail *log_mails_take(struct log_mails *mails, struct str id);
void log_mails_drop(struct log_mails *mails, struct log_mail *mail);
size_t log_mails_count(const struct log_mails *mails);
/* Of those that were forgotten, the ones that somebody still waited of. */
uint64_t log_mails_forgotten(const struct log_mails *mails);

/* Cut at LIMIT_PATH_BYTES, the message id and the campaign at LIMIT_FIELD_TEXT_BYTES. */
void log_mail_set(
	struct log_mails *mails, struct log_mail *mail, enum log_mail_text which, struct str text);
struct str log_mail_get(const struct log_mail *mail, enum log_mail_text which);
bool log_mail_knows_sender(const struct log_mail *mail); /* the null reverse path is one, too */

/* The recipient waits, with these words of its last attempt (its recipient and final recipient are its key).
 * *ret_again: it was deferred before. Over LIMIT_LOG_WAITING of one mail it is not kept. */
void log_mail_wait(struct log_mails *mails, struct log_mail *mail,
	const struct str text[static LOG_WAITING_TEXTS], bool deferred, bool *ret_again);
/* It waits no longer. */
void log_mail_settle(
	struct log_mails *mails, struct log_mail *mail, struct str recipient, struct str final);
/* The first that waits; NULL: none. Who was last spoken of is last. */
const struct log_waiting *log_mail_waiting(const struct log_mail *mail);

/* The whole table as bytes, oldest first; what is over max_bytes is left out, the oldest first. */
void log_mails_save(const struct log_mails *mails, size_t max_bytes, struct buf *out);
/* ERR_SYNTAX: not what log_mails_save writes; the table is then empty. */
MUST_CHECK enum err log_mails_load(struct log_mails *mails, struct str bytes);
