/* ingest/log/log_csv.c -- RFC 4180, a record a line, the names in the first one. With our names (log_field.def), and PowerMTA's
 * accounting files. A line of names may come again: PowerMTA's does in a file that was moved while it was written, and where
 * files were put together. */
#include "ingest/log/log_table_priv.h"

/* Takes the next value off *rest. False: a quote is not closed. */
static bool take_value(struct log_reader *reader, struct str *rest, struct str *ret_value)
{
	struct buf *out = &reader->unquoted;
	size_t start = out->n, n = 1, end;

	if (!rest->n || rest->p[0] != '"') {
		end = str_chr(*rest, ',');
		*ret_value = str_head(*rest, end);
		*rest = str_skip(*rest, end == STR_NPOS ? rest->n : end + 1);
		return true;
	}
	for (;;) {
		size_t run = str_chr(str_skip(*rest, n), '"');

		if (run == STR_NPOS)
			return false;
		buf_put(out, str_head(str_skip(*rest, n), run));
		n += run + 1;
		if (n >= rest->n || rest->p[n] != '"')
			break;
		buf_putc(out, '"'); /* doubled */
		n++;
	}
	*ret_value = str_from(out->p + start, out->n - start);
	*rest = str_skip(*rest, n);
	if (rest->n && rest->p[0] != ',')
		return false;
	*rest = str_skip(*rest, 1);
	return true;
}

/* The columns of a line of names; false: it is none. */
static bool take_header(struct log_reader *reader, enum log_names names, struct str line)
{
	signed char column[LOG_MAX_COLUMNS];
	struct str rest = line, name;
	size_t n = 0;
	int known = 0;
	bool typed = false;

	while (rest.n && n < LOG_MAX_COLUMNS && take_value(reader, &rest, &name)) {
		int field = log_field_find(names, str_trim(name));

		column[n++] = (signed char)field;
		known += field >= 0;
		typed = typed || field == LOG_FIELD_OUTCOME || field == LOG_FIELD_ATTEMPTED;
	}
	if (known < 3 || !typed)
		return false;
	for (size_t i = 0; i < n; i++)
		reader->column[i] = column[i];
	reader->n_columns = n;
	buf_reset(&reader->header);
	buf_put(&reader->header, line);
	return true;
}

static enum log_line read_row(struct log_reader *reader, enum log_names names, struct str line)
{
	struct log_row row = { .value = { { NULL, 0 } } };
	struct str rest = line, value;

	for (size_t i = 0; rest.n && i < reader->n_columns; i++) {
		if (!take_value(reader, &rest, &value))
			return LOG_LINE_BROKEN;
		if (reader->column[i] >= 0 && !row.value[reader->column[i]].n)
			row.value[reader->column[i]] = value;
	}
	return log_row_deliver(reader, names, &row);
}

static enum log_line read_line(struct log_reader *reader, enum log_names names, struct str line)
{
	static const struct str marks[] = { STR_INIT("time"), STR_INIT("type"), STR_INIT("sender"),
		STR_INIT("recipient"), STR_INIT("domain"), STR_INIT("outcome"),
		STR_INIT("queue_id"), STR_INIT("\""), STR_INIT("stream"), STR_INIT("campaign") };

	/* All values of a line lie in one piece that is large enough not to move. */
	buf_reset(&reader->unquoted);
	if (!buf_reserve(&reader->unquoted, line.n + 1))
		return LOG_LINE_BROKEN;
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (str_istarts(line, marks[i]) && take_header(reader, names, line))
			return LOG_LINE_TOLD;
	return reader->n_columns && line.n ? read_row(reader, names, line) : LOG_LINE_OTHER;
}

enum log_line log_csv_line(struct log_reader *reader, struct str line)
{
	return read_line(reader, LOG_NAMES_OURS, line);
}

enum log_line log_powermta_line(struct log_reader *reader, struct str line)
{
	return read_line(reader, LOG_NAMES_POWERMTA, line);
}
