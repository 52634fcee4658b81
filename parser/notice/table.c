#include "parser/notice/table.h"

#include "parser/mail/address.h"
#include "parser/mail/text_address.h"
#include "parser/text/diagnostic.h"

enum { CELLS = 16, CELL_BYTES = 60, OTHER_LINES = 3 };

static const struct str recipient_headings[] = { STR_INIT("recipient"), STR_INIT("e-mail"),
	STR_INIT("email"), STR_INIT("address"), STR_INIT("mailbox"), STR_INIT("final recipient"),
	STR_INIT("failed recipient"), STR_INIT("failed address"), STR_INIT("original recipient"),
	STR_INIT("empfänger"), STR_INIT("adresse"), STR_INIT("destinat"), STR_INIT("ontvanger"),
	STR_INIT("geadresseerde"), STR_INIT("adresat"), STR_INIT("odbiorca"), STR_INIT("mottagare"),
	STR_INIT("modtager"), STR_INIT("mottaker"), STR_INIT("получател"), STR_INIT("Получател"),
	STR_INIT("адрес"), STR_INIT("Адрес"), STR_INIT("宛先"), STR_INIT("受信者"),
	STR_INIT("收件人"), STR_INIT("받는 사람") };

enum columns { COLUMNS_TABS, COLUMNS_BARS, COLUMNS_SPACES };

struct row {
	struct str cells[CELLS];
	size_t n;
};

/* Where the next cell of the line starts, and where this one ends. */
static size_t cell_end(struct str line, enum columns columns, size_t *ret_next)
{
	size_t n, spaces = 0;

	if (columns != COLUMNS_SPACES) {
		n = str_cspan(line, columns == COLUMNS_TABS ? "\t" : "|");
		*ret_next = n + 1;
		return n;
	}
	for (n = 0; n < line.n && spaces < 2; n++)
		spaces = line.p[n] == ' ' ? spaces + 1 : 0;
	*ret_next = n + str_span(str_skip(line, n), " ");
	return spaces < 2 ? n : n - 2;
}

static struct row split(struct str line, enum columns columns)
{
	struct row row = { .n = 0 };
	size_t next;

	while (line.n && row.n < CELLS) {
		size_t end = cell_end(line, columns, &next);

		row.cells[row.n++] = str_trim(str_head(line, end));
		line = str_skip(line, next);
	}
	return row;
}

static bool names_recipient(struct str heading)
{
	for (size_t i = 0; i < ARRAY_LEN(recipient_headings); i++)
		if (str_istarts(heading, recipient_headings[i]))
			return true;
	return false;
}

/* The column of the recipients, if all of it are headings. */
static bool read_headings(const struct row *row, size_t *ret_column)
{
	size_t filled = 0, column = CELLS;

	for (size_t i = 0; i < row->n; i++) {
		struct str cell = row->cells[i];

		if (cell.n > CELL_BYTES || str_cspan(cell, "@:") < cell.n)
			return false;
		filled += cell.n > 0;
		if (column == CELLS && names_recipient(cell))
			column = i;
	}
	*ret_column = column;
	return filled > 1 && column < CELLS;
}

/* The address that is all of a cell but for its marks and what follows them. */
static struct str address_of(struct str cell)
{
	struct str s = str_skip(cell, str_span(cell, " <'\"`([*"));
	size_t n;

	if (str_istarts(s, STR("mailto:")))
		s = str_skip(s, 7);
	n = text_address_prefix(s);
	return n == s.n || str_span(str_skip(s, n), ">)]*'\"`<(,; ") ? str_head(s, n) : STR_EMPTY;
}

/* What a cell of its own says of the row; most tables list failures alone and say nothing. */
static const struct {
	struct str word;
	enum outcome outcome;
} fates[] = {
	{ STR_INIT("delivered"), OUTCOME_DELIVERED },
	{ STR_INIT("sent"), OUTCOME_DELIVERED },
	{ STR_INIT("success"), OUTCOME_DELIVERED },
	{ STR_INIT("ok"), OUTCOME_DELIVERED },
	{ STR_INIT("relayed"), OUTCOME_RELAYED },
	{ STR_INIT("delayed"), OUTCOME_DELAYED },
	{ STR_INIT("deferred"), OUTCOME_DELAYED },
	{ STR_INIT("zugestellt"), OUTCOME_DELIVERED },
	{ STR_INIT("verzögert"), OUTCOME_DELAYED },
};

static enum outcome outcome_of(const struct row *row)
{
	for (size_t i = 0; i < row->n; i++)
		for (size_t k = 0; k < ARRAY_LEN(fates); k++)
			if (str_ieq(row->cells[i], fates[k].word))
				return fates[k].outcome;
	return OUTCOME_FAILED;
}

/* A cell that only counts the rows. */
static bool counts_rows(struct str cell)
{
	return cell.n < 3 && str_span(cell, "0123456789.") == cell.n;
}

/* What the other cells of the row say, in their order. */
static struct str words_of(struct arena *arena, const struct row *row, size_t column)
{
	struct str words = STR_EMPTY;

	for (size_t i = 0; i < row->n; i++) {
		struct str cell = row->cells[i];

		if (i == column || !cell.n || (i < column && counts_rows(cell)) ||
			address_valid(cell))
			continue;
		words = words.n ? arena_printf(arena, "%.*s %.*s", STR_ARG(words), STR_ARG(cell))
				: cell;
	}
	return words;
}

static void add_row(
	struct entry_source *source, const struct row *row, size_t column, struct str address)
{
	struct event *event = entry_add(source, address, words_of(source->arena, row, column));

	if (event)
		event->outcome = outcome_of(row);
}

static bool any_code(const struct event_list *list, size_t first)
{
	struct diagnostic told;

	for (size_t i = first; i < list->n; i++) {
		diagnostic_read(list->items[i].diagnostic, &told);
		if (told.reply_code || told.status.n)
			return true;
	}
	return false;
}

static bool is_ruler(struct str line)
{
	return str_span(line, " \t|-=+:_") == line.n;
}

static enum columns columns_of(struct str line)
{
	if (str_chr(line, '\t') != STR_NPOS)
		return COLUMNS_TABS;
	return str_chr(line, '|') != STR_NPOS ? COLUMNS_BARS : COLUMNS_SPACES;
}

static void read_rows(
	struct entry_source *source, struct str rest, enum columns columns, size_t column)
{
	size_t others = 0, first = source->list->n;
	struct str line, address;
	struct row row;

	while (str_next_line(&rest, &line)) {
		if (is_ruler(line))
			continue;
		row = split(line, columns);
		address = column < row.n ? address_of(row.cells[column]) : STR_EMPTY;
		if (!address.n && (source->list->n > first || ++others > OTHER_LINES))
			return;
		if (address.n)
			add_row(source, &row, column, address);
	}
}

void entries_table(struct entry_source *source)
{
	struct str rest = source->region, line;
	size_t column, first = source->list->n;
	enum columns columns;
	struct row row;

	if (!str_next_line(&rest, &line))
		return;
	columns = columns_of(line);
	row = split(line, columns);
	if (!read_headings(&row, &column))
		return;
	read_rows(source, rest, columns, column);
	if (!source->introduced && !any_code(source->list, first))
		source->list->n = first;
}
