/* ingest/log/log_json.c -- an object of RFC 8259 a line: with our names (log_field.def), and KumoMTA's log records.
 * Read without a tree: each text, number or word is named by its path ("response.code"); of an array the first text counts. Depth
 * is bounded, for a peer's mail may have a part in what a log holds. */
#include "core/utf8.h"
#include "ingest/log/log_table_priv.h"

enum { JSON_DEPTH = 8, JSON_PATH_BYTES = 128 };

struct json {
	struct str rest;
	struct buf *room; /* large enough for all texts of the line */
	enum log_names names;
	struct log_row *row;
	char path[JSON_PATH_BYTES];
	size_t n_path; /* over JSON_PATH_BYTES: a path that nobody knows */
};

static void skip_space(struct json *json)
{
	while (json->rest.n && ascii_space(json->rest.p[0]))
		json->rest = str_skip(json->rest, 1);
}

static bool take_char(struct json *json, char c)
{
	skip_space(json);
	if (!json->rest.n || json->rest.p[0] != c)
		return false;
	json->rest = str_skip(json->rest, 1);
	return true;
}

static bool hex4(struct str text, uint32_t *ret_code)
{
	uint32_t code = 0;

	if (text.n < 4)
		return false;
	for (int i = 0; i < 4; i++) {
		char c = ascii_lower(text.p[i]);

		if (!ascii_digit(c) && (c < 'a' || c > 'f'))
			return false;
		code = code * 16 + (uint32_t)(ascii_digit(c) ? c - '0' : c - 'a' + 10);
	}
	*ret_code = code;
	return true;
}

static void put_utf8(struct buf *out, uint32_t code)
{
	if (code < 0x80) {
		buf_putc(out, (char)code);
	} else if (code < 0x800) {
		buf_putc(out, (char)(0xc0 | code >> 6));
		buf_putc(out, (char)(0x80 | (code & 0x3f)));
	} else if (code < 0x10000) {
		buf_putc(out, (char)(0xe0 | code >> 12));
		buf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (code & 0x3f)));
	} else {
		buf_putc(out, (char)(0xf0 | code >> 18));
		buf_putc(out, (char)(0x80 | (code >> 12 & 0x3f)));
		buf_putc(out, (char)(0x80 | (code >> 6 & 0x3f)));
		buf_putc(out, (char)(0x80 | (code & 0x3f)));
	}
}

/* Behind "\u". Half a pair is U+FFFD. */
static bool take_unicode(struct json *json)
{
	uint32_t code, low;

	if (!hex4(json->rest, &code))
		return false;
	json->rest = str_skip(json->rest, 4);
	if (code >= 0xd800 && code < 0xdc00 && str_starts(json->rest, STR("\\u")) &&
		hex4(str_skip(json->rest, 2), &low) && low >= 0xdc00 && low < 0xe000) {
		json->rest = str_skip(json->rest, 6);
		code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
	}
	put_utf8(json->room, code >= 0xd800 && code < 0xe000 ? 0xfffd : code);
	return true;
}

static bool take_escape(struct json *json)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	size_t i = 0;
	char c;

	if (!json->rest.n)
		return false;
	c = json->rest.p[0];
	json->rest = str_skip(json->rest, 1);
	if (c == 'u')
		return take_unicode(json);
	while (from[i] && from[i] != c)
		i++;
	if (!from[i])
		return false;
	buf_putc(json->room, to[i]);
	return true;
}

/* Behind the opening quote. Most texts have no escape and are not copied. */
static bool take_text(struct json *json, struct str *ret_text)
{
	size_t start = json->room->n, n = str_cspan(json->rest, "\"\\");

	if (n < json->rest.n && json->rest.p[n] == '"') {
		*ret_text = str_head(json->rest, n);
		json->rest = str_skip(json->rest, n + 1);
		return true;
	}
	for (;; n = str_cspan(json->rest, "\"\\")) {
		if (n >= json->rest.n)
			return false;
		buf_put(json->room, str_head(json->rest, n));
		if (json->rest.p[n] == '"')
			break;
		json->rest = str_skip(json->rest, n + 1);
		if (!take_escape(json))
			return false;
	}
	json->rest = str_skip(json->rest, n + 1);
	*ret_text = str_from(json->room->p + start, json->room->n - start);
	return true;
}

/* The first of several wins. */
static void keep(struct json *json, struct str value)
{
	static const struct str prefixes[] = { STR_INIT("meta."), STR_INIT("headers.") };
	struct str path = str_from(json->path, json->n_path);
	int field;

	if (json->n_path > JSON_PATH_BYTES)
		return;
	field = log_field_find(json->names, path);
	for (size_t i = 0; i < ARRAY_LEN(prefixes) && field < 0; i++)
		if (str_starts(path, prefixes[i]) && json->names == LOG_NAMES_KUMOMTA &&
			str_ieq(str_skip(path, prefixes[i].n),
				i ? STR("X-Campaign") : STR("campaign")))
			field = LOG_FIELD_CAMPAIGN;
	if (field >= 0 && !json->row->value[field].n)
		json->row->value[field] = value;
}

static bool read_value(struct json *json, int depth);

static size_t enter(struct json *json, struct str name)
{
	size_t before = json->n_path;

	if (before && before < JSON_PATH_BYTES)
		json->path[json->n_path++] = '.';
	for (size_t i = 0; i < name.n; i++, json->n_path++)
		if (json->n_path < JSON_PATH_BYTES)
			json->path[json->n_path] = name.p[i];
	return before;
}

static bool read_object(struct json *json, int depth)
{
	struct str name;

	if (take_char(json, '}'))
		return true;
	do {
		size_t before;

		if (!take_char(json, '"') || !take_text(json, &name) || !take_char(json, ':'))
			return false;
		before = enter(json, name);
		if (!read_value(json, depth + 1))
			return false;
		json->n_path = before;
	} while (take_char(json, ','));
	return take_char(json, '}');
}

static bool read_array(struct json *json, int depth)
{
	if (take_char(json, ']'))
		return true;
	do {
		if (!read_value(json, depth + 1))
			return false;
	} while (take_char(json, ','));
	return take_char(json, ']');
}

static bool read_value(struct json *json, int depth)
{
	struct str text;

	if (depth > JSON_DEPTH)
		return false;
	if (take_char(json, '{'))
		return read_object(json, depth);
	if (take_char(json, '['))
		return read_array(json, depth);
	if (take_char(json, '"')) {
		if (!take_text(json, &text))
			return false;
	} else {
		text = str_head(json->rest, str_cspan(json->rest, ",]} \t\r\n"));
		json->rest = str_skip(json->rest, text.n);
		if (!text.n)
			return false;
		if (str_eq(text, STR("null")))
			text = STR_EMPTY;
	}
	keep(json, text);
	return true;
}

static enum log_line read_line(struct log_reader *reader, enum log_names names, struct str line)
{
	struct log_row row = { .value = { { NULL, 0 } } };
	struct json json = { .rest = line, .room = &reader->unquoted, .names = names, .row = &row };

	if (!take_char(&json, '{'))
		return LOG_LINE_OTHER;
	/* Room for all texts, and for a reply put together: what was handed out must not move. */
	buf_reset(&reader->unquoted);
	if (!buf_reserve(&reader->unquoted, line.n + LIMIT_LOG_LINE_BYTES))
		return LOG_LINE_BROKEN;
	if (!read_object(&json, 0))
		return LOG_LINE_BROKEN;
	skip_space(&json);
	return json.rest.n ? LOG_LINE_BROKEN : log_row_deliver(reader, names, &row);
}

enum log_line log_ndjson_line(struct log_reader *reader, struct str line)
{
	return read_line(reader, LOG_NAMES_OURS, line);
}

enum log_line log_kumomta_line(struct log_reader *reader, struct str line)
{
	return read_line(reader, LOG_NAMES_KUMOMTA, line);
}
