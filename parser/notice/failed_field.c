#include "parser/notice/failed_field.h"

#include "core/limits.h"
#include "parser/mail/address.h"
#include "parser/notice/entry.h"

/* Where in the text a line starts on which the address stands alone; STR_NPOS: nowhere. */
static size_t line_of(struct str text, struct str address)
{
	struct str rest = text, line, bare;

	while (str_next_line(&rest, &line)) {
		bare = str_trim(line);
		bare = str_skip(bare, str_span(bare, "<*-"));
		if (str_istarts(bare, address) &&
			str_span(str_skip(bare, address.n), ">:, \t") == bare.n - address.n)
			return (size_t)(line.p - text.p);
	}
	return STR_NPOS;
}

/* Sites rewrite the sentence in front of Exim's list, and keep the list. */
static void read_list_of(struct entry_source *source, struct str address)
{
	size_t at = line_of(source->rest, address);

	if (at == STR_NPOS)
		return;
	source->region = source->rest = str_skip(source->rest, at);
	entries_below(source, ENTRY_ADDRESS);
}

/* Keeps the events that the field names, if it names any of them: the field is made by the program,
 * the list in the text is read by us. */
static void keep_named(struct event_list *list, const bool *named)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (named[i])
			list->items[n++] = list->items[i];
	if (n)
		list->n = n;
}

struct failed_field {
	struct arena *arena;
	const struct format_reading *reading;
	struct event_list *list;
	bool was_empty;
	bool split;  /* an entry was */
	bool *named; /* which events of the list the field names */
};

/* A recipient who stands deeper in the list than the one before was read as the words about that one. */
static struct event *split_entry(struct failed_field *field, struct str address)
{
	struct event *event = NULL;
	struct str words = STR_EMPTY;

	if (line_of(field->reading->notice, address) == STR_NPOS)
		return NULL;
	for (size_t i = 0; i < field->list->n; i++) {
		struct str *whole = &field->list->items[i].diagnostic;
		size_t at = str_ifind(*whole, address);

		if (at == STR_NPOS)
			continue;
		words = str_trim(str_skip(*whole, at + address.n));
		*whole = str_trim(str_head(*whole, at));
		break;
	}
	event = event_list_add(field->arena, field->list);
	if (!event)
		return NULL;
	field->split = true;
	event->outcome = OUTCOME_FAILED;
	event->diagnostic = str_skip(words, str_span(words, ":>, "));
	return event;
}

static void take_failed(struct failed_field *field, struct str address)
{
	struct event *event = event_list_find(field->list, address);

	if (!event)
		event = event_list_unnamed(field->list);
	if (!event && field->was_empty)
		event = event_list_add(field->arena, field->list);
	if (!event)
		event = split_entry(field, address);
	if (!event)
		return;
	if (!event->recipient.n)
		event_name(event, address);
	if (field->was_empty && !event->diagnostic.n) {
		event->outcome = OUTCOME_FAILED;
		event->diagnostic = format_whole(field->arena, field->reading->notice);
	}
	field->named[event - field->list->items] = true;
}

/* A list that no family has read is told by the first address of the field. */
static void take_named_list(
	struct failed_field *field, const struct notice *notice, struct str address)
{
	struct event_list found = { 0 };
	struct entry_source source = { .arena = field->arena,
		.rest = field->reading->notice,
		.from = notice->from_address,
		.list = &found };

	if (field->list->n && !str_eq(field->reading->format, STR("generic")))
		return;
	read_list_of(&source, address);
	if (found.n >= field->list->n && found.n)
		*field->list = found;
}

/* Exim repeats the field for each fifty recipients. */
void failed_fields_read(struct arena *arena, const struct notice *notice,
	const struct format_reading *reading, struct event_list *list)
{
	const struct header_list *headers = &notice->tree->headers;
	struct failed_field field = { .arena = arena, .reading = reading, .list = list };
	struct str rest, word, address;

	for (size_t i = 0; i < headers->n; i++) {
		if (!str_ieq(headers->items[i].name, STR("X-Failed-Recipients")))
			continue;
		rest = mime_decode_words(arena, headers->items[i].value);
		while (str_next_word(&rest, ", \t", &word)) {
			if (!address_take(arena, word, &address))
				continue;
			address = address_normal(arena, address);
			if (!field.named) {
				take_named_list(&field, notice, address);
				field.was_empty = !list->n;
				field.named =
					arena_calloc(arena, LIMIT_EVENTS + 1, sizeof *field.named);
			}
			take_failed(&field, address);
		}
	}
	if (field.named)
		keep_named(list, field.named);
	for (size_t i = 0; field.split && i < list->n; i++)
		if (!list->items[i].diagnostic.n)
			list->items[i].diagnostic = format_whole(arena, reading->notice);
}
