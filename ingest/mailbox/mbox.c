#include "ingest/mailbox/mbox.h"

#include <string.h>

#define FROM_LINE STR("From ")

bool mbox_starts(struct str bytes)
{
	struct str line, rest;

	/* A CR inside the line: the file's lines end with CR, and all of it looks like one line. */
	return str_starts(bytes, FROM_LINE) && str_cut(bytes, '\n', &line, &rest) &&
	       str_chr(str_head(line, line.n - 1), '\r') == STR_NPOS;
}

/* What the formats differ in. */
static const struct {
	bool counts;      /* believes Content-Length */
	bool strips;      /* ">From " loses its ">" */
	bool strips_more; /* ">>From " too */
} traits[MAILBOX_FORMAT_COUNT] = {
	[MAILBOX_AUTO] = { true, true, true },
	[MAILBOX_MBOXO] = { false, true, false },
	[MAILBOX_MBOXRD] = { false, true, true },
	[MAILBOX_MBOXCL] = { true, true, false },
	[MAILBOX_MBOXCL2] = { true, false, false },
};

static struct str take_line(struct str *rest)
{
	size_t n = str_chr(*rest, '\n');
	struct str line = str_head(*rest, n == STR_NPOS ? rest->n : n + 1);

	*rest = str_skip(*rest, line.n);
	return line;
}

static bool is_empty_line(struct str line)
{
	return str_eq(line, STR("\n")) || str_eq(line, STR("\r\n"));
}

/* Where the message at the start of `text` ends by its separator: at the empty line in front of the
 * next "From " line, which belongs to the separator, or at the end of the text. */
static size_t end_by_separator(struct str text, size_t *ret_next)
{
	struct str rest = text;
	size_t empty_at = STR_NPOS; /* where the line before this one starts, if that is empty */

	while (rest.n) {
		size_t at = text.n - rest.n;
		struct str line;

		if (empty_at != STR_NPOS && str_starts(rest, FROM_LINE)) {
			*ret_next = at;
			return empty_at;
		}
		line = take_line(&rest);
		empty_at = is_empty_line(line) ? at : STR_NPOS;
	}
	*ret_next = text.n;
	/* The file's last message has its empty line as well, unless it was cut off. */
	return empty_at != STR_NPOS ? empty_at : text.n;
}

/* The value of Content-Length in the header, which *ret_header_bytes long stands at the start. */
static bool content_length(struct str text, uint64_t *ret_length, size_t *ret_header_bytes)
{
	static const struct str field = STR_INIT("Content-Length:");
	struct str rest = text;
	bool found = false;

	while (rest.n) {
		struct str line = take_line(&rest);

		if (is_empty_line(line)) {
			*ret_header_bytes = text.n - rest.n;
			return found;
		}
		if (!found && str_istarts(line, field))
			found = str_to_u64(
				str_trim(str_skip(line, field.n)), SIZE_MAX / 2, ret_length);
	}
	return false;
}

/* Where the message ends by its Content-Length; believed only where a separator or the end of the
 * file stands exactly there, since many programs write a wrong one. */
static bool end_by_count(struct str text, size_t *ret_end, size_t *ret_next)
{
	uint64_t length;
	size_t header;
	struct str behind, line;

	if (!content_length(text, &length, &header) || length > text.n - header)
		return false;
	behind = str_skip(text, header + (size_t)length);
	*ret_end = text.n - behind.n;
	line = take_line(&behind);
	if (line.n && !is_empty_line(line))
		return false;
	*ret_next = text.n - behind.n;
	return !behind.n || str_starts(behind, FROM_LINE);
}

/* Is this a ">From " line that was quoted on its way into the mbox? */
static bool is_quoted(struct str line, bool more)
{
	size_t n = str_span(line, ">");

	return n && (n == 1 || more) && str_starts(str_skip(line, n), FROM_LINE);
}

static struct str unquote(struct arena *arena, struct str message, bool more)
{
	struct str rest = message;
	char *room = NULL;
	size_t n = 0;

	/* Most messages have no such line: these are not copied. */
	while (rest.n && !is_quoted(rest, more))
		take_line(&rest);
	if (!rest.n)
		return message;
	room = arena_alloc(arena, message.n);
	n = message.n - rest.n;
	if (n)
		memcpy(room, message.p, n);
	while (rest.n) {
		struct str line = take_line(&rest);

		if (is_quoted(line, more))
			line = str_skip(line, 1);
		memcpy(room + n, line.p, line.n);
		n += line.n;
	}
	return str_from(room, n);
}

bool mbox_next(
	struct arena *arena, enum mailbox_format format, struct str *rest, struct str *ret_message)
{
	struct str text = *rest, message;
	size_t end, next;
	bool counted;

	if (!rest->n)
		return false;
	if (str_starts(text, FROM_LINE))
		take_line(&text);
	counted = traits[format].counts && end_by_count(text, &end, &next);
	if (!counted)
		end = end_by_separator(text, &next);
	message = str_head(text, end);
	/* Whoever counts need not quote; only an mboxcl that is named as such does both. */
	if (traits[format].strips && !(counted && format == MAILBOX_AUTO))
		message = unquote(arena, message, traits[format].strips_more);
	*rest = str_skip(text, next);
	*ret_message = message;
	return true;
}
