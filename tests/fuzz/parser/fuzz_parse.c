// links: parser
/* Fuzz target of parser/parse: any bytes as a mail; what leaves the parser is valid text. */
#include "core/utf8.h"
#include "parser/parse.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	/* Rules are loaded once: compiling them costs more than a thousand mails. */
	static const struct parse_source few = { .name = STR_INIT("fuzz"),
		.text = STR_INIT("rule text.a = mailbox.full\n 1 full\n 2 \\bquota.*exceeded\n") };
	static struct parse_rules *rules;
	static struct parser *parser;
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct report report;
	struct str trouble;

	if (!parser && parse_rules_load(arena, &few, 1, &rules, &trouble))
		abort();
	if (!parser)
		parser = parser_new(rules);
	parse_message(parser, arena, NULL, str_from((const char *)bytes, n), &report);
	for (size_t i = 0; i < report.n_events; i++)
		assert(utf8_valid(report.events[i].recipient) &&
			utf8_valid(report.events[i].diagnostic));
	assert(utf8_valid(report.original.subject));
	return 0;
}
