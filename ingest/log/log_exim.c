/* ingest/log/log_exim.c -- Exim's mainlog, seen in 4.96 with the default log_selector and with +all.
 *   TIME [pid] ID <= sender ... id=message-id T="subject" from <s> for a b
 *   TIME ID => final <as given> R=router T=transport H=host [ip] C="250 ..." QT=1s     (-> the next of the same delivery)
 *   TIME ID == a R=r T=t defer (-44) H=host [ip]: SMTP error from remote mail server after RCPT TO:<a>: 451 ...
 *   TIME ID ** a R=r T=t H=host [ip]: SMTP error ...     ** a: retry timeout exceeded     ** a F=<s>: Unknown user
 * What the sender sent to stands in angle brackets where it differs, if only in case; before it the address is as Exim made it,
 * without the quotes of an odd local part. A reply of several lines has "\n" in it, two characters. */
#include "ingest/log/log_line_priv.h"

/* Where the head, the addresses, ends: at the first of these. */
static const struct str exim_fields[] = { STR_INIT(" R="), STR_INIT(" F=<"), STR_INIT(" P=<"),
	STR_INIT(" T="), STR_INIT(" U="), STR_INIT(" D="), STR_INIT(" H="), STR_INIT(": ") };

struct exim_line {
	struct str head, fields, text;
};

/* ": " outside of double quotes; a port follows its colon at once. */
static size_t find_text(struct str s)
{
	bool quoted = false;

	for (size_t i = 0; i + 1 < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == ':' && s.p[i + 1] == ' ' && !quoted)
			return i;
	}
	return STR_NPOS;
}

/* A quoted local part in front may hold anything. */
static size_t head_bytes(struct str rest)
{
	size_t best = rest.n;

	for (size_t i = 0; i < ARRAY_LEN(exim_fields); i++) {
		size_t at = str_find(str_head(rest, best), exim_fields[i]);

		if (at < best)
			best = at;
	}
	return best;
}

static void split(struct str rest, struct exim_line *ret_line)
{
	size_t head = head_bytes(rest), text;

	ret_line->head = str_head(rest, head);
	rest = str_skip(rest, head);
	text = find_text(rest);
	ret_line->fields = str_head(rest, text);
	ret_line->text = text == STR_NPOS ? STR_EMPTY : str_trim(str_skip(rest, text + 2));
}

/* The value of " X=" up to the next space; of " F=<" and such up to the '>'. */
static struct str field(struct str fields, struct str name)
{
	size_t at = str_find(fields, name);
	struct str value;

	if (at == STR_NPOS)
		return STR_EMPTY;
	value = str_skip(fields, at + name.n);
	if (value.n && value.p[0] == '<')
		return str_slice(value, 1, str_cspan(value, ">"));
	if (value.n && value.p[0] == '"')
		return str_head(str_skip(value, 1), str_chr(str_skip(value, 1), '"'));
	return str_head(value, str_cspan(value, " "));
}

/* "final <original>", "final (between) <original>" or "final". */
static void read_addresses(struct str head, struct delivery *delivery)
{
	size_t open = str_find(head, STR(" <")), between;

	delivery->final_recipient = str_head(head, open);
	between = str_find(delivery->final_recipient, STR(" ("));
	delivery->final_recipient = str_trim(str_head(delivery->final_recipient, between));
	delivery->recipient = delivery->final_recipient;
	if (open == STR_NPOS)
		return;
	delivery->recipient = str_skip(head, open + 2);
	delivery->recipient = str_head(delivery->recipient, str_rchr(delivery->recipient, '>'));
	if (str_ieq(delivery->recipient, delivery->final_recipient) ||
		str_chr(delivery->final_recipient, '@') == STR_NPOS ||
		str_starts(delivery->recipient, STR("\"")))
		delivery->final_recipient = delivery->recipient;
}

/* "QT=" and "DT=", which may stand behind the text. */
static struct str without_times(struct str text)
{
	for (;;) {
		size_t at = str_rchr(text, ' ');
		struct str last = at == STR_NPOS ? STR_EMPTY : str_skip(text, at + 1);

		if (!str_starts(last, STR("DT=")) && !str_starts(last, STR("QT=")))
			return text;
		text = str_head(text, at);
	}
}

static struct str with_spaces(struct log_reader *reader, struct str text)
{
	struct buf *out = &reader->unquoted;
	struct str rest = text;
	size_t at;

	if (str_find(text, STR("\\n")) == STR_NPOS)
		return text;
	buf_reset(out);
	for (; (at = str_find(rest, STR("\\n"))) != STR_NPOS; rest = str_skip(rest, at + 2)) {
		buf_put(out, str_head(rest, at));
		buf_putc(out, ' ');
	}
	buf_put(out, rest);
	return buf_str(out);
}

/* "SMTP error from remote mail server after RCPT TO:<a>: [host h [ip]: ]550 ..." */
static void read_error(struct log_reader *reader, struct str text, struct delivery *delivery)
{
	size_t after = str_find(text, STR(" error from remote mail server after ")), at;

	text = without_times(text);
	if (after == STR_NPOS || after > 8) {
		delivery->reply = with_spaces(reader, text);
		return;
	}
	text = str_skip(text, after + 37);
	at = str_find(text, STR(": "));
	delivery->command = str_head(text, at);
	delivery->command = str_head(delivery->command, str_cspan(delivery->command, ":<"));
	text = str_skip(text, at + 2);
	if (str_starts(text, STR("host ")) && (at = str_find(text, STR("]: "))) != STR_NPOS)
		text = str_skip(text, at + 3);
	delivery->reply = with_spaces(reader, text);
	delivery->status = log_reply_status(delivery->reply);
}

static struct str host_of(struct str fields)
{
	size_t at = str_find(fields, STR(" H="));

	return at == STR_NPOS ? STR_EMPTY
			      : log_host(str_head(str_skip(fields, at + 3),
					str_chr(str_skip(fields, at + 3), ']') + 1));
}

static void read_last_words(const struct log_mail *mail, struct delivery *delivery)
{
	const struct log_waiting *waiting = mail ? log_mail_waiting(mail) : NULL;

	while (waiting && !str_eq(waiting->text[LOG_WAITING_FINAL], delivery->final_recipient))
		waiting = waiting->next;
	if (!waiting)
		return;
	delivery->status = waiting->text[LOG_WAITING_STATUS];
	delivery->reply = waiting->text[LOG_WAITING_REPLY];
	delivery->remote_mta = waiting->text[LOG_WAITING_REMOTE];
	delivery->command = waiting->text[LOG_WAITING_COMMAND];
}

static enum log_line deliver(
	struct log_reader *reader, struct str id, struct delivery *delivery, struct str rest)
{
	bool lasts = delivery->outcome == DELIVERY_DEFERRED;
	struct log_mail *mail =
		lasts ? log_mails_take(reader->mails, id) : log_mails_find(reader->mails, id);
	struct exim_line line;
	struct str sender, took;

	split(rest, &line);
	if (!line.head.n)
		return LOG_LINE_BROKEN;
	if (str_chr(STR(":>|/"), line.head.p[0]) != STR_NPOS &&
		str_find(line.head, STR(" <")) == STR_NPOS)
		return LOG_LINE_OTHER; /* :blackhole:, an autoreply, a pipe of nobody's */
	read_addresses(line.head, delivery);
	sender = field(line.fields, STR(" F="));
	if (sender.n && (!mail || !log_mail_knows_sender(mail))) {
		mail = mail ? mail : log_mails_take(reader->mails, id);
		log_mail_set(reader->mails, mail, LOG_MAIL_SENDER, sender);
	}
	delivery->queue_id = id;
	delivery->remote_mta = host_of(line.fields);
	took = field(rest, STR(" QT="));
	if (took.n && delivery->at_us != TIMESTAMP_NONE)
		delivery->sent_at_us = delivery->at_us - log_duration_us(took);
	if (delivery->outcome == DELIVERY_ACCEPTED) {
		delivery->reply = field(line.fields, STR(" C="));
		delivery->status = log_reply_status(delivery->reply);
	} else {
		read_error(reader, line.text, delivery);
	}
	if (str_starts(line.text, STR("retry timeout exceeded"))) {
		delivery->expired = true;
		read_last_words(mail, delivery);
	}
	log_deliver_mail(reader, mail, delivery);
	return LOG_LINE_TOLD;
}

static enum log_line take_arrival(struct log_reader *reader, struct str id, struct str rest)
{
	struct log_mail *mail = log_mails_take(reader->mails, id);
	struct str sender = str_head(rest, str_cspan(rest, " "));

	rest = str_skip(rest, sender.n);
	rest = str_head(rest, str_find(rest, STR(" T=\"")));
	log_mail_set(reader->mails, mail, LOG_MAIL_SENDER, log_strip_angles(sender));
	log_mail_set(reader->mails, mail, LOG_MAIL_MESSAGE_ID, field(rest, STR(" id=")));
	return LOG_LINE_TOLD;
}

/* 6-6-2 characters, from 4.97 on 6-11-4. */
static bool is_id(struct str id)
{
	bool lasts = id.n == 23;

	return (id.n == 16 || lasts) && id.p[6] == '-' && id.p[lasts ? 18 : 13] == '-';
}

static enum log_line read_mail_line(
	struct log_reader *reader, struct str id, int64_t at_us, struct str rest)
{
	static const struct {
		struct str flag;
		enum delivery_outcome outcome;
	} flags[] = {
		{ STR_INIT("=> "), DELIVERY_ACCEPTED },
		{ STR_INIT("-> "), DELIVERY_ACCEPTED },
		{ STR_INIT(">> "), DELIVERY_ACCEPTED },
		{ STR_INIT("== "), DELIVERY_DEFERRED },
		{ STR_INIT("** "), DELIVERY_FAILED },
	};
	struct log_mail *mail;

	if (str_starts(rest, STR("<= ")))
		return take_arrival(reader, id, str_skip(rest, 3));
	for (size_t i = 0; i < ARRAY_LEN(flags); i++)
		if (str_starts(rest, flags[i].flag)) {
			struct delivery delivery = log_delivery(flags[i].outcome, at_us);

			return deliver(reader, id, &delivery, str_skip(rest, 3));
		}
	if (!str_starts(rest, STR("Completed")))
		return LOG_LINE_OTHER;
	mail = log_mails_find(reader->mails, id);
	if (mail)
		log_mails_drop(reader->mails, mail);
	return LOG_LINE_TOLD;
}

/* "host exim[123]: [TIME ]ID ..." */
static void take_syslog_tag(struct log_reader *reader, struct str *line, int64_t *at_us)
{
	struct str first = str_head(*line, str_cspan(*line, " "));
	size_t text = str_find(*line, STR(": "));

	if (text == STR_NPOS || text > LIMIT_LOG_TAG_BYTES || is_id(first) ||
		str_starts(first, STR("[")) || !str_starts(str_skip(*line, first.n), STR(" exim")))
		return;
	*line = str_skip(*line, text + 2);
	log_time_take(&reader->time, line, at_us);
}

enum log_line log_exim_line(struct log_reader *reader, struct str line)
{
	int64_t at_us = TIMESTAMP_NONE;
	struct str id, rest;

	if (!log_time_take(&reader->time, &line, &at_us))
		return LOG_LINE_OTHER;
	take_syslog_tag(reader, &line, &at_us);
	if (line.n && line.p[0] == '[' && !str_cut(line, ' ', &id, &line))
		return LOG_LINE_OTHER;
	if (!str_cut(line, ' ', &id, &rest) || !is_id(id))
		return LOG_LINE_OTHER;
	return read_mail_line(reader, id, at_us, rest);
}
