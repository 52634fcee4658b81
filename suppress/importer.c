#include "suppress/importer.h"

#include <stdlib.h>
#include <string.h>

enum { IMPORT_NAME_BYTES = 128 };

struct importer {
	struct import_options options;
	struct store_import *import;
	struct list_reader *reader;
	struct import_result result;
	uint64_t waiting;        /* rows that are not merged yet */
	enum list_source format; /* told by the first entry; a thread asks for it from then on */
	enum err err;
};

/* ---- what the reader finds ---- */

static void take_flaw(void *context, uint64_t line, enum list_flaw flaw)
{
	struct importer *importer = context;

	importer->result.refused++;
	if (importer->options.flaw)
		importer->options.flaw(importer->options.context, line, flaw);
}

static enum err note(void *context, uint64_t n)
{
	const struct importer *importer = context;

	return importer->options.note(importer->options.context, importer->format, n);
}

static enum err merge(struct importer *importer)
{
	importer->waiting = 0;
	return store_import_merge(importer->import);
}

static struct str source_of(const struct importer *importer, const struct list_entry *entry,
	char room[static IMPORT_NAME_BYTES])
{
	struct str name = importer->options.name, ending = list_kind_ending(entry->kind);
	struct buf out = BUF_INIT(IMPORT_NAME_BYTES);

	if (!name.n)
		name = list_source_row(list_reader_format(importer->reader))->name;
	buf_printf(&out, "import:%.*s%.*s", STR_ARG(name), STR_ARG(ending));
	memcpy(room, out.p ? out.p : "", out.n);
	name = str_from(room, out.n);
	buf_release(&out);
	return name;
}

static bool take_entry(void *context, const struct list_entry *entry)
{
	struct importer *importer = context;
	struct store_suppression row = entry->row;
	char room[IMPORT_NAME_BYTES];

	row.source = source_of(importer, entry, room);
	if (!row.stream.n || importer->options.bound) {
		if (row.stream.n && !str_eq(row.stream, importer->options.stream)) {
			take_flaw(importer, entry->line, LINE_STREAM);
			return true;
		}
		row.stream = importer->options.stream;
	}
	if (entry->kind == LIST_COMPLAINT)
		row.expires_at_us = TIMESTAMP_NONE;
	if (!importer->result.entries++)
		importer->format = list_reader_format(importer->reader);
	if (!importer->import)
		return true;
	importer->err = store_import_add(importer->import, &row, importer->options.now_us);
	if (!importer->err && ++importer->waiting == importer->options.rows_at_once)
		importer->err = merge(importer);
	return !importer->err;
}

/* ---- from the first byte to the last ---- */

void importer_new(
	struct store *store, const struct import_options *options, struct importer **ret_importer)
{
	struct importer *importer = calloc(1, sizeof *importer);
	const struct list_sink sink = { take_entry, take_flaw, importer };
	const struct store_import_options import_options = { .beside = options->beside,
		.one_transaction = options->all_or_nothing,
		.by = options->by,
		.note = options->note ? note : NULL,
		.context = importer };

	if (!importer)
		abort();
	importer->options = *options;
	importer->reader = list_reader_new(&sink, options->format);
	if (!options->dry_run)
		store_import_begin(store, &import_options, &importer->import);
	*ret_importer = importer;
}

enum err importer_feed(struct importer *importer, struct str bytes, bool *ret_more)
{
	*ret_more = list_reader_feed(importer->reader, bytes);
	return importer->err;
}

struct import_result importer_progress(const struct importer *importer)
{
	struct import_result result = importer->result;

	result.lines = list_reader_lines(importer->reader);
	result.format = list_reader_format(importer->reader);
	return result;
}

enum err importer_end(
	struct importer *take_importer, enum err err, struct import_result *ret_result)
{
	struct importer *importer = take_importer;
	struct import_result result;
	bool good;

	if (!err) {
		list_reader_finish(importer->reader);
		err = importer->err;
	}
	good = !importer->result.refused || !importer->options.all_or_nothing;
	good = good && !list_reader_refused(importer->reader);
	if (!err && importer->import && good)
		err = merge(importer);
	/* What is not good is given up as if it had failed, and the call itself has not. */
	if (importer->import && !err && !good)
		ERR_IGNORE(store_import_end(importer->import, ERR_SYNTAX, NULL), "given up");
	else
		err = store_import_end(importer->import, err, &importer->result.kept);
	result = importer_progress(importer);
	result.imported = good && importer->import;
	if (!result.imported)
		result.kept = 0;
	list_reader_free(importer->reader);
	free(importer);
	if (!err && ret_result)
		*ret_result = result;
	return err;
}
