#include "parser/mail/mime_tree.h"

#include "core/limits.h"
#include "core/report.h"
#include "core/utf8.h"
#include "parser/mail/prescan.h"

#include <assert.h>
#include <errno.h>
#include <gmime/gmime.h>
#include <iconv.h>
#include <pthread.h>
#include <string.h>

G_DEFINE_AUTOPTR_CLEANUP_FUNC(GMimeObject, g_object_unref)

enum { CHARSETS_KEPT = 8, CHARSET_NAME_BYTES = 32, ICONV_STEP_BYTES = 4096 };

struct mime_parser {
	GMimeParser *gmime;
	GMimeStream *stream; /* over `bytes`, for one message after the other */
	GByteArray bytes;    /* those of the message at hand, which it does not own */
	struct {
		char name[CHARSET_NAME_BYTES];
		iconv_t cd;
	} charsets[CHARSETS_KEPT];
	size_t n_charsets;
};

struct reading {
	struct mime_parser *parser;
	struct arena *arena;
	struct mime_tree *tree;
	size_t cap;
};

void mime_parser_free(struct mime_parser *parser)
{
	if (!parser)
		return;
	for (size_t i = 0; i < parser->n_charsets; i++)
		if (parser->charsets[i].cd != (iconv_t)-1)
			iconv_close(parser->charsets[i].cd);
	g_object_unref(parser->gmime);
	g_object_unref(parser->stream);
	free(parser);
}

/* ---- charsets ---- */

/* A converter to UTF-8; (iconv_t)-1 for an unknown name. The newest names replace the last one. */
static iconv_t charset_open(struct mime_parser *parser, struct str name)
{
	char c_name[CHARSET_NAME_BYTES];
	size_t i;

	if (!name.n || name.n >= sizeof c_name)
		return (iconv_t)-1;
	for (i = 0; i < name.n; i++)
		c_name[i] = ascii_lower(name.p[i]);
	c_name[name.n] = '\0';
	for (i = 0; i < parser->n_charsets; i++)
		if (!strcmp(parser->charsets[i].name, c_name))
			return parser->charsets[i].cd;
	if (parser->n_charsets < CHARSETS_KEPT) {
		i = parser->n_charsets++;
	} else {
		i = CHARSETS_KEPT - 1;
		if (parser->charsets[i].cd != (iconv_t)-1)
			iconv_close(parser->charsets[i].cd);
	}
	memcpy(parser->charsets[i].name, c_name, name.n + 1);
	parser->charsets[i].cd = iconv_open("UTF-8", g_mime_charset_iconv_name(c_name));
	return parser->charsets[i].cd;
}

/* Held open from the start: GMime opens and closes a converter for each encoded word, and with the last
 * one of a charset the C library unloads the module for it. Loading that again costs more than a mail. */
static const struct str charsets_of_mail[] = { STR_INIT("iso-8859-1"), STR_INIT("windows-1252"),
	STR_INIT("iso-8859-15"), STR_INIT("iso-2022-jp"), STR_INIT("iso-8859-2"),
	STR_INIT("koi8-r"), STR_INIT("gb2312") };

/* g_mime_init counts its calls without a lock and fills its tables in the first: a thread that came second would use
 * tables that are half full. */
static void gmime_start(void)
{
	g_mime_init();
}

struct mime_parser *mime_parser_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct mime_parser *parser = calloc(1, sizeof *parser);

	if (!parser)
		abort();
	pthread_once(&once, gmime_start);
	parser->gmime = g_mime_parser_new();
	g_mime_parser_set_persist_stream(parser->gmime, TRUE);
	parser->stream = g_mime_stream_mem_new_with_byte_array(&parser->bytes);
	g_mime_stream_mem_set_owner(GMIME_STREAM_MEM(parser->stream), FALSE);
	for (size_t i = 0; i < ARRAY_LEN(charsets_of_mail); i++)
		charset_open(parser, charsets_of_mail[i]);
	return parser;
}

/* False where the bytes are not of that charset. */
static bool charset_convert(struct arena *arena, iconv_t cd, struct str bytes, struct str *ret_text)
{
	size_t room = bytes.n * 4 + 16, left = room, in_left = bytes.n;
	char *out = arena_alloc(arena, room), *to = out;
	char *from = (char *)(uintptr_t)bytes.p; /* iconv never writes there */

	iconv(cd, NULL, NULL, NULL, NULL);
	if (iconv(cd, &from, &in_left, &to, &left) == (size_t)-1 && errno != EINVAL)
		return false;
	iconv(cd, NULL, NULL, &to, &left);
	*ret_text = utf8_clean(arena, str_from(out, room - left));
	return true;
}

static bool has_byte_from(struct str s, unsigned char least)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= least)
			return true;
	return false;
}

static bool names_utf8(struct str charset)
{
	return !charset.n || str_ieq(charset, STR("utf-8")) || str_ieq(charset, STR("utf8")) ||
	       str_ieq(charset, STR("us-ascii")) || str_ieq(charset, STR("ascii"));
}

/* Any bytes as UTF-8: by the charset that is named, else as the UTF-8 that they are, else by ISO-2022-JP
 * where its escapes stand, else as ISO-8859-1. */
static struct str to_utf8(struct reading *r, struct str bytes, struct str charset)
{
	struct str text;
	bool escapes = str_find(bytes, STR("\x1B$")) != STR_NPOS;
	iconv_t cd;

	if (!escapes && utf8_is_ascii(bytes))
		return bytes;
	if (escapes && names_utf8(charset))
		charset = STR("iso-2022-jp");
	if (!escapes && !has_byte_from(bytes, 0x80))
		return utf8_clean(r->arena, bytes);
	if (!names_utf8(charset)) {
		cd = charset_open(r->parser, charset);
		if (cd != (iconv_t)-1 && charset_convert(r->arena, cd, bytes, &text))
			return text;
	}
	if (utf8_valid(bytes))
		return bytes;
	r->tree->flaws |= FLAW_BIT(FLAW_BAD_CHARSET);
	return names_utf8(charset) && charset.n
		       ? utf8_clean(r->arena, bytes)
		       : utf8_clean(r->arena, utf8_from_latin1(r->arena, bytes));
}

/* ---- headers ---- */

struct str mime_decode_words(struct arena *arena, struct str value)
{
	char *decoded;
	struct str result;

	if (str_find(value, STR("=?")) == STR_NPOS)
		return value;
	decoded = g_mime_utils_header_decode_text(NULL, arena_c(arena, value));
	result = utf8_clean(arena, arena_dup(arena, str_c(decoded)));
	g_free(decoded);
	return result;
}

/* ---- parts ---- */

/* Of files, those that may be a status report under another name; others would be decoded in vain. */
static bool wanted(struct str type)
{
	static const struct str files[] = { STR_INIT("octet-stream"), STR_INIT("unknown"),
		STR_INIT("status"), STR_INIT("delivery"), STR_INIT("dsn"),
		STR_INIT("xml") /* daticert.xml */ };

	if (str_starts(type, STR("text/")) || str_starts(type, STR("message/")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(files); i++)
		if (str_starts(type, STR("application/")) && str_find(type, files[i]) != STR_NPOS)
			return true;
	return false;
}

static struct str lower_type(struct arena *arena, GMimeContentType *type)
{
	struct str media = str_c(g_mime_content_type_get_media_type(type));
	struct str subtype = str_c(g_mime_content_type_get_media_subtype(type));
	char *text = arena_alloc(arena, media.n + 1 + subtype.n);

	memcpy(text, media.p, media.n);
	text[media.n] = '/';
	memcpy(text + media.n + 1, subtype.p, subtype.n);
	return arena_lower(arena, header_value(arena, str_from(text, media.n + 1 + subtype.n)));
}

/* The raw bytes of a part; they lie in the stream's own buffer. */
static struct str part_bytes(GMimePart *part)
{
	GMimeDataWrapper *content = g_mime_part_get_content(part);
	GMimeStream *stream = content ? g_mime_data_wrapper_get_stream(content) : NULL;
	GByteArray *array;
	gint64 from, to;

	if (!stream || !GMIME_IS_STREAM_MEM(stream))
		return STR_EMPTY;
	array = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(stream));
	from = stream->bound_start;
	to = stream->bound_end < 0 ? (gint64)array->len : stream->bound_end;
	if (!array->len || from < 0 || to > (gint64)array->len || from >= to)
		return STR_EMPTY;
	return str_from((const char *)array->data + from, (size_t)(to - from));
}

static struct str decode(struct arena *arena, struct str bytes, GMimeContentEncoding encoding)
{
	GMimeEncoding state;
	char *out;
	size_t n;

	if (encoding != GMIME_CONTENT_ENCODING_BASE64 &&
		encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE &&
		encoding != GMIME_CONTENT_ENCODING_UUENCODE)
		return bytes;
	g_mime_encoding_init_decode(&state, encoding);
	out = arena_alloc(arena, g_mime_encoding_outlen(&state, bytes.n) + 16);
	n = g_mime_encoding_flush(&state, bytes.p, bytes.n, out);
	return str_from(out, n);
}

static struct mime_part *add_part(struct reading *r)
{
	struct mime_tree *tree = r->tree;

	if (tree->n_parts == r->cap) {
		size_t cap = r->cap ? r->cap * 2 : 8;
		struct mime_part *grown = arena_calloc(r->arena, cap, sizeof *grown);

		if (r->cap)
			memcpy(grown, tree->parts, r->cap * sizeof *grown);
		tree->parts = grown;
		r->cap = cap;
	}
	return &tree->parts[tree->n_parts++];
}

static bool is_header_type(struct str type)
{
	return str_starts(type, STR("text/rfc822-header")) ||
	       str_starts(type, STR("message/global-header"));
}

/* The first returned message that has a header counts. */
static void take_returned(struct reading *r, struct header_list list)
{
	if (!r->tree->returned.n)
		r->tree->returned = list;
}

/* Fills in the text of a part whose bytes these are, and puts the part where it belongs. */
static void take_leaf(struct reading *r, struct mime_part *part, struct str bytes,
	GMimeContentEncoding encoding, struct str charset)
{
	part->encoded = encoding == GMIME_CONTENT_ENCODING_BASE64 ||
			encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
	if (wanted(part->type)) {
		bytes = str_head(decode(r->arena, bytes, encoding), LIMIT_TEXT_BYTES);
		part->text = to_utf8(r, bytes, charset);
	}
	/* Headers alone, and messages that were encoded. */
	if (is_header_type(part->type) || str_eq(part->type, STR("message/rfc822")) ||
		str_eq(part->type, STR("message/global")))
		take_returned(r, headers_parse(r->arena, &part->text));
	else
		*add_part(r) = *part;
}

static void read_leaf(struct reading *r, GMimePart *part)
{
	GMimeContentType *type = g_mime_object_get_content_type(GMIME_OBJECT(part));
	const char *charset = g_mime_content_type_get_parameter(type, "charset");
	struct mime_part out = { .type = lower_type(r->arena, type) };

	if (str_eq(out.type, STR(PRESCAN_RETURNED_TYPE)))
		return;
	out.name = header_value(r->arena, str_c(g_mime_part_get_filename(part)));
	take_leaf(
		r, &out, part_bytes(part), g_mime_part_get_content_encoding(part), str_c(charset));
}

/* A multipart in which no boundary ever came: all of it stands before its first part. */
static void read_prologue(struct reading *r, GMimeMultipart *multipart)
{
	const char *prologue = g_mime_multipart_get_prologue(multipart);
	struct mime_part out = { .type = STR("text/plain") };

	if (!prologue || !*prologue)
		return;
	r->tree->flaws |= FLAW_BIT(FLAW_MIME_BROKEN);
	out.text = to_utf8(
		r, arena_dup(r->arena, str_head(str_c(prologue), LIMIT_TEXT_BYTES)), STR_EMPTY);
	*add_part(r) = out;
}

static void read_object(struct reading *r, GMimeObject *object, size_t depth)
{
	if (GMIME_IS_MULTIPART(object)) {
		GMimeMultipart *multipart = GMIME_MULTIPART(object);
		int count = g_mime_multipart_get_count(multipart);

		if (!count)
			read_prologue(r, multipart);
		for (int i = 0; i < count && depth < LIMIT_MIME_DEPTH; i++)
			read_object(r, g_mime_multipart_get_part(multipart, i), depth + 1);
	} else if (GMIME_IS_PART(object)) {
		read_leaf(r, GMIME_PART(object));
	}
}

static void read_whole(struct reading *r, GMimeObject *whole)
{
	GMimeContentType *type = g_mime_object_get_content_type(whole);
	const char *report = g_mime_content_type_get_parameter(type, "report-type");

	r->tree->type = lower_type(r->arena, type);
	r->tree->report_type = arena_lower(r->arena, header_value(r->arena, str_c(report)));
	read_object(r, whole, 0);
}

/* Text that says its charset and encoding and no more. Comments, RFC 2231 and file names are GMime's. */
static bool is_plain_text(const struct lone_part *lone)
{
	struct str name = str_trim(str_head(lone->type, str_cspan(lone->type, ";")));

	if (!lone->body.p || !lone->type.n)
		return lone->body.p != NULL;
	return str_ieq(name, STR("text/plain")) && str_cspan(lone->type, "(*\\") == lone->type.n &&
	       str_ifind(lone->type, STR("name")) == STR_NPOS;
}

static GMimeContentEncoding encoding_of(struct arena *arena, struct str encoding)
{
	return encoding.n ? g_mime_content_encoding_from_string(arena_c(arena, encoding))
			  : GMIME_CONTENT_ENCODING_DEFAULT;
}

/* To GMime even one part is a dozen objects, and this is what most mail systems without a report send. */
static void read_plain_text(struct reading *r, const struct lone_part *lone)
{
	struct mime_part part = { .type = STR("text/plain") };

	r->tree->type = part.type;
	r->tree->report_type = arena_lower(r->arena, header_param(lone->type, STR("report-type")));
	take_leaf(r, &part, lone->body, encoding_of(r->arena, lone->encoding),
		header_param(lone->type, STR("charset")));
}

/* "text/plain" of "Text/Plain; charset=utf-8"; without a type a part is text, RFC 2046 5.1. */
static struct str type_name(struct arena *arena, struct str type)
{
	return type.n ? arena_lower(arena, str_head(type, str_cspan(type, "; \t\r\n")))
		      : STR("text/plain");
}

static void read_leaves(struct reading *r, const struct leaf_list *leaves)
{
	r->tree->type = type_name(r->arena, leaves->whole);
	r->tree->report_type =
		arena_lower(r->arena, header_param(leaves->whole, STR("report-type")));
	for (size_t i = 0; i < leaves->n; i++) {
		const struct leaf *leaf = &leaves->items[i];
		struct mime_part part = { .type = type_name(r->arena, leaf->type) };

		take_leaf(r, &part, leaf->body, encoding_of(r->arena, leaf->encoding),
			header_param(leaf->type, STR("charset")));
	}
}

static void read_with_gmime(struct reading *r, struct str bytes)
{
	struct mime_parser *parser = r->parser;
	g_autoptr(GMimeObject) whole = NULL;

	parser->bytes = (GByteArray){ (guint8 *)(uintptr_t)bytes.p, (guint)bytes.n };
	g_mime_stream_mem_set_byte_array(GMIME_STREAM_MEM(parser->stream), &parser->bytes);
	g_mime_parser_init_with_stream(parser->gmime, parser->stream);
	whole = g_mime_parser_construct_part(parser->gmime, NULL);
	if (whole)
		read_whole(r, whole);
}

void mime_tree_read(struct mime_parser *parser, struct arena *arena, struct str message,
	struct mime_tree *ret_tree)
{
	struct mime_tree tree = { 0 };
	struct reading r = { .parser = parser, .arena = arena, .tree = &tree };
	struct prescan scan;

	prescan(arena, message, &scan);
	tree.headers = scan.headers;
	tree.returned_raw = scan.returned_raw;
	tree.flaws = scan.flaws;
	if (is_plain_text(&scan.lone))
		read_plain_text(&r, &scan.lone);
	else if (scan.leaves.whole.n && !scan.leaves.odd)
		read_leaves(&r, &scan.leaves);
	else
		read_with_gmime(&r, scan.bytes);
	take_returned(&r, scan.returned);
	*ret_tree = tree;
}
