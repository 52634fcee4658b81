/* ingest/log/log_haraka.c -- Haraka, seen in 3.3, with timestamps (log.ini) at level info. A transaction is UUID.1,
 * what outbound makes of it, one for each domain in the order of the recipients, UUID.1.1, UUID.1.2:
 *   TIME [NOTICE] [UUID.1] [core] sender <s> code=CONT ...          recipient <a> code=OK ...       message mid=<m> size=1 ...
 *   TIME [NOTICE] [UUID.1.1] [outbound] recipient <a> rejected: 550 ...     recipient <a> deferred: 451 ...
 *   TIME [NOTICE] [UUID.1.1] [outbound]  delivered file=F domain=d host=h ... response="Ok" delay=1.2 fails=0 rcpts=2/1/1
 *   TIME [INFO] [UUID.1.1] [outbound] bouncing mail: 554 ...     Temp failing F for 64 seconds: Tried all MXs
 * "delivered" tells how many, not who: those of the domain that were not spoken of in this attempt. "bouncing mail" and "Temp
 * failing" name nobody unless single recipients were named before. A bounce of Haraka's own is UUID.1 in outbound. */
#include "ingest/log/log_line_priv.h"

struct haraka_line {
	int64_t at_us;
	struct str base, number, plugin, text; /* "UUID.1", "2" of "UUID.1.2", "outbound" */
};

static bool take_bracketed(struct str *rest, struct str *ret_text)
{
	size_t end = str_chr(*rest, ']');

	if (!rest->n || rest->p[0] != '[' || end == STR_NPOS)
		return false;
	*ret_text = str_slice(*rest, 1, end);
	*rest = str_skip(*rest, end + 1);
	*rest = str_skip(*rest, rest->n && rest->p[0] == ' ');
	return true;
}

static bool split(struct log_reader *reader, struct str line, struct haraka_line *ret_line)
{
	struct str level, id, host;
	size_t dot, next;

	ret_line->at_us = TIMESTAMP_NONE;
	if (log_time_take(&reader->time, &line, &ret_line->at_us) && line.n && line.p[0] != '[') {
		size_t open = str_find(line, STR(": [")); /* by way of syslog */

		host = str_head(line, open);
		line = str_skip(line, host.n + 2);
	}
	if (!take_bracketed(&line, &level) || !take_bracketed(&line, &id) ||
		!take_bracketed(&line, &ret_line->plugin))
		return false;
	ret_line->text = str_trim(line);
	dot = str_chr(id, '.');
	next = dot == STR_NPOS ? STR_NPOS : str_chr(str_skip(id, dot + 1), '.');
	if (dot == STR_NPOS)
		return false;
	ret_line->base = next == STR_NPOS ? id : str_head(id, dot + 1 + next);
	ret_line->number = next == STR_NPOS ? STR_EMPTY : str_skip(id, dot + 2 + next);
	return true;
}

static struct str domain_of(struct str address)
{
	size_t at = str_rchr(address, '@');

	return at == STR_NPOS ? STR_EMPTY : str_skip(address, at + 1);
}

/* "key=value" or key="value, quoted". */
static struct str field(struct str text, struct str name)
{
	size_t at = str_find(text, name);
	struct str value = at == STR_NPOS ? STR_EMPTY : str_skip(text, at + name.n);

	if (value.n && value.p[0] == '"') {
		value = str_skip(value, 1);
		return str_head(value, str_chr(value, '"'));
	}
	return str_head(value, str_cspan(value, " "));
}

/* The note of a mail is its domains, in their order, each with a space behind it. */
static void note_domain(struct log_reader *reader, struct log_mail *mail, struct str domain)
{
	struct str rest = log_mail_get(mail, LOG_MAIL_NOTE), known;
	struct buf *note = &reader->unquoted;

	while (str_cut(rest, ' ', &known, &rest))
		if (str_ieq(known, domain))
			return;
	buf_reset(note);
	buf_put(note, log_mail_get(mail, LOG_MAIL_NOTE));
	buf_put(note, domain);
	buf_putc(note, ' ');
	log_mail_set(reader->mails, mail, LOG_MAIL_NOTE, buf_str(note));
}

static enum log_line take_recipient(struct log_reader *reader, const struct haraka_line *line)
{
	struct str rest = str_skip(line->text, 10), words[LOG_WAITING_TEXTS] = { { NULL, 0 } };
	struct log_mail *mail;
	bool again;

	if (!log_take_angle(&rest, STR("> code=OK"), &words[LOG_WAITING_RECIPIENT]))
		return LOG_LINE_OTHER;
	words[LOG_WAITING_FINAL] = words[LOG_WAITING_RECIPIENT];
	mail = log_mails_take(reader->mails, line->base);
	note_domain(reader, mail, domain_of(words[LOG_WAITING_RECIPIENT]));
	log_mail_wait(reader->mails, mail, words, false, &again);
	return LOG_LINE_TOLD;
}

static enum log_line take_arrival(struct log_reader *reader, const struct haraka_line *line)
{
	struct str rest = line->text, sender;

	if (str_starts(rest, STR("recipient <")))
		return take_recipient(reader, line);
	if (str_starts(rest, STR("sender <"))) {
		rest = str_skip(rest, 7);
		if (!log_take_angle(&rest, STR("> code="), &sender))
			return LOG_LINE_OTHER;
		log_mail_set(reader->mails, log_mails_take(reader->mails, line->base),
			LOG_MAIL_SENDER, sender);
		return LOG_LINE_TOLD;
	}
	if (str_starts(rest, STR("message mid="))) {
		log_mail_set(reader->mails, log_mails_take(reader->mails, line->base),
			LOG_MAIL_MESSAGE_ID, log_strip_angles(field(rest, STR("mid="))));
		return LOG_LINE_TOLD;
	}
	return LOG_LINE_OTHER;
}

/* The domain that outbound's Nth mail is for; empty: not known. */
static struct str domain_of_number(const struct log_mail *mail, struct str number)
{
	struct str rest = log_mail_get(mail, LOG_MAIL_NOTE), domain;
	uint64_t n;

	if (!str_to_u64(number, 1000, &n))
		return STR_EMPTY;
	while (str_cut(rest, ' ', &domain, &rest))
		if (!--n)
			return domain;
	return STR_EMPTY;
}

static const struct log_waiting *next_of_domain(
	const struct log_waiting *waiting, struct str domain)
{
	while (waiting && !str_ieq(domain_of(waiting->text[LOG_WAITING_FINAL]), domain))
		waiting = waiting->next;
	return waiting;
}

/* The first `n` of the domain that wait: who was named in this attempt is behind them. */
static uint64_t deliver_waiting(struct log_reader *reader, struct log_mail *mail, struct str domain,
	uint64_t n, const struct delivery *model)
{
	const struct log_waiting *waiting = log_mail_waiting(mail);
	uint64_t told = 0;

	while (told < n && (waiting = next_of_domain(waiting, domain))) {
		struct delivery delivery = *model;

		/* Copied, for who is deferred again is put down anew. */
		buf_reset(&reader->unquoted);
		buf_put(&reader->unquoted, waiting->text[LOG_WAITING_RECIPIENT]);
		delivery.recipient = buf_str(&reader->unquoted);
		if (model->expired && waiting->deferred) {
			delivery.status = waiting->text[LOG_WAITING_STATUS];
			delivery.reply = waiting->text[LOG_WAITING_REPLY];
			delivery.command = waiting->text[LOG_WAITING_COMMAND];
		}
		waiting = waiting->next; /* what is delivered is let go */
		log_deliver_mail(reader, mail, &delivery);
		told++;
	}
	return told;
}

static enum log_line take_delivered(struct log_reader *reader, const struct haraka_line *line)
{
	struct log_mail *mail = log_mails_find(reader->mails, line->base);
	struct delivery model = log_delivery(DELIVERY_ACCEPTED, line->at_us);
	struct str counts = field(line->text, STR(" rcpts=")),
		   domain = field(line->text, STR(" domain="));
	uint64_t n;

	if (!str_to_u64(str_head(counts, str_cspan(counts, "/")), LIMIT_LOG_WAITING, &n) ||
		!domain.n)
		return LOG_LINE_BROKEN;
	model.queue_id = line->base;
	model.remote_mta = field(line->text, STR(" host="));
	model.reply = field(line->text, STR(" response="));
	if (line->at_us != TIMESTAMP_NONE)
		model.sent_at_us = line->at_us - log_duration_us(field(line->text, STR(" delay=")));
	if (!mail || !deliver_waiting(reader, mail, domain, n, &model))
		reader->counts[LOG_COUNT_NO_SENDER] += n;
	if (mail && !log_mail_waiting(mail))
		log_mails_drop(reader->mails, mail);
	return LOG_LINE_TOLD;
}

/* "recipient <a> rejected: REPLY" or "recipient <a> deferred: REPLY" */
static enum log_line take_named(struct log_reader *reader, const struct haraka_line *line)
{
	struct str rest = str_skip(line->text, 10);
	struct delivery delivery = log_delivery(DELIVERY_FAILED, line->at_us);

	if (!log_take_angle(&rest, STR("> "), &delivery.recipient))
		return LOG_LINE_BROKEN;
	if (str_starts(rest, STR("deferred: ")))
		delivery.outcome = DELIVERY_DEFERRED;
	else if (!str_starts(rest, STR("rejected: ")))
		return LOG_LINE_OTHER;
	delivery.queue_id = line->base;
	delivery.reply = str_skip(rest, 10);
	delivery.status = log_reply_status(delivery.reply);
	delivery.command = STR("RCPT TO");
	log_deliver_mail(reader, log_mails_find(reader->mails, line->base), &delivery);
	return LOG_LINE_TOLD;
}

/* All of the domain, unless single ones were named before this line. Who is deferred goes to the end of the list, so
 * their number is asked first. */
static enum log_line take_whole(struct log_reader *reader, const struct haraka_line *line,
	enum delivery_outcome outcome, struct str why)
{
	struct log_mail *mail = log_mails_find(reader->mails, line->base);
	struct delivery model = log_delivery(outcome, line->at_us);
	const struct log_waiting *waiting;
	uint64_t n = 0;
	struct str domain;

	if (str_starts(why, STR("Some recipients ")))
		return LOG_LINE_TOLD;
	if (!mail) {
		reader->counts[outcome == DELIVERY_FAILED ? LOG_COUNT_NO_RECIPIENT
							  : LOG_COUNT_OTHER]++;
		return LOG_LINE_TOLD;
	}
	domain = domain_of_number(mail, line->number);
	for (waiting = log_mail_waiting(mail); (waiting = next_of_domain(waiting, domain));
		waiting = waiting->next)
		n++;
	model.queue_id = line->base;
	model.expired = str_starts(why, STR("Too many failures"));
	model.reply = why;
	model.status = log_reply_status(why);
	n = deliver_waiting(reader, mail, domain, n, &model);
	if (!n && outcome == DELIVERY_FAILED)
		reader->counts[LOG_COUNT_NO_RECIPIENT]++;
	if (!log_mail_waiting(mail))
		log_mails_drop(reader->mails, mail);
	return LOG_LINE_TOLD;
}

static enum log_line take_outbound(struct log_reader *reader, const struct haraka_line *line)
{
	struct str text = line->text, file, why;

	if (!line->number.n) {
		bool delivers = str_starts(text, STR("delivered "));

		reader->counts[LOG_COUNT_NULL_SENDER] += delivers;
		return delivers ? LOG_LINE_TOLD : LOG_LINE_OTHER;
	}
	if (str_starts(text, STR("delivered ")))
		return take_delivered(reader, line);
	if (str_starts(text, STR("recipient <")))
		return take_named(reader, line);
	if (str_starts(text, STR("bouncing mail: ")))
		return take_whole(reader, line, DELIVERY_FAILED, str_skip(text, 15));
	if (str_starts(text, STR("Temp failing ")) && str_cut(text, ':', &file, &why))
		return take_whole(reader, line, DELIVERY_DEFERRED, str_trim(why));
	return LOG_LINE_OTHER;
}

enum log_line log_haraka_line(struct log_reader *reader, struct str line)
{
	struct haraka_line parts;

	if (!split(reader, line, &parts))
		return LOG_LINE_OTHER;
	if (str_eq(parts.plugin, STR("outbound")))
		return take_outbound(reader, &parts);
	return str_eq(parts.plugin, STR("core")) ? take_arrival(reader, &parts) : LOG_LINE_OTHER;
}
