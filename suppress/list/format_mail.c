/* suppress/list/format_mail.c -- rows as mail systems read them. */
#include "suppress/list/format_rows_priv.h"
#include "suppress/list/list_json.h"

/* Why, in a word of our own: never a peer's text, which would need the quoting of each system. */
static struct str cause(const struct store_suppression *row)
{
	static const struct str kinds[LIST_KIND_COUNT] = { [LIST_BOUNCE] = STR_INIT("bounce"),
		[LIST_COMPLAINT] = STR_INIT("complaint"),
		[LIST_UNSUBSCRIBE] = STR_INIT("by request") };
	struct str reason = reason_name(row->reason);

	return reason.n && list_kind_of(row) == LIST_BOUNCE ? reason : kinds[list_kind_of(row)];
}

void format_line_row(const struct format_entry *entry, struct buf *out)
{
	buf_put(out, entry->key);
	buf_putc(out, '\n');
}

/* access(5): the code is said, since REJECT alone is 554. What does not exist is 5.1.1, the rest policy. */
void format_postfix_row(const struct format_entry *entry, struct buf *out)
{
	bool unknown = reason_about(entry->row->reason) == ABOUT_RECIPIENT &&
		       list_kind_of(entry->row) == LIST_BOUNCE;
	struct str why = cause(entry->row);

	buf_printf(out, "%.*s  550 %s suppressed: %.*s\n", STR_ARG(entry->key),
		unknown ? "5.1.1" : "5.7.1", STR_ARG(why));
}

/* Exim's specification, 9.3: a key with a colon, white space or a quote stands in quotes, where a backslash escapes. */
static void put_exim_key(struct str key, struct buf *out)
{
	bool quotes = str_cspan(key, ": \t\"\\") < key.n || key.p[0] == '#';

	if (quotes)
		buf_putc(out, '"');
	for (size_t i = 0; i < key.n; i++) {
		if (quotes && (key.p[i] == '"' || key.p[i] == '\\'))
			buf_putc(out, '\\');
		buf_putc(out, key.p[i]);
	}
	if (quotes)
		buf_putc(out, '"');
}

void format_exim_row(const struct format_entry *entry, struct buf *out)
{
	struct str why = cause(entry->row);

	put_exim_key(entry->key, out);
	buf_printf(out, ": %.*s\n", STR_ARG(why));
}

/* The body of one POST /suppressionlist. */
void format_zonemta_row(const struct format_entry *entry, struct buf *out)
{
	buf_put(out, entry->is_domain ? STR("{\"domain\":") : STR("{\"address\":"));
	list_json_text(entry->is_domain ? str_skip(entry->key, 1) : entry->key, out);
	buf_put(out, STR("}\n"));
}

/* For kumo.json_load: a map, so that a policy looks up and does not search. */
void format_kumomta_head(struct buf *out)
{
	buf_put(out, STR("{\n"));
}

void format_kumomta_row(const struct format_entry *entry, struct buf *out)
{
	list_json_text(entry->key, out);
	buf_putc(out, ':');
	list_json_text(cause(entry->row), out);
}
