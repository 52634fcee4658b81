#define _GNU_SOURCE
#include "suppress/export/job_run.h"

#include "suppress/export/export_file_priv.h"
#include "suppress/list/format_writer.h"
#include "suppress/list/list_json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A file that is synced and waits for its name. */
struct parked {
	struct parked *next;
	struct str name;
	enum pick pick;
	uint64_t rows, bytes;
	char sha256[MANIFEST_SHA256_BYTES];
};

struct running {
	const struct job_run *run;
	struct arena *arena;
	int dir_fd;
	uint64_t from_seq;
	enum pick pick;
	struct format_writer *writer;
	struct export_file file;
	bool open;
	unsigned part;
	uint64_t file_rows, rows, left_out[FORMAT_FATE_COUNT];
	struct parked *first, **tail;
	size_t files;
	enum err err;
};

/* ---- files ---- */

static struct str file_name(struct running *r, unsigned part)
{
	const struct export_place place = { r->from_seq, r->run->to_seq, r->pick, part };

	return export_job_file(r->run->job, &place, r->arena);
}

static enum err start_file(struct running *r)
{
	struct str name = file_name(r, ++r->part);
	enum err err;

	if (!name.n || name.n >= EXPORT_FILE_NAME_BYTES || str_chr(name, '/') != STR_NPOS)
		return ERR_LIMIT;
	err = export_file_open(&r->file, r->dir_fd, arena_c(r->arena, name));
	if (err)
		return err;
	r->open = true;
	r->file_rows = 0;
	format_writer_begin(r->writer, &r->file.buf);
	return ERR_OK;
}

static enum err end_file(struct running *r)
{
	struct parked *parked = arena_zalloc(r->arena, sizeof *parked);
	enum err err;

	format_writer_end(r->writer, &r->file.buf);
	err = export_file_sync(&r->file, parked->sha256);
	if (!err) {
		parked->name = arena_dup(r->arena, str_c(r->file.name));
		parked->pick = r->pick;
		parked->rows = r->file_rows;
		parked->bytes = r->file.bytes;
		export_file_park(&r->file);
		*r->tail = parked;
		r->tail = &parked->next;
		r->files++;
	}
	export_file_release(&r->file);
	r->open = false;
	return err;
}

static bool is_full(const struct running *r)
{
	uint64_t rows = r->run->job->rows;

	return (rows && r->file_rows >= rows) ||
	       format_writer_full(r->writer, r->file.bytes + r->file.buf.n);
}

static bool put_row(void *context, const struct store_suppression *row)
{
	struct running *r = context;
	enum format_fate fate;

	if (is_full(r)) {
		r->err = end_file(r);
		if (!r->err)
			r->err = start_file(r);
		if (r->err)
			return false;
	}
	fate = format_writer_row(r->writer, row, &r->file.buf);
	r->file_rows += fate == FORMAT_WRITTEN;
	r->err = export_file_flush_some(&r->file);
	return !r->err;
}

/* All files of one kind; one at least, so that nobody has to tell "nothing" from "not there". */
static enum err run_pick(struct running *r, enum pick pick, listing_fn *walk, void *walk_context)
{
	enum err err;

	r->pick = pick;
	r->part = 0;
	r->writer = format_writer_new(r->run->job->format);
	err = start_file(r);
	if (!err)
		err = selection_walk(&r->run->job->selection, pick, walk, walk_context, r->from_seq,
			r->run->to_seq, put_row, r);
	if (!err)
		err = r->err;
	if (!err)
		err = end_file(r);
	if (r->open)
		export_file_release(&r->file);
	r->open = false;
	for (size_t i = FORMAT_TWICE + 1; i < FORMAT_FATE_COUNT; i++)
		r->left_out[i] += format_writer_count(r->writer, (enum format_fate)i);
	r->rows += format_writer_count(r->writer, FORMAT_WRITTEN);
	format_writer_free(r->writer);
	return err;
}

/* ---- the manifest ---- */

static struct str manifest_head(struct running *r, uint64_t to_seq)
{
	struct buf out = BUF_INIT(EXPORT_PATH_BYTES + 8192);
	struct str head;

	buf_printf(&out, "{\"to_seq\": %" PRIu64 ",\n \"definition\": ", to_seq);
	list_json_text(export_job_definition(r->run->job, r->arena), &out);
	buf_put(&out, STR(",\n"));
	head = arena_dup(r->arena, buf_str(&out));
	buf_release(&out);
	return head;
}

/* Where the changes start: at the manifest before, if it is of this job as it is now and of this database. */
static bool start_of_changes(struct running *r, uint64_t *ret_seq)
{
	const struct str start = STR("{\"to_seq\": ");
	struct str text = export_folder_read(
		r->dir_fd, arena_c(r->arena, export_job_manifest(r->run->job, r->arena)), r->arena);
	struct str number = str_skip(text, start.n);
	uint64_t seq;

	number = str_head(number, str_cspan(number, ","));
	if (!str_starts(text, start) || !str_to_u64(number, INT64_MAX, &seq) ||
		!str_starts(text, manifest_head(r, seq)) || seq > r->run->to_seq)
		return false;
	*ret_seq = seq;
	return true;
}

static void put_left_out(const struct running *r, struct buf *out)
{
	bool first = true;

	buf_put(out, STR(" \"left_out\": {"));
	for (size_t i = 0; i < FORMAT_FATE_COUNT; i++) {
		if (!r->left_out[i])
			continue;
		buf_printf(out, "%s\"%.*s\": %" PRIu64, first ? "" : ", ",
			STR_ARG(format_fate_name((enum format_fate)i)), r->left_out[i]);
		first = false;
	}
	buf_put(out, STR("},\n"));
}

static void put_manifest(struct running *r, struct buf *out)
{
	const struct export_job *job = r->run->job;
	char room[TIMESTAMP_TEXT_BYTES];

	buf_put(out, manifest_head(r, r->run->to_seq));
	buf_printf(out,
		" \"job\": \"%.*s\", \"format\": \"%.*s\",\n \"from_seq\": %" PRIu64
		", \"rows\": %" PRIu64 ",\n",
		STR_ARG(job->name), STR_ARG(format_name(job->format)), r->from_seq, r->rows);
	put_left_out(r, out);
	buf_printf(out, " \"generated_at\": \"%.*s\",\n \"policy_version\": ",
		STR_ARG(timestamp_format(r->run->now_us, room)));
	list_json_text(r->run->policy_version, out);
	buf_put(out, STR(",\n \"files\": ["));
	for (const struct parked *file = r->first; file; file = file->next) {
		buf_put(out,
			file == r->first ? STR("\n    {\"file\": ") : STR(",\n    {\"file\": "));
		list_json_text(file->name, out);
		buf_printf(out,
			", \"change\": \"%.*s\", \"rows\": %" PRIu64 ", \"bytes\": %" PRIu64
			",\n     \"sha256\": \"%s\"}",
			STR_ARG(pick_name(file->pick)), file->rows, file->bytes, file->sha256);
	}
	buf_put(out, STR("\n ]}\n"));
}

static enum err write_manifest(struct running *r)
{
	char sha256[MANIFEST_SHA256_BYTES];
	struct export_file file;
	enum err err = export_file_open(
		&file, r->dir_fd, arena_c(r->arena, export_job_manifest(r->run->job, r->arena)));

	if (err)
		return err;
	buf_release(&file.buf);
	buf_init(&file.buf, (1 << 20) + r->files * (EXPORT_FILE_NAME_BYTES + 256));
	put_manifest(r, &file.buf);
	err = export_file_sync(&file, sha256);
	if (!err)
		err = export_file_rename(&file);
	export_file_release(&file);
	return err;
}

/* ---- the run ---- */

static enum err sync_folder(int dir_fd)
{
	return fsync(dir_fd) < 0 ? err_from_errno(errno) : ERR_OK;
}

/* Parts of a longer run before this one: who takes all parts that are there would take them too. */
static void drop_old_parts(struct running *r)
{
	while (unlinkat(r->dir_fd, arena_c(r->arena, file_name(r, ++r->part)), 0) == 0)
		;
}

static enum err publish(struct running *r)
{
	enum err err = ERR_OK;

	for (struct parked *file = r->first; file && !err; file = file->next)
		err = export_folder_rename(r->dir_fd, arena_c(r->arena, file->name));
	if (!err)
		err = sync_folder(r->dir_fd);
	if (!err)
		err = write_manifest(r);
	if (!err)
		err = sync_folder(r->dir_fd);
	/* Only now: until then a power cut brings back the manifest that speaks of them. */
	if (!err && r->pick == PICK_FULL)
		drop_old_parts(r);
	return err;
}

static enum err run_picks(struct running *r, listing_fn *walk, void *walk_context)
{
	bool told = format_row_of(r->run->job->format)->flags & FORMAT_CANONICAL;
	enum err err;

	if (!r->run->job->incremental || !start_of_changes(r, &r->from_seq))
		return run_pick(r, PICK_FULL, walk, walk_context);
	if (r->from_seq == r->run->to_seq)
		return ERR_OK;
	if (told)
		return run_pick(r, PICK_CHANGES, walk, walk_context);
	err = run_pick(r, PICK_ADDED, walk, walk_context);
	return err ? err : run_pick(r, PICK_REMOVED, walk, walk_context);
}

static enum err run_in_folder(struct running *r, listing_fn *walk, void *walk_context)
{
	enum err err = run_picks(r, walk, walk_context);

	if (!err)
		err = publish(r);
	for (struct parked *file = r->first; file && err; file = file->next)
		export_folder_drop(r->dir_fd, arena_c(r->arena, file->name));
	return err;
}

enum err job_run(const struct job_run *run, listing_fn *walk, void *walk_context,
	struct job_result *ret_result)
{
	struct running r = { .run = run, .arena = arena_new(), .dir_fd = -1 };
	const char *folder = arena_c(r.arena, export_job_folder(run->job));
	enum err err = ERR_OK;

	r.tail = &r.first;
	r.pick = PICK_CHANGES;
	if (mkdir(folder, 0755) < 0 && errno != EEXIST)
		err = err_from_errno(errno);
	if (!err)
		r.dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (!err && r.dir_fd < 0)
		err = err_from_errno(errno);
	if (!err)
		export_folder_clean(r.dir_fd, INT64_MIN); /* what a killed run left */
	if (!err)
		err = run_in_folder(&r, walk, walk_context);
	if (r.dir_fd >= 0)
		close(r.dir_fd);
	if (!err) {
		*ret_result = (struct job_result){ r.from_seq, run->to_seq, r.rows, 0, r.files };
		for (size_t i = 0; i < FORMAT_FATE_COUNT; i++)
			ret_result->left_out += r.left_out[i];
	}
	arena_free(r.arena);
	return err;
}
