#include "parser/mail/prescan.h"

#include "core/limits.h"
#include "core/report.h"
#include "parser/mail/boundary.h"
#include "parser/mail/headers.h"
#include "parser/text/unfold.h"

#include <string.h>

/* Lines looked at when the question is whether a header goes on behind a line that is no field. */
enum { LOOK_AHEAD_LINES = 8, PART_SLACK_BYTES = 512 };
enum { FIRST_SLACK_BYTES = 1024, FIRST_FIELDS = 32 };
/* Boundaries are mended in so many parts only: each costs a search through all that follows. */
enum { MENDED_PARTS = 16 };

struct kept {
	struct header_list list;
	size_t cap;
};

struct scan {
	struct arena *arena;
	struct str in; /* what is still to be read */
	char *out;
	size_t n, cap, max;
	size_t part_at; /* in `out`: where the boundary in front of the part at hand stands */
	struct str boundary[LIMIT_MIME_DEPTH];
	bool digest[LIMIT_MIME_DEPTH]; /* a part without a type is a message, RFC 2046 5.1.5 */
	bool has_part[LIMIT_MIME_DEPTH];
	size_t depth, parts;
	struct kept headers, returned;
	struct str returned_raw; /* the first returned message, from its header on */
	struct lone_part lone;   /* its body lies in `out` from lone_at on */
	size_t lone_at;
	struct leaf_list leaves;
	bool entered; /* a multipart, of which no boundary came yet */
	uint32_t flaws;
	bool full; /* a limit was met: nothing more is written */
};

/* A header block, and what it says about the body behind it. */
struct block {
	struct kept *keep; /* where its fields are kept; NULL: nowhere */
	bool returned;     /* of a returned message: nothing of it is written */
	size_t bytes;
	struct str type;     /* value of Content-Type, folded as it was */
	struct str encoding; /* value of Content-Transfer-Encoding */
};

/* Room for n more bytes. What was written before is copied at most as often as it doubles. */
static bool reserve(struct scan *scan, size_t n)
{
	size_t cap = scan->cap;
	char *grown;

	if (n > scan->max - scan->n)
		return false;
	while (n > cap - scan->n)
		cap = cap > scan->max / 2 ? scan->max : cap * 2;
	if (cap == scan->cap)
		return true;
	grown = arena_alloc(scan->arena, cap);
	memcpy(grown, scan->out, scan->n);
	scan->out = grown;
	scan->cap = cap;
	return true;
}

static void put(struct scan *scan, struct str s)
{
	if (scan->full || !reserve(scan, s.n)) {
		scan->full = true;
		scan->flaws |= FLAW_BIT(FLAW_MIME_LIMIT);
		return;
	}
	if (s.n)
		memcpy(scan->out + scan->n, s.p, s.n);
	scan->n += s.n;
}

static void put_line(struct scan *scan, struct str line)
{
	put(scan, line);
	put(scan, STR("\n"));
}

static size_t count_feeds(struct str s)
{
	size_t n = 0, at;

	for (; (at = str_chr(s, '\n')) != STR_NPOS; s = str_skip(s, at + 1))
		n++;
	return n;
}

/* CRs that no LF follows. */
static size_t count_lone(struct str s)
{
	size_t n = 0, at;

	for (; (at = str_chr(s, '\r')) != STR_NPOS; s = str_skip(s, at + 1))
		n += at + 1 == s.n || s.p[at + 1] != '\n';
	return n;
}

/* CR as the only line end (old Macintosh), and CRs doubled by a careless gateway. */
static struct str mend_line_ends(struct arena *arena, struct str s)
{
	size_t lone = count_lone(s), n = 0;
	char *out;

	if (!lone || lone <= count_feeds(s) / 2)
		return s;
	out = arena_alloc(arena, s.n);
	for (size_t i = 0; i < s.n; i++) {
		bool before_feed = i + 1 < s.n && s.p[i] == '\r' && s.p[i + 1] == '\n';

		if (!before_feed)
			out[n++] = s.p[i] == '\r' ? '\n' : s.p[i];
	}
	return str_from(out, n);
}

/* A byte order mark, empty lines and an mbox "From " line may stand before the header. */
static struct str skip_preamble(struct str s)
{
	struct str rest = s, line;

	if (str_starts(rest, STR("\xEF\xBB\xBF")))
		rest = str_skip(rest, 3);
	s = rest;
	while (str_next_line(&rest, &line)) {
		if (str_trim(line).n && !str_starts(line, STR("From ")) &&
			!str_starts(line, STR(">From ")))
			return s;
		s = rest;
	}
	return s;
}

/* True where a header field follows within a few lines and before an empty one: the line at hand is
 * then dirt in the header and not the start of the body. */
static bool header_goes_on(struct str rest)
{
	struct str line;
	size_t n;

	for (int i = 0; i < LOOK_AHEAD_LINES && str_next_line(&rest, &line) && str_trim(line).n;
		i++)
		if (header_name(line, &n) && !str_istarts(line, STR("http")))
			return true;
	return false;
}

/* White space alone is a fold that goes on (RFC 5322 4.2), which some servers write behind a folded field; others end a header with it. Where
 * a field that any header has comes next, it goes on. */
static bool is_blank_fold(struct str blank, struct str rest)
{
	static const struct str fields[] = { STR_INIT("From:"), STR_INIT("To:"),
		STR_INIT("Subject:"), STR_INIT("Date:"), STR_INIT("Message-ID:"),
		STR_INIT("MIME-Version:"), STR_INIT("Content-Type:"),
		STR_INIT("Content-Transfer-Encoding:"), STR_INIT("Received:") };
	struct str line;

	if (!blank.n || !str_next_line(&rest, &line))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (str_istarts(line, fields[i]))
			return true;
	return false;
}

/* The field that starts with `first`, its continuations taken off scan->in. */
static struct str whole_field(struct scan *scan, struct str first)
{
	struct str peek = scan->in, line, whole = first;

	while (str_next_line(&peek, &line) && str_trim(line).n &&
		(line.p[0] == ' ' || line.p[0] == '\t')) {
		whole.n = (size_t)(line.p + line.n - whole.p);
		scan->in = peek;
	}
	return whole;
}

static bool is_encoded(struct str encoding)
{
	return str_istarts(encoding, STR("base64")) ||
	       str_istarts(encoding, STR("quoted-printable")) || str_istarts(encoding, STR("x-uu"));
}

static void keep_field(struct arena *arena, struct str field, struct kept *kept)
{
	struct header *header;
	size_t name;

	if (kept->list.n == kept->cap) {
		size_t cap = kept->cap ? kept->cap * 2 : FIRST_FIELDS;
		struct header *grown = arena_alloc(arena, cap * sizeof *grown);

		if (kept->cap)
			memcpy(grown, kept->list.items, kept->cap * sizeof *grown);
		kept->list.items = grown;
		kept->cap = cap;
	}
	header = &kept->list.items[kept->list.n++];
	header_name(field, &name);
	header->name = str_head(field, name);
	header->value = header_value(arena, str_skip(field, str_chr(field, ':') + 1));
}

static bool is_plain(struct str encoding)
{
	return str_ieq(encoding, STR("7bit")) || str_ieq(encoding, STR("8bit")) ||
	       str_ieq(encoding, STR("binary"));
}

/* Notes the two fields that decide how a body is read, to be written at the end of the block: the first
 * type, and the last encoding, as GMime has it. True where GMime has a use for the field as it is: it
 * names a file. */
static bool take_content(struct str field, struct block *block)
{
	static const struct str type = STR_INIT("Content-Type:");
	static const struct str encoding = STR_INIT("Content-Transfer-Encoding:");
	static const struct str disposition = STR_INIT("Content-Disposition:");

	if (str_istarts(field, encoding))
		block->encoding = str_trim(str_skip(field, encoding.n));
	if (str_istarts(field, type) && !block->type.n)
		block->type = str_trim(str_skip(field, type.n));
	return str_istarts(field, disposition) && str_ifind(field, STR("filename")) != STR_NPOS;
}

static void take_field(struct scan *scan, struct str field, struct block *block)
{
	bool content = str_istarts(field, STR("Content-")), of_use;

	if (field.n > LIMIT_HEADER_FIELD_BYTES) {
		scan->flaws |= FLAW_BIT(FLAW_MIME_LIMIT);
		field = str_head(field, LIMIT_HEADER_FIELD_BYTES);
	}
	of_use = content && take_content(field, block);
	block->bytes += field.n + 1;
	if (block->keep && !content)
		keep_field(scan->arena, field, block->keep);
	if (of_use && !block->returned) {
		put_line(scan, field);
		scan->leaves.odd = true;
	}
}

static bool is_multipart(struct str type)
{
	return str_istarts(type, STR("multipart/"));
}

/* The types whose body is a message for GMime. */
static bool is_message(struct str type)
{
	static const struct str names[] = { STR_INIT("message/rfc822"), STR_INIT("message/rfc2822"),
		STR_INIT("message/global"), STR_INIT("message/news") };
	struct str name = str_trim(str_head(type, str_cspan(type, "; \t\r\n")));

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (str_ieq(name, names[i]))
			return true;
	return false;
}

static void put_content_type(struct scan *scan, const struct block *block, struct str boundary)
{
	struct str report = header_param(block->type, STR("report-type"));

	put(scan, STR("Content-Type: "));
	put(scan, str_head(block->type, str_cspan(block->type, "; \t\r\n")));
	put(scan, STR("; boundary=\""));
	put(scan, boundary);
	if (report.n) {
		put(scan, STR("\"; report-type=\""));
		put(scan, report);
	}
	put(scan, STR("\"\n\n"));
}

/* Writes the Content-Type of a multipart with the boundary that is in use, and enters it. */
static void enter_multipart(struct scan *scan, const struct block *block)
{
	struct str boundary = header_param(block->type, STR("boundary"));

	if (scan->parts < MENDED_PARTS && !boundary_occurs(scan->in, boundary)) {
		struct str real = boundary_in_use(scan->in);

		scan->flaws |= FLAW_BIT(FLAW_MIME_BROKEN);
		boundary = real.n ? real : boundary;
	}
	boundary = str_head(boundary, str_cspan(boundary, "\"\\\r\n"));
	put_content_type(scan, block, boundary);
	scan->leaves.odd |= scan->entered || !leaf_type_is_plain(block->type) ||
			    !leaf_boundary_is_plain(boundary, scan->boundary, scan->depth);
	scan->entered = true;
	if (!scan->parts)
		scan->leaves.whole = block->type;
	if (scan->depth == LIMIT_MIME_DEPTH) {
		scan->full = true;
		scan->flaws |= FLAW_BIT(FLAW_MIME_LIMIT);
		return;
	}
	scan->has_part[scan->depth] = false;
	scan->digest[scan->depth] = str_istarts(block->type, STR("multipart/digest"));
	scan->boundary[scan->depth++] = boundary;
}

/* How many open multiparts stay open behind `line`; -1 where it is no boundary of any. */
static int depth_behind(const struct scan *scan, struct str line, bool *ret_close)
{
	for (size_t i = scan->depth; i-- > 0;)
		if (scan->boundary[i].n && boundary_line(line, scan->boundary[i], ret_close))
			return (int)(*ret_close ? i : i + 1);
	return -1;
}

/* One header block; scan->in is left at the body. */
static void scan_header(struct scan *scan, struct block *block)
{
	size_t fields = 0, name;
	struct str line, rest;
	bool close;

	while (rest = scan->in, str_next_line(&rest, &line)) {
		if (!str_trim(line).n) {
			scan->in = rest;
			if (!is_blank_fold(line, rest))
				return;
			continue;
		}
		if (!header_name(line, &name)) {
			if (depth_behind(scan, line, &close) >= 0 || !header_goes_on(rest))
				return; /* a body without an empty line before it */
			scan->in = rest;
			scan->flaws |= FLAW_BIT(FLAW_MIME_BROKEN);
			continue;
		}
		scan->in = rest;
		line = whole_field(scan, line);
		if (fields++ < LIMIT_HEADER_FIELDS &&
			line.n < LIMIT_HEADER_BLOCK_BYTES - block->bytes)
			take_field(scan, line, block);
		else
			scan->flaws |= FLAW_BIT(FLAW_MIME_LIMIT);
	}
}

/* Goes to the start of the next part; the text before it is written if `keep`. False: no more. */
static bool next_part(struct scan *scan, bool keep)
{
	struct str text = scan->in, rest = scan->in, line;
	bool close = false;
	int depth;

	while (scan->depth && boundary_next(&rest, &line)) {
		depth = depth_behind(scan, line, &close);
		if (depth < 0)
			continue;
		if (keep)
			put(scan, str_head(text, (size_t)(line.p - text.p)));
		scan->part_at = scan->n;
		leaves_close(&scan->leaves, scan->n);
		scan->leaves.odd |= str_ends(line, STR("\r")); /* its line end is of three bytes */
		put_line(scan, line);
		scan->leaves.odd |= scan->entered && (close || (size_t)depth != scan->depth);
		scan->entered = false;
		scan->depth = (size_t)depth;
		scan->in = text = rest;
		keep = true; /* an epilogue */
		if (!close)
			return true;
	}
	if (keep)
		put(scan, text);
	scan->in = STR_EMPTY;
	return false;
}

static bool is_header_text(struct str type)
{
	return str_istarts(type, STR("text/rfc822-header")) ||
	       str_istarts(type, STR("message/global-header"));
}

/* The end of a header: how the body is to be read. */
static void put_content(struct scan *scan, struct str type, struct str encoding)
{
	if (type.n) {
		put(scan, STR("Content-Type: "));
		put_line(scan, type);
	}
	if (encoding.n && !is_plain(encoding)) {
		put(scan, STR("Content-Transfer-Encoding: "));
		put_line(scan, encoding);
	}
	put_line(scan, STR_EMPTY);
}

/* The returned message at scan->in, or its header alone: that is kept, a body skipped. GMime, to which each part is a
 * dozen objects, never hears of it; but it takes a multipart without a part for a broken one. */
static void scan_returned(struct scan *scan, bool whole)
{
	struct block block = { .returned = true };

	if (scan->depth && scan->has_part[scan->depth - 1]) {
		scan->n = scan->part_at;
		leaves_reopen(&scan->leaves, scan->n);
	} else {
		put_content(scan, STR(PRESCAN_RETURNED_TYPE), STR_EMPTY);
	}
	scan->in = skip_preamble(scan->in);
	if (whole && !scan->returned_raw.n)
		scan->returned_raw = scan->in;
	if (!scan->returned.list.n)
		block.keep = &scan->returned;
	scan_header(scan, &block);
}

/* One part up to its body. True where the body is to be kept. */
static bool scan_part(struct scan *scan)
{
	struct block block = { .keep = scan->parts ? NULL : &scan->headers };
	bool lone;

	scan_header(scan, &block);
	if (!block.type.n && scan->depth && scan->digest[scan->depth - 1])
		block.type = STR("message/rfc822");
	if ((is_message(block.type) || is_header_text(block.type)) && !is_encoded(block.encoding)) {
		scan_returned(scan, is_message(block.type));
		return false;
	}
	if (scan->depth)
		scan->has_part[scan->depth - 1] = true;
	if (is_multipart(block.type)) {
		enter_multipart(scan, &block);
		return true;
	}
	lone = !scan->parts && !scan->n; /* else a field that names a file was written */
	put_content(scan, block.type, block.encoding);
	leaves_open(scan->arena, &scan->leaves, block.type, block.encoding, scan->n);
	scan->leaves.odd |= is_message(block.type) || is_header_text(block.type);
	if (lone) {
		scan->lone = (struct lone_part){ .type = block.type, .encoding = block.encoding };
		scan->lone_at = scan->n;
	}
	return true;
}

void prescan(struct arena *arena, struct str message, struct prescan *ret_prescan)
{
	struct scan scan = { .arena = arena };
	bool keep;

	if (message.n > LIMIT_MIME_BYTES)
		scan.flaws |= FLAW_BIT(FLAW_MIME_LIMIT);
	scan.in = skip_preamble(mend_line_ends(arena, str_head(message, LIMIT_MIME_BYTES)));
	scan.max = scan.in.n + (size_t)LIMIT_MIME_PARTS * PART_SLACK_BYTES;
	scan.cap = scan.in.n + FIRST_SLACK_BYTES;
	scan.out = arena_alloc(arena, scan.cap);
	do {
		keep = scan_part(&scan);
	} while (next_part(&scan, keep) && !scan.full && ++scan.parts < LIMIT_MIME_PARTS);
	if (scan.parts == LIMIT_MIME_PARTS)
		scan.flaws |= FLAW_BIT(FLAW_MIME_LIMIT);
	if (scan.lone_at)
		scan.lone.body = str_skip(str_from(scan.out, scan.n), scan.lone_at);
	scan.leaves.odd |= scan.entered || (scan.flaws & FLAW_BIT(FLAW_MIME_LIMIT));
	leaves_finish(&scan.leaves, str_from(scan.out, scan.n));
	*ret_prescan = (struct prescan){ .bytes = str_from(scan.out, scan.n),
		.headers = scan.headers.list,
		.returned = scan.returned.list,
		.returned_raw = scan.returned_raw,
		.lone = scan.lone,
		.leaves = scan.leaves,
		.flaws = scan.flaws };
}
