#include "parser/reason/lexicon_read.h"

#include "core/limits.h"
#include "core/utf8.h"

#include <string.h>

enum block { BLOCK_OTHER, BLOCK_WORDS, BLOCK_FRAME };
struct reading {
	struct arena *arena;
	struct arena *
		draft; /* of what is not kept: words before they are folded, arrays that grew too small */
	const struct fold_table *folds;
	struct lexicon_text text;
	size_t words_cap, frames_cap;
	struct arena *trouble_arena;
	enum block block;
	struct lexicon_word head; /* of the block of words at hand */
	unsigned withs;           /* of the frame at hand */
	struct str source;
	bool builtin;
	unsigned line;
	struct str trouble;
};

static enum err fail(struct reading *r, enum err err, const char *what, struct str word)
{
	r->trouble = arena_printf(r->trouble_arena, "%.*s:%u: %s \"%.*s\"", STR_ARG(r->source),
		r->line, what, STR_ARG(str_head(word, 200)));
	return err;
}

static void *grown(struct arena *arena, const void *items, size_t n, size_t *cap, size_t bytes)
{
	char *room;

	if (n < *cap)
		return (void *)(uintptr_t)items;
	*cap = *cap ? *cap * 2 : 512;
	room = arena_calloc(arena, *cap, bytes);
	if (n)
		memcpy(room, items, n * bytes);
	return room;
}

/* A word with another letter in the place of each that a server may spell otherwise; NULL-texted where it has none.
 * `lost`: each as the mark of a byte that was lost; else the two letters of German and the Nordic languages. */
static struct str respelled(struct arena *arena, struct str word, bool lost)
{
	static const struct {
		struct str letter, two;
	} letters[] = { { STR_INIT("\xC3\xA4"), STR_INIT("ae") },
		{ STR_INIT("\xC3\xB6"), STR_INIT("oe") }, { STR_INIT("\xC3\xBC"), STR_INIT("ue") },
		{ STR_INIT("\xC3\xA5"), STR_INIT("aa") },
		{ STR_INIT("\xC3\xB8"), STR_INIT("oe") } };
	char *out;
	size_t n = 0;
	bool changed = false;

	if (utf8_is_ascii(word))
		return STR_EMPTY;
	out = arena_alloc(arena, word.n * 2 + 1);
	for (size_t i = 0; i < word.n;) {
		struct str rest = str_skip(word, i), two = STR_EMPTY;
		size_t bytes = 1;

		if ((unsigned char)*rest.p >= 0x80) {
			bytes = (unsigned char)*rest.p >= 0xE0 ? 3 : 2;
			for (size_t k = 0; !lost && k < ARRAY_LEN(letters); k++)
				if (str_starts(rest, letters[k].letter))
					two = letters[k].two;
			if (lost && (unsigned char)*rest.p < 0xC6)
				two = STR("\x02");
		}
		changed |= two.n > 0;
		if (!two.n)
			two = str_head(rest, bytes);
		memcpy(out + n, two.p, two.n);
		n += two.n;
		i += bytes;
	}
	return changed ? str_from(out, n) : STR_EMPTY;
}

static enum err add_word(struct reading *r, struct str text)
{
	struct lexicon_text *l = &r->text;
	struct lexicon_word word = r->head;
	size_t star;

	if (l->n_words == LIMIT_LEXICON_WORDS)
		return fail(r, ERR_LIMIT, "too many words at", text);
	word.line = r->line;
	word.text = arena_dup(r->arena, fold_word(r->folds, r->draft, text));
	star = str_chr(word.text, '*');
	if (star != STR_NPOS) {
		word.tail = str_skip(word.text, star);
		word.text = str_head(word.text, star);
	}
	if (!word.text.n)
		return fail(r, ERR_SYNTAX, "a word without a letter:", text);
	l->words = grown(r->draft, l->words, l->n_words, &r->words_cap, sizeof *l->words);
	l->words[l->n_words++] = word;
	return ERR_OK;
}

static enum err read_word(struct reading *r, struct str text)
{
	bool left = str_starts(text, STR("*")), right = str_ends(text, STR("*"));
	struct str bare = str_slice(text, left, text.n - right), other;
	enum err err;

	if (!bare.n)
		return fail(r, ERR_SYNTAX, "an empty word in", text);
	r->head.open_left = left;
	r->head.open_right = right;
	r->head.spelling = false;
	err = add_word(r, bare);
	r->head.spelling = true;
	other = respelled(r->draft, bare, false);
	if (!err && other.n)
		err = add_word(r, other);
	other = respelled(r->draft, bare, true);
	if (!err && other.n)
		err = add_word(r, other);
	return err;
}

/* "mailbox* | mail box | inbox" */
static enum err read_word_line(struct reading *r, struct str line)
{
	struct str rest = line, text;
	enum err err = ERR_OK;

	while (!err && str_next_word(&rest, "|", &text)) {
		text = str_trim(text);
		if (text.n)
			err = read_word(r, text);
	}
	return err;
}

/* "words de mailbox" or "words en person absent" */
static enum err read_words_head(struct reading *r, struct str rest)
{
	struct lexicon_word head = { .source = r->source };
	struct str word;
	size_t n = 0;

	if (!str_next_word(&rest, " \t", &word))
		return fail(r, ERR_SYNTAX, "no language behind", STR("words"));
	head.language = arena_dup(r->arena, word);
	while (str_next_word(&rest, " \t", &word)) {
		if (n == WORD_CONCEPTS)
			return fail(r, ERR_SYNTAX, "more than two concepts at", word);
		if (!concept_from_name(word, &head.concepts[n++]))
			return fail(r, ERR_SYNTAX, "unknown concept", word);
	}
	if (!n)
		return fail(r, ERR_SYNTAX, "no concept behind", head.language);
	r->head = head;
	r->block = BLOCK_WORDS;
	return ERR_OK;
}

/* "0.95": at most two decimals, 0 to 1. */
static bool read_confidence(struct str word, double *ret_value)
{
	struct str whole, decimals;
	uint64_t n;

	if (str_eq(word, STR("1"))) {
		*ret_value = 1;
		return true;
	}
	if (!str_cut(word, '.', &whole, &decimals) || !str_eq(whole, STR("0")) || decimals.n > 2 ||
		!str_to_u64(decimals, 99, &n))
		return false;
	*ret_value = (double)n / (decimals.n == 1 ? 10 : 100);
	return true;
}

/* "frame mailbox.full = mailbox.full 0.9" */
static enum err read_frame_head(struct reading *r, struct str rest)
{
	struct lexicon_text *l = &r->text;
	struct frame frame = { .own = !r->builtin, .source = r->source, .line = r->line };
	struct str name, equals, reason, confidence;

	if (!str_next_word(&rest, " \t", &name) || !str_next_word(&rest, " \t", &equals) ||
		!str_eq(equals, STR("=")) || !str_next_word(&rest, " \t", &reason) ||
		!str_next_word(&rest, " \t", &confidence))
		return fail(r, ERR_SYNTAX, "a frame is NAME = REASON CONFIDENCE, not", rest);
	if (!reason_from_name(reason, &frame.reason))
		return fail(r, ERR_SYNTAX, "unknown reason", reason);
	if (!read_confidence(confidence, &frame.confidence))
		return fail(r, ERR_SYNTAX, "no confidence between 0 and 1:", confidence);
	if (l->n_frames == LIMIT_FRAMES)
		return fail(r, ERR_LIMIT, "too many frames at", name);
	frame.id = arena_printf(r->arena, "meaning.%.*s", STR_ARG(name));
	for (size_t i = 0; i < l->n_frames; i++)
		if (str_eq(l->frames[i].id, frame.id))
			return fail(r, ERR_EXISTS, "a frame twice:", name);
	l->frames = grown(r->draft, l->frames, l->n_frames, &r->frames_cap, sizeof *l->frames);
	l->frames[l->n_frames++] = frame;
	r->block = BLOCK_FRAME;
	r->withs = 0;
	return ERR_OK;
}

static enum err read_set(struct reading *r, struct str rest, struct concepts *set)
{
	struct str word;
	enum concept one;

	while (str_next_word(&rest, " \t", &word)) {
		if (!concept_from_name(word, &one))
			return fail(r, ERR_SYNTAX, "unknown concept", word);
		concepts_add(set, one);
	}
	return ERR_OK;
}

/* "when status 5.2.* 4.2.2" */
static enum err read_codes(struct reading *r, struct str rest, struct frame *frame)
{
	static const struct str names[FRAME_CODES] = { STR_INIT("status"), STR_INIT("code"),
		STR_INIT("command") };
	struct arena *arena = r->arena;
	size_t most = rest.n / 2 + 1;
	struct str name, word;

	if (!str_next_word(&rest, " \t", &name))
		return fail(r, ERR_SYNTAX, "nothing behind", STR("when"));
	for (size_t i = 0; i < FRAME_CODES; i++) {
		struct glob_words *words = &frame->codes[i];

		if (!str_eq(name, names[i]))
			continue;
		words->items = arena_calloc(arena, most, sizeof *words->items);
		while (str_next_word(&rest, " \t", &word))
			words->items[words->n++] = arena_dup(arena, word);
		return words->n ? ERR_OK : fail(r, ERR_SYNTAX, "a condition without a word:", name);
	}
	return fail(r, ERR_SYNTAX, "unknown condition", name);
}

static enum err read_frame_line(struct reading *r, struct str line)
{
	struct frame *frame = &r->text.frames[r->text.n_frames - 1];
	struct str rest = line, word;

	if (!str_next_word(&rest, " \t", &word))
		return ERR_OK;
	if (str_eq(word, STR("thing")))
		return read_set(r, rest, &frame->things);
	if (str_eq(word, STR("state")))
		return read_set(r, rest, &frame->states);
	if (str_eq(word, STR("without")))
		return read_set(r, rest, &frame->without);
	if (str_eq(word, STR("when")))
		return read_codes(r, rest, frame);
	if (!str_eq(word, STR("with")))
		return fail(r, ERR_SYNTAX, "a frame has thing, state, with, without and when, not",
			word);
	if (r->withs == FRAME_WITH)
		return fail(r, ERR_LIMIT, "too many `with` at", rest);
	return read_set(r, rest, &frame->with[r->withs++]);
}

static enum err read_line(struct reading *r, struct str line)
{
	struct str rest = line, word;

	if (!line.n || line.p[0] == '#' || !str_next_word(&rest, " \t", &word))
		return ERR_OK;
	if (str_eq(word, STR("words")))
		return read_words_head(r, rest);
	if (str_eq(word, STR("frame")))
		return read_frame_head(r, rest);
	if (str_eq(word, STR("rule"))) {
		r->block = BLOCK_OTHER;
		return ERR_OK;
	}
	if (r->block == BLOCK_WORDS)
		return read_word_line(r, line);
	return r->block == BLOCK_FRAME ? read_frame_line(r, line) : ERR_OK;
}

static enum err read_source(struct reading *r, const struct parse_source *source)
{
	struct str rest = source->text, line;
	enum err err = ERR_OK;

	r->source = arena_dup(r->arena, source->name);
	r->builtin = source->builtin;
	r->line = 0;
	r->block = BLOCK_OTHER;
	if (rest.n > LIMIT_RULES_BYTES)
		return fail(r, ERR_LIMIT, "the file is too large:", r->source);
	while (!err && str_next_line(&rest, &line)) {
		r->line++;
		err = read_line(r, str_trim(line));
	}
	return err;
}

static struct lexicon_text kept(struct arena *arena, const struct lexicon_text *draft)
{
	struct lexicon_text text = *draft;

	text.words = arena_calloc(arena, text.n_words + 1, sizeof *text.words);
	text.frames = arena_calloc(arena, text.n_frames + 1, sizeof *text.frames);
	if (text.n_words)
		memcpy(text.words, draft->words, text.n_words * sizeof *text.words);
	if (text.n_frames)
		memcpy(text.frames, draft->frames, text.n_frames * sizeof *text.frames);
	return text;
}

enum err lexicon_read(struct arena *arena, const struct fold_table *folds,
	const struct parse_source *sources, size_t n, struct lexicon_text *ret_text,
	struct arena *trouble_arena, struct str *ret_trouble)
{
	struct reading r = {
		.arena = arena, .draft = arena_new(), .folds = folds, .trouble_arena = trouble_arena
	};
	enum err err = ERR_OK;

	for (size_t i = 0; !err && i < n; i++)
		err = read_source(&r, &sources[i]);
	if (err)
		*ret_trouble = r.trouble;
	else
		*ret_text = kept(arena, &r.text);
	arena_free(r.draft);
	return err;
}
