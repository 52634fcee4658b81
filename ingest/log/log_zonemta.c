/* ingest/log/log_zonemta.c -- ZoneMTA, 3.10: one line tells all of a delivery to one recipient.
 *   ... id=SESSION QID.SEQ ACCEPTED from=s[envelope] to=a src=ip mx=host[ip] message-id=<m> (250 ...)
 *   ... id=SESSION QID.SEQ DEFERRED[category] from=...        REJECTED[category] from=...
 * ZoneMTA writes no time of its own: it is that of syslog or of whoever writes the file. A delivery whose retries are over is REJECTED
 * with the last reply. The reverse path is in brackets where it is not the sender that was given. */
#include "ingest/log/log_line_priv.h"

static const struct {
	struct str word;
	enum delivery_outcome outcome;
} zonemta_words[] = {
	{ STR_INIT(" ACCEPTED from="), DELIVERY_ACCEPTED },
	{ STR_INIT(" DEFERRED["), DELIVERY_DEFERRED },
	{ STR_INIT(" REJECTED["), DELIVERY_FAILED },
};

/* The value of " key=" up to " next=". */
static struct str between(struct str s, struct str key, struct str next)
{
	size_t at = str_find(s, key), end;

	if (at == STR_NPOS)
		return STR_EMPTY;
	s = str_skip(s, at + key.n);
	end = str_find(s, next);
	return end == STR_NPOS ? STR_EMPTY : str_head(s, end);
}

static struct str reverse_path(struct str from)
{
	size_t open = str_chr(from, '[');

	if (open != STR_NPOS && from.p[from.n - 1] == ']')
		from = str_slice(from, open + 1, from.n - 1);
	return str_eq(from, STR("<>")) ? STR_EMPTY : from;
}

/* The word before `at`: QID.SEQ, which names a mail and its recipient. */
static struct str id_before(struct str line, size_t at)
{
	struct str head = str_head(line, at);

	return str_skip(head, str_rchr(head, ' ') + 1);
}

static enum log_line deliver(struct log_reader *reader, int64_t at_us, struct str id,
	enum delivery_outcome outcome, struct str rest)
{
	struct delivery delivery = log_delivery(outcome, at_us);
	struct str sender = reverse_path(between(rest, STR("from="), STR(" to=")));
	struct log_mail *mail;
	size_t open;

	delivery.queue_id = id;
	delivery.recipient = between(rest, STR(" to="), STR(" src="));
	delivery.remote_mta = log_host(between(rest, STR(" mx="), STR(" message-id=")));
	delivery.message_id = log_strip_angles(between(rest, STR(" message-id="), STR(" (")));
	open = str_find(rest, STR(" ("));
	if (!delivery.recipient.n || open == STR_NPOS || rest.p[rest.n - 1] != ')')
		return LOG_LINE_BROKEN;
	delivery.reply = str_slice(rest, open + 2, rest.n - 1);
	delivery.status = log_reply_status(delivery.reply);
	mail = log_mails_take(reader->mails, id);
	log_mail_set(reader->mails, mail, LOG_MAIL_SENDER, sender);
	log_deliver_mail(reader, mail, &delivery);
	if (outcome != DELIVERY_DEFERRED)
		log_mails_drop(reader->mails, mail);
	return LOG_LINE_TOLD;
}

enum log_line log_zonemta_line(struct log_reader *reader, struct str line)
{
	int64_t at_us = TIMESTAMP_NONE;

	log_time_take(&reader->time, &line, &at_us);
	for (size_t i = 0; i < ARRAY_LEN(zonemta_words); i++) {
		size_t at = str_find(line, zonemta_words[i].word), from;

		if (at == STR_NPOS)
			continue;
		from = str_find(str_skip(line, at), STR("from="));
		if (from == STR_NPOS || from > LIMIT_LOG_TAG_BYTES)
			return LOG_LINE_BROKEN;
		return deliver(reader, at_us, id_before(line, at), zonemta_words[i].outcome,
			str_skip(line, at + from));
	}
	return LOG_LINE_OTHER;
}
