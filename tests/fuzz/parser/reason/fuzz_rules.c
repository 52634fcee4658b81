// links: parser
/* Fuzz target of parser/reason/rules: any bytes as a rules file; a set that loads can be asked. */
#include "parser/reason/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct parse_source source = { .name = STR("fuzz"), .text = str_from((const char *)bytes, n) };
	const struct matcher *matcher;
	struct matcher_scratch *scratch;
	struct rules *rules;
	struct str trouble;

	/* The matcher's compiler is not ours to fuzz, and slow: short files only. */
	if (n > 512 || rules_load(arena, &source, 1, &rules, &trouble))
		return 0;
	matcher = rules_matcher(rules);
	scratch = matcher_scratch_new(&matcher, 1);
	rules_first(rules, scratch, &(struct rule_facts){ .reporting_mta = STR("mx.example.com") },
		STR("550 5.2.2 mailbox full, user unknown"));
	matcher_scratch_free(scratch);
	rules_free(rules);
	return 0;
}
