/* ingest/log/log_postfix.c -- Postfix, seen in 3.7 and 3.11.
 * A delivery is a line of a delivery agent (smtp, lmtp, local, virtual, pipe, error, ...):
 *   QID: to=<a>, [orig_to=<b>, ]relay=host[ip]:port, [conn_use=n, ]delay=s, delays=..., dsn=x.y.z, [tls=...,] status=sent (text)
 * qmgr tells the sender, again at each attempt, and that all is over; cleanup tells the message id, and a header that a
 * header_checks rule INFO logs. An expiry is qmgr's, and names nobody: whoever of the mail waits has failed. An alias writes
 * a "sent (forwarded as QID)" of its own; the deliveries behind it are lines of the other mail, with orig_to. */
#include "ingest/log/log_line_priv.h"

#include <string.h>

struct postfix_line {
	struct str recipient, original, relay, delay, dsn, status, text;
};

static const struct {
	struct str name;
	size_t offset;
} postfix_fields[] = {
	{ STR_INIT("relay"), offsetof(struct postfix_line, relay) },
	{ STR_INIT("delay"), offsetof(struct postfix_line, delay) },
	{ STR_INIT("dsn"), offsetof(struct postfix_line, dsn) },
};

static void keep_field(struct postfix_line *line, struct str name, struct str value)
{
	for (size_t i = 0; i < ARRAY_LEN(postfix_fields); i++)
		if (str_eq(postfix_fields[i].name, name))
			*(struct str *)((char *)line + postfix_fields[i].offset) = value;
}

/* Behind "to=". */
static bool read_delivery(struct str rest, struct postfix_line *ret_line)
{
	struct postfix_line line = { .original = STR_EMPTY };
	struct str field, name, value;

	if (!log_take_angle(&rest, STR(">, "), &line.recipient))
		return false;
	if (str_starts(rest, STR("orig_to="))) {
		rest = str_skip(rest, 8);
		if (!log_take_angle(&rest, STR(">, "), &line.original))
			return false;
	}
	while (!str_starts(rest, STR("status="))) {
		size_t comma = str_find(rest, STR(", "));

		if (comma == STR_NPOS)
			return false;
		field = str_head(rest, comma);
		rest = str_skip(rest, comma + 2);
		if (str_cut(field, '=', &name, &value))
			keep_field(&line, name, value);
	}
	rest = str_skip(rest, 7);
	if (!str_cut(rest, ' ', &line.status, &line.text))
		return false;
	if (line.text.n > 1 && line.text.p[0] == '(' && line.text.p[line.text.n - 1] == ')')
		line.text = str_slice(line.text, 1, line.text.n - 1);
	*ret_line = line;
	return true;
}

/* "host NAME[IP] said: REPLY (in reply to RCPT TO command)" */
static void read_reply(struct str text, struct delivery *delivery)
{
	size_t said = str_find(text, STR(" said: ")), at;

	delivery->reply = text;
	if (!str_starts(text, STR("host ")) || said == STR_NPOS)
		return;
	delivery->remote_mta = log_host(str_slice(text, 5, said));
	delivery->reply = str_skip(text, said + 7);
	at = str_find(delivery->reply, STR(" (in reply to "));
	if (at == STR_NPOS)
		return;
	delivery->command = str_skip(delivery->reply, at + 14);
	delivery->reply = str_head(delivery->reply, at);
	at = str_find(delivery->command, STR(" command)"));
	delivery->command = at == STR_NPOS ? STR_EMPTY : str_head(delivery->command, at);
}

static enum log_line deliver(
	struct log_reader *reader, struct str id, int64_t at_us, struct str rest)
{
	static const struct {
		struct str name;
		enum delivery_outcome outcome;
	} outcomes[] = {
		{ STR_INIT("sent"), DELIVERY_ACCEPTED },
		{ STR_INIT("deferred"), DELIVERY_DEFERRED },
		{ STR_INIT("bounced"), DELIVERY_FAILED },
	};
	struct postfix_line line;
	struct delivery delivery;
	size_t i = 0;

	if (!read_delivery(rest, &line))
		return LOG_LINE_BROKEN;
	while (i < ARRAY_LEN(outcomes) && !str_eq(outcomes[i].name, line.status))
		i++;
	if (i == ARRAY_LEN(outcomes))
		return LOG_LINE_OTHER; /* deliverable, undeliverable: what an address probe found */
	delivery = log_delivery(outcomes[i].outcome, at_us);
	if (delivery.outcome == DELIVERY_ACCEPTED && str_starts(line.text, STR("forwarded as "))) {
		reader->counts[LOG_COUNT_FORWARDED]++;
		return LOG_LINE_TOLD;
	}
	if (at_us != TIMESTAMP_NONE)
		delivery.sent_at_us = at_us - log_duration_us(line.delay);
	delivery.queue_id = id;
	delivery.recipient = line.original.n ? line.original : line.recipient;
	delivery.final_recipient = line.recipient;
	delivery.status = line.dsn;
	if (str_chr(line.relay, '[') != STR_NPOS) /* not "none", "local" */
		delivery.remote_mta = log_host(line.relay);
	read_reply(line.text, &delivery);
	log_deliver_mail(reader,
		delivery.outcome == DELIVERY_DEFERRED ? log_mails_take(reader->mails, id)
						      : log_mails_find(reader->mails, id),
		&delivery);
	return LOG_LINE_TOLD;
}

/* "from=<a>, size=1, nrcpt=1 (queue active)" or "from=<a>, status=expired, returned to sender" */
static enum log_line take_sender(
	struct log_reader *reader, struct str id, int64_t at_us, struct str rest)
{
	struct delivery model = log_delivery(DELIVERY_FAILED, at_us);
	struct log_mail *mail;
	struct str sender;

	if (!log_take_angle(&rest, STR(">, "), &sender))
		return LOG_LINE_OTHER;
	mail = log_mails_take(reader->mails, id);
	log_mail_set(reader->mails, mail, LOG_MAIL_SENDER, sender);
	if (!str_starts(rest, STR("status=expired")) &&
		!str_starts(rest, STR("status=force-expired")))
		return LOG_LINE_TOLD;
	model.queue_id = id;
	model.expired = true;
	if (!log_fail_waiting(reader, mail, &model))
		reader->counts[LOG_COUNT_NO_RECIPIENT]++;
	return LOG_LINE_TOLD;
}

/* "info: header X-Campaign: spring from local; from=<a> to=<b>" */
static enum log_line take_header(struct log_reader *reader, struct str id, struct str rest)
{
	static const struct str names[] = { STR_INIT("X-Campaign:"), STR_INIT("X-Campaign-Id:"),
		STR_INIT("X-CampaignID:"), STR_INIT("Feedback-ID:") };
	size_t end = str_find(rest, STR("; from=<"));

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct str value;
		size_t from;

		if (!str_istarts(rest, names[i]) || end == STR_NPOS)
			continue;
		value = str_head(rest, end);
		from = str_find(value, STR(" from "));
		value = str_trim(str_skip(str_head(value, from), names[i].n));
		log_mail_set(
			reader->mails, log_mails_take(reader->mails, id), LOG_MAIL_CAMPAIGN, value);
		return LOG_LINE_TOLD;
	}
	return LOG_LINE_OTHER;
}

static bool is_queue_id(struct str id)
{
	if (id.n < 5 || id.n > LIMIT_LOG_ID_BYTES)
		return false;
	for (size_t i = 0; i < id.n; i++)
		if (!ascii_digit(id.p[i]) && !ascii_alpha(id.p[i]))
			return false;
	return true;
}

static enum log_line take_message_id(struct log_reader *reader, struct str id, struct str text)
{
	log_mail_set(reader->mails, log_mails_take(reader->mails, id), LOG_MAIL_MESSAGE_ID,
		log_strip_angles(text));
	return LOG_LINE_TOLD;
}

static enum log_line take_end(struct log_reader *reader, struct str id)
{
	struct log_mail *mail = log_mails_find(reader->mails, id);

	if (mail)
		log_mails_drop(reader->mails, mail);
	return LOG_LINE_TOLD;
}

/* By the first byte: most lines are of no interest, and are left as soon as that is known. */
static enum log_line read_text(
	struct log_reader *reader, struct str tag, struct str id, int64_t at_us, struct str rest)
{
	switch (rest.p[0]) {
	case 't':
		if (str_starts(rest, STR("to=")))
			return deliver(reader, id, at_us, str_skip(rest, 3));
		break;
	case 'f':
		if (str_starts(rest, STR("from=")) && !str_ends(tag, STR("pickup")))
			return take_sender(reader, id, at_us, str_skip(rest, 5));
		break;
	case 'm':
		if (str_starts(rest, STR("message-id=")))
			return take_message_id(reader, id, str_skip(rest, 11));
		break;
	case 'i':
		if (str_starts(rest, STR("info: header ")))
			return take_header(reader, id, str_skip(rest, 13));
		break;
	case 'r':
		if (str_eq(rest, STR("removed")))
			return take_end(reader, id);
		break;
	default:
		break;
	}
	return LOG_LINE_OTHER;
}

enum log_line log_postfix_line(struct log_reader *reader, struct str line)
{
	struct str tag, id, rest;
	int64_t at_us;

	log_take_prefix(reader, &line, &at_us, &tag);
	if (!str_cut(line, ':', &id, &rest) || rest.n < 2 || rest.p[0] != ' ' ||
		!memchr("tfmir", rest.p[1], 5) || !is_queue_id(id))
		return LOG_LINE_OTHER;
	return read_text(reader, tag, id, at_us, str_skip(rest, 1));
}
