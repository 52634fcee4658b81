/* ingest/log/log_deliver.c -- a delivery that a format has read: counted, joined with what is known of its mail, handed on. */
#include "ingest/log/log_line_priv.h"

struct delivery log_delivery(enum delivery_outcome outcome, int64_t at_us)
{
	return (struct delivery){
		.outcome = outcome, .at_us = at_us, .sent_at_us = TIMESTAMP_NONE
	};
}

static bool count_missing(
	struct log_reader *reader, const struct str *sender, struct delivery *delivery)
{
	size_t at = str_rchr(delivery->recipient, '@');

	if (at != STR_NPOS)
		delivery->domain = str_skip(delivery->recipient, at + 1);
	if (delivery->at_us == TIMESTAMP_NONE)
		reader->counts[LOG_COUNT_NO_TIME]++;
	else if (!sender)
		reader->counts[LOG_COUNT_NO_SENDER]++;
	else if (!sender->n)
		reader->counts[LOG_COUNT_NULL_SENDER]++;
	else if (!delivery->domain.n)
		reader->counts[LOG_COUNT_NO_DOMAIN]++;
	else
		return false;
	return true;
}

void log_deliver(struct log_reader *reader, const struct str *sender, struct delivery *delivery)
{
	static const enum log_count of_outcome[] = { [DELIVERY_ACCEPTED] = LOG_COUNT_ACCEPTED,
		[DELIVERY_DEFERRED] = LOG_COUNT_DEFERRED,
		[DELIVERY_FAILED] = LOG_COUNT_FAILED };

	if (count_missing(reader, sender, delivery))
		return;
	delivery->sender = *sender;
	delivery->line_at = reader->offset;
	if (!delivery->final_recipient.n)
		delivery->final_recipient = delivery->recipient;
	reader->counts[delivery->counted ? LOG_COUNT_ROWS
		       : delivery->again ? LOG_COUNT_DEFERRED_AGAIN
					 : of_outcome[delivery->outcome]]++;
	reader->deliver(reader->context, delivery);
}

void log_deliver_mail(struct log_reader *reader, struct log_mail *mail, struct delivery *delivery)
{
	struct str final =
		delivery->final_recipient.n ? delivery->final_recipient : delivery->recipient;
	const struct str words[LOG_WAITING_TEXTS] = { delivery->recipient, final, delivery->status,
		delivery->reply, delivery->remote_mta, delivery->command };
	struct str sender;

	if (!mail) {
		log_deliver(reader, NULL, delivery);
		return;
	}
	if (delivery->outcome == DELIVERY_DEFERRED)
		log_mail_wait(reader->mails, mail, words, true, &delivery->again);
	sender = log_mail_get(mail, LOG_MAIL_SENDER);
	if (!delivery->message_id.n)
		delivery->message_id = log_mail_get(mail, LOG_MAIL_MESSAGE_ID);
	if (!delivery->campaign.n)
		delivery->campaign = log_mail_get(mail, LOG_MAIL_CAMPAIGN);
	log_deliver(reader, log_mail_knows_sender(mail) ? &sender : NULL, delivery);
	/* Only now: the delivery may borrow the last words of whoever waited. */
	if (delivery->outcome != DELIVERY_DEFERRED)
		log_mail_settle(reader->mails, mail, words[LOG_WAITING_RECIPIENT], final);
}

size_t log_fail_waiting(
	struct log_reader *reader, struct log_mail *mail, const struct delivery *model)
{
	const struct log_waiting *waiting;
	size_t n = 0;

	for (waiting = log_mail_waiting(mail); waiting; waiting = waiting->next, n++) {
		struct delivery delivery = *model;
		struct str sender = log_mail_get(mail, LOG_MAIL_SENDER);

		delivery.recipient = waiting->text[LOG_WAITING_RECIPIENT];
		delivery.final_recipient = waiting->text[LOG_WAITING_FINAL];
		delivery.message_id = log_mail_get(mail, LOG_MAIL_MESSAGE_ID);
		delivery.campaign = log_mail_get(mail, LOG_MAIL_CAMPAIGN);
		if (!delivery.reply.n) {
			delivery.status = waiting->text[LOG_WAITING_STATUS];
			delivery.reply = waiting->text[LOG_WAITING_REPLY];
			delivery.remote_mta = waiting->text[LOG_WAITING_REMOTE];
			delivery.command = waiting->text[LOG_WAITING_COMMAND];
		}
		log_deliver(reader, log_mail_knows_sender(mail) ? &sender : NULL, &delivery);
	}
	while ((waiting = log_mail_waiting(mail)))
		log_mail_settle(reader->mails, mail, waiting->text[LOG_WAITING_RECIPIENT],
			waiting->text[LOG_WAITING_FINAL]);
	return n;
}
