#include "suppress/list/format.h"

#include "suppress/list/format_rows_priv.h"

static const struct format_row formats[FORMAT_COUNT] = {
#define FORMAT(id, name, ending, type, flags, never, never_first, domains, rows, bytes, between,   \
	head, row, foot)                                                                           \
	[FORMAT_##id] = { STR_INIT(name), STR_INIT(ending), STR_INIT(type), flags, never,          \
		never_first, domains, rows, bytes, STR_INIT(between), head, row, STR_INIT(foot) },
#include "suppress/list/format.def"
};

static const struct {
	struct str name, text;
} fates[FORMAT_FATE_COUNT] = {
	[FORMAT_WRITTEN] = { STR_INIT("written"), STR_INIT("written") },
	[FORMAT_TWICE] = { STR_INIT("twice"), STR_INIT("stands there already") },
	[FORMAT_NO_QUOTES] = { STR_INIT("quoted_local_part"),
		STR_INIT("the local part needs quotes, which this format cannot hold") },
	[FORMAT_NO_UTF8] = { STR_INIT("not_ascii"),
		STR_INIT("the address is not ASCII, which this format cannot hold") },
	[FORMAT_NO_CHARACTER] = { STR_INIT("character"),
		STR_INIT("the address has a character that readers of this format misunderstand") },
	[FORMAT_NO_DOMAINS] = { STR_INIT("whole_domain"),
		STR_INIT("a whole domain, which this format cannot hold") },
	[FORMAT_NO_DIGEST] = { STR_INIT("erased"),
		STR_INIT("the address was erased; its digest alone is known, which this format "
			 "cannot hold") },
	[FORMAT_OTHER_LIST] = { STR_INIT("other_list"),
		STR_INIT("of a kind that belongs to another list of this service") },
	[FORMAT_TOO_MANY_ODD] = { STR_INIT("too_many_not_ascii"),
		STR_INIT("more addresses that are not ASCII than are remembered") },
};

struct str format_fate_name(enum format_fate fate)
{
	return fates[fate].name;
}

struct str format_fate_text(enum format_fate fate)
{
	return fates[fate].text;
}

const struct format_row *format_row_of(enum format format)
{
	return &formats[format];
}

struct str format_name(enum format format)
{
	return formats[format].name;
}

bool format_from_name(struct str name, enum format *ret_format)
{
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		if (!str_eq(name, formats[i].name))
			continue;
		*ret_format = (enum format)i;
		return true;
	}
	return false;
}

void format_no_head(struct buf *out)
{
	(void)out;
}
