#define _GNU_SOURCE
#include "suppress/export/exporter.h"

#include "suppress/export/export_file_priv.h"
#include "suppress/export/manifest.h"
#include "suppress/list/format_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static const char manifest_name[] = "manifest.json";

/* One listing on its way into a file of each format. */
struct pass {
	const struct export_options *options;
	struct export_file files[FORMAT_COUNT];
	struct format_writer *writers[FORMAT_COUNT];
	uint64_t rows;
	enum err err;
};

static bool put_row(void *context, const struct store_suppression *row)
{
	struct pass *pass = context;

	pass->rows++;
	for (size_t i = 0; i < pass->options->n_formats && !pass->err; i++) {
		format_writer_row(pass->writers[i], row, &pass->files[i].buf);
		pass->err = export_file_flush_some(&pass->files[i]);
	}
	return !pass->err;
}

static enum err open_files(struct pass *pass, int dir_fd, const char *stem)
{
	char name[MANIFEST_NAME_BYTES];
	enum err err = ERR_OK;

	for (size_t i = 0; i < pass->options->n_formats && !err; i++) {
		enum format format = pass->options->formats[i];

		snprintf(name, sizeof name, "%s.%.*s", stem, STR_ARG(format_name(format)));
		err = export_file_open(&pass->files[i], dir_fd, name);
		pass->writers[i] = format_writer_new(format);
		if (!err)
			format_writer_begin(pass->writers[i], &pass->files[i].buf);
	}
	return err;
}

/* All are synced before the first gets its name. */
static enum err close_files(struct pass *pass, enum listing listing, struct manifest *manifest)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < pass->options->n_formats && !err; i++) {
		struct manifest_file *entry = &manifest->files[manifest->n_files + i];

		*entry = (struct manifest_file){ .format = pass->options->formats[i],
			.listing = listing,
			.from_seq = listing == LISTING_FULL ? 0 : manifest->from_seq,
			.to_seq = manifest->to_seq,
			.rows = pass->rows };
		snprintf(entry->name, sizeof entry->name, "%s", pass->files[i].name);
		err = export_file_sync(&pass->files[i], entry->sha256);
		entry->bytes = pass->files[i].bytes;
	}
	for (size_t i = 0; i < pass->options->n_formats && !err; i++)
		err = export_file_rename(&pass->files[i]);
	if (!err)
		manifest->n_files += pass->options->n_formats;
	return err;
}

static enum err run_pass(const struct export_options *options, int dir_fd, enum listing listing,
	const char *stem, listing_fn *walk, void *walk_context, struct manifest *manifest,
	uint64_t *ret_rows)
{
	struct pass pass = { .options = options };
	enum err err;

	for (size_t i = 0; i < FORMAT_COUNT; i++)
		pass.files[i].fd = -1;
	err = open_files(&pass, dir_fd, stem);
	if (!err)
		err = walk(walk_context, listing, manifest->from_seq, manifest->to_seq, put_row,
			&pass);
	if (!err)
		err = pass.err;
	if (!err)
		err = close_files(&pass, listing, manifest);
	for (size_t i = 0; i < FORMAT_COUNT; i++) {
		export_file_release(&pass.files[i]);
		format_writer_free(pass.writers[i]);
	}
	if (!err)
		*ret_rows = pass.rows;
	return err;
}

static enum err sync_folder(int dir_fd)
{
	return fsync(dir_fd) < 0 ? err_from_errno(errno) : ERR_OK;
}

static enum err put_manifest(int dir_fd, const struct manifest *manifest)
{
	char sha256[MANIFEST_SHA256_BYTES];
	struct export_file file;
	enum err err = export_file_open(&file, dir_fd, manifest_name);

	if (err)
		return err;
	manifest_write(manifest, &file.buf);
	err = export_file_sync(&file, sha256);
	if (!err)
		err = export_file_rename(&file);
	export_file_release(&file);
	return err ? err : sync_folder(dir_fd);
}

/* Where the changes start: at the manifest before. One from beyond the list's end is of another database, and
 * without any there is nobody to send changes to. */
static uint64_t start_of_changes(int dir_fd, uint64_t to_seq)
{
	struct arena *arena = arena_new();
	uint64_t seq = to_seq;

	if (!manifest_read_seq(export_folder_read(dir_fd, manifest_name, arena), &seq) ||
		seq > to_seq)
		seq = to_seq;
	arena_free(arena);
	return seq;
}

static enum err export_to(int dir_fd, const struct export_options *options, listing_fn *walk,
	void *walk_context, struct export_result *result)
{
	struct manifest manifest = { .generated_at_us = options->now_us,
		.policy_version = options->policy_version,
		.from_seq = start_of_changes(dir_fd, options->to_seq),
		.to_seq = options->to_seq };
	char stem[MANIFEST_NAME_BYTES];
	uint64_t rows = 0;
	enum err err = run_pass(options, dir_fd, LISTING_FULL, "suppressions", walk, walk_context,
		&manifest, &rows);

	snprintf(stem, sizeof stem, "suppressions.%" PRIu64 "-%" PRIu64, manifest.from_seq,
		manifest.to_seq);
	if (!err && manifest.from_seq < manifest.to_seq)
		err = run_pass(options, dir_fd, LISTING_CHANGES, stem, walk, walk_context,
			&manifest, &manifest.rows);
	/* The names are on the disk before the manifest speaks of them. */
	if (!err)
		err = sync_folder(dir_fd);
	if (!err)
		err = put_manifest(dir_fd, &manifest);
	*result = (struct export_result){ manifest.from_seq, manifest.to_seq, rows, manifest.rows };
	return err;
}

enum err exporter_run(const struct export_options *options, listing_fn *walk, void *walk_context,
	struct export_result *ret_result)
{
	struct export_result result;
	int dir_fd;
	enum err err;

	if (mkdir(options->dir, 0755) < 0 && errno != EEXIST)
		return err_from_errno(errno);
	dir_fd = open(options->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir_fd < 0)
		return err_from_errno(errno);
	export_folder_clean(dir_fd, options->now_us - options->keep_us);
	err = export_to(dir_fd, options, walk, walk_context, &result);
	close(dir_fd);
	if (!err)
		*ret_result = result;
	return err;
}
