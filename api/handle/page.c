#include "api/handle/page.h"

#include "core/limits.h"
#include "core/timestamp.h"
#include "core/utf8.h"

/* ---- base64url, RFC 4648 5, without padding ---- */

static const char base64_digits[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static struct str base64_encode(struct arena *arena, struct str s)
{
	char *out = arena_alloc(arena, s.n / 3 * 4 + 5);
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		bits = bits << 8 | (unsigned char)s.p[i];
		for (n_bits += 8; n_bits >= 6; n_bits -= 6)
			out[n++] = base64_digits[bits >> (n_bits - 6) & 63];
	}
	if (n_bits)
		out[n++] = base64_digits[bits << (6 - n_bits) & 63];
	return str_from(out, n);
}

static bool base64_decode(struct arena *arena, struct str s, struct str *ret_text)
{
	char *out = arena_alloc(arena, s.n + 1);
	uint32_t bits = 0;
	unsigned n_bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < s.n; i++) {
		size_t digit = str_chr(str_from(base64_digits, 64), s.p[i]);

		if (digit == STR_NPOS)
			return false;
		bits = bits << 6 | (uint32_t)digit;
		n_bits += 6;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		out[n++] = (char)(bits >> n_bits & 255);
	}
	*ret_text = str_from(out, n);
	return true;
}

/* ---- the seal ---- */

/* FNV-1a, http://www.isthe.com/chongo/tech/comp/fnv/: it tells queries apart, and guards nothing. */
static uint64_t add_to_seal(uint64_t seal, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		seal = (seal ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
	return (seal ^ 0xff) * UINT64_C(0x100000001b3); /* no byte of UTF-8: ends the text */
}

/* Of all that decides which rows there are, and in which order. */
static struct str make_seal(const struct handle *handle)
{
	const uint64_t others = PARAM_BIT(PARAM_CURSOR) | PARAM_BIT(PARAM_LIMIT);
	uint64_t seal = add_to_seal(UINT64_C(0xcbf29ce484222325), handle->request->path);

	for (int i = 0; i < PARAM_COUNT; i++) {
		if (!has_param(handle, (enum param)i) || (others & PARAM_BIT(i)))
			continue;
		seal = add_to_seal(seal, param_name((enum param)i));
		seal = add_to_seal(seal, handle->values.text[i]);
	}
	return arena_printf(handle->arena, "%016llx", (unsigned long long)seal);
}

/* ---- cursors: seal, from, to, place, a line each ---- */

static struct str make_cursor(const struct page *page)
{
	char from[TIMESTAMP_TEXT_BYTES], to[TIMESTAMP_TEXT_BYTES];
	struct arena *arena = page->handle->arena;
	struct str text = arena_printf(arena, "%.*s\n%.*s\n%.*s", STR_ARG(make_seal(page->handle)),
		STR_ARG(timestamp_format(page->span.from_us, from)),
		STR_ARG(timestamp_format(page->span.to_us, to)));

	for (int i = 0; i < PLACE_FIELDS; i++)
		text = arena_printf(arena, "%.*s\n%.*s", STR_ARG(text), STR_ARG(page->last[i]));
	return base64_encode(arena, text);
}

static bool read_span(struct str *text, struct span *ret_span)
{
	struct str from, to;

	return str_cut(*text, '\n', &from, text) && str_cut(*text, '\n', &to, text) &&
	       timestamp_parse(from, &ret_span->from_us) && timestamp_parse(to, &ret_span->to_us);
}

static bool read_place(struct str text, struct str ret_place[static PLACE_FIELDS])
{
	for (int i = 0; i < PLACE_FIELDS - 1; i++)
		if (!str_cut(text, '\n', &ret_place[i], &text))
			return false;
	ret_place[PLACE_FIELDS - 1] = text;
	return true;
}

static bool read_cursor(struct page *page)
{
	struct handle *handle = page->handle;
	struct str text, seal;
	struct span span;

	if (!base64_decode(handle->arena, handle->values.text[PARAM_CURSOR], &text) ||
		!utf8_valid(text) || !str_cut(text, '\n', &seal, &text) ||
		!read_span(&text, &span) || !read_place(text, page->after) ||
		(page->span.to_us && span.from_us >= span.to_us))
		return handle_refuse(handle, PARAM_CURSOR, STR("not a next_cursor of this route"));
	if (!str_eq(seal, make_seal(handle)))
		return handle_refuse(handle, PARAM_CURSOR,
			STR("the cursor is of another query: all parameters but limit stay as they "
			    "were"));
	if (page->span.to_us)
		page->span = span;
	page->has_after = true;
	return true;
}

/* ---- the page ---- */

bool page_open(struct page *page, struct handle *handle, const struct span *span)
{
	*page = (struct page){ .handle = handle, .limit = handle_limit(handle) };
	if (span)
		page->span = *span;
	if (has_param(handle, PARAM_CURSOR) && !read_cursor(page))
		return false;
	page->rows = json_array();
	return true;
}

size_t page_ask(const struct page *page)
{
	return page->limit + (page->limit < LIMIT_PAGE_ROWS);
}

bool page_is_full(struct page *page)
{
	page->more = json_array_size(page->rows) == page->limit;
	return page->more;
}

void page_add(struct page *page, json_t *take_row, const struct str place[static PLACE_FIELDS])
{
	json_array_append_new(page->rows, take_row);
	for (int i = 0; i < PLACE_FIELDS; i++)
		page->last[i] = arena_dup(page->handle->arena, place[i]);
}

void page_link(struct page *page, const struct str place[static PLACE_FIELDS])
{
	for (int i = 0; i < PLACE_FIELDS; i++)
		page->last[i] = place[i];
	handle_link_next(page->handle, make_cursor(page));
}

void page_close(struct page *page)
{
	json_decref(page->rows);
	page->rows = NULL;
}

enum err page_refuse(struct page *page)
{
	page_close(page);
	handle_refuse(page->handle, PARAM_CURSOR, STR("not a next_cursor of this route"));
	return ERR_OK;
}

enum err page_answer(struct page *page, enum err err, json_t *take_head, const char *rows_key)
{
	/* A full page of the largest size cannot look one row ahead: its next page may be empty. */
	bool more = page->more ||
		    (page->limit == LIMIT_PAGE_ROWS && json_array_size(page->rows) == page->limit);

	json_object_set_new(take_head, rows_key, page->rows);
	if (err) {
		json_decref(take_head);
		return err;
	}
	json_object_set_new(
		take_head, "next_cursor", more ? json_text(make_cursor(page)) : json_null());
	handle_list(page->handle, take_head, rows_key);
	return ERR_OK;
}
