#include "suppress/list/format_writer.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "suppress/list/digest.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_SPARE_BYTES = 64 << 10 }; /* more than a row takes */

struct format_writer {
	const struct format_row *format;
	struct arena *arena; /* of one row */
	GHashTable *odd;     /* hashes of keys that came with a double elsewhere in the order */
	struct buf last;     /* the key before */
	uint64_t in_file;
	uint64_t fates[FORMAT_FATE_COUNT];
};

struct format_writer *format_writer_new(enum format format)
{
	struct format_writer *writer = calloc(1, sizeof *writer);

	if (!writer)
		abort();
	writer->format = format_row_of(format);
	writer->arena = arena_new();
	writer->odd = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	buf_init(&writer->last, 4 * LIMIT_ADDRESS_BYTES);
	return writer;
}

void format_writer_free(struct format_writer *writer)
{
	if (!writer)
		return;
	arena_free(writer->arena);
	g_hash_table_destroy(writer->odd);
	buf_release(&writer->last);
	free(writer);
}

/* ---- from an address to a key ---- */

static bool of_this_list(const struct format_row *format, const struct store_suppression *row)
{
	static const unsigned flags[LIST_KIND_COUNT] = { [LIST_BOUNCE] = FORMAT_BOUNCES,
		[LIST_COMPLAINT] = FORMAT_COMPLAINTS,
		[LIST_UNSUBSCRIBE] = FORMAT_UNSUBSCRIBES };
	const unsigned all = FORMAT_BOUNCES | FORMAT_COMPLAINTS | FORMAT_UNSUBSCRIBES;

	return !(format->flags & all) || format->flags & flags[list_kind_of(row)];
}

static enum format_fate domain_key(const struct format_row *format, struct format_entry *entry)
{
	if (!*format->domains)
		return FORMAT_NO_DOMAINS;
	entry->is_domain = true;
	if (*format->domains != '@')
		entry->key = str_skip(entry->key, 1);
	return FORMAT_WRITTEN;
}

static enum format_fate make_key(struct format_writer *writer, struct format_entry *entry)
{
	const struct format_row *format = writer->format;
	bool quoted = false;

	entry->key = entry->row->address;
	if (!of_this_list(format, entry->row))
		return FORMAT_OTHER_LIST;
	if (str_starts(entry->key, STR("@")))
		return domain_key(format, entry);
	if (digest_is(entry->key)) {
		entry->is_digest = true;
		return format->flags & FORMAT_DIGESTS ? FORMAT_WRITTEN : FORMAT_NO_DIGEST;
	}
	entry->key = digest_unquoted(writer->arena, entry->key, &quoted);
	if (quoted && !(format->flags & FORMAT_QUOTED))
		return FORMAT_NO_QUOTES;
	if (format->flags & FORMAT_A_DOMAIN &&
		!digest_a_labels(writer->arena, entry->key, &entry->key))
		return FORMAT_NO_UTF8;
	if (!(format->flags & FORMAT_UTF8) && !utf8_is_ascii(entry->key))
		return FORMAT_NO_UTF8;
	if (str_cspan(entry->key, format->never) < entry->key.n ||
		str_span(str_head(entry->key, 1), format->never_first))
		return FORMAT_NO_CHARACTER;
	return FORMAT_WRITTEN;
}

/* ---- each key once ---- */

static uint64_t hash_of(struct str key)
{
	uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */

	for (size_t i = 0; i < key.n; i++)
		hash = (hash ^ (unsigned char)key.p[i]) * 0x100000001b3u;
	return hash;
}

/* As the reader compares keys. */
static struct str folded(const struct format_writer *writer, struct str key)
{
	struct str fold;
	char *text;

	if (!(writer->format->flags & FORMAT_FOLDS_UNICODE) || utf8_is_ascii(key))
		return key;
	text = g_utf8_casefold(key.p, (gssize)key.n);
	fold = arena_dup(writer->arena, str_c(text));
	g_free(text);
	return fold;
}

/* Rows come in the order of their addresses, so that doubles are neighbours, but for those whose key is not their
 * address: their hashes are kept. That two keys share one: 2^-64 a pair. */
static enum format_fate once(struct format_writer *writer, const struct format_entry *entry)
{
	struct str fold = folded(writer, entry->key);
	uint64_t hash = 0;
	bool is_odd = !str_eq(fold, entry->row->address) || !utf8_is_ascii(fold);

	if (utf8_is_ascii(fold) && !utf8_is_ascii(entry->key))
		return FORMAT_NO_UTF8; /* what it folds to stood before it, or not: unknown by now */
	if (str_eq(fold, buf_str(&writer->last)))
		return FORMAT_TWICE;
	if (is_odd || g_hash_table_size(writer->odd)) {
		hash = hash_of(fold);
		if (g_hash_table_contains(writer->odd, &hash))
			return FORMAT_TWICE;
	}
	if (is_odd && g_hash_table_size(writer->odd) >= LIMIT_FORMAT_ODD_KEYS)
		return FORMAT_TOO_MANY_ODD;
	if (is_odd)
		g_hash_table_add(writer->odd, g_memdup2(&hash, sizeof hash));
	buf_reset(&writer->last);
	buf_put(&writer->last, fold);
	return FORMAT_WRITTEN;
}

/* ---- the rows ---- */

void format_writer_begin(struct format_writer *writer, struct buf *out)
{
	writer->in_file = 0;
	writer->format->head(out);
}

enum format_fate format_writer_row(
	struct format_writer *writer, const struct store_suppression *row, struct buf *out)
{
	struct format_entry entry = { .row = row, .key = row->address };
	enum format_fate fate = FORMAT_WRITTEN;

	arena_reset(writer->arena);
	if (!(writer->format->flags & FORMAT_CANONICAL)) {
		fate = make_key(writer, &entry);
		if (fate == FORMAT_WRITTEN)
			fate = once(writer, &entry);
	}
	writer->fates[fate]++;
	if (fate != FORMAT_WRITTEN)
		return fate;
	if (writer->in_file++)
		buf_put(out, writer->format->between);
	writer->format->row(&entry, out);
	return FORMAT_WRITTEN;
}

void format_writer_end(struct format_writer *writer, struct buf *out)
{
	buf_put(out, writer->format->foot);
}

bool format_writer_full(const struct format_writer *writer, uint64_t file_bytes)
{
	const struct format_row *format = writer->format;

	return (format->rows && writer->in_file >= format->rows) ||
	       (format->bytes && file_bytes + FILE_SPARE_BYTES > format->bytes);
}

uint64_t format_writer_count(const struct format_writer *writer, enum format_fate fate)
{
	return writer->fates[fate];
}

bool format_writer_is_canonical(const struct format_writer *writer)
{
	return writer->format->flags & FORMAT_CANONICAL;
}
