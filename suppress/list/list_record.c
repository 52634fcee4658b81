#include "suppress/list/list_record_priv.h"

/* From behind the opening quote; what is behind the closing one must be a comma or the end. */
static enum list_record_state quoted_field(struct str *rest, struct str *ret_field)
{
	size_t i = 0;

	for (;; i++) {
		i += str_cspan(str_skip(*rest, i), "\"");
		if (i >= rest->n)
			return LIST_RECORD_OPEN;
		if (i + 1 < rest->n && rest->p[i + 1] == '"')
			i++;
		else
			break;
	}
	*ret_field = str_head(*rest, i);
	*rest = str_skip(*rest, i + 1);
	return !rest->n || rest->p[0] == ',' ? LIST_RECORD_WHOLE : LIST_RECORD_BAD;
}

enum list_record_state list_record_split(struct str text, struct list_record *ret_record)
{
	enum list_record_state state = LIST_RECORD_WHOLE;
	size_t n = 0;

	for (;;) {
		bool quoted = str_starts(text, STR("\""));

		if (n == LIMIT_IMPORT_FIELDS)
			return LIST_RECORD_BAD;
		ret_record->quoted[n] = quoted;
		if (quoted) {
			text = str_skip(text, 1);
			state = quoted_field(&text, &ret_record->raw[n]);
		} else {
			ret_record->raw[n] = str_head(text, str_cspan(text, ","));
			text = str_skip(text, ret_record->raw[n].n);
		}
		if (state != LIST_RECORD_WHOLE)
			return state;
		n++;
		if (!text.n)
			break;
		text = str_skip(text, 1);
	}
	ret_record->n = n;
	return LIST_RECORD_WHOLE;
}

struct str list_record_field(const struct list_record *record, size_t i)
{
	return i < record->n ? record->raw[i] : STR_EMPTY;
}

struct str list_record_text(const struct list_record *record, size_t i, struct arena *arena)
{
	struct str raw = list_record_field(record, i);
	char *room;
	size_t n = 0;

	if (i >= record->n || !record->quoted[i] || str_chr(raw, '"') == STR_NPOS)
		return raw;
	room = arena_alloc(arena, raw.n);
	for (size_t k = 0; k < raw.n; k++) {
		k += raw.p[k] == '"';
		room[n++] = raw.p[k];
	}
	return str_from(room, n);
}
