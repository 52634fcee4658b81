/* cli/suppress/cmd_suppress_lists.c -- lists out to standard output, in from files of any system, and their formats. */
#define _GNU_SOURCE
#include "cli/suppress/cmd_suppress_lists.h"

#include "cli/server/command_audit.h"
#include "cli/command/import_progress.h"
#include "core/limits.h"
#include "suppress/export/selection.h"
#include "suppress/importer.h"
#include "suppress/list/format_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LISTS_OUT_BYTES = 1 << 20, LISTS_IN_BYTES = 256 << 10 };
enum { EXIT_CODE_REFUSED = 3 }; /* of import: some lines were */

/* ---- out ---- */

struct out {
	struct format_writer *writer;
	struct buf buf;
	bool verbose, closed;
};

/* False when nobody reads any more. */
static bool out_flush(struct out *out)
{
	out->closed |= out->buf.failed ||
		       fwrite(out->buf.p ? out->buf.p : "", 1, out->buf.n, stdout) != out->buf.n;
	buf_reset(&out->buf);
	return !out->closed;
}

static bool print_row(void *context, const struct store_suppression *row)
{
	struct out *out = context;
	enum format_fate fate = format_writer_row(out->writer, row, &out->buf);

	if (fate != FORMAT_WRITTEN && fate != FORMAT_TWICE && out->verbose)
		fprintf(stderr, "bounced: left out %.*s: %.*s\n", STR_ARG(row->address),
			STR_ARG(format_fate_text(fate)));
	return out->buf.n < LISTS_OUT_BYTES / 2 || out_flush(out);
}

/* What the list lacks is said, whoever reads it. */
static void print_left_out(const struct out *out)
{
	for (size_t i = FORMAT_TWICE + 1; i < FORMAT_FATE_COUNT; i++) {
		uint64_t n = format_writer_count(out->writer, (enum format_fate)i);

		if (n)
			fprintf(stderr, "bounced: %" PRIu64 " left out: %.*s\n", n,
				STR_ARG(format_fate_text((enum format_fate)i)));
	}
}

static enum pick pick_of(const struct suppress *s, enum format format)
{
	if (!s->since)
		return PICK_FULL;
	if (format_row_of(format)->flags & FORMAT_CANONICAL)
		return PICK_CHANGES;
	return s->removed ? PICK_REMOVED : PICK_ADDED;
}

int cmd_suppress_export(struct suppress *s)
{
	struct out out = { .buf = BUF_INIT(LISTS_OUT_BYTES), .verbose = s->verbose };
	struct selection selection = { .streams = { str_c(s->stream) },
		.n_streams = s->stream != NULL };
	uint64_t since = 0, to_seq = 0;
	enum format format;
	enum err err;

	if (!format_from_name(str_c(s->format ? s->format : "csv"), &format))
		return command_misused("suppress",
			"there is no format \"%s\"; see \"bounced suppress formats\"", s->format);
	if (s->since && !str_to_u64(str_c(s->since), INT64_MAX, &since))
		return command_misused("suppress", "--since %s: not a sequence number", s->since);
	if (s->removed && !s->since)
		return command_misused("suppress", "--removed needs --since");
	err = store_suppressions_number(s->store, &to_seq);
	out.writer = format_writer_new(format);
	format_writer_begin(out.writer, &out.buf);
	if (!err)
		err = selection_walk(&selection, pick_of(s, format), listing_walk, s->store, since,
			to_seq, print_row, &out);
	format_writer_end(out.writer, &out.buf);
	out_flush(&out);
	print_left_out(&out);
	format_writer_free(out.writer);
	buf_release(&out.buf);
	if (err)
		return suppress_failed(s, err);
	return fflush(stdout) || out.closed ? command_failed("cannot write to standard output")
					    : EXIT_CODE_OK;
}

/* ---- in ---- */

struct in {
	struct suppress *s;
	const char *name;
	struct import_progress progress;
	uint64_t total_bytes, read_bytes, told;
};

static void tell_flaw(void *context, uint64_t line, enum list_flaw flaw)
{
	struct in *in = context;

	if (in->told++ >= LIMIT_IMPORT_FLAWS && !in->s->verbose)
		return;
	import_progress_clear(&in->progress);
	fprintf(stderr, "%s:%" PRIu64 ": %.*s\n", in->name, line, STR_ARG(list_flaw_text(flaw)));
}

static enum err note_import(void *context, enum list_source format, uint64_t n)
{
	const struct in *in = context;

	return command_audit(in->s->store, "suppression.import",
		format == LIST_SOURCE_COUNT ? STR("none") : list_source_row(format)->name,
		STR_EMPTY, n);
}

static void show_progress(struct in *in, const struct importer *importer)
{
	struct import_result result = importer_progress(importer);
	char room[64];

	snprintf(room, sizeof room, "%" PRIu64 " entries, %" PRIu64 " refused", result.entries,
		result.refused);
	import_progress_show(
		&in->progress, in->read_bytes, in->total_bytes, str_c(in->name), str_c(room));
}

static enum err feed_file(struct in *in, int fd, struct importer *importer)
{
	char *room = arena_alloc(in->s->arena, LISTS_IN_BYTES);
	enum err err = ERR_OK;
	bool more = true;

	while (!err && more) {
		ssize_t n = read(fd, room, LISTS_IN_BYTES);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_from_errno(errno);
		if (!n)
			break;
		in->read_bytes += (uint64_t)n;
		err = importer_feed(importer, str_from(room, (size_t)n), &more);
		show_progress(in, importer);
	}
	return err;
}

static int print_result(struct in *in, const struct import_result *result)
{
	struct str format = result->format == LIST_SOURCE_COUNT
				    ? STR("none")
				    : list_source_row(result->format)->name;

	import_progress_clear(&in->progress);
	if (in->told > LIMIT_IMPORT_FLAWS && !in->s->verbose)
		fprintf(stderr, "%s: %" PRIu64 " more; --verbose tells them all\n", in->name,
			in->told - LIMIT_IMPORT_FLAWS);
	printf("%s: format %.*s, %" PRIu64 " lines, %" PRIu64 " entries, %" PRIu64
	       " refused, %" PRIu64 " on the list now%s (%.1f s)\n",
		in->name, STR_ARG(format), result->lines, result->entries, result->refused,
		result->kept, result->imported ? "" : "; nothing was imported",
		import_progress_seconds(&in->progress));
	if (!result->imported && !in->s->dry_run)
		return EXIT_CODE_FAILED;
	return result->refused ? EXIT_CODE_REFUSED : EXIT_CODE_OK;
}

static int import_fd(struct in *in, int fd, const struct import_options *options)
{
	struct importer *importer;
	struct import_result result;
	struct stat st;
	enum err err;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		in->total_bytes = (uint64_t)st.st_size;
	import_progress_init(&in->progress);
	importer_new(in->s->store, options, &importer);
	err = feed_file(in, fd, importer);
	err = importer_end(importer, err, &result);
	if (err) {
		import_progress_clear(&in->progress);
		return suppress_failed(in->s, err);
	}
	return print_result(in, &result);
}

static int import_file(struct suppress *s, const char *path, const struct import_options *options)
{
	bool is_stdin = !strcmp(path, "-");
	struct in in = { .s = s, .name = is_stdin ? "standard input" : path };
	struct import_options all = *options;
	int code, fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return command_failed("%s: %s", path, strerror(errno));
	all.flaw = tell_flaw;
	all.note = note_import;
	all.beside = true;
	all.context = &in;
	code = import_fd(&in, fd, &all);
	if (!is_stdin)
		close(fd);
	return code;
}

int cmd_suppress_import(struct suppress *s)
{
	struct import_options options = { .format = LIST_SOURCE_COUNT,
		.name = str_c(s->name),
		.by = suppress_who(s),
		.stream = str_c(s->stream),
		.all_or_nothing = s->all_or_nothing,
		.dry_run = s->dry_run,
		.now_us = suppress_now_us() };
	int code = EXIT_CODE_OK;

	if (!s->n_operands)
		return command_misused("suppress", "a FILE is needed, or - for standard input");
	if (s->format && !list_source_from_name(str_c(s->format), &options.format))
		return command_misused("suppress",
			"there is no list \"%s\" that is read; see \"bounced suppress formats\"",
			s->format);
	if (options.name.n > 64 || str_cspan(options.name, ":\n\r\t ") < options.name.n)
		return command_misused(
			"suppress", "--name: at most 64 bytes without colon and white space");
	for (size_t i = 0; i < s->n_operands; i++) {
		int one = import_file(s, s->operands[i], &options);

		if (one != EXIT_CODE_OK && code != EXIT_CODE_FAILED)
			code = one;
	}
	return fflush(stdout) ? command_failed("cannot write to standard output") : code;
}

/* ---- formats ---- */

static void print_limit(const struct format_row *row)
{
	if (row->rows)
		printf("%" PRIu64 " entries a file", row->rows);
	else if (row->bytes)
		printf("%" PRIu64 " bytes a file", row->bytes);
	else
		printf("-");
}

int cmd_suppress_formats(void)
{
	struct str before = STR_EMPTY;

	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		const struct format_row *row = format_row_of((enum format)i);

		printf("out\t%.*s\t.%.*s\t", STR_ARG(row->name), STR_ARG(row->ending));
		print_limit(row);
		putchar('\n');
	}
	for (size_t i = 0; i < LIST_SOURCE_COUNT; i++) {
		const struct list_source_row *row = list_source_row((enum list_source)i);

		if (row->shape != LIST_SHAPE_ALLOWED && !str_eq(row->name, before))
			printf("in\t%.*s\t%.*s\n", STR_ARG(row->name),
				STR_ARG(row->header.n ? row->header : STR("-")));
		before = row->name;
	}
	return fflush(stdout) ? command_failed("cannot write to standard output") : EXIT_CODE_OK;
}
