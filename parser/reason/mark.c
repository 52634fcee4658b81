#include "parser/reason/mark.h"

/* ---- words of the text ---- */

enum { RAW_MOST = 512 };
struct raw {
	uint32_t word, from, to;
};
struct reading {
	const struct lexicon *lexicon;
	struct str recipient, sender;
	struct marks *m;
	struct raw raw[RAW_MOST];
	size_t n_raw;
};

static bool on_word(void *context, size_t word, size_t from, size_t to)
{
	struct reading *r = context;

	if (r->n_raw == RAW_MOST)
		return false;
	r->raw[r->n_raw++] = (struct raw){ (uint32_t)word, (uint32_t)from, (uint32_t)to };
	return true;
}

/* From the front, the longest first; of equals the one that the files have first. */
static bool stands_before(const struct raw *x, const struct raw *y)
{
	if (x->from != y->from)
		return x->from < y->from;
	return x->to != y->to ? x->to > y->to : x->word < y->word;
}

/* They come nearly in order: only those of one place are mixed. */
static void sort_raw(struct reading *r)
{
	for (size_t i = 1; i < r->n_raw; i++) {
		struct raw one = r->raw[i];
		size_t at = i;

		for (; at && stands_before(&one, &r->raw[at - 1]); at--)
			r->raw[at] = r->raw[at - 1];
		r->raw[at] = one;
	}
}

static void add_mark(struct marks *m, enum concept concept, uint32_t word, size_t from, size_t to)
{
	if (m->n == MARKS_MOST || concept == CONCEPT_NONE)
		return;
	m->items[m->n++] = (struct mark){
		.concept = concept, .word = word, .from = (uint32_t)from, .to = (uint32_t)to
	};
}

static bool behind_host(const struct marks *m, size_t i)
{
	const struct entity *e = &m->folding.entities[i], *before = e - 1;

	return i && before->name == ENTITY_HOST && e->from - before->to <= 2;
}

static enum concept concept_of_entity(const struct reading *r, size_t i)
{
	const struct entity *e = &r->m->folding.entities[i];
	struct str bare = e->said;

	switch (e->name) {
	case ENTITY_ADDRESS:
		if (r->recipient.n && str_ieq(bare, r->recipient))
			return CONCEPT_RECIPIENT;
		if (r->sender.n && str_ieq(bare, r->sender))
			return CONCEPT_SENDER;
		return CONCEPT_ADDRESS;
	case ENTITY_HOST:
		return CONCEPT_NAME;
	case ENTITY_IP:
		return behind_host(r->m, i) ? CONCEPT_NONE : CONCEPT_CLIENT;
	default:
		return CONCEPT_NONE;
	}
}

static void add_entity(struct reading *r, size_t i)
{
	const struct entity *e = &r->m->folding.entities[i];

	add_mark(r->m, concept_of_entity(r, i), MARK_OF_NAME, e->from, e->to);
}

/* Words and names in the order of the text; of words that overlap the first and longest. */
static void take_marks(struct reading *r)
{
	struct marks *m = r->m;
	size_t end = 0, entity = 0;

	sort_raw(r);
	for (size_t i = 0; i < r->n_raw; i++) {
		const struct lexicon_word *word = lexicon_word_at(r->lexicon, r->raw[i].word);

		if (r->raw[i].from < end)
			continue;
		for (; entity < m->folding.n_entities &&
			m->folding.entities[entity].from < r->raw[i].from;
			entity++)
			add_entity(r, entity);
		for (size_t k = 0; k < WORD_CONCEPTS; k++)
			add_mark(
				m, word->concepts[k], r->raw[i].word, r->raw[i].from, r->raw[i].to);
		end = r->raw[i].to;
	}
	for (; entity < m->folding.n_entities; entity++)
		add_entity(r, entity);
}

/* ---- where clauses and sentences end ---- */

struct place {
	unsigned unit, clause, sentence, wide;
};

static bool ends_clause(struct str text, size_t i)
{
	char c = text.p[i];

	if (c == '-')
		return i && text.p[i - 1] == ' ';
	return c == ',' || c == ':' || c == '(' || c == ')' || c == '|' || c == '/' || c == '"';
}

/* "550-... 550 ...": the code again starts a line of the reply. */
static bool code_again(struct str text, size_t i)
{
	return i && text.n - i > 4 && text.p[i - 1] == ' ' &&
	       (text.p[i] == '4' || text.p[i] == '5') &&
	       str_eq(str_slice(text, i, i + 3), str_head(text, 3)) &&
	       (text.p[i + 3] == ' ' || text.p[i + 3] == '-');
}

/* Bytes that may end something or are of wide letters; all others only stand between those. */
static const bool is_told[256] = { [','] = true,
	[':'] = true,
	['('] = true,
	[')'] = true,
	['|'] = true,
	['/'] = true,
	['"'] = true,
	['-'] = true,
	[';'] = true,
	['!'] = true,
	['?'] = true,
	['.'] = true,
	['4'] = true,
	['5'] = true,
	[0xE0 ... 0xFF] = true };

/* A blank is counted without a question: words are of any length, so that the processor would guess wrong at the end of each. */
static void step(struct str text, size_t i, struct place *place)
{
	unsigned char c = (unsigned char)text.p[i];

	place->unit += c == ' ';
	if (!is_told[c])
		return;
	if (c >= 0xE0 && ++place->wide % 3 == 0)
		place->unit++;
	if (ends_sentence(text, i) || code_again(text, i)) {
		place->sentence += place->sentence < 255;
		place->clause += place->clause < 255;
	} else if (ends_clause(text, i)) {
		place->clause += place->clause < 255;
	}
}

static void place_marks(struct marks *m)
{
	struct place place = { 0 };
	size_t at = 0;

	for (size_t i = 0; i < m->n; i++) {
		struct mark *mark = &m->items[i];

		for (; at < mark->from; at++)
			step(m->folding.text, at, &place);
		if (mark->concept == CONCEPT_BREAK)
			place.clause += place.clause < 255;
		mark->unit = (uint16_t)place.unit;
		mark->clause = (uint8_t)place.clause;
		mark->sentence = (uint8_t)place.sentence;
	}
}

void marks_take(const struct lexicon *lexicon, struct arena *arena, struct str recipient,
	struct str sender, struct str text, struct marks *ret_marks)
{
	struct reading *r = arena_alloc(arena, sizeof *r);

	r->lexicon = lexicon;
	r->recipient = recipient;
	r->sender = sender;
	r->m = ret_marks;
	r->n_raw = 0;
	ret_marks->n = 0;
	ret_marks->soon = false;
	fold_text(lexicon_folds(lexicon), arena, text, &ret_marks->folding);
	lexicon_scan(lexicon_places(lexicon), ret_marks->folding.text, on_word, r);
	take_marks(r);
	place_marks(ret_marks);
}
