#include "store/form/template.h"

#include "core/buf.h"
#include "core/status_code.h"
#include "core/utf8.h"

/* What is read of a diagnostic: a mask only shortens, so more would be cut. */
enum { TEMPLATE_READ_BYTES = 1024 };

static bool in_word(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || (unsigned char)c >= 0x80 ||
	       str_chr(STR("._:/+=%?&@~$"), c) != STR_NPOS;
}

static bool has_digit(struct str word)
{
	return str_cspan(word, "0123456789") < word.n;
}

static bool is_code(struct str word)
{
	struct status_code code;
	uint64_t number;

	return status_code_parse(word, &code) ||
	       (word.n == 3 && str_to_u64(word, 599, &number) && number >= 200);
}

/* The word as it stands in a template; punctuation at its end is not part of it. */
static void put_word(struct buf *out, struct str word)
{
	size_t end = word.n;
	struct str core;

	while (end && str_chr(STR(".:/?&="), word.p[end - 1]) != STR_NPOS)
		end--;
	core = str_head(word, end);
	if (str_chr(core, '@') != STR_NPOS)
		core = STR("*");
	else if (has_digit(core) && !is_code(core))
		core = STR("#");
	buf_put(out, core);
	buf_put(out, str_skip(word, end));
}

static size_t word_length(struct str s)
{
	size_t n = 0;

	while (n < s.n && in_word(s.p[n]))
		n++;
	return n;
}

/* Takes one piece off `rest`: white space, <...>, a word, or a byte of something else. */
static struct str put_piece(struct buf *out, struct str rest)
{
	size_t n = str_span(rest, " \t\r\n\v\f"), close;

	if (n) {
		buf_putc(out, ' ');
		return str_skip(rest, n);
	}
	close = str_chr(rest, '>');
	if (rest.p[0] == '<' && close != STR_NPOS) {
		buf_put(out, STR("<*>"));
		return str_skip(rest, close + 1);
	}
	n = word_length(rest);
	if (n)
		put_word(out, str_head(rest, n));
	else
		buf_putc(out, rest.p[0]);
	return str_skip(rest, n ? n : 1);
}

/* At most max bytes, cut where there is white space: half a word or address of a page would be another one. */
static struct str whole_words(struct str text, size_t max)
{
	size_t n = max;

	if (text.n <= max)
		return text;
	while (n && str_chr(STR(" \t\r\n\v\f"), text.p[n]) == STR_NPOS)
		n--;
	return n ? str_head(text, n) : utf8_head(text, max);
}

struct str template_make(struct arena *arena, struct str diagnostic)
{
	struct buf out = BUF_INIT(4 * TEMPLATE_READ_BYTES);
	struct str text = str_trim(diagnostic), rest = whole_words(text, TEMPLATE_READ_BYTES),
		   result;

	while (rest.n && out.n <= TEMPLATE_BYTES)
		rest = put_piece(&out, rest);
	result = arena_dup(arena, str_trim(whole_words(buf_str(&out), TEMPLATE_BYTES)));
	buf_release(&out);
	return result;
}
