#include "parser/notice/format_table.h"

#include "core/attr.h"

/* What patterns of many languages share. */
#define AN_ADDRESS "[^\\n]*@[^\\n]* "
/* One address, and what is said of it in the same or the next line. */
#define TO_ADDRESS "[^@]{1,60}@[^@]{1,120}"
#define TO_COLON   "[^:\\n]*(:|：)"

/* The order is that of the search, and breaks ties. clang-format would sort it. */
/* clang-format off */
static const struct format_anchor anchors[] = {
#define FAMILY(name, shape, pattern) { STR_INIT(name), FORMAT_##shape, FORMAT_OWN, STR_INIT(pattern) },
#include "parser/notice/families/original.def"
#include "parser/notice/families/unix.def"
#include "parser/notice/families/microsoft.def"
#include "parser/notice/families/webmail.def"
#include "parser/notice/families/gateway.def"
#include "parser/notice/families/japan.def"
#include "parser/notice/families/language_own.def"
#undef FAMILY
#define FAMILY(name, shape, pattern) { STR_INIT(name), FORMAT_##shape, FORMAT_GENERIC, STR_INIT(pattern) },
#include "parser/notice/families/language.def"
#include "parser/notice/families/generic.def"
#undef FAMILY
};
/* clang-format on */

const struct format_anchor *format_table(size_t *ret_n)
{
	*ret_n = ARRAY_LEN(anchors);
	return anchors;
}

bool format_known(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(anchors); i++)
		if (str_eq(anchors[i].format, name))
			return true;
	return false;
}
