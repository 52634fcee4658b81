#include "parser/notice/pec.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/mail/text_address.h"
#include "parser/text/diagnostic.h"
#include "parser/text/unfold.h"

/* What a receipt says of the mail: D.M. 2 November 2005, 6. */
static const struct {
	struct str word;
	enum outcome outcome;
} receipts[] = {
	{ STR_INIT("errore-consegna"), OUTCOME_FAILED },
	{ STR_INIT("non-accettazione"), OUTCOME_FAILED },
	{ STR_INIT("rilevazione-virus"), OUTCOME_FAILED },
	{ STR_INIT("preavviso-errore-consegna"), OUTCOME_DELAYED },
	{ STR_INIT("avvenuta-consegna"), OUTCOME_DELIVERED },
	{ STR_INIT("accettazione"), OUTCOME_RELAYED },
	{ STR_INIT("presa-in-carico"), OUTCOME_RELAYED },
};

static bool outcome_of(struct str word, enum outcome *ret_outcome)
{
	for (size_t i = 0; i < ARRAY_LEN(receipts); i++)
		if (str_ieq(word, receipts[i].word)) {
			*ret_outcome = receipts[i].outcome;
			return true;
		}
	return false;
}

/* ---- daticert.xml ---- */

static struct str find_xml(const struct notice *notice)
{
	for (size_t i = 0; i < notice->tree->n_parts; i++) {
		struct str text = notice->tree->parts[i].text;
		size_t at = str_find(text, STR("<postacert"));

		if (at != STR_NPOS)
			return str_skip(text, at);
	}
	return STR_EMPTY;
}

/* The text of the next element of that name, which may have attributes. */
static bool next_element(struct str *rest, struct str open, struct str *ret_text)
{
	size_t at;

	while (at = str_find(*rest, open), at != STR_NPOS) {
		*rest = str_skip(*rest, at + open.n);
		if (!str_span(str_head(*rest, 1), " \t\r\n>"))
			continue; /* a longer name */
		*rest = str_skip(*rest, str_cspan(*rest, ">") + 1);
		*ret_text = str_trim(str_head(*rest, str_cspan(*rest, "<")));
		return true;
	}
	return false;
}

static struct str attribute(struct str xml, struct str name)
{
	struct str element = str_head(xml, str_cspan(xml, ">"));
	size_t at = str_find(element, name);

	element = str_skip(element, at == STR_NPOS ? element.n : at + name.n);
	return str_head(element, str_cspan(element, "\"'"));
}

/* ---- events ---- */

static void add(struct arena *arena, struct event_list *list, struct str address)
{
	struct event *event;

	if (!address_take(arena, address, &address))
		return;
	event = event_list_add(arena, list);
	if (event)
		event->recipient = event->final_recipient = address_normal(arena, address);
}

static void add_elements(
	struct arena *arena, struct str xml, struct str open, struct event_list *list)
{
	struct str text;

	while (next_element(&xml, open, &text))
		add(arena, list, text);
}

/* "destinato all'utente "ann@shop.example"", "indirizzato a "ann@shop.example"" */
static void add_named(struct arena *arena, struct str text, struct event_list *list)
{
	static const struct str leads[] = { STR_INIT("utente "), STR_INIT("indirizzato a") };

	for (size_t i = 0; i < ARRAY_LEN(leads) && !list->n; i++) {
		size_t at = str_ifind(text, leads[i]), n;
		struct str s = str_skip(text, at == STR_NPOS ? text.n : at + leads[i].n);

		s = str_skip(s, str_span(s, " :\r\n\"'<"));
		n = text_address_prefix(s);
		if (n)
			add(arena, list, str_head(s, n));
	}
}

/* Of all to whom the mail went, those whom the receipt is about; of a mail that was not taken, all. */
static void add_recipients(
	struct arena *arena, const struct notice *notice, struct str xml, struct event_list *list)
{
	add_elements(arena, xml, STR("<consegna"), list);
	if (!list->n)
		add_named(arena, notice->text, list);
	if (!list->n)
		add_elements(arena, xml, STR("<destinatari"), list);
}

static struct str diagnosis(struct arena *arena, const struct notice *notice, struct str xml)
{
	struct str text = notice->text, rest = xml, told;
	size_t at = str_ifind(text, STR("un errore"));

	if (next_element(&rest, STR("<errore-esteso"), &told) && told.n)
		return utf8_head(text_squeeze(arena, utf8_head(told, LIMIT_DIAGNOSTIC_BYTES)),
			LIMIT_DIAGNOSTIC_BYTES);
	if (at != STR_NPOS) {
		text = str_skip(text, at + 3);
		text = str_head(text, str_find(text, STR("\n\n")));
	}
	return utf8_head(text_squeeze(arena, utf8_head(text, LIMIT_DIAGNOSTIC_BYTES)),
		LIMIT_DIAGNOSTIC_BYTES);
}

bool pec_events(struct arena *arena, const struct notice *notice, struct event_list *list)
{
	struct str word = str_trim(notice_header(notice, STR("X-Ricevuta")));
	struct str xml = find_xml(notice), told;
	enum outcome outcome;

	if (!word.n && str_istarts(notice->from_address, STR("posta-certificata@")))
		word = attribute(xml, STR(" tipo=\""));
	if (!outcome_of(word, &outcome))
		return false;
	add_recipients(arena, notice, xml, list);
	told = diagnosis(arena, notice, xml);
	for (size_t i = 0; i < list->n; i++) {
		struct event *event = &list->items[i];

		event->outcome = outcome;
		if (outcome == OUTCOME_FAILED || outcome == OUTCOME_DELAYED)
			event->diagnostic = told;
	}
	event_list_merge(arena, list);
	return true;
}
