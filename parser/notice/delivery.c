#include "parser/notice/delivery.h"

#include "core/limits.h"
#include "core/status_code.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/mail/broken_address.h"
#include "parser/text/date.h"
#include "parser/text/diagnostic.h"
#include "parser/text/unfold.h"

/* The words that servers write in Action; comments may stand behind them. */
static const struct {
	struct str word;
	enum outcome outcome;
} actions[] = {
	{ STR_INIT("failed"), OUTCOME_FAILED },
	{ STR_INIT("failure"), OUTCOME_FAILED },
	{ STR_INIT("fail"), OUTCOME_FAILED },
	{ STR_INIT("error"), OUTCOME_FAILED },
	{ STR_INIT("undeliverable"), OUTCOME_FAILED },
	{ STR_INIT("expired"), OUTCOME_FAILED },
	{ STR_INIT("delayed"), OUTCOME_DELAYED },
	{ STR_INIT("delay"), OUTCOME_DELAYED },
	{ STR_INIT("deferred"), OUTCOME_DELAYED },
	{ STR_INIT("delivered"), OUTCOME_DELIVERED },
	{ STR_INIT("relayed"), OUTCOME_RELAYED },
	{ STR_INIT("expanded"), OUTCOME_EXPANDED },
	/* RFC 3464 knows English only; some translate all the same. */
	{ STR_INIT("fehlgeschlagen"), OUTCOME_FAILED },
	{ STR_INIT("fehler"), OUTCOME_FAILED },
	{ STR_INIT("échec"), OUTCOME_FAILED },
	{ STR_INIT("échoué"), OUTCOME_FAILED },
	{ STR_INIT("fallido"), OUTCOME_FAILED },
	{ STR_INIT("fallito"), OUTCOME_FAILED },
	{ STR_INIT("falhou"), OUTCOME_FAILED },
	{ STR_INIT("mislukt"), OUTCOME_FAILED },
	{ STR_INIT("失敗"), OUTCOME_FAILED },
	{ STR_INIT("失败"), OUTCOME_FAILED },
	{ STR_INIT("verzögert"), OUTCOME_DELAYED },
	{ STR_INIT("retardé"), OUTCOME_DELAYED },
	{ STR_INIT("retrasado"), OUTCOME_DELAYED },
	{ STR_INIT("ritardato"), OUTCOME_DELAYED },
	{ STR_INIT("atrasado"), OUTCOME_DELAYED },
	{ STR_INIT("vertraagd"), OUTCOME_DELAYED },
	{ STR_INIT("遅延"), OUTCOME_DELAYED },
	{ STR_INIT("延迟"), OUTCOME_DELAYED },
	{ STR_INIT("zugestellt"), OUTCOME_DELIVERED },
	{ STR_INIT("remis"), OUTCOME_DELIVERED },
	{ STR_INIT("entregado"), OUTCOME_DELIVERED },
	{ STR_INIT("consegnato"), OUTCOME_DELIVERED },
	{ STR_INIT("配信済み"), OUTCOME_DELIVERED },
	{ STR_INIT("weitergeleitet"), OUTCOME_RELAYED },
};

static bool read_action(struct str text, enum outcome *ret_outcome)
{
	struct str word;

	if (!str_next_word(&text, " \t(;,<", &word))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(actions); i++)
		if (str_ieq(word, actions[i].word)) {
			*ret_outcome = actions[i].outcome;
			return true;
		}
	return false;
}

/* Without a word that is known, the class of the status tells; a report is made for failures. */
static enum outcome outcome_by_status(struct str status)
{
	if (str_starts(status, STR("2.")))
		return OUTCOME_DELIVERED;
	return str_starts(status, STR("4.")) ? OUTCOME_DELAYED : OUTCOME_FAILED;
}

/* The code in "5.1.1 (bad destination mailbox address)", 2.x.x too. */
static struct str read_status(struct str text)
{
	struct status_code code;
	size_t n;

	for (size_t i = 0; i < text.n; i++)
		if ((!i || !ascii_digit(text.p[i - 1])) &&
			status_code_prefix(str_skip(text, i), &code, &n))
			return str_slice(text, i, i + n);
	return STR_EMPTY;
}

static struct str read_host(struct arena *arena, const struct dsn_value *value)
{
	struct str rest = value->text, word;

	if (!str_next_word(&rest, " \t();,", &word))
		return STR_EMPTY;
	while (word.n && word.p[word.n - 1] == '.')
		word.n--;
	return arena_lower(arena, utf8_clean(arena, utf8_head(word, LIMIT_FIELD_TEXT_BYTES)));
}

static struct str read_text(struct arena *arena, struct str text)
{
	return utf8_head(text_squeeze(arena, utf8_clean(arena, text)), LIMIT_DIAGNOSTIC_BYTES);
}

static int64_t read_date(struct str text, struct event_list *list)
{
	int64_t at_us;

	if (!text.n)
		return TIMESTAMP_NONE;
	if (date_parse(text, &at_us))
		return at_us;
	list->flaws |= FLAW_BIT(FLAW_BAD_DATE);
	return TIMESTAMP_NONE;
}

static struct str read_recipient(
	struct arena *arena, const struct dsn_value *value, bool xtext, struct event_list *list)
{
	struct str text = broken_address_join(arena, value->text), address;

	if (!text.n)
		return STR_EMPTY;
	if (!value->type.n)
		list->flaws |= FLAW_BIT(FLAW_NO_ADDRESS_TYPE);
	if (!address_typed(arena, value->type, text, xtext, &address)) {
		list->flaws |= FLAW_BIT(FLAW_BAD_ADDRESS);
		return STR_EMPTY;
	}
	return address_normal(arena, address);
}

/* RFC 3464 2.3.1 and 2.3.2: the original is what the sender wrote, the final what failed. */
static void set_recipients(struct arena *arena, const struct dsn_block *block,
	struct event_list *list, struct event *event)
{
	struct str original = read_recipient(arena, &block->field[DSN_ORIGINAL_RCPT], true, list);
	struct str final = read_recipient(arena, &block->field[DSN_FINAL_RCPT], false, list);

	if (!final.n)
		final = read_recipient(arena, &block->field[DSN_ACTUAL_RCPT], false, list);
	event->original_recipient = original;
	event->recipient = original.n ? original : final;
	event->final_recipient = final.n ? final : original;
	/* A pipe, a file, a pseudo recipient of the server: no address, but whom the report means. What
	 * would have to be cut would be somebody else. */
	if (!event->final_recipient.n && block->field[DSN_FINAL_RCPT].text.n <= LIMIT_ADDRESS_BYTES)
		event->final_recipient = utf8_head(
			text_squeeze(arena, utf8_clean(arena, block->field[DSN_FINAL_RCPT].text)),
			LIMIT_ADDRESS_BYTES);
}

static void set_outcome(const struct dsn_block *block, struct event_list *list, struct event *event)
{
	struct str status = block->field[DSN_STATUS].text;

	event->status_field = read_status(status);
	if (!event->status_field.n)
		list->flaws |= FLAW_BIT(FLAW_NO_STATUS);
	if (read_action(block->field[DSN_ACTION].text, &event->outcome))
		return;
	list->flaws |= FLAW_BIT(FLAW_NO_ACTION);
	event->outcome = outcome_by_status(event->status_field);
}

/* "<mx.shop.example #5.0.0 smtp; 550 5.4.1 no>": the code in front is that of the server which writes. */
static struct str peers_reply(struct str text)
{
	struct diagnostic told;
	size_t at = str_ifind(text, STR("smtp;"));
	struct str reply = at == STR_NPOS ? STR_EMPTY : str_trim(str_skip(text, at + 5));

	if (!str_starts(text, STR("<")))
		return text;
	diagnostic_read(str_head(reply, 24), &told);
	if (!told.reply_code && !told.status.n)
		return text;
	return str_ends(reply, STR(">")) ? str_trim(str_head(reply, reply.n - 1)) : reply;
}

static void set_diagnostic(struct arena *arena, const struct dsn_block *block, struct event *event)
{
	const struct dsn_value *value = &block->field[DSN_DIAGNOSTIC];

	if (!value->text.n)
		value = &block->field[DSN_SUPPLEMENT];
	event->diagnostic = diagnostic_unwrap(read_text(arena, value->text));
	if (value == &block->field[DSN_SUPPLEMENT])
		event->diagnostic = peers_reply(event->diagnostic);
	event->diagnostic_type = arena_lower(arena, utf8_clean(arena, value->type));
	/* Some put what belongs to Diagnostic-Code behind the code in Status. */
	if (!event->diagnostic.n && block->field[DSN_STATUS].text.n > 12)
		event->diagnostic = read_text(arena, block->field[DSN_STATUS].text);
}

void delivery_events(struct arena *arena, const struct dsn *dsn, struct event_list *list)
{
	const struct dsn_value *of = dsn->message.field;
	int64_t arrival = read_date(of[DSN_ARRIVAL_DATE].text, list);

	list->flaws |= dsn->flaws;
	if (!of[DSN_REPORTING_MTA].text.n)
		list->flaws |= FLAW_BIT(FLAW_NO_REPORTING_MTA);
	for (const struct dsn_block *block = dsn->recipients; block; block = block->next) {
		struct event *event = event_list_add(arena, list);

		if (!event)
			return;
		set_recipients(arena, block, list, event);
		set_outcome(block, list, event);
		set_diagnostic(arena, block, event);
		event->reporting_mta = read_host(arena, &of[DSN_REPORTING_MTA]);
		event->remote_mta = read_host(arena, &block->field[DSN_REMOTE_MTA]);
		event->arrival_date_us = arrival;
		event->last_attempt_date_us = read_date(block->field[DSN_LAST_ATTEMPT].text, list);
		event->will_retry_until_us = read_date(block->field[DSN_WILL_RETRY].text, list);
	}
}
