#include "parser/reason/lexicon.h"

#include <stdlib.h>

struct frame_list {
	const struct frame **items;
	size_t n;
};
struct lexicon {
	struct arena *arena;
	struct fold_table *folds;
	struct lexicon_text text;
	struct lexicon_index index;
	struct frame_list by_thing[CONCEPT_COUNT];
};

static void index_frames(struct lexicon *l)
{
	for (size_t thing = 0; thing < CONCEPT_COUNT; thing++) {
		struct frame_list *list = &l->by_thing[thing];

		list->items = arena_calloc(l->arena, l->text.n_frames + 1, sizeof *list->items);
		for (size_t i = 0; i < l->text.n_frames; i++) {
			const struct frame *frame = &l->text.frames[i];

			if (thing ? concepts_has(&frame->things, (enum concept)thing)
				  : concepts_empty(&frame->things))
				list->items[list->n++] = frame;
		}
	}
}

enum err lexicon_load(struct arena *arena, const struct parse_source *sources, size_t n,
	struct lexicon **ret_lexicon, struct str *ret_trouble)
{
	struct lexicon *lexicon = calloc(1, sizeof *lexicon);
	enum err err;

	if (!lexicon)
		abort();
	lexicon->arena = arena_new();
	lexicon->folds = fold_table_new();
	err = lexicon_read(
		lexicon->arena, lexicon->folds, sources, n, &lexicon->text, arena, ret_trouble);
	if (err) {
		lexicon_free(lexicon);
		return err;
	}
	index_frames(lexicon);
	lexicon->index =
		lexicon_index_make(lexicon->arena, lexicon->text.words, lexicon->text.n_words);
	*ret_lexicon = lexicon;
	return ERR_OK;
}

void lexicon_free(struct lexicon *lexicon)
{
	if (!lexicon)
		return;
	fold_table_free(lexicon->folds);
	arena_free(lexicon->arena);
	free(lexicon);
}

const struct fold_table *lexicon_folds(const struct lexicon *lexicon)
{
	return lexicon->folds;
}

const struct lexicon_index *lexicon_places(const struct lexicon *lexicon)
{
	return &lexicon->index;
}

size_t lexicon_words(const struct lexicon *lexicon)
{
	return lexicon->text.n_words;
}

const struct lexicon_word *lexicon_word_at(const struct lexicon *lexicon, size_t i)
{
	return &lexicon->text.words[i];
}

size_t lexicon_frames(const struct lexicon *lexicon)
{
	return lexicon->text.n_frames;
}

const struct frame *lexicon_frame_at(const struct lexicon *lexicon, size_t i)
{
	return &lexicon->text.frames[i];
}

const struct frame *const *lexicon_frames_of(
	const struct lexicon *lexicon, enum concept thing, size_t *ret_n)
{
	*ret_n = lexicon->by_thing[thing].n;
	return lexicon->by_thing[thing].items;
}
