#include "cli/tools/reasons_page.h"

#include "core/reason.h"

static const char head[] =
	"# Reasons\n\n"
	"<!-- Made by `bounced reasons --page` from core/reason.def; a test compares. -->\n\n"
	"Every failed or delayed event has one of these. The class says what it means for the "
	"recipient: **hard** stops\n"
	"at once, **soft** may pass and counts toward a threshold, **block** is about the sender "
	"or the content and is\n"
	"never held against the recipient. An event that is only delayed is never hard, whatever "
	"its reason.\n\n"
	"| reason | class | speaks of | meaning |\n| --- | --- | --- | --- |\n";

static const char other_head[] = "\n## Names in other products\n\n"
				 "`bounced parse --taxonomy NAME` and `bounced classify --taxonomy "
				 "NAME` print these. The nearest word is given; an\n"
				 "empty cell means that the product has none.\n\n| reason |";

static void put_row(struct buf *out, enum reason reason)
{
	buf_printf(out, "| `%.*s` | %.*s | %.*s | %.*s |\n", STR_ARG(reason_name(reason)),
		STR_ARG(reason_class_name(reason_class(reason))),
		STR_ARG(reason_about_name(reason_about(reason))), STR_ARG(reason_meaning(reason)));
}

static void put_other_row(struct buf *out, enum reason reason)
{
	buf_printf(out, "| `%.*s` |", STR_ARG(reason_name(reason)));
	for (size_t i = 0; i < TAXONOMY_COUNT; i++)
		buf_printf(out, " %.*s |", STR_ARG(reason_in_taxonomy(reason, (enum taxonomy)i)));
	buf_putc(out, '\n');
}

void reasons_page_write(struct buf *out)
{
	buf_put(out, str_c(head));
	for (size_t i = REASON_NONE + 1; i < REASON_COUNT; i++)
		put_row(out, (enum reason)i);
	buf_put(out, str_c(other_head));
	for (size_t i = 0; i < TAXONOMY_COUNT; i++)
		buf_printf(out, " %.*s |", STR_ARG(taxonomy_name((enum taxonomy)i)));
	buf_put(out, STR("\n| ---"));
	for (size_t i = 0; i < TAXONOMY_COUNT; i++)
		buf_put(out, STR(" | ---"));
	buf_put(out, STR(" |\n"));
	for (size_t i = REASON_NONE + 1; i < REASON_COUNT; i++)
		put_other_row(out, (enum reason)i);
}
