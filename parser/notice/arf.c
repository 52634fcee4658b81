#include "parser/notice/arf.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/notice/correlate.h"
#include "parser/text/date.h"
#include "parser/text/unfold.h"

enum arf_field {
#define ARF_FIELD(id, wire) ARF_##id,
#include "parser/notice/arf_fields.def"
	ARF_FIELD_COUNT
};
static const struct str arf_names[ARF_FIELD_COUNT] = {
#define ARF_FIELD(id, wire) [ARF_##id] = STR_INIT(wire),
#include "parser/notice/arf_fields.def"
};
/* Types that no recipient's complaint stands behind. */
static const struct str harmless[] = { STR_INIT("not-spam"), STR_INIT("auth-failure"),
	STR_INIT("dmarc"), STR_INIT("dkim") };

struct report_fields {
	struct str value[ARF_FIELD_COUNT];
};

static void add_complaint(struct arena *arena, struct str text, struct event_list *list)
{
	struct str address;
	struct event *event;

	if (!address_take(arena, text, &address) || str_istarts(address, STR("redacted@")))
		return; /* RFC 6590: a name that was taken out is nobody's */
	event = event_list_add(arena, list);
	if (!event)
		return;
	event->outcome = OUTCOME_COMPLAINT;
	event->recipient = event->final_recipient = address_normal(arena, address);
}

static void read_fields(struct arena *arena, struct str body, struct event_list *list,
	struct report_fields *ret_fields)
{
	struct str line, name, value;

	while (line_next(arena, &body, &line)) {
		if (!str_cut(line, ':', &name, &value))
			continue;
		for (size_t i = 0; i < ARF_FIELD_COUNT; i++) {
			if (!str_ieq(str_trim(name), arf_names[i]))
				continue;
			if (i == ARF_ORIGINAL_RCPT || i == ARF_REMOVAL_RCPT)
				add_complaint(arena, value, list);
			if (!ret_fields->value[i].n)
				ret_fields->value[i] = str_trim(value);
		}
	}
}

static bool is_harmless(struct str type)
{
	for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
		if (str_ieq(type, harmless[i]))
			return true;
	return false;
}

/* Where no field names the recipient: Outlook.com's own field, else the returned header. */
static void complain_by_header(
	struct arena *arena, const struct notice *notice, struct event_list *list)
{
	struct str value = notice_header(notice, STR("X-HmXmrOriginalRecipient"));

	if (!value.n)
		value = headers_get(&notice->returned, STR("X-HmXmrOriginalRecipient"));
	if (!value.n)
		value = correlate_recipient(arena, notice);
	add_complaint(arena, value, list);
}

void arf_events(struct arena *arena, const struct notice *notice, struct event_list *list,
	struct str *ret_type)
{
	struct report_fields fields = { 0 };
	struct str type, mta, host = STR_EMPTY;
	int64_t arrival = TIMESTAMP_NONE;

	read_fields(arena, notice->feedback_text, list, &fields);
	type = utf8_head(fields.value[ARF_FEEDBACK_TYPE], LIMIT_FIELD_TEXT_BYTES);
	*ret_type = arena_lower(arena, type);
	if (is_harmless(type)) {
		list->n = 0;
		return;
	}
	if (!list->n)
		complain_by_header(arena, notice, list);
	if (!date_parse(fields.value[ARF_ARRIVAL_DATE], &arrival) &&
		!date_parse(fields.value[ARF_RECEIVED_DATE], &arrival))
		arrival = TIMESTAMP_NONE;
	if (str_cut(fields.value[ARF_REPORTING_MTA], ';', &mta, &host))
		host = arena_lower(arena, str_trim(host));
	for (size_t i = 0; i < list->n; i++) {
		list->items[i].diagnostic = *ret_type;
		list->items[i].diagnostic_type = STR("feedback-report");
		list->items[i].arrival_date_us = arrival;
		list->items[i].reporting_mta = host;
	}
}
