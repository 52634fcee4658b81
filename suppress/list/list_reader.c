#include "suppress/list/list_reader.h"

#include "suppress/list/list_json_reader_priv.h"
#include "suppress/list/list_record_priv.h"

#include <stdlib.h>
#include <string.h>

struct list_reader {
	struct list_sink sink;
	enum list_source format;
	bool named; /* by the caller, and no line has said yet which of that name */
	enum list_kind kind;
	bool header_done, refused, stopped, too_long;
	struct buf line;   /* the one that is coming */
	struct buf record; /* lines before it, of a record whose quotes are open */
	uint64_t number;   /* of the line that is coming, from 1 */
	uint64_t record_line;
	size_t columns; /* of the header; 0: none */
	struct list_json *json;
	struct arena *arena;
};

struct list_reader *list_reader_new(const struct list_sink *sink, enum list_source format)
{
	struct list_reader *reader = calloc(1, sizeof *reader);

	if (!reader)
		abort();
	reader->sink = *sink;
	reader->format = format;
	reader->number = 1;
	reader->arena = arena_new();
	buf_init(&reader->line, LIMIT_IMPORT_RECORD_BYTES);
	buf_init(&reader->record, 2 * LIMIT_IMPORT_RECORD_BYTES);
	reader->named = format != LIST_SOURCE_COUNT;
	if (reader->named)
		reader->kind = list_source_row(format)->kind;
	return reader;
}

void list_reader_free(struct list_reader *reader)
{
	if (!reader)
		return;
	buf_release(&reader->line);
	buf_release(&reader->record);
	list_json_free(reader->json);
	arena_free(reader->arena);
	free(reader);
}

enum list_source list_reader_format(const struct list_reader *reader)
{
	return reader->format;
}

bool list_reader_refused(const struct list_reader *reader)
{
	return reader->refused;
}

uint64_t list_reader_lines(const struct list_reader *reader)
{
	return reader->number - 1;
}

static void refuse(struct list_reader *reader, uint64_t line, enum list_flaw flaw)
{
	reader->sink.flaw(reader->sink.context, line, flaw);
}

static void refuse_list(struct list_reader *reader, enum list_flaw flaw)
{
	refuse(reader, reader->number, flaw);
	reader->refused = reader->stopped = true;
}

static void take_facts(struct list_reader *reader, uint64_t line, struct list_facts *facts)
{
	struct list_entry entry = { .line = line };
	enum list_flaw flaw;

	facts->kind = reader->kind;
	flaw = list_entry_make(reader->arena, facts, &entry);
	if (flaw)
		refuse(reader, line, flaw);
	else if (!reader->sink.entry(reader->sink.context, &entry))
		reader->stopped = true;
	arena_reset(reader->arena);
}

/* ---- lines ---- */

/* access(5): "DUNNO" and "OK" let pass, and so may a restriction that is named. */
static bool is_refusal(struct str action)
{
	static const struct str words[] = { STR_INIT("REJECT"), STR_INIT("DISCARD"),
		STR_INIT("DEFER"), STR_INIT("HOLD") };
	struct str word = str_head(action, str_cspan(action, " \t"));

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_ieq(word, words[i]))
			return true;
	return word.n == 3 && str_span(word, "0123456789") == 3 &&
	       (word.p[0] == '4' || word.p[0] == '5');
}

/* A key that may stand in quotes, up to an octet of `ends`; *rest is what is behind it. */
static bool take_key(struct str *rest, const char *ends, struct str *ret_key)
{
	size_t i = 0;

	if (str_starts(*rest, STR("\""))) {
		for (i = 1; i < rest->n && rest->p[i] != '"'; i++)
			i += rest->p[i] == '\\';
		if (i >= rest->n)
			return false;
	}
	i += str_cspan(str_skip(*rest, i), ends);
	*ret_key = str_head(*rest, i);
	*rest = str_skip(*rest, i);
	return true;
}

static void map_line(struct list_reader *reader, struct str line)
{
	struct list_facts facts = { 0 };
	struct str action = line;

	if (!take_key(&action, " \t", &facts.address)) {
		refuse(reader, reader->number, LINE_QUOTE);
		return;
	}
	action = str_trim(action);
	if (action.n && !is_refusal(action)) {
		refuse(reader, reader->number, LINE_PASSES);
		return;
	}
	if (str_chr(facts.address, '@') == STR_NPOS && facts.address.n)
		refuse(reader, reader->number, LINE_DOMAIN);
	else
		take_facts(reader, reader->number, &facts);
}

/* A quoted key: a backslash escapes what is behind it. */
static struct str unescaped(struct arena *arena, struct str quoted)
{
	char *room = arena_alloc(arena, quoted.n + 1);
	size_t n = 0;

	for (size_t i = 1; i + 1 < quoted.n; i++) {
		i += quoted.p[i] == '\\' && i + 2 < quoted.n;
		room[n++] = quoted.p[i];
	}
	return str_from(room, n);
}

static void lsearch_line(struct list_reader *reader, struct str line)
{
	struct list_facts facts = { 0 };
	struct str rest = line;

	if (!take_key(&rest, ": \t", &facts.address)) {
		refuse(reader, reader->number, LINE_QUOTE);
		return;
	}
	if (str_starts(facts.address, STR("\"")) && str_ends(facts.address, STR("\"")))
		facts.address = unescaped(reader->arena, facts.address);
	take_facts(reader, reader->number, &facts);
}

/* ---- records ---- */

static void take_record(struct list_reader *reader, const struct list_record *record)
{
	struct str roles = list_source_row(reader->format)->roles;
	struct list_facts facts = { 0 };

	if (reader->columns && record->n != reader->columns) {
		refuse(reader, reader->record_line, LINE_FIELDS);
		return;
	}
	for (size_t i = 0; i < record->n && i < roles.n; i++)
		if (roles.p[i] != '-')
			list_facts_set(&facts, roles.p[i],
				str_trim(list_record_text(record, i, reader->arena)));
	take_facts(reader, reader->record_line, &facts);
}

static void header_record(
	struct list_reader *reader, struct str line, const struct list_record *record)
{
	enum list_flaw flaw = LINE_GOOD;

	reader->header_done = true;
	if (!list_source_row(reader->format)->header.n) {
		take_record(reader, record);
		return;
	}
	if (!list_source_has_header(reader->format, line))
		flaw = LINE_HEADER;
	else if (list_source_row(reader->format)->shape == LIST_SHAPE_AUDIENCE)
		flaw = list_audience_kind(line, &reader->kind);
	reader->columns = record->n;
	if (flaw)
		refuse_list(reader, flaw);
}

static void one_line(struct list_reader *reader, struct str line);

/* The first line of what is kept opened quotes that nothing closed: it is refused, and the rest is read again. */
static void give_up_record(struct list_reader *reader)
{
	struct str rest = buf_str(&reader->record), line;
	struct arena *arena = arena_new();
	const uint64_t number = reader->number;

	refuse(reader, reader->record_line, LINE_QUOTE);
	rest = arena_dup(arena, rest);
	buf_reset(&reader->record);
	reader->number = reader->record_line;
	str_cut(rest, '\n', &line, &rest);
	while (!reader->stopped && ++reader->number < number) {
		if (!str_cut(rest, '\n', &line, &rest))
			break;
		one_line(reader, line);
	}
	reader->number = number;
	arena_free(arena);
}

static void keep_line(struct list_reader *reader, struct str line)
{
	if (!reader->record.n)
		reader->record_line = reader->number;
	buf_put(&reader->record, line);
	buf_putc(&reader->record, '\n');
}

static size_t quotes_in(struct str line)
{
	size_t n = 0;

	for (size_t i = 0; i < line.n; i++)
		n += line.p[i] == '"';
	return n;
}

/* A line that leaves the quotes of a record open, or closes them. Its quotes alone are counted until they may be
 * closed, so that a record is taken apart once, however many lines it has. */
static void record_line(struct list_reader *reader, struct str line)
{
	struct list_record record;
	struct str text = line;
	bool pending = reader->record.n > 0;

	if (pending && reader->record.n + line.n > LIMIT_IMPORT_RECORD_BYTES) {
		give_up_record(reader);
		one_line(reader, line);
		return;
	}
	if (pending && quotes_in(line) % 2 == 0) {
		keep_line(reader, line);
		return;
	}
	if (pending) {
		keep_line(reader, line);
		text = str_head(buf_str(&reader->record), reader->record.n - 1);
	} else {
		reader->record_line = reader->number;
	}
	switch (list_record_split(text, &record)) {
	case LIST_RECORD_WHOLE:
		if (reader->header_done)
			take_record(reader, &record);
		else
			header_record(reader, text, &record);
		buf_reset(&reader->record);
		break;
	case LIST_RECORD_OPEN:
		if (!pending)
			keep_line(reader, line);
		break;
	case LIST_RECORD_BAD:
		if (pending) {
			reader->number++; /* the line of now is one of those that are read again */
			give_up_record(reader);
			reader->number--;
		} else {
			refuse(reader, reader->number, LINE_QUOTE);
		}
		break;
	}
}

/* ---- any line ---- */

static void one_line(struct list_reader *reader, struct str line)
{
	struct list_facts facts = { .address = line };
	enum list_shape shape = list_source_row(reader->format)->shape;

	if (!line.n && !reader->record.n)
		return;
	if (shape == LIST_SHAPE_RECORDS || shape == LIST_SHAPE_AUDIENCE) {
		record_line(reader, line);
		return;
	}
	if (line.p[0] == '#')
		return;
	/* Where a key has text behind it, a line that begins with white space goes on with that text. */
	if ((shape == LIST_SHAPE_MAP || shape == LIST_SHAPE_LSEARCH) && ascii_space(line.p[0]))
		return;
	if (shape == LIST_SHAPE_MAP)
		map_line(reader, line);
	else if (shape == LIST_SHAPE_LSEARCH)
		lsearch_line(reader, line);
	else
		take_facts(reader, reader->number, &facts);
}

static bool is_utf16(struct str line)
{
	return str_starts(line, STR("\xff\xfe")) || str_starts(line, STR("\xfe\xff")) ||
	       (line.n > 3 && ((!line.p[1] && !line.p[3]) || (!line.p[0] && !line.p[2])));
}

/* The first line that says something says which format it is. */
static void settle_format(struct list_reader *reader, struct str line)
{
	if (is_utf16(line)) {
		refuse_list(reader, LINE_UTF16);
		return;
	}
	if (reader->named) {
		reader->named = false;
		reader->format = list_source_like(reader->format, line);
		reader->kind = list_source_row(reader->format)->kind;
		return;
	}
	if (line.n && memchr(line.p, 0, line.n)) {
		refuse(reader, reader->number, LINE_NUL);
		return;
	}
	reader->format = list_source_of(line);
	if (reader->format == LIST_SOURCE_COUNT) {
		refuse_list(reader, LINE_HEADER);
		return;
	}
	reader->kind = list_source_row(reader->format)->kind;
	if (list_source_row(reader->format)->shape == LIST_SHAPE_ALLOWED)
		refuse_list(reader, LINE_ALLOW_LIST);
}

/* "#ann@x.example,BOUNCE" is none: an address may begin so. */
static bool is_comment(struct str line)
{
	return str_starts(line, STR("#")) &&
	       (str_chr(line, '@') == STR_NPOS || str_starts(line, STR("# ")));
}

static struct str without_end(struct str line)
{
	return str_ends(line, STR("\r")) ? str_head(line, line.n - 1) : line;
}

static struct str without_mark(struct list_reader *reader, struct str line)
{
	const struct str mark = STR("\xef\xbb\xbf");

	return reader->number == 1 && str_starts(line, mark) ? str_skip(line, mark.n) : line;
}

static bool is_json(const struct list_reader *reader)
{
	return reader->format != LIST_SOURCE_COUNT &&
	       list_source_row(reader->format)->shape == LIST_SHAPE_JSON;
}

static void feed_json(struct list_reader *reader, struct str bytes)
{
	if (!reader->json)
		reader->json = list_json_new(&reader->sink);
	if (!list_json_feed(reader->json, bytes, reader->number))
		reader->stopped = true;
	for (size_t i = 0; i < bytes.n; i++)
		reader->number += bytes.p[i] == '\n';
}

static bool settled(const struct list_reader *reader)
{
	return reader->json || reader->header_done ||
	       (reader->number > 1 && reader->format != LIST_SOURCE_COUNT && !reader->named);
}

/* A whole line, or as much of it as one may have (`cut`), or the last one. */
static void end_line(struct list_reader *reader, bool cut)
{
	struct str line = without_mark(reader, buf_str(&reader->line));
	struct str text = cut ? line : without_end(line);

	if (!settled(reader) && str_trim(text).n && !is_comment(text))
		settle_format(reader, text);
	if (reader->stopped)
		return;
	if (is_json(reader)) {
		feed_json(reader, line);
		return;
	}
	if (cut)
		refuse(reader, reader->number, LINE_LONG);
	else if (reader->format != LIST_SOURCE_COUNT && !reader->named && !reader->too_long)
		one_line(reader, text);
}

bool list_reader_feed(struct list_reader *reader, struct str bytes)
{
	while (bytes.n && !reader->stopped) {
		size_t end = str_chr(bytes, '\n');
		struct str piece = str_head(bytes, end == STR_NPOS ? bytes.n : end);
		bool whole = end != STR_NPOS;

		if (reader->json) {
			feed_json(reader, bytes);
			break;
		}
		bytes = str_skip(bytes, piece.n + whole);
		if (!reader->too_long && piece.n > reader->line.max - reader->line.n) {
			size_t fits = reader->line.max - reader->line.n;

			buf_put(&reader->line, str_head(piece, fits));
			end_line(reader, true);
			reader->too_long = true;
			if (reader->json)
				feed_json(reader, str_skip(piece, fits));
		} else if (!reader->too_long) {
			buf_put(&reader->line, piece);
		}
		if (!whole || reader->stopped)
			continue;
		if (!reader->too_long)
			end_line(reader, false);
		if (reader->json)
			feed_json(reader, STR("\n"));
		else
			reader->number++;
		reader->too_long = false;
		buf_reset(&reader->line);
	}
	return !reader->stopped;
}

void list_reader_finish(struct list_reader *reader)
{
	if (!reader->stopped && !reader->json && reader->line.n && !reader->too_long) {
		end_line(reader, false);
		if (!reader->json)
			reader->number++;
		buf_reset(&reader->line);
	}
	while (!reader->stopped && reader->record.n)
		give_up_record(reader);
	if (reader->json && !reader->stopped)
		list_json_finish(reader->json);
}
