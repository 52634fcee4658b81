#include "parser/notice/ses_json.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/text/date.h"
#include "parser/text/unfold.h"

/* The notification may be a string inside SNS's own object: \" becomes ", \\ becomes \. */
static struct str unescape(struct arena *arena, struct str text)
{
	char *out;
	size_t n = 0;

	if (str_find(text, STR("\\\"notificationType\\\"")) == STR_NPOS &&
		str_find(text, STR("\\\"eventType\\\"")) == STR_NPOS)
		return text;
	out = arena_alloc(arena, text.n + 1);
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '\\' && i + 1 < text.n)
			i++;
		out[n++] = text.p[i];
	}
	return str_from(out, n);
}

/* The text behind "key": up to the end of `s`; empty without that key. */
static struct str behind_key(struct str s, const char *key)
{
	size_t n = str_c(key).n;

	for (;;) {
		size_t at = str_find(s, str_c(key));

		if (at == STR_NPOS)
			return STR_EMPTY;
		if (at && s.p[at - 1] == '"' && str_starts(str_skip(s, at + n), STR("\""))) {
			s = str_trim(str_skip(s, at + n + 1));
			return s.n && s.p[0] == ':' ? str_trim(str_skip(s, 1)) : STR_EMPTY;
		}
		s = str_skip(s, at + n);
	}
}

/* A string value; escapes are left as they are, quotes in it excepted. */
static struct str string_value(struct str s)
{
	size_t i = 1;

	if (!s.n || s.p[0] != '"')
		return STR_EMPTY;
	while (i < s.n && s.p[i] != '"')
		i += s.p[i] == '\\' ? 2 : 1;
	return str_slice(s, 1, i);
}

static struct str get(struct str s, const char *key)
{
	return string_value(behind_key(s, key));
}

static struct event *add(
	struct arena *arena, struct str address, enum outcome outcome, struct event_list *list)
{
	struct event *event;

	if (!address_valid(address))
		return NULL;
	event = event_list_add(arena, list);
	if (!event)
		return NULL;
	event->outcome = outcome;
	event->recipient = event->final_recipient = address_normal(arena, address);
	return event;
}

static void set_diagnostic(struct arena *arena, struct str code, struct event *event)
{
	struct str type, text = code;

	if (str_cut(code, ';', &type, &text) && str_chr(type, ' ') == STR_NPOS)
		event->diagnostic_type = arena_lower(arena, str_trim(type));
	else
		text = code;
	event->diagnostic = utf8_head(text_squeeze(arena, text), LIMIT_DIAGNOSTIC_BYTES);
}

/* The objects of an array of recipients, one after the other. */
static void read_recipients(struct arena *arena, struct str array, enum outcome outcome,
	struct str reporting_mta, struct event_list *list)
{
	struct str object, rest = str_head(array, str_cspan(array, "]"));

	while (str_cut(rest, '}', &object, &rest)) {
		struct event *event = add(arena, get(object, "emailAddress"), outcome, list);

		if (!event)
			continue;
		event->status_field = get(object, "status");
		event->reporting_mta = reporting_mta;
		set_diagnostic(arena, get(object, "diagnosticCode"), event);
		if (str_ieq(get(object, "action"), STR("delayed")))
			event->outcome = OUTCOME_DELAYED;
	}
}

static void read_delivery(
	struct arena *arena, struct str text, struct str mta, struct event_list *list)
{
	struct str delivery = behind_key(text, "delivery"),
		   rest = behind_key(delivery, "recipients");
	struct str word, response = get(delivery, "smtpResponse");

	rest = str_head(rest, str_cspan(rest, "]"));
	while (str_next_word(&rest, "[]\", \r\n", &word)) {
		struct event *event = add(arena, word, OUTCOME_DELIVERED, list);

		if (!event)
			continue;
		event->reporting_mta = mta;
		event->diagnostic =
			utf8_head(text_squeeze(arena, response), LIMIT_DIAGNOSTIC_BYTES);
	}
}

static struct str read_mta(struct arena *arena, struct str text)
{
	struct str value = get(text, "reportingMTA"), type, host = value;

	if (!str_cut(value, ';', &type, &host))
		host = value;
	return arena_lower(arena, str_trim(host));
}

bool ses_json_events(struct arena *arena, struct str text, struct event_list *list)
{
	struct str mta, kind;

	if (!str_starts(str_trim(text), STR("{")))
		return false;
	text = unescape(arena, text);
	kind = get(text, "notificationType");
	if (!kind.n)
		kind = get(text, "eventType");
	mta = read_mta(arena, text);
	if (str_eq(kind, STR("Bounce")))
		read_recipients(
			arena, behind_key(text, "bouncedRecipients"), OUTCOME_FAILED, mta, list);
	else if (str_eq(kind, STR("Complaint")))
		read_recipients(arena, behind_key(text, "complainedRecipients"), OUTCOME_COMPLAINT,
			mta, list);
	else if (str_eq(kind, STR("DeliveryDelay")))
		read_recipients(
			arena, behind_key(text, "delayedRecipients"), OUTCOME_DELAYED, mta, list);
	else if (str_eq(kind, STR("Delivery")))
		read_delivery(arena, text, mta, list);
	else
		return false;
	return true;
}
