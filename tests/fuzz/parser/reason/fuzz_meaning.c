// links: parser
/* Fuzz target of parser/reason/meaning: any bytes as a reply; a span lies in the text, a strength between 0 and 1. */
#include "core/utf8.h"
#include "parser/parse.h"
#include "parser/reason/meaning.h"
#include "parser/text/unfold.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct lexicon *lexicon_of_program(void)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct lexicon *lexicon;
	struct str trouble;

	if (lexicon_load(arena, sources, n, &lexicon, &trouble))
		abort();
	return lexicon;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static struct lexicon *lexicon;
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct meaning_context context = { .recipient = STR("ann@shop.example") };
	struct str text = text_squeeze(
		arena, utf8_clean(arena, str_from((const char *)bytes, n < 16384 ? n : 16384)));
	struct meaning *m = arena_alloc(arena, sizeof *m);

	if (!lexicon)
		lexicon = lexicon_of_program();
	meaning_read(lexicon, arena, &context, text, m);
	for (size_t i = 0; i < m->n; i++) {
		const struct meaning_candidate *one = &m->candidates[i];

		if (one->from > one->to || one->to > text.n || one->strength < 0 ||
			one->strength > 1)
			abort();
	}
	return 0;
}
