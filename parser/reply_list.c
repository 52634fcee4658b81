#include "parser/reply_list.h"

#include "core/limits.h"
#include "core/reason.h"

static bool read_reasons(struct str words, uint64_t *ret_reasons)
{
	struct str word;
	enum reason reason;

	*ret_reasons = 0;
	while (str_next_word(&words, ",", &word)) {
		if (!reason_from_name(word, &reason))
			return false;
		*ret_reasons |= (uint64_t)1 << reason;
	}
	return *ret_reasons != 0;
}

static bool read_hard(struct str word, int *ret_hard)
{
	*ret_hard = str_eq(word, STR("true")) ? 1 : str_eq(word, STR("false")) ? -1 : 0;
	return *ret_hard || str_eq(word, STR("either"));
}

static bool read_row(struct str line, struct reply_row *ret_row)
{
	struct str accepted, hard;

	return str_cut(line, '\t', &ret_row->reply, &line) &&
	       str_cut(line, '\t', &ret_row->remote_mta, &line) &&
	       str_cut(line, '\t', &accepted, &line) &&
	       str_cut(line, '\t', &hard, &ret_row->group) &&
	       read_reasons(accepted, &ret_row->accepted) && read_hard(hard, &ret_row->hard);
}

static size_t count_lines(struct str text)
{
	size_t n = 0;

	for (struct str line; str_next_line(&text, &line);)
		n++;
	return n;
}

enum err reply_list_read(struct arena *arena, const struct parse_source *source,
	struct reply_rows *ret_rows, struct str *ret_trouble)
{
	struct str rest = source->text, line;
	unsigned number = 1;

	if (rest.n > LIMIT_RULES_BYTES) {
		*ret_trouble = arena_printf(arena, "%.*s: too large", STR_ARG(source->name));
		return ERR_LIMIT;
	}
	ret_rows->items = arena_calloc(arena, count_lines(rest) + 1, sizeof *ret_rows->items);
	ret_rows->n = 0;
	str_next_line(&rest, &line); /* the header */
	while (str_next_line(&rest, &line)) {
		number++;
		if (!line.n)
			continue;
		if (!read_row(line, &ret_rows->items[ret_rows->n++])) {
			*ret_trouble =
				arena_printf(arena, "%.*s:%u: no reply with what is right for it",
					STR_ARG(source->name), number);
			return ERR_SYNTAX;
		}
	}
	return ERR_OK;
}
