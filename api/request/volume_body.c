#include "api/request/volume_body.h"

#include "api/request/json_body.h"
#include "core/utf8.h"

#include <string.h>

struct reader {
	struct arena *arena;
	const struct rows_form *form;
	struct rows_fault *fault;
	size_t line;
};

static json_t *refuse_syntax(struct reader *reader, const char *detail)
{
	*reader->fault = (struct rows_fault){ true, false,
		arena_printf(reader->arena, "line %zu", reader->line), str_c(detail) };
	return NULL;
}

static json_t *refuse_shape(struct reader *reader, struct str pointer, const char *detail)
{
	*reader->fault = (struct rows_fault){ false, true, pointer, str_c(detail) };
	return NULL;
}

static json_t *too_many(struct reader *reader, json_t *take_rows)
{
	json_decref(take_rows);
	return refuse_shape(reader, arena_printf(reader->arena, "/%s", reader->form->name),
		arena_printf(reader->arena, "wanted: at most %zu rows", reader->form->max_rows).p);
}

/* ---- JSON ---- */

static json_t *load(struct reader *reader, struct str text, size_t lines_before)
{
	struct json_fault fault;
	json_t *json = json_body_read(reader->arena, text, lines_before, &fault);

	if (!json)
		*reader->fault =
			(struct rows_fault){ !fault.too_large, false, fault.where, fault.detail };
	return json;
}

static json_t *read_json(struct reader *reader, struct str body)
{
	json_t *json = load(reader, body, 0), *list;
	struct str pointer = arena_printf(reader->arena, "/%s", reader->form->name);

	if (!json)
		return NULL;
	list = json_incref(json_object_get(json, reader->form->name));
	if (!json_is_array(list) || json_object_size(json) != 1) {
		json_decref(list);
		list = refuse_shape(reader, json_is_array(list) ? STR("") : pointer,
			arena_printf(reader->arena,
				"wanted: an object with an array \"%s\" and no other field",
				reader->form->name)
				.p);
	} else if (json_array_size(list) > reader->form->max_rows) {
		list = too_many(reader, list);
	}
	json_decref(json);
	return list;
}

static json_t *read_ndjson(struct reader *reader, struct str body)
{
	json_t *rows = json_array();
	struct str line;

	for (; str_next_line(&body, &line); reader->line++) {
		json_t *row;

		if (!str_trim(line).n)
			continue;
		if (json_array_size(rows) == reader->form->max_rows)
			return too_many(reader, rows);
		row = load(reader, line, reader->line - 1);
		if (!row) {
			json_decref(rows);
			return NULL;
		}
		json_array_append_new(rows, row);
	}
	return rows;
}

/* ---- CSV, RFC 4180 ---- */

/* The end of a cell that begins at s: of its quotes, or the first comma or line feed. */
static size_t cell_end(struct str s, bool quoted)
{
	size_t i = quoted;

	for (; i < s.n; i++) {
		if (quoted && s.p[i] == '"' && s.n - i > 1 && s.p[i + 1] == '"')
			i++;
		else if (quoted ? s.p[i] == '"' : s.p[i] == ',' || s.p[i] == '\n')
			break;
	}
	return i;
}

static struct str single_quotes(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.n + 1);
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		out[n++] = s.p[i];
		i += s.p[i] == '"';
	}
	return str_from(out, n);
}

/* The next cell of *rest, without its quotes. *ret_last: a line ends behind it. False: a quote too few or
 * too many. */
static bool next_cell(struct reader *reader, struct str *rest, struct str *ret_cell, bool *ret_last)
{
	bool quoted = rest->n && rest->p[0] == '"';
	size_t end = cell_end(*rest, quoted);
	struct str cell = str_slice(*rest, quoted, end);

	if (quoted && end == rest->n)
		return false;
	*rest = str_skip(*rest, end + quoted);
	if (quoted && str_starts(*rest, STR("\r\n")))
		*rest = str_skip(*rest, 1);
	if (rest->n && rest->p[0] != ',' && rest->p[0] != '\n')
		return false;
	*ret_last = !rest->n || rest->p[0] == '\n';
	if (!quoted && *ret_last && str_ends(cell, STR("\r")))
		cell.n--;
	*ret_cell = quoted ? single_quotes(reader->arena, cell) : cell;
	*rest = str_skip(*rest, rest->n ? 1 : 0);
	return true;
}

static bool is_number(const struct rows_form *form, struct str name)
{
	for (const char *const *number = form->numbers; *number; number++)
		if (str_eq(name, str_c(*number)))
			return true;
	return false;
}

/* A cell that should be a number and is none stays text, which the field's own check refuses. */
static json_t *cell_json(const struct rows_form *form, struct str name, struct str cell)
{
	uint64_t number;

	if (is_number(form, name) && str_to_u64(cell, INT64_MAX, &number))
		return json_integer((json_int_t)number);
	return json_stringn(cell.p, cell.n);
}

enum { CSV_COLUMNS = 32 };
struct header {
	struct str names[CSV_COLUMNS];
	size_t n;
};

static bool read_header(struct reader *reader, struct str *rest, struct header *ret_header)
{
	struct header header = { .n = 0 };
	bool last = false;

	while (!last && header.n < CSV_COLUMNS) {
		if (!next_cell(reader, rest, &header.names[header.n], &last))
			return false;
		for (size_t i = 0; i < header.n; i++)
			if (str_eq(header.names[i], header.names[header.n]))
				return false;
		header.n++;
	}
	*ret_header = header;
	return last;
}

/* An empty cell is a field that is left out. */
static json_t *read_row(struct reader *reader, struct str *rest, const struct header *header)
{
	json_t *row = json_object();
	bool last = false;
	struct str cell;

	for (size_t i = 0; !last; i++) {
		if (i == header->n || !next_cell(reader, rest, &cell, &last) ||
			(last && i + 1 < header->n && (i || cell.n))) {
			json_decref(row);
			return refuse_syntax(
				reader, "not as many cells as the header has, or a quote too many");
		}
		if (cell.n)
			json_object_setn_new(row, header->names[i].p, header->names[i].n,
				cell_json(reader->form, header->names[i], cell));
	}
	return row;
}

static json_t *read_csv(struct reader *reader, struct str body)
{
	json_t *rows = json_array(), *row;
	struct header header;

	if (!read_header(reader, &body, &header)) {
		json_decref(rows);
		return refuse_syntax(reader, "wanted: a header of at most 32 names, each once");
	}
	for (reader->line = 2; body.n; reader->line++) {
		if (json_array_size(rows) == reader->form->max_rows)
			return too_many(reader, rows);
		row = read_row(reader, &body, &header);
		if (!row) {
			json_decref(rows);
			return NULL;
		}
		if (json_object_size(row))
			json_array_append_new(rows, row);
		else
			json_decref(row);
	}
	return rows;
}

json_t *rows_read(struct arena *arena, struct str type, struct str body,
	const struct rows_form *form, struct rows_fault *ret_fault)
{
	struct reader reader = { arena, form, ret_fault, 1 };
	struct str parameters;

	(void)str_cut(type, ';', &type, &parameters);
	type = str_trim(type);
	if (!utf8_valid(body))
		return refuse_syntax(&reader, "bytes that are not UTF-8");
	if (str_ieq(type, STR("text/csv")))
		return read_csv(&reader, body);
	if (str_ieq(type, STR("application/x-ndjson")))
		return read_ndjson(&reader, body);
	return read_json(&reader, body);
}
