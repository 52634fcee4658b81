/* ingest/log/log_opensmtpd.c -- OpenSMTPD, seen in 6.8; 7 writes the same.
 *   SESSION mta delivery evpid=E from=<s> to=<a> rcpt=<-> source="" relay="ip (host)" delay=1s result="Ok" stat="250 ..."
 *   SESSION mda delivery evpid=E from=<s> to=<a> rcpt=<-> user=u delay=1s result="Ok" stat="Delivered"
 *   relay: Expire for E: from=<s>, to=<a>, rcpt=<->, delay=20s, stat=Envelope expired
 * An envelope is of one recipient. rcpt is what the sender sent to, where an alias leads to `to`. The message id is not told. */
#include "ingest/log/log_line_priv.h"

/* The text between the two, `from` itself not; empty without either. */
static struct str between(struct str s, struct str from, struct str to)
{
	size_t at = str_find(s, from), end;

	if (at == STR_NPOS)
		return STR_EMPTY;
	s = str_skip(s, at + from.n);
	end = str_find(s, to);
	return end == STR_NPOS ? STR_EMPTY : str_head(s, end);
}

/* The host's name is in parentheses behind the address. */
static struct str relay_name(struct str relay)
{
	struct str name = between(relay, STR(" ("), STR(")"));

	return name.n ? name : relay;
}

static void read_addresses(struct str line, struct delivery *delivery, struct str *ret_sender)
{
	struct str rcpt = between(line, STR("rcpt=<"), STR(">"));

	*ret_sender = between(line, STR("from=<"), STR(">"));
	delivery->final_recipient = between(line, STR(" to=<"), STR("> rcpt=<"));
	if (!delivery->final_recipient.n)
		delivery->final_recipient = between(line, STR(" to=<"), STR(">, rcpt=<"));
	delivery->recipient = rcpt.n && !str_eq(rcpt, STR("-")) ? rcpt : delivery->final_recipient;
	if (delivery->at_us != TIMESTAMP_NONE) {
		struct str delay = between(line, STR(" delay="), STR(" "));

		if (delay.n && delay.p[delay.n - 1] == ',')
			delay.n--;
		delivery->sent_at_us = delivery->at_us - log_duration_us(delay);
	}
}

static enum log_line deliver(struct log_reader *reader, int64_t at_us, struct str line)
{
	static const struct {
		struct str name;
		enum delivery_outcome outcome;
	} results[] = {
		{ STR_INIT("Ok"), DELIVERY_ACCEPTED },
		{ STR_INIT("TempFail"), DELIVERY_DEFERRED },
		{ STR_INIT("PermFail"), DELIVERY_FAILED },
		{ STR_INIT("Loop"), DELIVERY_FAILED },
	};
	struct str result = between(line, STR(" result=\""), STR("\" stat=\"")), sender;
	struct str stat = str_skip(line, str_find(line, STR(" stat=\"")));
	struct delivery delivery;
	struct log_mail *mail;
	size_t i = 0;

	while (i < ARRAY_LEN(results) && !str_eq(results[i].name, result))
		i++;
	if (i == ARRAY_LEN(results) || stat.n < 8)
		return LOG_LINE_BROKEN;
	delivery = log_delivery(results[i].outcome, at_us);
	delivery.queue_id = between(line, STR(" evpid="), STR(" "));
	read_addresses(line, &delivery, &sender);
	delivery.remote_mta = relay_name(between(line, STR(" relay=\""), STR("\"")));
	delivery.reply = str_slice(stat, 7, stat.n - 1);
	delivery.status = log_reply_status(delivery.reply);
	mail = log_mails_take(reader->mails, delivery.queue_id);
	log_mail_set(reader->mails, mail, LOG_MAIL_SENDER, sender);
	log_deliver_mail(reader, mail, &delivery);
	if (delivery.outcome != DELIVERY_DEFERRED)
		log_mails_drop(reader->mails, mail);
	return LOG_LINE_TOLD;
}

/* The last attempt's words, where it is remembered; else those of the line. */
static enum log_line expire(struct log_reader *reader, int64_t at_us, struct str line)
{
	struct delivery delivery = log_delivery(DELIVERY_FAILED, at_us);
	struct log_mail *mail;
	struct str sender;

	delivery.queue_id = between(line, STR(" for "), STR(": "));
	delivery.expired = true;
	read_addresses(line, &delivery, &sender);
	if (!delivery.recipient.n)
		return LOG_LINE_BROKEN;
	mail = log_mails_find(reader->mails, delivery.queue_id);
	if (!mail || !log_fail_waiting(reader, mail, &delivery)) {
		delivery.reply = str_skip(line, str_find(line, STR("stat=")) + 5);
		log_deliver(reader, &sender, &delivery);
	}
	if (mail)
		log_mails_drop(reader->mails, mail);
	return LOG_LINE_TOLD;
}

enum log_line log_opensmtpd_line(struct log_reader *reader, struct str line)
{
	int64_t at_us;
	struct str tag;
	size_t at;

	log_take_prefix(reader, &line, &at_us, &tag);
	at = str_find(str_head(line, LIMIT_LOG_TAG_BYTES), STR(" delivery evpid="));
	if (at != STR_NPOS && at >= 4)
		return deliver(reader, at_us, str_skip(line, at + 9));
	at = str_find(str_head(line, LIMIT_LOG_TAG_BYTES), STR(": Expire for "));
	if (at != STR_NPOS)
		return expire(reader, at_us, line);
	/* The prefix takes "relay: " for the end of a tag where syslog's own is missing. */
	if (str_starts(line, STR("Expire for ")))
		return expire(reader, at_us, line);
	return str_find(str_head(line, LIMIT_LOG_TAG_BYTES), STR(" smtp envelope evpid=")) !=
			       STR_NPOS
		       ? LOG_LINE_TOLD
		       : LOG_LINE_OTHER;
}
