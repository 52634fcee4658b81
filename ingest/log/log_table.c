#include "ingest/log/log_table_priv.h"

#include <stdio.h>

static const struct str field_names[LOG_FIELD_COUNT][LOG_NAMES_COUNT] = {
#define LOG_FIELD(id, ours, powermta, kumomta)                                                     \
	[LOG_FIELD_##id] = { STR_INIT(ours), STR_INIT(powermta), STR_INIT(kumomta) },
#include "ingest/log/log_field.def"
};

int log_field_find(enum log_names names, struct str name)
{
	for (int i = 0; i < LOG_FIELD_COUNT; i++)
		if (name.n && str_ieq(field_names[i][names], name))
			return i;
	return -1;
}

/* What a row of each type is. PowerMTA: "rb" is a report that came later, of a mail that was accepted ("d") before; it comes
 * to us as well, as does KumoMTA's "OOB". */
static const struct {
	enum log_names names;
	struct str type;
	enum delivery_outcome outcome;
	bool expired;
} row_types[] = {
	{ LOG_NAMES_OURS, STR_INIT("accepted"), DELIVERY_ACCEPTED, false },
	{ LOG_NAMES_OURS, STR_INIT("deferred"), DELIVERY_DEFERRED, false },
	{ LOG_NAMES_OURS, STR_INIT("failed"), DELIVERY_FAILED, false },
	{ LOG_NAMES_OURS, STR_INIT("expired"), DELIVERY_FAILED, true },
	{ LOG_NAMES_POWERMTA, STR_INIT("d"), DELIVERY_ACCEPTED, false },
	{ LOG_NAMES_POWERMTA, STR_INIT("t"), DELIVERY_DEFERRED, false },
	{ LOG_NAMES_POWERMTA, STR_INIT("b"), DELIVERY_FAILED, false },
	{ LOG_NAMES_KUMOMTA, STR_INIT("Delivery"), DELIVERY_ACCEPTED, false },
	{ LOG_NAMES_KUMOMTA, STR_INIT("TransientFailure"), DELIVERY_DEFERRED, false },
	{ LOG_NAMES_KUMOMTA, STR_INIT("Bounce"), DELIVERY_FAILED, false },
	{ LOG_NAMES_KUMOMTA, STR_INIT("AdminBounce"), DELIVERY_FAILED, false },
	{ LOG_NAMES_KUMOMTA, STR_INIT("Expiration"), DELIVERY_FAILED, true },
};

/* RFC 3339, local time, or seconds since 1970 with or without a fraction. */
static int64_t moment(struct log_reader *reader, struct str text)
{
	int64_t at_us;
	uint64_t seconds;
	size_t n = str_cspan(text, ".");

	if (str_to_u64(str_head(text, n), 99999999999, &seconds) && n >= 9)
		return (int64_t)seconds * TIMESTAMP_SECOND_US;
	if (!log_time_take(&reader->time, &text, &at_us) || text.n)
		return TIMESTAMP_NONE;
	return at_us;
}

static bool take_count(struct str text, uint64_t *ret_n)
{
	*ret_n = 0;
	return !text.n || str_to_u64(text, UINT64_C(1) << 53, ret_n);
}

/* A row that counts: of a domain, whoever the recipients were. */
static enum log_line deliver_counts(
	struct log_reader *reader, const struct log_row *row, struct delivery *delivery)
{
	static const struct str nobody = STR_INIT("-");
	const struct str *value = row->value;

	if (!take_count(value[LOG_FIELD_ATTEMPTED], &delivery->attempted) ||
		!take_count(value[LOG_FIELD_ACCEPTED], &delivery->accepted) ||
		!take_count(value[LOG_FIELD_DEFERRED], &delivery->deferred) ||
		!value[LOG_FIELD_DOMAIN].n)
		return LOG_LINE_BROKEN;
	delivery->counted = true;
	delivery->domain = value[LOG_FIELD_DOMAIN];
	log_deliver(
		reader, value[LOG_FIELD_SENDER].n ? &value[LOG_FIELD_SENDER] : &nobody, delivery);
	return LOG_LINE_TOLD;
}

/* KumoMTA tells the reply in pieces: "550 5.1.1 text" of code, class, subject, detail and content. */
static void put_together(struct log_reader *reader, struct log_row *row)
{
	struct buf *room = &reader->unquoted;
	struct str *value = row->value;
	size_t start;

	if (!value[LOG_FIELD_CODE].n || !buf_reserve(room, LIMIT_LOG_LINE_BYTES))
		return;
	start = room->n;
	buf_printf(room, "%.*s ", STR_ARG(value[LOG_FIELD_CODE]));
	if (value[LOG_FIELD_CLASS].n && value[LOG_FIELD_SUBJECT].n && value[LOG_FIELD_DETAIL].n) {
		size_t from = room->n;

		buf_printf(room, "%.*s.%.*s.%.*s", STR_ARG(value[LOG_FIELD_CLASS]),
			STR_ARG(value[LOG_FIELD_SUBJECT]), STR_ARG(value[LOG_FIELD_DETAIL]));
		value[LOG_FIELD_STATUS] = str_from(room->p + from, room->n - from);
		buf_putc(room, ' ');
	}
	buf_put(room, value[LOG_FIELD_REPLY]);
	value[LOG_FIELD_REPLY] = str_from(room->p + start, room->n - start);
}

static struct str first_status(struct str status)
{
	return str_head(
		status, str_cspan(status, " ")); /* "5.1.1 (bad destination mailbox address)" */
}

static void fill(struct log_reader *reader, const struct log_row *row, struct delivery *delivery)
{
	const struct str *value = row->value;
	struct str host = value[LOG_FIELD_REMOTE_MTA].n ? value[LOG_FIELD_REMOTE_MTA]
							: value[LOG_FIELD_DSN_MTA];

	delivery->queue_id = value[LOG_FIELD_QUEUE_ID];
	delivery->recipient = log_strip_angles(value[LOG_FIELD_RECIPIENT]);
	delivery->message_id = log_strip_angles(value[LOG_FIELD_MESSAGE_ID]);
	delivery->stream = value[LOG_FIELD_STREAM];
	delivery->campaign = value[LOG_FIELD_CAMPAIGN];
	delivery->reply = value[LOG_FIELD_REPLY];
	if (str_istarts(delivery->reply, STR("smtp;")))
		delivery->reply = str_trim(str_skip(delivery->reply, 5));
	delivery->status = first_status(value[LOG_FIELD_STATUS]);
	delivery->command = value[LOG_FIELD_COMMAND];
	if (str_istarts(delivery->command, STR("RCPT TO")))
		delivery->command = str_head(delivery->command, 7);
	else if (str_starts(delivery->command, STR(".")))
		delivery->command = STR("end of DATA");
	/* RFC 3463 X.4.7: PowerMTA has no other word for an expiry. */
	if (delivery->outcome == DELIVERY_FAILED && str_ends(delivery->status, STR(".4.7")))
		delivery->expired = true;
	delivery->remote_mta = log_host(str_head(host, str_find(host, STR(" ("))));
	if (value[LOG_FIELD_SENT].n)
		delivery->sent_at_us = moment(reader, value[LOG_FIELD_SENT]);
}

static bool find_type(enum log_names names, struct str type, struct delivery *delivery)
{
	for (size_t i = 0; i < ARRAY_LEN(row_types); i++)
		if (row_types[i].names == names && str_ieq(row_types[i].type, type)) {
			delivery->outcome = row_types[i].outcome;
			delivery->expired = row_types[i].expired;
			return true;
		}
	return false;
}

/* A deferral that does not say how many were before it is remembered by its queue id, else by recipient and arrival. */
static void deliver_row(
	struct log_reader *reader, const struct log_row *row, struct delivery *delivery)
{
	struct str sender = log_strip_angles(row->value[LOG_FIELD_SENDER]);
	struct str tries = row->value[LOG_FIELD_TRIES], id = row->value[LOG_FIELD_QUEUE_ID];
	char room[LIMIT_LOG_ID_BYTES];
	struct log_mail *mail;
	uint64_t n;

	if (str_to_u64(tries, 1000000, &n)) {
		delivery->again = delivery->outcome == DELIVERY_DEFERRED && n > 1;
		log_deliver(reader, &sender, delivery);
		return;
	}
	if (!id.n)
		id = str_from(room, (size_t)snprintf(room, sizeof room, "%08x%016llx",
					    str_ihash(delivery->recipient),
					    (unsigned long long)delivery->sent_at_us));
	mail = log_mails_find(reader->mails, id);
	if (delivery->outcome == DELIVERY_DEFERRED && !mail)
		mail = log_mails_take(reader->mails, id);
	if (!mail) {
		log_deliver(reader, &sender, delivery);
		return;
	}
	log_mail_set(reader->mails, mail, LOG_MAIL_SENDER, sender);
	log_deliver_mail(reader, mail, delivery);
	if (!log_mail_waiting(mail))
		log_mails_drop(reader->mails, mail);
}

enum log_line log_row_deliver(struct log_reader *reader, enum log_names names, struct log_row *row)
{
	struct delivery delivery = log_delivery(DELIVERY_ACCEPTED, TIMESTAMP_NONE);

	if (names == LOG_NAMES_OURS && row->value[LOG_FIELD_ATTEMPTED].n) {
		fill(reader, row, &delivery);
		delivery.at_us = moment(reader, row->value[LOG_FIELD_TIME]);
		return deliver_counts(reader, row, &delivery);
	}
	if (!row->value[LOG_FIELD_OUTCOME].n)
		return LOG_LINE_BROKEN;
	if (!find_type(names, row->value[LOG_FIELD_OUTCOME], &delivery))
		return LOG_LINE_OTHER;
	if (names == LOG_NAMES_KUMOMTA)
		put_together(reader, row);
	fill(reader, row, &delivery);
	delivery.at_us = moment(reader, row->value[LOG_FIELD_TIME]);
	deliver_row(reader, row, &delivery);
	return LOG_LINE_TOLD;
}
