#include "parser/mail/html.h"

#include "core/utf8.h"

#include <stdlib.h>

enum { ENTITY_BYTES = 10 };

static const struct {
	struct str name, text;
} entities[] = {
	{ STR_INIT("nbsp"), STR_INIT(" ") },
	{ STR_INIT("lt"), STR_INIT("<") },
	{ STR_INIT("gt"), STR_INIT(">") },
	{ STR_INIT("amp"), STR_INIT("&") },
	{ STR_INIT("quot"), STR_INIT("\"") },
	{ STR_INIT("apos"), STR_INIT("'") },
	{ STR_INIT("#160"), STR_INIT(" ") },
	{ STR_INIT("#8203"), STR_INIT("") },
	{ STR_INIT("auml"), STR_INIT("\xC3\xA4") },
	{ STR_INIT("ouml"), STR_INIT("\xC3\xB6") },
	{ STR_INIT("uuml"), STR_INIT("\xC3\xBC") },
	{ STR_INIT("szlig"), STR_INIT("\xC3\x9F") },
	{ STR_INIT("eacute"), STR_INIT("\xC3\xA9") },
	{ STR_INIT("egrave"), STR_INIT("\xC3\xA8") },
	{ STR_INIT("agrave"), STR_INIT("\xC3\xA0") },
	{ STR_INIT("ccedil"), STR_INIT("\xC3\xA7") },
	{ STR_INIT("oacute"), STR_INIT("\xC3\xB3") },
	{ STR_INIT("atilde"), STR_INIT("\xC3\xA3") },
	{ STR_INIT("iacute"), STR_INIT("\xC3\xAD") },
	{ STR_INIT("aacute"), STR_INIT("\xC3\xA1") },
	{ STR_INIT("acirc"), STR_INIT("\xC3\xA2") },
	{ STR_INIT("ecirc"), STR_INIT("\xC3\xAA") },
	{ STR_INIT("icirc"), STR_INIT("\xC3\xAE") },
	{ STR_INIT("ocirc"), STR_INIT("\xC3\xB4") },
	{ STR_INIT("ucirc"), STR_INIT("\xC3\xBB") },
	{ STR_INIT("ugrave"), STR_INIT("\xC3\xB9") },
	{ STR_INIT("uacute"), STR_INIT("\xC3\xBA") },
	{ STR_INIT("ntilde"), STR_INIT("\xC3\xB1") },
	{ STR_INIT("otilde"), STR_INIT("\xC3\xB5") },
	{ STR_INIT("oslash"), STR_INIT("\xC3\xB8") },
	{ STR_INIT("aring"), STR_INIT("\xC3\xA5") },
	{ STR_INIT("aelig"), STR_INIT("\xC3\xA6") },
	{ STR_INIT("euml"), STR_INIT("\xC3\xAB") },
	{ STR_INIT("iuml"), STR_INIT("\xC3\xAF") },
	{ STR_INIT("Auml"), STR_INIT("\xC3\x84") },
	{ STR_INIT("Ouml"), STR_INIT("\xC3\x96") },
	{ STR_INIT("Uuml"), STR_INIT("\xC3\x9C") },
	{ STR_INIT("Eacute"), STR_INIT("\xC3\x89") },
	{ STR_INIT("Egrave"), STR_INIT("\xC3\x88") },
	{ STR_INIT("Agrave"), STR_INIT("\xC3\x80") },
	{ STR_INIT("Ccedil"), STR_INIT("\xC3\x87") },
	{ STR_INIT("Oslash"), STR_INIT("\xC3\x98") },
	{ STR_INIT("Aring"), STR_INIT("\xC3\x85") },
	{ STR_INIT("laquo"), STR_INIT("\xC2\xAB") },
	{ STR_INIT("raquo"), STR_INIT("\xC2\xBB") },
	{ STR_INIT("lsquo"), STR_INIT("\xE2\x80\x98") },
	{ STR_INIT("rsquo"), STR_INIT("\xE2\x80\x99") },
	{ STR_INIT("ldquo"), STR_INIT("\xE2\x80\x9C") },
	{ STR_INIT("rdquo"), STR_INIT("\xE2\x80\x9D") },
	{ STR_INIT("ndash"), STR_INIT("\xE2\x80\x93") },
	{ STR_INIT("mdash"), STR_INIT("\xE2\x80\x94") },
	{ STR_INIT("hellip"), STR_INIT("\xE2\x80\xA6") },
	{ STR_INIT("shy"), STR_INIT("") },
};
static const struct str breaking[] = { STR_INIT("br"), STR_INIT("p"), STR_INIT("div"),
	STR_INIT("tr"), STR_INIT("li"), STR_INIT("h1"), STR_INIT("h2"), STR_INIT("h3"),
	STR_INIT("table"), STR_INIT("hr"), STR_INIT("pre"), STR_INIT("ul"),
	STR_INIT("blockquote") };
static const struct str cells[] = { STR_INIT("td"), STR_INIT("th") };
static const struct str hidden[] = { STR_INIT("style"), STR_INIT("script"), STR_INIT("title") };

static bool one_of(struct str name, const struct str *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_ieq(name, names[i]))
			return true;
	return false;
}

/* The name in "<name ...>" or "</name>"; empty for what is no tag: "<user@example.com>", "a < b". */
static struct str tag_name(struct str tag)
{
	struct str inner = str_skip(tag, 1);
	size_t n = 0;

	if (inner.n && (inner.p[0] == '!' || inner.p[0] == '?'))
		return str_head(inner, 1);
	if (inner.n && inner.p[0] == '/')
		inner = str_skip(inner, 1);
	while (n < inner.n && (ascii_alpha(inner.p[n]) || ascii_digit(inner.p[n])))
		n++;
	if (!n || n == inner.n || !ascii_alpha(inner.p[0]))
		return STR_EMPTY;
	return str_span(str_skip(inner, n), " \t\r\n/>:") ? str_head(inner, n) : STR_EMPTY;
}

/* What is to be skipped behind the start of an element that is never shown. */
static size_t hidden_bytes(struct str s, struct str name)
{
	size_t at = 0;

	while (at < s.n) {
		size_t next = str_find(str_skip(s, at), STR("</"));

		if (next == STR_NPOS)
			return s.n;
		at += next + 2;
		if (str_istarts(str_skip(s, at), name))
			return at - 2;
	}
	return s.n;
}

/* "#228" or "#xE4": the character itself. Empty for what is none. */
static struct str numbered(struct str name, char room[static 4])
{
	bool hex = name.n > 1 && (name.p[1] == 'x' || name.p[1] == 'X');
	struct str digits = str_skip(name, hex ? 2 : 1);
	const char *set = hex ? "0123456789abcdefABCDEF" : "0123456789";

	if (!name.n || name.p[0] != '#' || !digits.n || str_span(digits, set) != digits.n)
		return STR_EMPTY;
	/* ENTITY_BYTES keeps the number small, and the ';' behind it ends it. */
	return str_from(room, utf8_put(strtoul(digits.p, NULL, hex ? 16 : 10), room));
}

static size_t take_entity(struct str s, char room[static 4], struct str *ret_text)
{
	struct str name = str_skip(s, 1);
	size_t end = str_chr(str_head(name, ENTITY_BYTES), ';');

	if (end == STR_NPOS)
		return 0;
	name = str_head(name, end);
	for (size_t i = 0; i < ARRAY_LEN(entities); i++)
		if (str_eq(name, entities[i].name)) {
			*ret_text = entities[i].text;
			return end + 2;
		}
	*ret_text = numbered(name, room);
	return ret_text->n ? end + 2 : 0;
}

/* Where the tag at html[at] ends, that is, the next '>' is. *end is the last answer: a text of a million
 * '<' is gone through once. */
static size_t tag_end(struct str html, size_t at, size_t *end)
{
	if (*end <= at) {
		size_t behind = str_chr(str_skip(html, at), '>');

		*end = behind == STR_NPOS ? STR_NPOS : at + behind;
	}
	return *end;
}

/* A line end within a row is a space, as a browser shows it, so that a row is one line. */
static bool in_row_behind(struct str name, bool start, bool in_row)
{
	if (str_ieq(name, STR("tr")))
		return start;
	return in_row && !str_ieq(name, STR("table")) && !str_ieq(name, STR("pre"));
}

/* The line end behind "<br>" is no second one. */
static size_t line_end_bytes(struct str s, struct str name)
{
	if (!str_ieq(name, STR("br")))
		return 0;
	if (str_starts(s, STR("\r\n")))
		return 2;
	return str_starts(s, STR("\n"));
}

struct str html_text(struct arena *arena, struct str html)
{
	char *out = arena_alloc(arena, html.n + 1), room[4];
	size_t n = 0, at = 0, end = 0, taken;
	struct str name, text;
	bool in_row = false;

	while (at < html.n) {
		struct str s = str_skip(html, at);
		size_t close = s.p[0] == '<' ? tag_end(html, at, &end) : STR_NPOS;

		name = close == STR_NPOS ? STR_EMPTY : tag_name(str_slice(html, at, close + 1));
		if (name.n) {
			bool start = s.p[1] != '/';

			at = close + 1;
			in_row = in_row_behind(name, start, in_row);
			at += line_end_bytes(str_skip(html, at), name);
			if (one_of(name, breaking, ARRAY_LEN(breaking)))
				out[n++] = '\n';
			else if (one_of(name, cells, ARRAY_LEN(cells)))
				out[n++] = '\t'; /* else the words of two cells are one */
			if (start && one_of(name, hidden, ARRAY_LEN(hidden)))
				at += hidden_bytes(str_skip(html, at), name);
			continue;
		}
		taken = s.p[0] == '&' ? take_entity(s, room, &text) : 0;
		if (!taken) {
			out[n++] = in_row && ascii_space(s.p[0]) ? ' ' : s.p[0];
			at++;
			continue;
		}
		for (size_t i = 0; i < text.n; i++)
			out[n++] = text.p[i];
		at += taken;
	}
	return str_from(out, n);
}

bool html_likely(struct str text)
{
	struct str head = str_head(text, 4096);

	return str_ifind(head, STR("<html")) != STR_NPOS ||
	       str_ifind(head, STR("<br>")) != STR_NPOS ||
	       str_ifind(head, STR("<br/>")) != STR_NPOS ||
	       str_ifind(head, STR("<br />")) != STR_NPOS;
}
