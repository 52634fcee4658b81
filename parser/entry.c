#include "parser/entry.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/address.h"
#include "parser/diagnostic.h"
#include "parser/text_address.h"
#include "parser/transcript.h"
#include "parser/unfold.h"

/* Lines without an address that may stand between an anchor and its list, such as an empty one or a
 * ruler; an anchor that points at prose finds nothing. */
enum { LINES_BEFORE_LIST = 4, NAME_WORDS = 6 };

/* Each line is compared with each recipient; a longer list shares its words. */
enum { SECTIONS = 256 };

struct entry {
	struct str address, rest; /* rest: of the line behind the address */
	size_t indent;
	bool angled, placeholder; /* placeholder: a recipient that is not named */
};

/* Exim names a pipe or a file, or nobody, and tells below whose it was. */
static const struct str placeholders[] = { STR_INIT("an undisclosed address"), STR_INIT("pipe to "),
	STR_INIT("save to "), STR_INIT("|") };
static const struct str labels[] = { STR_INIT("Recipient:"), STR_INIT("SMTP:"), STR_INIT("To:"),
	STR_INIT("Address:"), STR_INIT("mailto:"), STR_INIT("[SMTP:"), STR_INIT("User:"),
	STR_INIT("Delivery failed:"), STR_INIT("Recipient address:"), STR_INIT("Original address:"),
	STR_INIT("Failed recipient:"), STR_INIT("SMTP <"), STR_INIT("rfc822;"),
	STR_INIT("dda:SMTP="),
	/* a colon of full width is skipped by itself */
	STR_INIT("送信先:"), STR_INIT("送信先"), STR_INIT("宛先:"), STR_INIT("宛先"),
	STR_INIT("あて先:"), STR_INIT("あて先"), STR_INIT("受信者:"), STR_INIT("受信者"),
	STR_INIT("收件人:"), STR_INIT("收件人"), STR_INIT("받는 사람:"), STR_INIT("수신자:") };

static struct str skip_wide_marks(struct str s)
{
	size_t n;

	while ((n = text_wide_mark(s)) > 0)
		s = str_skip(s, n);
	return s;
}

/* Bullets and brackets, but not the quote that is part of an address: "ann b"@shop.example. */
static struct str skip_marks(struct str s)
{
	while (str_span(str_head(s, 1), " \t*>-'\"(") && !(s.p[0] == '"' && text_address_prefix(s)))
		s = str_skip(s, 1);
	return s;
}

static struct str skip_labels(struct str s)
{
	size_t digits = 0;
	bool again = true;

	s = str_trim(s);
	while (digits < s.n && digits < 3 && ascii_digit(s.p[digits]))
		digits++;
	if (digits && (str_starts(str_skip(s, digits), STR(". ")) ||
			      str_starts(str_skip(s, digits), STR(") "))))
		s = str_skip(s, digits + 2); /* a numbered list */
	while (again) {
		again = false;
		s = skip_wide_marks(str_trim(skip_marks(s)));
		for (size_t i = 0; i < ARRAY_LEN(labels); i++)
			if (str_istarts(s, labels[i])) {
				s = str_trim(str_skip(s, labels[i].n));
				again = true;
			}
	}
	return s;
}

/* What may follow an address on its line: nothing, punctuation, or a remark set off from it. A word
 * right behind it means that the address is part of a sentence; Zoho's is a word all the same. */
static bool ends_entry(struct str rest)
{
	struct str behind = str_trim(rest);

	if (!behind.n || str_span(rest, ":.;,<[(>\"'])"))
		return true;
	return str_starts(rest, STR("\t")) || str_starts(rest, STR("  ")) ||
	       str_span(behind, "-=.[(:<") || str_istarts(behind, STR("on ")) ||
	       str_istarts(behind, STR("Invalid ")) || str_istarts(behind, STR("am ")) ||
	       str_istarts(behind, STR("le ")) || str_istarts(behind, STR("el "));
}

/* Behind "user@host": a closing bracket, and the address once more as <mailto:...> or in (). */
static struct str skip_echo(struct str rest)
{
	rest = str_skip(rest, str_span(rest, ">\"']"));
	if (str_istarts(rest, STR("<mailto:")))
		rest = str_skip(rest, str_cspan(rest, ">") + 1);
	if (str_starts(str_trim(rest), STR("<")) && str_chr(rest, '@') != STR_NPOS)
		rest = str_skip(rest, str_cspan(rest, ">") + 1);
	return rest;
}

/* False for what is a sentence: "please contact <postmaster@example.com>". */
static bool may_be_name(struct str s, size_t *ret_words)
{
	static const struct str verbs[] = { STR_INIT("contact"), STR_INIT("please"), STR_INIT("to"),
		STR_INIT("mail"), STR_INIT("e-mail"), STR_INIT("email"), STR_INIT("send"),
		STR_INIT("at"), STR_INIT("from"), STR_INIT("reply"), STR_INIT("for"),
		STR_INIT("an"), STR_INIT("bitte"), STR_INIT("via"), STR_INIT("sender") };
	struct str rest = s, word;

	*ret_words = 0;
	if (s.n && !ascii_alpha(s.p[0]) && (unsigned char)s.p[0] < 0x80)
		return false;
	while (str_next_word(&rest, " \t", &word)) {
		for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
			if (str_ieq(word, verbs[i]))
				return false;
		*ret_words += 1;
	}
	for (size_t i = 0; i < s.n; i++)
		if (text_wide_mark(str_skip(s, i)))
			return false;
	return *ret_words <= NAME_WORDS;
}

/* "Ann Example (ann@example.com)", "Ann Example<mailto:ann@example.com>": a name and one address in
 * brackets, the whole of the entry but for a remark on when. ZMailer's bracket holds more words. */
static bool read_named(struct str s, struct entry *ret_entry)
{
	size_t open = str_cspan(s, "<([@:"), n, words;
	struct str inner = str_skip(s, open + 1), rest, word;

	if (open >= s.n || s.p[open] == '@' || s.p[open] == ':' ||
		!may_be_name(str_head(s, open), &words))
		return false;
	inner = str_head(inner, str_cspan(inner, ">)]"));
	while (str_next_word(&inner, " \t", &word)) {
		word = str_istarts(word, STR("mailto:")) ? str_skip(word, 7) : word;
		n = text_address_prefix(word);
		if (!n || (n != word.n && words))
			continue;
		ret_entry->address = str_head(word, n);
		rest = str_skip(s, (size_t)(word.p + n - s.p));
		rest = str_skip(rest, str_cspan(rest, ">)]") + 1);
		ret_entry->rest = skip_echo(rest);
		return ends_entry(ret_entry->rest);
	}
	return false;
}

static bool read_entry(struct str line, struct entry *ret_entry)
{
	struct entry entry = { .indent = str_span(line, " \t") };
	struct str s = skip_labels(line), inner;
	size_t n, open;
	bool echoed;

	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
		if (str_istarts(s, placeholders[i])) {
			entry.placeholder = true;
			*ret_entry = entry;
			return true;
		}
	/* X.400: "c=US;a= ;p=x;o=y;dda:SMTP=user@host;" */
	open = str_ifind(s, STR("dda:SMTP="));
	if (open != STR_NPOS)
		s = str_skip(s, open + 9);
	entry.angled = s.n && s.p[0] == '<';
	inner = skip_labels(str_skip(s, entry.angled));
	n = text_address_prefix(inner);
	if (!n) {
		*ret_entry = entry;
		return read_named(s, ret_entry);
	}
	entry.address = str_head(inner, n);
	entry.rest = skip_echo(str_skip(inner, n));
	echoed = entry.rest.n && entry.rest.p != inner.p + n;
	if (!entry.angled && !echoed && !ends_entry(entry.rest))
		return false;
	*ret_entry = entry;
	return true;
}

/* A word alone on an indented line: a local part. */
static bool read_local(
	struct str line, struct str from, struct arena *arena, struct entry *ret_entry)
{
	size_t at = str_rchr(from, '@');
	struct str word = str_trim(line);

	if (!word.n || at == STR_NPOS || !str_span(line, " \t") ||
		str_cspan(word, " \t:<>@") != word.n)
		return false;
	*ret_entry = (struct entry){ .indent = str_span(line, " \t") };
	ret_entry->address =
		arena_printf(arena, "%.*s%.*s", STR_ARG(word), STR_ARG(str_skip(from, at)));
	return true;
}

/* ---- events ---- */

/* "(generated from user@host)" and its like at the front of a diagnosis: whom the sender wrote to. */
static struct str cut_origin(struct arena *arena, struct str text, struct str *ret_origin)
{
	static const struct str leads[] = { STR_INIT("(ultimately generated from "),
		STR_INIT("(generated from "), STR_INIT("(expanded from: "),
		STR_INIT("(expanded from "), STR_INIT("generated by "), STR_INIT("(from "),
		STR_INIT("This address was generated from ") };

	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		size_t at = str_ifind(str_head(text, 400), leads[i]), n;
		struct str inner;

		if (at == STR_NPOS)
			continue;
		inner = str_skip(text, at + leads[i].n);
		inner = str_skip(inner, str_span(inner, "<"));
		n = text_address_prefix(inner);
		if (!n)
			continue;
		*ret_origin = address_normal(arena, str_head(inner, n));
		inner = str_skip(inner, n);
		inner = str_skip(inner, str_span(inner, ">):, "));
		return at ? arena_printf(
				    arena, "%.*s%.*s", STR_ARG(str_head(text, at)), STR_ARG(inner))
			  : inner;
	}
	return text;
}

static struct str squeeze_words(struct arena *arena, struct str text)
{
	text = str_skip(text, str_span(text, ":>.,; \t\r\n"));
	return utf8_head(text_squeeze(arena, str_head(text, LIMIT_DIAGNOSTIC_BYTES * 2)),
		LIMIT_DIAGNOSTIC_BYTES);
}

struct event *entry_add(struct entry_source *source, struct str address, struct str words)
{
	struct event *event = event_list_add(source->arena, source->list);
	struct str origin = STR_EMPTY;

	if (!event)
		return NULL;
	words = cut_origin(source->arena, squeeze_words(source->arena, words), &origin);
	event->outcome = OUTCOME_FAILED;
	event->final_recipient = address_normal(source->arena, address);
	event->recipient = origin.n ? origin : event->final_recipient;
	if (!event->final_recipient.n)
		event->final_recipient = origin;
	event->diagnostic = diagnostic_unwrap(squeeze_words(source->arena, words));
	return event;
}

/* ---- lists ---- */

static bool is_ruler(struct str line)
{
	line = str_trim(line);
	return line.n > 2 && (str_span(line, "-=*_#|") > 2);
}

struct list {
	struct entry_source *source;
	enum entry_kind kind;
	struct entry first; /* sets the style of the others */
	bool any, words;    /* an entry was seen; one had words */
	bool replies;       /* each entry is a reply that names its recipient */
	struct str address; /* of the entry at hand */
	const char *words_from, *words_to;
};

/* "550 5.1.1 <user@host>: no": the whole line is the words. */
static bool read_reply(struct str line, struct entry *ret_entry)
{
	struct entry entry = { .indent = str_span(line, " \t"), .rest = str_trim(line) };
	struct str words;

	if (!transcript_entry(entry.rest, &entry.address, &words))
		return false;
	*ret_entry = entry;
	return true;
}

static bool list_entry(struct list *list, struct str line, struct entry *ret_entry)
{
	bool found = list->kind == ENTRY_LOCAL_PART
			     ? read_local(line, list->source->from, list->source->arena, ret_entry)
			     : read_entry(line, ret_entry);

	if (!list->any && !found)
		list->replies = found = read_reply(line, ret_entry);
	else if (list->replies)
		found = read_reply(line, ret_entry);
	if (!found)
		return false;
	if (!list->any || list->replies)
		return true;
	return ret_entry->indent == list->first.indent && ret_entry->angled == list->first.angled;
}

static void flush(struct list *list)
{
	struct str words = STR_EMPTY;

	if (!list->words_from)
		return;
	words = str_from(list->words_from, (size_t)(list->words_to - list->words_from));
	list->words |= str_trim(str_skip(words, str_span(words, ":>.,;)]\"' \t\r\n"))).n > 0;
	entry_add(list->source, list->address, words);
	list->words_from = NULL;
}

/* Entries on one line, separated by commas: only the first may carry words. */
static void take_entry(struct list *list, const struct entry *entry, struct str line)
{
	struct str rest = str_trim(entry->rest);
	struct entry more;

	flush(list);
	if (!list->any)
		list->first = *entry;
	list->any = true;
	list->address = entry->address;
	list->words_from =
		entry->address.n && list->kind == ENTRY_ADDRESS ? entry->rest.p : line.p + line.n;
	list->words_to = line.p + line.n;
	if (entry->placeholder)
		list->words_from = line.p;
	if (list->words_from > list->words_to || !entry->rest.n)
		list->words_from = entry->placeholder ? line.p : list->words_to;
	if (rest.n && (rest.p[0] == ',' || rest.p[0] == ';') &&
		read_entry(str_skip(rest, 1), &more)) {
		list->words_to = list->words_from;
		take_entry(list, &more, line);
	}
}

/* Behind a list each recipient may be named once more, with the words about him below (Exchange's
 * "diagnostic information") or on the same line (sendmail's transcript). */
struct sections {
	struct list *list;
	struct event_list ours; /* the events of this list */
	struct event *event;    /* of the section at hand */
	const char *from;
};

static bool has_code(struct str words)
{
	struct diagnostic told;

	diagnostic_read(words, &told);
	return told.reply_code || told.status.n;
}

/* What is said twice is kept the first time, unless only the second is a reply. */
static void end_section(struct sections *sections, const char *to)
{
	struct event *event = sections->event;
	struct str words;

	sections->event = NULL;
	if (!event || has_code(event->diagnostic))
		return;
	words = squeeze_words(sections->list->source->arena,
		str_from(sections->from, (size_t)(to - sections->from)));
	if (!event->diagnostic.n || has_code(words))
		event->diagnostic = words;
}

static void take_section_line(struct sections *sections, struct str line)
{
	struct str address, words;
	struct entry entry;
	struct event *event = NULL;
	bool transcript = transcript_entry(str_trim(line), &address, &words);

	if (transcript)
		event = event_list_find(&sections->ours, address);
	else if (read_entry(line, &entry))
		event = event_list_find(&sections->ours, entry.address);
	if (!event)
		return;
	end_section(sections, line.p);
	sections->event = event;
	sections->from = line.p;
	if (transcript)
		end_section(sections, line.p + line.n);
}

static void take_sections(struct list *list, size_t first, struct str behind)
{
	struct event_list *all = list->source->list;
	struct sections sections = { .list = list,
		.ours = { .items = all->items + first, .n = all->n - first } };
	struct str rest = behind, line;

	while (str_next_line(&rest, &line))
		take_section_line(&sections, line);
	end_section(&sections, behind.p + behind.n);
}

/* All entries without words of their own share what stands behind the list. */
static void share_words(struct list *list, size_t first, struct str behind)
{
	struct str words = squeeze_words(list->source->arena, behind);

	if (list->source->list->n > first + 1 && list->source->list->n - first <= SECTIONS)
		take_sections(list, first, behind);
	if (list->words)
		return;
	for (size_t i = first; i < list->source->list->n; i++) {
		struct event *event = &list->source->list->items[i];

		if (!event->diagnostic.n)
			event->diagnostic = diagnostic_unwrap(words);
	}
}

void entries_below(struct entry_source *source, enum entry_kind kind)
{
	struct list list = { .source = source, .kind = kind };
	struct str rest = source->region, line, behind = STR_EMPTY, ahead = STR_EMPTY;
	size_t first = source->list->n, before = 0;
	bool gap = false;
	struct entry entry;

	while (str_next_line(&rest, &line)) {
		if (!str_trim(line).n || (is_ruler(line) && !list_entry(&list, line, &entry))) {
			gap |= list.any;
			continue;
		}
		if (list_entry(&list, line, &entry)) {
			take_entry(&list, &entry, line);
			gap = false;
		} else if (!list.any) {
			if (++before > LINES_BEFORE_LIST)
				break;
			ahead = line;
		} else if (gap) {
			behind = str_from(
				line.p, (size_t)(source->rest.p + source->rest.n - line.p));
			break; /* words behind an empty line belong to no entry, or to all */
		} else if (list.words_from) {
			list.words_to = line.p + line.n;
		}
	}
	flush(&list);
	if (!behind.n && list.any && !list.words)
		behind = str_skip(source->rest, source->region.n);
	if (!str_trim(behind).n)
		behind = ahead; /* Notes tells the reason first */
	share_words(&list, first, behind);
}

void entries_inline(struct entry_source *source)
{
	struct str s = source->region, address;
	size_t n, first = source->list->n, taken = 0;

	for (;;) {
		s = skip_labels(str_skip(s, str_span(s, " \t\r\n<>\"'([:*-,;`")));
		s = str_skip(s, str_span(s, "<\"'["));
		n = text_address_prefix(s);
		address = str_head(s, n);
		if (!n || !entry_add(source, address, STR_EMPTY))
			break;
		taken = (size_t)(address.p + n - source->rest.p);
		s = skip_echo(str_skip(s, n));
		if (str_istarts(str_trim(s), STR("and ")))
			s = str_skip(str_trim(s), 3);
		else if (!str_span(str_trim(s), ",;"))
			break;
	}
	/* Words run to the end of the notice: the reply often stands in a paragraph of its own. */
	s = squeeze_words(source->arena, str_skip(source->rest, taken));
	for (size_t i = first; i < source->list->n; i++)
		source->list->items[i].diagnostic = s;
}

void entries_before(struct entry_source *source)
{
	struct str s = source->region;
	size_t at = str_rchr(s, '@'), from = at;

	if (at == STR_NPOS)
		return;
	while (from && text_address_byte(s.p[from - 1]))
		from--;
	at = text_address_prefix(str_skip(s, from));
	if (!at)
		return;
	s = str_skip(s, from);
	entry_add(source, str_head(s, at),
		str_from(s.p + at, (size_t)(source->rest.p + source->rest.n - s.p) - at));
}
