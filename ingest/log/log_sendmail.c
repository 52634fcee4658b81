/* ingest/log/log_sendmail.c -- sendmail, seen in 8.17 and 8.18.
 *   QID: from=<s>, size=1, class=0, nrcpts=2, msgid=<m>, relay=...
 *   QID: to=<a>,<b>, [ctladdr=..., ]delay=hh:mm:ss, ..., relay=host. [ip], dsn=5.1.1, [reply=550 5.1.1 text, ]stat=User unknown
 *   QID: QID2: DSN: Cannot send message for 5 days        expired: names nobody; whoever waits has failed
 *   QID: QID2: DSN: User unknown                          QID2 is the bounce, which has no from= line
 * A local user that is not known has its to= line before the mail's from= line: it waits for the sender. Of a reply of
 * several lines only the first is told. Lists of recipients may end in " [more]". */
#include "ingest/log/log_line_priv.h"

struct sendmail_line {
	struct str delay, relay, dsn, reply, stat;
};

static struct str field(struct str rest, struct str name)
{
	size_t at = str_find(rest, name);
	struct str value = at == STR_NPOS ? STR_EMPTY : str_skip(rest, at + name.n);

	return str_head(value, str_find(value, STR(", ")));
}

/* Texts of others stand at the end only: reply= and stat=. */
static bool read_fields(struct str rest, struct sendmail_line *ret_line)
{
	size_t dsn = str_find(rest, STR(", dsn=")), stat = str_find(rest, STR(", stat="));
	struct str head = str_head(rest, dsn == STR_NPOS ? stat : dsn), text;

	if (stat == STR_NPOS)
		return false;
	*ret_line = (struct sendmail_line){ .delay = field(head, STR(", delay=")),
		.relay = field(head, STR(", relay=")),
		.dsn = dsn == STR_NPOS ? STR_EMPTY : field(str_skip(rest, dsn), STR(", dsn=")) };
	text = str_skip(rest, head.n);
	if (dsn != STR_NPOS)
		text = str_skip(text, 6 + ret_line->dsn.n);
	stat = str_find(text, STR(", stat="));
	if (str_starts(text, STR(", reply=")))
		ret_line->reply = str_slice(text, 8, stat);
	ret_line->stat = str_skip(text, stat + 7);
	return stat != STR_NPOS;
}

static bool find_outcome(const struct sendmail_line *line, enum delivery_outcome *ret_outcome)
{
	char class = line->dsn.n ? line->dsn.p[0] : '5';

	if (str_starts(line->stat, STR("queued")))
		return false;
	if (str_starts(line->stat, STR("Deferred")) || class == '4')
		*ret_outcome = DELIVERY_DEFERRED;
	else
		*ret_outcome = str_starts(line->stat, STR("Sent")) || class == '2'
				       ? DELIVERY_ACCEPTED
				       : DELIVERY_FAILED;
	return true;
}

/* Of "<a>,<b>" or "a,b" the first, its quotes holding commas. */
static struct str take_recipient(struct str *list)
{
	bool quoted = false;
	struct str one;
	size_t n = 0;

	for (; n < list->n && (quoted || list->p[n] != ','); n++)
		if (list->p[n] == '"')
			quoted = !quoted;
	one = log_strip_angles(str_trim(str_head(*list, n)));
	*list = str_skip(*list, n + 1);
	return one;
}

/* Where the list ends: at the first ", " that is not within quotes. */
static size_t list_bytes(struct str rest)
{
	bool quoted = false;

	for (size_t i = 0; i + 1 < rest.n; i++) {
		if (rest.p[i] == '"')
			quoted = !quoted;
		else if (!quoted && rest.p[i] == ',' && rest.p[i + 1] == ' ')
			return i;
	}
	return STR_NPOS;
}

static struct str relay_name(struct str relay)
{
	struct str name = log_host(relay);

	while (name.n && name.p[name.n - 1] == '.')
		name.n--;
	return name;
}

/* A failure before the sender is told waits for it. */
static void deliver_one(struct log_reader *reader, struct log_mail *mail, struct delivery delivery)
{
	if (delivery.outcome == DELIVERY_FAILED && !log_mail_knows_sender(mail)) {
		const struct str words[LOG_WAITING_TEXTS] = { delivery.recipient,
			delivery.recipient, delivery.status, delivery.reply, delivery.remote_mta,
			delivery.command };
		bool again;

		log_mail_wait(reader->mails, mail, words, false, &again);
		return;
	}
	log_deliver_mail(reader, mail, &delivery);
}

static enum log_line deliver(
	struct log_reader *reader, struct str id, int64_t at_us, struct str rest)
{
	size_t end = list_bytes(rest);
	struct sendmail_line line;
	struct delivery model;
	enum delivery_outcome outcome;
	struct log_mail *mail;
	struct str list;

	if (end == STR_NPOS || !read_fields(str_skip(rest, end), &line))
		return LOG_LINE_BROKEN;
	if (!find_outcome(&line, &outcome))
		return LOG_LINE_OTHER;
	model = log_delivery(outcome, at_us);
	model.queue_id = id;
	model.status = line.dsn;
	model.remote_mta = relay_name(line.relay);
	model.reply = line.reply.n ? line.reply : line.stat;
	if (str_starts(model.reply, STR("Deferred: ")))
		model.reply = str_skip(model.reply, 10);
	if (at_us != TIMESTAMP_NONE)
		model.sent_at_us = at_us - log_duration_us(line.delay);
	list = str_head(rest, end);
	if (str_ends(list, STR(" [more]")))
		list.n -= 7;
	mail = log_mails_take(reader->mails, id);
	while (list.n) {
		struct delivery delivery = model;

		delivery.recipient = take_recipient(&list);
		if (delivery.recipient.n)
			deliver_one(reader, mail, delivery);
	}
	return LOG_LINE_TOLD;
}

/* What failed before this line. */
static void fail_early(
	struct log_reader *reader, struct log_mail *mail, struct str id, int64_t at_us)
{
	struct delivery model = log_delivery(DELIVERY_FAILED, at_us);
	const struct log_waiting *waiting = log_mail_waiting(mail);

	model.queue_id = id;
	if (waiting && !waiting->deferred)
		log_fail_waiting(reader, mail, &model);
}

static enum log_line take_sender(
	struct log_reader *reader, struct str id, int64_t at_us, struct str rest)
{
	struct str sender = str_head(rest, str_find(rest, STR(", size=")));
	struct log_mail *mail = log_mails_take(reader->mails, id);

	rest = str_skip(rest, sender.n);
	log_mail_set(reader->mails, mail, LOG_MAIL_SENDER, log_strip_angles(sender));
	log_mail_set(reader->mails, mail, LOG_MAIL_MESSAGE_ID,
		log_strip_angles(field(rest, STR(", msgid="))));
	fail_early(reader, mail, id, at_us);
	return LOG_LINE_TOLD;
}

/* "QID2: DSN: text", "QID2: sender notify: text", "QID2: return to sender: text" */
static enum log_line take_notice(
	struct log_reader *reader, struct str id, int64_t at_us, struct str rest)
{
	struct delivery model = log_delivery(DELIVERY_FAILED, at_us);
	struct log_mail *mail;
	struct str notice, text;
	size_t at = str_find(rest, STR(": "));

	if (at == STR_NPOS || at > LIMIT_LOG_ID_BYTES || at < 8 ||
		str_chr(str_head(rest, at), ' ') != STR_NPOS)
		return LOG_LINE_OTHER;
	notice = str_head(rest, at);
	text = str_skip(rest, at + 2);
	at = str_find(text, STR(": "));
	if (!str_starts(text, STR("DSN: ")) && !str_starts(text, STR("sender notify: ")) &&
		!str_starts(text, STR("return to sender: ")) &&
		!str_starts(text, STR("postmaster notify: ")))
		return LOG_LINE_OTHER;
	log_mail_set(
		reader->mails, log_mails_take(reader->mails, notice), LOG_MAIL_SENDER, STR_EMPTY);
	if (!str_starts(str_skip(text, at + 2), STR("Cannot send message ")))
		return LOG_LINE_TOLD;
	mail = log_mails_find(reader->mails, id);
	model.queue_id = id;
	model.expired = true;
	if (!mail || !log_fail_waiting(reader, mail, &model))
		reader->counts[LOG_COUNT_NO_RECIPIENT]++;
	return LOG_LINE_TOLD;
}

static bool is_queue_id(struct str id)
{
	if (id.n < 8 || id.n > LIMIT_LOG_ID_BYTES)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_digit(id.p[i]) && !ascii_alpha(id.p[i]))
			return false;
	return true;
}

enum log_line log_sendmail_line(struct log_reader *reader, struct str line)
{
	struct str tag, id, rest;
	int64_t at_us;

	log_take_prefix(reader, &line, &at_us, &tag);
	if (!str_cut(line, ':', &id, &rest) || !is_queue_id(id) || !rest.n || rest.p[0] != ' ')
		return LOG_LINE_OTHER;
	rest = str_skip(rest, 1);
	if (str_starts(rest, STR("to=")))
		return deliver(reader, id, at_us, str_skip(rest, 3));
	if (str_starts(rest, STR("from=")) && str_find(rest, STR(", size=")) != STR_NPOS)
		return take_sender(reader, id, at_us, str_skip(rest, 5));
	return take_notice(reader, id, at_us, rest);
}
