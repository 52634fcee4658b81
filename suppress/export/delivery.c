#define _GNU_SOURCE
#include "suppress/export/delivery.h"

#include "suppress/export/export_file_priv.h"

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

enum { DELIVERY_FILES_BYTES = EXPORT_READ_BYTES };

/* ---- the manifest ---- */

/* "wanted" of a line such as `"key": wanted, ...` whose value has no escapes: names with some are no names of a job that has a
 * command. */
static bool value_behind(struct str line, struct str key, struct str *ret_value)
{
	size_t at = str_find(line, key);

	if (at == STR_NPOS)
		return false;
	return str_cut(str_skip(line, at + key.n), '"', ret_value, &line);
}

static bool number_behind(struct str line, struct str key, uint64_t *ret_number)
{
	size_t at = str_find(line, key);
	struct str digits = at == STR_NPOS ? STR_EMPTY : str_skip(line, at + key.n);

	return str_to_u64(str_head(digits, str_span(digits, "0123456789")), INT64_MAX, ret_number);
}

static void read_line(
	struct str line, struct store_delivery *delivery, bool *has_moment, struct buf *files)
{
	struct str name, change;

	if (value_behind(line, STR("\"generated_at\": \""), &name))
		*has_moment = timestamp_parse(name, &delivery->made_us);
	(void)number_behind(line, STR("\"to_seq\": "), &delivery->to_seq);
	(void)number_behind(line, STR("\"from_seq\": "), &delivery->from_seq);
	if (!value_behind(line, STR("{\"file\": \""), &name) ||
		!value_behind(line, STR("\"change\": \""), &change))
		return;
	buf_printf(files, "%.*s\t%.*s\n", STR_ARG(change), STR_ARG(name));
	delivery->whole |= str_eq(change, pick_name(PICK_FULL));
	delivery->n_files++;
}

enum err delivery_read(
	const struct export_job *job, struct arena *arena, struct store_delivery *ret_delivery)
{
	struct store_delivery delivery = { .job = job->name };
	const char *folder = arena_c(arena, export_job_folder(job));
	struct buf files = BUF_INIT(DELIVERY_FILES_BYTES);
	struct str text = STR_EMPTY, line;
	bool has_moment = false;
	int dir_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	enum err err;

	if (dir_fd >= 0) {
		text = export_folder_read(
			dir_fd, arena_c(arena, export_job_manifest(job, arena)), arena);
		close(dir_fd);
	}
	for (struct str rest = text; str_next_line(&rest, &line);)
		read_line(line, &delivery, &has_moment, &files);
	err = buf_check(&files);
	if (!err && (!has_moment || !delivery.n_files || !str_ends(text, STR("]}\n"))))
		err = ERR_NOT_FOUND;
	delivery.files = arena_dup(arena, buf_str(&files));
	buf_release(&files);
	if (!err)
		*ret_delivery = delivery;
	return err;
}

/* ---- steps ---- */

uint64_t delivery_steps(const struct export_job *job, const struct store_delivery *delivery)
{
	return job->command.each_file ? delivery->n_files : 1;
}

bool delivery_step(const struct export_job *job, const struct store_delivery *delivery,
	uint64_t index, struct delivery_step *ret_step)
{
	struct delivery_step step = {
		.job = job->name, .from_seq = delivery->from_seq, .to_seq = delivery->to_seq
	};
	struct str rest = delivery->files, line;

	for (uint64_t i = 0; str_next_line(&rest, &line) && line.n; i++) {
		if (i < index)
			continue;
		if (!str_cut(line, '\t', &step.change, &step.file))
			return false;
		*ret_step = step;
		return true;
	}
	return false;
}

/* The executor was told so by another process: only what lies in the job's folder is its to name. */
static bool is_file_name(struct str name)
{
	return name.n && name.n < EXPORT_FILE_NAME_BYTES && str_chr(name, '/') == STR_NPOS &&
	       str_chr(name, '\0') == STR_NPOS && !str_eq(name, STR(".")) &&
	       !str_eq(name, STR(".."));
}

static struct str in_folder(const struct export_job *job, struct str name, struct arena *arena)
{
	struct str folder = export_job_folder(job);

	return arena_printf(arena, "%.*s%s%.*s", STR_ARG(folder),
		str_ends(folder, STR("/")) ? "" : "/", STR_ARG(name));
}

char **delivery_argv(
	const struct export_job *job, const struct delivery_step *step, struct arena *arena)
{
	const struct job_command_values values = {
		.file = in_folder(job, step->file, arena),
		.manifest = in_folder(job, export_job_manifest(job, arena), arena),
		.name = job->name,
		.format = format_name(job->format),
		.change = step->change,
		.from = arena_printf(arena, "%" PRIu64, step->from_seq),
		.to = arena_printf(arena, "%" PRIu64, step->to_seq),
	};
	bool known = false;

	for (int pick = 0; pick < PICK_COUNT; pick++)
		known |= str_eq(step->change, pick_name((enum pick)pick));
	if (!known || !job->command.n || !is_file_name(step->file))
		return NULL;
	return job_command_argv(&job->command, &values, arena);
}

/* ---- packets: lines ---- */

enum err delivery_put_step(const struct delivery_step *step, struct buf *out)
{
	buf_printf(out, "%" PRIu64 "\n%.*s\n%.*s\n%.*s\n%" PRIu64 "\n%" PRIu64 "\n", step->id,
		STR_ARG(step->job), STR_ARG(step->change), STR_ARG(step->file), step->from_seq,
		step->to_seq);
	return buf_check(out);
}

static bool next_number(struct str *rest, uint64_t *ret_number)
{
	struct str line;

	return str_cut(*rest, '\n', &line, rest) && str_to_u64(line, INT64_MAX, ret_number);
}

bool delivery_get_step(struct str packet, struct delivery_step *ret_step)
{
	struct delivery_step step;

	if (!next_number(&packet, &step.id) || !str_cut(packet, '\n', &step.job, &packet) ||
		!str_cut(packet, '\n', &step.change, &packet) ||
		!str_cut(packet, '\n', &step.file, &packet) ||
		!next_number(&packet, &step.from_seq) || !next_number(&packet, &step.to_seq) ||
		packet.n)
		return false;
	*ret_step = step;
	return true;
}

enum err delivery_put_answer(uint64_t id, struct str status, struct buf *out)
{
	buf_printf(out, "%" PRIu64 "\n%.*s\n", id, STR_ARG(status));
	return buf_check(out);
}

bool delivery_get_answer(struct str packet, uint64_t *ret_id, struct str *ret_status)
{
	struct str status;
	uint64_t id;

	if (!next_number(&packet, &id) || !str_cut(packet, '\n', &status, &packet) || packet.n ||
		status.n > DELIVERY_STATUS_BYTES)
		return false;
	*ret_id = id;
	*ret_status = status;
	return true;
}
