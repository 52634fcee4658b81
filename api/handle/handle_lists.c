/* api/handle/handle_lists.c -- lists of other systems in, ours out, in the formats of suppress/list. */
#include "api/handle/page.h"
#include "api/handle/suppression_json_priv.h"
#include "core/limits.h"
#include "suppress/export/selection.h"
#include "suppress/importer.h"
#include "suppress/list/format_writer.h"

#include <inttypes.h>

enum { EXPORT_ROWS = 50000, EXPORT_BYTES = 16 << 20, IMPORT_ROWS = 20000, IMPORT_NAME_BYTES = 64 };

/* ---- in ---- */

struct refusals {
	json_t *list;
	uint64_t first_line;
	enum list_flaw first;
};

static void add_refusal(void *context, uint64_t line, enum list_flaw flaw)
{
	struct refusals *refusals = context;

	if (!refusals->first_line) {
		refusals->first_line = line;
		refusals->first = flaw;
	}
	if (json_array_size(refusals->list) == LIMIT_IMPORT_FLAWS)
		return;
	json_array_append_new(refusals->list, json_pack("{s:I,s:o,s:o}", "line", (json_int_t)line,
						      "reason", json_text(list_flaw_name(flaw)),
						      "detail", json_text(list_flaw_text(flaw))));
}

static bool read_options(struct handle *handle, struct import_options *options)
{
	struct str name = handle->values.text[PARAM_NAME];

	options->stream = handle->values.text[PARAM_STREAM];
	options->name = name;
	options->by = suppression_who(handle);
	options->bound = handle->grant.streams.n > 0;
	options->all_or_nothing = enum_param(handle, PARAM_ALL_OR_NOTHING) == 1;
	options->dry_run = enum_param(handle, PARAM_DRY_RUN) == 1;
	if (has_param(handle, PARAM_LIST) &&
		!list_source_from_name(handle->values.text[PARAM_LIST], &options->format))
		return handle_refuse(handle, PARAM_LIST, STR("there is no such list that is read"));
	if (name.n > IMPORT_NAME_BYTES || str_cspan(name, ":\r\n\t ") < name.n)
		return handle_refuse(
			handle, PARAM_NAME, STR("at most 64 bytes without colon and white space"));
	return true;
}

static void answer_import(
	struct handle *handle, const struct import_result *result, struct refusals *refusals)
{
	struct str format = result->format == LIST_SOURCE_COUNT
				    ? STR_EMPTY
				    : list_source_row(result->format)->name;
	json_t *json;

	if (!result->imported && enum_param(handle, PARAM_DRY_RUN) != 1) {
		answer_problem(handle->answer, PROBLEM_LIST_REFUSED,
			arena_printf(handle->arena,
				"nothing was imported: %" PRIu64
				" refused, the first in line %" PRIu64 ": %.*s",
				result->refused, refusals->first_line,
				STR_ARG(list_flaw_text(refusals->first))),
			NULL, STR_EMPTY);
		return;
	}
	json = json_object();
	json_object_set_new(json, "format", json_text(format));
	json_object_set_new(json, "lines", json_integer((json_int_t)result->lines));
	json_object_set_new(json, "entries", json_integer((json_int_t)result->entries));
	json_object_set_new(json, "refused", json_integer((json_int_t)result->refused));
	json_object_set_new(json, "on_list", json_integer((json_int_t)result->kept));
	json_object_set_new(json, "imported", json_boolean(result->imported));
	json_object_set(json, "refusals", refusals->list);
	answer_json(handle->answer, 200, json);
}

enum err handle_suppressions_import(struct handle *handle)
{
	struct refusals refusals = { .list = json_array() };
	struct import_options options = { .format = LIST_SOURCE_COUNT,
		.now_us = handle->request->now_us,
		.rows_at_once = IMPORT_ROWS,
		.flaw = add_refusal,
		.context = &refusals };
	struct import_result result;
	struct importer *importer;
	enum err err = ERR_OK;
	bool more;

	if (read_options(handle, &options)) {
		importer_new(handle->store, &options, &importer);
		err = importer_feed(importer, handle->request->body, &more);
		err = importer_end(importer, err, &result);
		if (!err && result.imported)
			handle_changed(handle, "suppression.import",
				result.format == LIST_SOURCE_COUNT
					? STR_EMPTY
					: list_source_row(result.format)->name,
				STR_EMPTY, result.kept);
		if (!err)
			answer_import(handle, &result, &refusals);
	}
	json_decref(refusals.list);
	return err;
}

/* ---- out ---- */

struct exporting {
	struct handle *handle;
	struct format_writer *writer;
	struct store_suppression_place after, last;
	uint64_t rows, limit, last_seq;
	struct arena *arena; /* of `last` */
	bool more;
};

/* Behind every entry of the address: none of it may come a second time. */
static const struct str behind_all = STR_INIT("\xf4\x8f\xbf\xbf");

static bool add_exported(void *context, const struct store_suppression *row)
{
	struct exporting *out = context;
	struct store_suppression shown = *row;

	if (out->rows == out->limit || out->handle->answer->body.n > EXPORT_BYTES) {
		out->more = true;
		return false;
	}
	if (!meaning_shows(row, suppression_viewer(out->handle))) {
		shown.status = shown.diagnostic = STR_EMPTY;
		shown.has_evidence = false;
	}
	arena_reset(out->arena);
	out->last.address = arena_dup(out->arena, row->address);
	out->last.stream = arena_dup(out->arena, row->stream);
	out->last_seq = row->seq;
	out->rows += format_writer_row(out->writer, &shown, &out->handle->answer->body) ==
		     FORMAT_WRITTEN;
	return true;
}

static enum err walk_from(void *context, enum listing listing, uint64_t from_seq, uint64_t to_seq,
	store_suppression_fn *fn, void *fn_context)
{
	struct exporting *out = context;

	return listing_walk_from(
		out->handle->store, listing, from_seq, to_seq, &out->after, fn, fn_context);
}

static enum pick pick_of(const struct handle *handle, const struct format_row *format)
{
	if (!has_param(handle, PARAM_SINCE))
		return PICK_FULL;
	if (format->flags & FORMAT_CANONICAL)
		return PICK_CHANGES;
	return enum_param(handle, PARAM_REMOVED) == 1 ? PICK_REMOVED : PICK_ADDED;
}

/* The place of a page: up to which change, from which change (of changes), the last entry's stream and address. */
static bool read_place(
	const struct page *page, struct exporting *out, uint64_t *from_seq, uint64_t *to_seq)
{
	if (!page->has_after)
		return true;
	out->after = (struct store_suppression_place){ page->after[3], page->after[2] };
	return str_to_u64(page->after[0], INT64_MAX, to_seq) &&
	       str_to_u64(page->after[1], INT64_MAX, from_seq) && page->after[3].n;
}

static void link_place(struct page *page, const struct exporting *out, bool by_seq,
	uint64_t from_seq, uint64_t to_seq)
{
	struct arena *arena = page->handle->arena;
	bool canonical = format_writer_is_canonical(out->writer);
	const struct str place[PLACE_FIELDS] = { arena_printf(arena, "%" PRIu64, to_seq),
		arena_printf(arena, "%" PRIu64, by_seq ? out->last_seq : from_seq),
		canonical ? out->last.stream : behind_all, out->last.address };

	page_link(page, place);
}

static enum err export_page(
	struct page *page, struct exporting *out, const struct format_row *format)
{
	struct handle *handle = page->handle;
	struct selection selection = { .streams = { handle->values.text[PARAM_STREAM] },
		.n_streams = has_param(handle, PARAM_STREAM) };
	uint64_t from_seq = (uint64_t)handle->values.number[PARAM_SINCE], to_seq = 0;
	enum pick pick = pick_of(handle, format);
	enum err err = ERR_OK;

	if (!read_place(page, out, &from_seq, &to_seq))
		return page_refuse(page);
	if (!page->has_after)
		err = store_suppressions_number(handle->store, &to_seq);
	if (err)
		return err;
	answer_bytes(handle->answer, 200, format->type.p, STR_EMPTY);
	format_writer_begin(out->writer, &handle->answer->body);
	err = selection_walk(&selection, pick, walk_from, out, from_seq, to_seq, add_exported, out);
	format_writer_end(out->writer, &handle->answer->body);
	if (!err && out->more)
		link_place(page, out, pick == PICK_CHANGES, from_seq, to_seq);
	return err;
}

enum err handle_suppressions_export(struct handle *handle)
{
	struct exporting out = { .handle = handle };
	const struct format_row *row;
	enum format format = FORMAT_CSV;
	struct page page;
	enum err err;

	if (has_param(handle, PARAM_LIST) &&
		!format_from_name(handle->values.text[PARAM_LIST], &format)) {
		handle_refuse(handle, PARAM_LIST, STR("there is no such format"));
		return ERR_OK;
	}
	if (!page_open(&page, handle, NULL))
		return ERR_OK;
	row = format_row_of(format);
	out.limit = row->rows && row->rows < EXPORT_ROWS ? row->rows : EXPORT_ROWS;
	out.writer = format_writer_new(format);
	out.arena = arena_new();
	err = export_page(&page, &out, row);
	page_close(&page);
	arena_free(out.arena);
	format_writer_free(out.writer);
	return err;
}
