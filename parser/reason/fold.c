#include "parser/reason/fold.h"

#include "core/utf8.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

/* Below this every letter has a row: Latin with its extensions, Greek, Cyrillic. Scripts beyond have no case, and
 * their marks are part of their letters. */
enum { FOLD_ROWS = 0x530, FOLD_MOST = 8 };
struct fold_row {
	char bytes[FOLD_MOST];
	uint8_t n; /* 0: the letter vanishes */
};
struct fold_table {
	struct fold_row rows[FOLD_ROWS];
};

/* Letters that no normal form takes apart, and signs that are one thing to a reader. */
static const struct {
	gunichar from;
	const char *to;
} special[] = {
	{ 0x00A0, " " },
	{ 0x00AD, "" },
	{ 0x00DF, "ss" },
	{ 0x00E6, "ae" },
	{ 0x00F8, "o" },
	{ 0x00F0, "d" },
	{ 0x00FE, "th" },
	{ 0x0111, "d" },
	{ 0x0127, "h" },
	{ 0x0131, "i" },
	{ 0x0142, "l" },
	{ 0x0153, "oe" },
	{ 0x00AB, "\"" },
	{ 0x00BB, "\"" },
	{ 0x00B4, "'" },
	{ 0x200B, "" },
	{ 0x200C, "" },
	{ 0x200D, "" },
	{ 0xFEFF, "" },
	{ 0x2018, "'" },
	{ 0x2019, "'" },
	{ 0x201C, "\"" },
	{ 0x201D, "\"" },
	{ 0x201E, "\"" },
	{ 0x2013, "-" },
	{ 0x2014, " - " },
	{ 0x2026, "..." },
	{ 0x3000, " " },
	{ 0x3001, "," },
	{ 0x3002, "." },
	{ 0x300C, "\"" },
	{ 0x300D, "\"" },
	{ 0xFFFD, "?" },
	{ 0x1E9E, "ss" },
};

static struct str special_of(gunichar letter)
{
	for (size_t i = 0; i < ARRAY_LEN(special); i++)
		if (special[i].from == letter)
			return str_c(special[i].to);
	return (struct str){ NULL, 0 };
}

static size_t put(char *out, size_t n, gunichar letter)
{
	struct str known = special_of(letter);
	char room[6];
	int bytes;

	if (known.p) {
		memcpy(out + n, known.p, known.n);
		return n + known.n;
	}
	if (g_unichar_ismark(letter) || g_unichar_iscntrl(letter))
		return n;
	bytes = g_unichar_to_utf8(letter, room);
	memcpy(out + n, room, (size_t)bytes);
	return n + (size_t)bytes;
}

/* Lower case first, so that each special letter needs one row; then what Unicode takes apart. */
static struct fold_row row_of(gunichar letter)
{
	gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH], lower = g_unichar_tolower(letter);
	struct fold_row row = { { 0 }, 0 };
	struct str known = special_of(lower);
	char out[64];
	size_t n = 0, parts_n;

	parts_n = known.p ? (size_t)(parts[0] = lower, 1)
			  : g_unichar_fully_decompose(
				    lower, TRUE, parts, G_UNICHAR_MAX_DECOMPOSITION_LENGTH);
	for (size_t i = 0; i < parts_n && n + FOLD_MOST < sizeof out; i++)
		n = put(out, n, g_unichar_tolower(parts[i]));
	row.n = (uint8_t)(n < FOLD_MOST ? n : FOLD_MOST);
	memcpy(row.bytes, out, row.n);
	return row;
}

struct fold_table *fold_table_new(void)
{
	struct fold_table *table = calloc(1, sizeof *table);

	if (!table)
		abort();
	for (gunichar letter = 0x80; letter < FOLD_ROWS; letter++)
		table->rows[letter] = row_of(letter);
	return table;
}

void fold_table_free(struct fold_table *table)
{
	free(table);
}

/* ---- one pass ---- */

struct pass {
	const struct fold_table *table;
	struct str source;
	char *out;
	uint32_t *at;
	size_t n;
	struct folding *folding;
};

static bool letter_like(char c)
{
	return ascii_alpha(c) || (unsigned char)c >= 0x80;
}

static void put_byte(struct pass *p, char c, size_t from)
{
	if (c == ' ' && p->n && p->out[p->n - 1] == ' ')
		return;
	p->at[p->n] = (uint32_t)from;
	p->out[p->n++] = c;
}

static void put_bytes(struct pass *p, struct str bytes, size_t from)
{
	for (size_t i = 0; i < bytes.n; i++)
		put_byte(p, bytes.p[i], from);
}

/* A byte that its server could not write stands between letters: one "?" for each run of them. */
static bool lost_letter(const struct pass *p, size_t i)
{
	struct str s = p->source;
	size_t next = i;

	while (next < s.n &&
		(s.p[next] == '?' || str_starts(str_skip(s, next), STR("\xEF\xBF\xBD"))))
		next += s.p[next] == '?' ? 1 : 3;
	return next < s.n && letter_like(s.p[next]);
}

static void put_question(struct pass *p, size_t i)
{
	if (!lost_letter(p, i))
		put_byte(p, '?', i);
	else if (!p->n || p->out[p->n - 1] != FOLD_LOST)
		put_byte(p, FOLD_LOST, i);
}

/* "-" joins two words, "_" too; with spaces around it is a break, and stays. */
static char plain_byte(struct str s, size_t i)
{
	char c = s.p[i];
	bool joined = i && i + 1 < s.n && s.p[i - 1] != ' ' && s.p[i + 1] != ' ';

	if (c == '_' || (c == '-' && joined))
		return ' ';
	return ascii_lower(c);
}

/* "\303\244", as Exim writes a byte above 127. */
static bool octal_at(struct str s, size_t i, unsigned *ret_byte)
{
	if (i + 4 > s.n || s.p[i] != '\\' || s.p[i + 1] < '2' || s.p[i + 1] > '3' ||
		str_span(str_slice(s, i + 1, i + 4), "01234567") != 3)
		return false;
	*ret_byte =
		(unsigned)((s.p[i + 1] - '0') << 6 | (s.p[i + 2] - '0') << 3 | (s.p[i + 3] - '0'));
	return true;
}

/* The code point at `i` and where the next one starts. */
static gunichar letter_at(struct str s, size_t i, size_t *ret_next)
{
	size_t n = utf8_sequence(str_skip(s, i));

	*ret_next = i + (n ? n : 1);
	return n ? g_utf8_get_char(s.p + i) : 0xFFFD;
}

/* A byte of a sequence that was encoded twice, or written in octal digits. */
static bool byte_at(struct str s, size_t i, unsigned *ret_byte, size_t *ret_next)
{
	gunichar letter;

	if (i < s.n && s.p[i] == '\\') {
		*ret_next = i + 4;
		return octal_at(s, i, ret_byte);
	}
	if (i >= s.n || (unsigned char)s.p[i] < 0x80)
		return false;
	letter = letter_at(s, i, ret_next);
	*ret_byte = letter;
	return letter >= 0x80 && letter <= 0xFF;
}

/* UTF-8 in bytes of that kind. */
static bool spelled_letter(struct str s, size_t i, gunichar *ret_letter, size_t *ret_next)
{
	char bytes[4];
	size_t n = 0, next = i;
	unsigned byte, wanted;

	if (!byte_at(s, i, &byte, &next) || byte < 0xC2 || byte > 0xF4)
		return false;
	wanted = byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : 4;
	bytes[n++] = (char)byte;
	while (n < wanted && byte_at(s, next, &byte, &next))
		bytes[n++] = (char)byte;
	if (n < wanted || utf8_sequence(str_from(bytes, n)) != n)
		return false;
	*ret_letter = g_utf8_get_char(bytes);
	*ret_next = next;
	return true;
}

static void put_letter(struct pass *p, gunichar letter, size_t from)
{
	struct fold_row row;

	if (letter >= 0x80 && letter < FOLD_ROWS) {
		const struct fold_row *known = &p->table->rows[letter];

		put_bytes(p, (struct str){ known->bytes, known->n }, from);
		return;
	}
	if (letter == 0xFFFD) {
		put_question(p, from);
		return;
	}
	if (letter >= 0x3040 && letter <= 0xD7FF) /* kana, Han, Hangul: as they are */
		row.n = (uint8_t)g_unichar_to_utf8(letter, row.bytes);
	else
		row = row_of(letter);
	put_bytes(p, (struct str){ row.bytes, row.n }, from);
}

static size_t fold_one(struct pass *p, size_t i)
{
	struct str s = p->source;
	gunichar letter;
	size_t next = i + 1;
	unsigned byte;

	if ((unsigned char)s.p[i] >= 0x80) {
		letter = letter_at(s, i, &next);
		if (letter <= 0xFF)
			spelled_letter(s, i, &letter, &next);
		put_letter(p, letter, i);
	} else if (s.p[i] == '\\' && spelled_letter(s, i, &letter, &next)) {
		put_letter(p, letter, i);
	} else if (octal_at(s, i, &byte)) {
		put_letter(p, byte >= 0xA0 ? byte : 0xFFFD, i);
		next = i + 4;
	} else if (s.p[i] == '?') {
		put_question(p, i);
	} else {
		put_byte(p, plain_byte(s, i), i);
	}
	return next;
}

static void put_entity(struct pass *p, const struct entity *e)
{
	size_t from = p->n;

	for (size_t i = e->from; i < e->to; i++)
		put_byte(p, FOLD_NAMED, i);
	if (p->folding->n_entities < FOLD_ENTITIES)
		p->folding->entities[p->folding->n_entities++] = (struct entity){ e->name, from,
			p->n, str_slice(p->source, e->from, e->to) };
}

/* What a byte may be beside itself in one case: a sign of a name, which without a dot, a colon or an "@" is none, or one that does not
 * stand for itself. */
enum { BYTE_NAMES = 1, BYTE_ODD = 2 };
static const unsigned char byte_kinds[256] = { ['.'] = BYTE_NAMES,
	['@'] = BYTE_NAMES,
	[':'] = BYTE_NAMES,
	['?'] = BYTE_ODD,
	['\\'] = BYTE_ODD,
	['-'] = BYTE_ODD,
	['_'] = BYTE_ODD,
	[0x80 ... 0xFF] = BYTE_ODD };

static unsigned kind_of(char c)
{
	return byte_kinds[(unsigned char)c];
}

static size_t put_plain(struct pass *p, size_t i, size_t end)
{
	char *out = p->out + p->n;
	uint32_t *at = p->at + p->n;
	const char *from = p->source.p + i;

	for (size_t k = 0; k < end - i; k++) {
		out[k] = ascii_lower(from[k]);
		at[k] = (uint32_t)(i + k);
	}
	p->n += end - i;
	return end;
}

/* A run of text up to a space; `at_sign` is where the next "@" stands. Returns where it ends. */
static size_t fold_run(struct pass *p, size_t i, size_t at_sign)
{
	struct str s = p->source;
	size_t end = i;
	unsigned kinds = 0;
	bool named;

	for (; end < s.n && s.p[end] != ' '; end++)
		kinds |= kind_of(s.p[end]);
	if (!kinds)
		return put_plain(p, i, end);
	named = kinds & BYTE_NAMES;
	while (i < end) {
		struct entity e;

		if (named && i > at_sign)
			at_sign = entity_next_at_sign(s, i);
		if (named && entity_may_start(s, i) && entity_at(s, i, at_sign, &e)) {
			put_entity(p, &e);
			i = e.to;
		} else if (!(kind_of(s.p[i]) & BYTE_ODD)) {
			i = put_plain(p, i, i + 1);
		} else {
			i = fold_one(p, i);
		}
	}
	return i;
}

void fold_text(const struct fold_table *table, struct arena *arena, struct str source,
	struct folding *ret_folding)
{
	struct pass p = { table, source, NULL, NULL, 0, ret_folding };
	size_t at_sign = entity_next_at_sign(source, 0), i = 0;

	ret_folding->n_entities = 0;
	p.out = arena_alloc(arena, source.n * 4 + 1);
	p.at = arena_alloc(arena, (source.n * 4 + 1) * sizeof *p.at);
	while (i < source.n) {
		if (i > at_sign)
			at_sign = entity_next_at_sign(source, i);
		if (source.p[i] == ' ')
			put_byte(&p, ' ', i++);
		else
			i = fold_run(&p, i, at_sign);
	}
	p.at[p.n] = (uint32_t)source.n;
	ret_folding->text = str_from(p.out, p.n);
	ret_folding->at = p.at;
}

struct str fold_word(const struct fold_table *table, struct arena *arena, struct str word)
{
	struct pass p = { .table = table, .source = word };

	p.out = arena_alloc(arena, word.n * 4 + 1);
	p.at = arena_alloc(arena, (word.n * 4 + 1) * sizeof *p.at);
	for (size_t i = 0; i < word.n;)
		i = fold_one(&p, i);
	return str_from(p.out, p.n);
}

size_t fold_source(const struct folding *folding, size_t at)
{
	return folding->at[at];
}
