#include "parser/reason/witness.h"

#include "core/buf.h"
#include "core/utf8.h"

enum { CLASS_WORDS = 256 / 32 };

enum shape { SHAPE_TEXT, SHAPE_ANY, SHAPE_CHOICE, SHAPE_SEQUENCE, SHAPE_REPEAT };

/* One piece of a pattern; children are a list. */
struct piece {
	enum shape shape;
	struct str text; /* SHAPE_TEXT: an example of it */
	unsigned least;  /* SHAPE_REPEAT */
	unsigned n;      /* SHAPE_CHOICE: children */
	struct piece *first, *next;
};

struct reading {
	struct arena *arena;
	struct str rest;
	unsigned depth, most_choices;
	enum err err;
};

static struct piece *new_piece(struct reading *r, enum shape shape, struct str text)
{
	struct piece *piece = arena_zalloc(r->arena, sizeof *piece);

	piece->shape = shape;
	piece->text = text;
	return piece;
}

static struct piece *refuse(struct reading *r, enum err err)
{
	if (!r->err)
		r->err = err;
	r->rest = STR_EMPTY;
	return new_piece(r, SHAPE_TEXT, STR_EMPTY);
}

static bool next_is(const struct reading *r, char c)
{
	return r->rest.n && r->rest.p[0] == c;
}

static bool take(struct reading *r, char c)
{
	if (!next_is(r, c))
		return false;
	r->rest = str_skip(r->rest, 1);
	return true;
}

/* One character, however many bytes. */
static struct str take_character(struct reading *r)
{
	size_t n = 1;

	while (n < r->rest.n && ((unsigned char)r->rest.p[n] & 0xC0) == 0x80)
		n++;
	struct str c = str_head(r->rest, n);
	r->rest = str_skip(r->rest, n);
	return c;
}

/* What stands behind a backslash, as an example; an empty text for what only holds a place. */
static const struct {
	char letter;
	struct str example;
} escapes[] = {
	{ 'd', STR_INIT("5") },
	{ 'w', STR_INIT("x") },
	{ 's', STR_INIT(" ") },
	{ 'S', STR_INIT("x") },
	{ 'D', STR_INIT("x") },
	{ 'W', STR_INIT(" ") },
	{ 'b', STR_INIT("") },
	{ 'B', STR_INIT("") },
};

static struct str escape_example(struct reading *r)
{
	struct str c = take_character(r);

	for (size_t i = 0; c.n && i < ARRAY_LEN(escapes); i++)
		if (escapes[i].letter == c.p[0])
			return escapes[i].example;
	if (!c.n || ascii_alpha(c.p[0]) || ascii_digit(c.p[0]))
		refuse(r, ERR_SYNTAX);
	return c;
}

static void mark(uint32_t *set, unsigned from, unsigned to)
{
	for (unsigned c = from; c <= to && c < 256; c++)
		set[c / 32] |= 1u << (c % 32);
}

/* A character that is not in the set of those that must not be. */
static struct str outsider(struct reading *r, const uint32_t *set)
{
	static const struct str candidates[] = { STR_INIT("x"), STR_INIT("0"), STR_INIT(" "),
		STR_INIT("-"), STR_INIT("q"), STR_INIT("~") };

	for (size_t i = 0; i < ARRAY_LEN(candidates); i++) {
		unsigned c = (unsigned char)candidates[i].p[0];

		if (!(set[c / 32] & 1u << (c % 32)))
			return candidates[i];
	}
	refuse(r, ERR_SYNTAX);
	return STR_EMPTY;
}

/* One member of a class, and the range that it opens, if it does. */
static struct str take_member(struct reading *r, uint32_t *set)
{
	struct str from = take(r, '\\') ? escape_example(r) : take_character(r), to = from;

	if (r->rest.n > 1 && next_is(r, '-') && r->rest.p[1] != ']') {
		take(r, '-');
		to = take(r, '\\') ? escape_example(r) : take_character(r);
	}
	if (from.n == 1 && to.n == 1)
		mark(set, (unsigned char)from.p[0], (unsigned char)to.p[0]);
	return from;
}

/* "[a-z0-9]", "[^ ]": the first member, or something else than all of them. */
static struct piece *take_class(struct reading *r)
{
	uint32_t set[CLASS_WORDS] = { 0 };
	struct str first = STR_EMPTY, member;
	bool negated = take(r, '^'), any = false;

	while (r->rest.n && !(any && next_is(r, ']'))) {
		member = take_member(r, set);
		if (!any)
			first = member;
		any = true;
	}
	if (!take(r, ']'))
		return refuse(r, ERR_SYNTAX);
	return new_piece(r, SHAPE_TEXT, negated ? outsider(r, set) : first);
}

static struct piece *take_choice(struct reading *r);

static struct piece *take_group(struct reading *r)
{
	struct piece *piece;

	if (r->depth == WITNESS_DEPTH)
		return refuse(r, ERR_LIMIT);
	if (take(r, '?') && !take(r, ':'))
		return refuse(r, ERR_SYNTAX);
	r->depth++;
	piece = take_choice(r);
	r->depth--;
	return take(r, ')') ? piece : refuse(r, ERR_SYNTAX);
}

static struct piece *take_atom(struct reading *r)
{
	if (take(r, '('))
		return take_group(r);
	if (take(r, '['))
		return take_class(r);
	if (take(r, '\\'))
		return new_piece(r, SHAPE_TEXT, escape_example(r));
	if (take(r, '.'))
		return new_piece(r, SHAPE_ANY, STR_EMPTY);
	if (take(r, '^') || take(r, '$'))
		return new_piece(r, SHAPE_TEXT, STR_EMPTY);
	return new_piece(r, SHAPE_TEXT, take_character(r));
}

/* "{2,5}" and "{3}"; the least number is all that matters. */
static unsigned take_count(struct reading *r)
{
	size_t end = str_chr(r->rest, '}');
	struct str inside = str_head(r->rest, end == STR_NPOS ? 0 : end), least = inside, most;
	uint64_t n = 0;

	str_cut(inside, ',', &least, &most);
	if (end == STR_NPOS || !str_to_u64(least, 1000, &n)) {
		refuse(r, ERR_SYNTAX);
		return 0;
	}
	r->rest = str_skip(r->rest, end + 1);
	return (unsigned)n;
}

static struct piece *take_repeated(struct reading *r)
{
	struct piece *atom = take_atom(r), *repeat;
	unsigned least;

	if (take(r, '*') || take(r, '?'))
		least = 0;
	else if (take(r, '+'))
		least = 1;
	else if (take(r, '{'))
		least = take_count(r);
	else
		return atom;
	(void)(take(r, '?') || take(r, '+')); /* lazy or greedy: the texts are the same */
	repeat = new_piece(r, SHAPE_REPEAT, STR_EMPTY);
	repeat->least = least;
	repeat->first = atom;
	return repeat;
}

static struct piece *take_sequence(struct reading *r)
{
	struct piece *sequence = new_piece(r, SHAPE_SEQUENCE, STR_EMPTY), **tail = &sequence->first;

	while (r->rest.n && !next_is(r, '|') && !next_is(r, ')')) {
		*tail = take_repeated(r);
		tail = &(*tail)->next;
	}
	return sequence;
}

static struct piece *take_choice(struct reading *r)
{
	struct piece *choice = new_piece(r, SHAPE_CHOICE, STR_EMPTY), **tail = &choice->first;

	do {
		*tail = take_sequence(r);
		tail = &(*tail)->next;
		choice->n++;
	} while (take(r, '|'));
	if (choice->n > r->most_choices)
		r->most_choices = choice->n;
	return choice;
}

/* ---- one text ---- */

struct writing {
	struct buf out;
	unsigned choice; /* which alternative, counted round */
	bool optional;   /* write what may be left out */
};

static void write_piece(struct writing *w, const struct piece *piece);

static void write_repeat(struct writing *w, const struct piece *piece)
{
	/* A gap is written as a word of its own, so that what stands around it stays whole words. */
	if (piece->first->shape == SHAPE_ANY && !piece->least) {
		buf_put(&w->out, STR(" x "));
		return;
	}
	for (unsigned i = 0; i < (piece->least ? piece->least : w->optional); i++)
		write_piece(w, piece->first);
}

static void write_piece(struct writing *w, const struct piece *piece)
{
	const struct piece *child = piece->first;

	if (piece->shape == SHAPE_TEXT) {
		buf_put(&w->out, piece->text);
	} else if (piece->shape == SHAPE_ANY) {
		buf_putc(&w->out, 'x');
	} else if (piece->shape == SHAPE_REPEAT) {
		write_repeat(w, piece);
	} else if (piece->shape == SHAPE_CHOICE) {
		for (unsigned i = 0; i < w->choice % piece->n; i++)
			child = child->next;
		write_piece(w, child);
	} else {
		for (; child; child = child->next)
			write_piece(w, child);
	}
}

static enum err write_text(
	struct arena *arena, const struct piece *piece, struct writing *w, struct str *ret_text)
{
	enum err err;

	buf_init(&w->out, WITNESS_BYTES);
	write_piece(w, piece);
	err = buf_check(&w->out);
	if (!err)
		*ret_text = arena_dup(arena, buf_str(&w->out));
	buf_release(&w->out);
	return err;
}

enum err witness_make(struct arena *arena, struct str pattern, struct witness *ret_witness)
{
	struct reading r = { .arena = arena, .rest = pattern };
	struct witness witness = { .n = 0 };
	const struct piece *piece = take_choice(&r);

	if (r.rest.n) /* a ")" that nothing opened */
		refuse(&r, ERR_SYNTAX);
	for (unsigned i = 0; !r.err && i < 2 * r.most_choices && witness.n < WITNESS_TEXTS; i++) {
		struct writing w = { .choice = i / 2, .optional = i % 2 };

		r.err = write_text(arena, piece, &w, &witness.texts[witness.n]);
		witness.n += !r.err;
	}
	if (r.err)
		return r.err;
	*ret_witness = witness;
	return ERR_OK;
}
