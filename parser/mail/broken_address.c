#include "parser/mail/broken_address.h"

#include "core/limits.h"
#include "parser/mail/address.h"
#include "parser/mail/text_address.h"

#include <string.h>

/* White space at a break, margins of two lines included. */
enum { GAP_BYTES = 64 };

struct gap {
	size_t from, to; /* what stood between the halves */
};

static bool domain_byte(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '.' || c == '-';
}

/* Where the run of bytes of a local part that ends at `end` starts. */
static size_t local_start(struct str text, size_t end)
{
	size_t from = end;

	while (from && end - from < LIMIT_ADDRESS_BYTES && text_address_byte(text.p[from - 1]))
		from--;
	return from;
}

static size_t domain_end(struct str text, size_t from)
{
	size_t end = from;

	while (end < text.n && end - from < LIMIT_ADDRESS_BYTES && domain_byte(text.p[end]))
		end++;
	return end;
}

/* White space at `from` that holds one line end; its length, else 0. */
static size_t gap_at(struct str text, size_t from)
{
	size_t n = 0, feeds = 0;

	for (; from + n < text.n && n < GAP_BYTES && ascii_space(text.p[from + n]); n++)
		feeds += text.p[from + n] == '\n';
	return feeds == 1 ? n : 0;
}

/* The same in front of `to`. */
static size_t gap_before(struct str text, size_t to)
{
	size_t n = 0, feeds = 0;

	for (; n < to && n < GAP_BYTES && ascii_space(text.p[to - n - 1]); n++)
		feeds += text.p[to - n - 1] == '\n';
	return feeds == 1 ? n : 0;
}

static bool is_byte(struct str text, size_t at, char c)
{
	return at < text.n && text.p[at] == c;
}

/* "<" or "<mailto:" in front of the local part at `local`. */
static bool angle_opens(struct str text, size_t local)
{
	struct str before = str_slice(text, local > 8 ? local - 8 : 0, local);

	return str_ends(before, STR("<")) || str_iends(before, STR("<mailto:"));
}

/* A domain of at least two labels at [from, end), not cut off by more of an address. */
static bool whole_domain(struct str text, size_t from, size_t end)
{
	size_t dot = str_chr(str_slice(text, from, end), '.');

	return dot != STR_NPOS && dot && from + dot + 1 < end && !is_byte(text, end, '@');
}

/* "ann@department.", "shop.example", each all of its line. */
static bool broken_at_dot(struct str text, size_t local, size_t end, size_t from, size_t to)
{
	struct str front = str_head(text, local);
	size_t line = str_rchr(front, '\n');

	line = line == STR_NPOS ? 0 : line + 1;
	return is_byte(text, end - 1, '.') && whole_domain(text, from, to) &&
	       (to == text.n || text.p[to] == '\n' || text.p[to] == '\r') &&
	       str_span(str_skip(front, line), " \t*<") == local - line;
}

/* "<ann@", "shop.example>" or "<ann@shop.", "example>" */
static bool broken_behind(struct str text, size_t at, struct gap *ret_gap)
{
	size_t local = local_start(text, at), end = domain_end(text, at + 1);
	size_t from = end + gap_at(text, end), to = domain_end(text, from);
	bool angled = angle_opens(text, local);

	if (local == at || from == end || to == from)
		return false;
	if (!(angled && is_byte(text, to, '>')) &&
		!(end == at + 1 && whole_domain(text, from, to)) &&
		!broken_at_dot(text, local, end, from, to))
		return false;
	*ret_gap = (struct gap){ end, from };
	return true;
}

/* A word that may be a local part: the whole of its line so far, or no word of a language. */
static bool may_be_local(struct str text, size_t from, size_t end)
{
	struct str word = str_slice(text, from, end);

	if (!word.n || word.p[word.n - 1] == '.' || (from && text.p[from - 1] == '@'))
		return false;
	if (!from || text.p[from - 1] == '<' || text.p[from - 1] == '\n' || gap_before(text, from))
		return true;
	return str_cspan(word, ".0123456789_") < word.n;
}

/* "<ann", "@shop.example>" or "<ann-", "marie@shop.example>" */
static bool broken_before(struct str text, size_t at, struct gap *ret_gap)
{
	size_t local = local_start(text, at), end = domain_end(text, at + 1);
	size_t to = local - gap_before(text, local), from = local_start(text, to);
	bool angled = angle_opens(text, from) && is_byte(text, end, '>');

	if (to == local || from == to || end == at + 1)
		return false;
	if (!angled &&
		!(local == at && whole_domain(text, at + 1, end) && may_be_local(text, from, to)))
		return false;
	*ret_gap = (struct gap){ to, local };
	return true;
}

struct str broken_addresses_mend(struct arena *arena, struct str text)
{
	char *out = NULL;
	size_t n = 0, copied = 0, at = 0, next;
	struct gap gap;

	for (; next = str_chr(str_skip(text, at), '@'), next != STR_NPOS; at++) {
		at += next;
		if (!broken_behind(text, at, &gap) && !broken_before(text, at, &gap))
			continue;
		if (gap.from < copied)
			continue;
		if (!out)
			out = arena_alloc(arena, text.n);
		memcpy(out + n, text.p + copied, gap.from - copied);
		n += gap.from - copied;
		copied = gap.to;
	}
	if (!out)
		return text;
	memcpy(out + n, text.p + copied, text.n - copied);
	return str_from(out, n + text.n - copied);
}

struct str broken_address_join(struct arena *arena, struct str value)
{
	struct str s = str_trim(value), before, behind, whole;

	if (!str_cut(s, ' ', &before, &behind))
		return value;
	behind = str_trim(behind);
	if (!before.n || !behind.n ||
		(!strchr("@.-_", before.p[before.n - 1]) && !strchr("@.", behind.p[0])))
		return value;
	whole = arena_printf(arena, "%.*s%.*s", STR_ARG(before), STR_ARG(behind));
	if (str_starts(whole, STR("<")) && str_ends(whole, STR(">")))
		whole = str_slice(whole, 1, whole.n - 1);
	return address_valid(whole) ? whole : value;
}
