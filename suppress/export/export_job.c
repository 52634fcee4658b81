#include "suppress/export/export_job.h"

#include "suppress/list/option.h"

#include <inttypes.h>
#include <string.h>

/* What a manifest cannot hold as it is. */
#define UNQUOTED                                                                                   \
	"\"\\\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f\x10\x11\x12\x13\x14\x15\x16"   \
	"\x17"                                                                                     \
	"\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"
enum { JOB_NAME_BYTES = 64, JOB_EVERY_S = 31 * 86400 };

/* The job that is read, and what is said of it that does not stand in it. */
struct reading {
	struct arena *arena;
	struct export_job *job;
	bool has_format, has_schedule;
	struct str zone;
};

/* ---- options ---- */

static bool read_format(struct reading *r, struct str value)
{
	r->has_format = true;
	return format_from_name(value, &r->job->format);
}

static bool read_path(struct reading *r, struct str value)
{
	r->job->path = value;
	return value.n && value.p[0] == '/' && value.n < EXPORT_PATH_BYTES &&
	       value.p[value.n - 1] != '/' && str_find(value, STR("/../")) == STR_NPOS &&
	       str_chr(export_job_folder(r->job), '{') == STR_NPOS;
}

static bool read_mode(struct reading *r, struct str value)
{
	r->job->incremental = str_eq(value, STR("incremental"));
	return r->job->incremental || str_eq(value, STR("full"));
}

static bool read_every(struct reading *r, struct str value)
{
	uint64_t seconds;

	if (r->has_schedule || !str_to_u64(value, JOB_EVERY_S, &seconds) || !seconds)
		return false;
	r->has_schedule = true;
	r->job->schedule = (struct schedule){ .every_us = (int64_t)seconds * TIMESTAMP_SECOND_US,
		.zone = "UTC" };
	return true;
}

static bool read_cron(struct reading *r, struct str value)
{
	if (r->has_schedule)
		return false;
	r->has_schedule = true;
	return schedule_from_cron(value, &r->job->schedule);
}

static bool read_zone(struct reading *r, struct str value)
{
	r->zone = value;
	return value.n > 0;
}

static bool read_streams(struct reading *r, struct str value)
{
	struct selection *selection = &r->job->selection;
	struct str item;

	while (str_next_word(&value, ",", &item)) {
		if (selection->n_streams == SELECTION_STREAMS)
			return false;
		selection->streams[selection->n_streams++] = item;
	}
	return selection->n_streams > 0;
}

static bool read_classes(struct reading *r, struct str value)
{
	enum selection_class class;
	struct str item;

	while (str_next_word(&value, ",", &item)) {
		if (!selection_class_from_name(item, &class))
			return false;
		r->job->selection.classes |= 1u << class;
	}
	return r->job->selection.classes != 0;
}

static bool read_states(struct reading *r, struct str value)
{
	r->job->selection.held = str_eq(value, STR("active,held"));
	return r->job->selection.held || str_eq(value, STR("active"));
}

static bool read_rows(struct reading *r, struct str value)
{
	return str_to_u64(value, 1000000000, &r->job->rows) && r->job->rows;
}

static bool read_command(struct reading *r, struct str value)
{
	return job_command_read(r->arena, value, &r->job->command);
}

static const struct {
	struct str key;
	bool (*read)(struct reading *r, struct str value);
	const char *wanted;
} job_options[] = {
#define JOB_OPTION(key, read, wanted) { STR_INIT(key), read, wanted },
#include "suppress/export/export_job.def"
};

/* ---- jobs ---- */

static enum err refuse(struct reading *r, struct str what, const char *why, struct str *ret_trouble)
{
	*ret_trouble = arena_printf(r->arena, "export.jobs: job \"%.*s\": %.*s: %s",
		STR_ARG(r->job->name), STR_ARG(what), why);
	return ERR_SYNTAX;
}

static enum err take_option(
	struct reading *r, struct str key, struct str value, struct str *ret_trouble)
{
	for (size_t i = 0; i < ARRAY_LEN(job_options); i++) {
		if (!str_eq(key, job_options[i].key))
			continue;
		if (job_options[i].read(r, value))
			return ERR_OK;
		return refuse(r, key,
			arena_c(r->arena, arena_printf(r->arena, "\"%.*s\"; wanted: %s",
						  STR_ARG(value), job_options[i].wanted)),
			ret_trouble);
	}
	return refuse(r, key, "no job has such an option", ret_trouble);
}

static bool has_place(const struct export_job *job, struct str place)
{
	return str_find(job->path, place) != STR_NPOS;
}

/* What no option shows alone. */
static enum err check_job(struct reading *r, struct str *ret_trouble)
{
	struct export_job *job = r->job;
	bool told = format_row_of(job->format)->flags & FORMAT_CANONICAL;

	if (!r->has_format)
		return refuse(r, STR("format"), "is missing", ret_trouble);
	if (!job->path.n)
		return refuse(r, STR("path"), "is missing", ret_trouble);
	if (!r->has_schedule)
		return refuse(r, STR("every"), "is missing, and so is cron", ret_trouble);
	if (r->zone.n && schedule_set_zone(&job->schedule, r->zone))
		return refuse(r, STR("zone"), "no such zone is known here", ret_trouble);
	if (!job->schedule.every_us && schedule_next(&job->schedule, 0) == TIMESTAMP_NONE)
		return refuse(r, STR("cron"), "such a day never comes", ret_trouble);
	if (job->incremental && !has_place(job, STR("{to}")))
		return refuse(r, STR("path"),
			"needs {to}, or changes would replace those before them", ret_trouble);
	if (job->incremental && !told && !has_place(job, STR("{change}")))
		return refuse(r, STR("path"),
			"needs {change}, as this format does not tell additions from removals",
			ret_trouble);
	if (job->command.n && str_cspan(job->path, UNQUOTED) != job->path.n)
		return refuse(r, STR("path"),
			"may have no quote, backslash or control where there is a command",
			ret_trouble);
	return ERR_OK;
}

static bool is_name(struct str name)
{
	return name.n && name.n <= JOB_NAME_BYTES &&
	       str_span(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
		       name.n;
}

static enum err read_job(
	struct arena *arena, struct str text, struct export_job *job, struct str *ret_trouble)
{
	struct reading r = { .arena = arena, .job = job };
	struct str key, value;
	enum err err = ERR_OK;

	*job = (struct export_job){ 0 };
	job->path = STR_EMPTY;
	r.zone = STR_EMPTY;
	if (!option_next(&text, &job->name, &value) || !is_name(job->name) || value.n)
		return refuse(&r, STR("name"), "letters, digits, - and _ stand first", ret_trouble);
	while (!err && option_next(&text, &key, &value))
		err = take_option(&r, key, value, ret_trouble);
	return err ? err : check_job(&r, ret_trouble);
}

/* It would swallow the jobs behind it. */
static bool quote_is_open(struct str text)
{
	bool open = false;

	for (size_t i = 0; i < text.n; i++)
		open ^= text.p[i] == '"';
	return open;
}

enum err export_jobs_read(struct arena *arena, struct str text,
	struct export_job ret_jobs[static EXPORT_JOBS], size_t *ret_n, struct str *ret_trouble)
{
	struct str one;
	size_t n = 0;
	enum err err = ERR_OK;

	if (quote_is_open(text)) {
		*ret_trouble = arena_printf(arena, "export.jobs: a quote is not closed");
		return ERR_SYNTAX;
	}
	while (!err && option_next_group(&text, &one)) {
		if (!one.n)
			continue;
		if (n == EXPORT_JOBS) {
			*ret_trouble =
				arena_printf(arena, "export.jobs: over %d jobs", EXPORT_JOBS);
			return ERR_LIMIT;
		}
		err = read_job(arena, one, &ret_jobs[n], ret_trouble);
		for (size_t i = 0; i < n && !err; i++) {
			if (!str_eq(ret_jobs[i].name, ret_jobs[n].name))
				continue;
			*ret_trouble = arena_printf(arena, "export.jobs: \"%.*s\" is there twice",
				STR_ARG(ret_jobs[n].name));
			err = ERR_SYNTAX;
		}
		n += !err;
	}
	*ret_n = n;
	return err;
}

/* ---- names ---- */

struct str export_job_folder(const struct export_job *job)
{
	size_t slash = str_rchr(job->path, '/');

	return slash ? str_head(job->path, slash) : STR("/");
}

static struct str fill(const struct export_job *job, const struct export_place *place,
	struct str key, struct arena *arena)
{
	const struct format_row *format = format_row_of(job->format);

	if (str_eq(key, STR("name")))
		return job->name;
	if (str_eq(key, STR("format")))
		return format->name;
	if (str_eq(key, STR("ending")))
		return format->ending;
	if (str_eq(key, STR("from")))
		return arena_printf(arena, "%" PRIu64, place->from_seq);
	if (str_eq(key, STR("to")))
		return arena_printf(arena, "%" PRIu64, place->to_seq);
	if (str_eq(key, STR("change")))
		return pick_name(place->pick);
	return arena_printf(arena, "{%.*s}", STR_ARG(key));
}

static struct str numbered(struct str name, unsigned part, struct arena *arena)
{
	size_t dot = str_rchr(name, '.');

	if (part < 2)
		return name;
	if (dot == STR_NPOS || !dot)
		dot = name.n;
	return arena_printf(arena, "%.*s-%u%.*s", STR_ARG(str_head(name, dot)), part,
		STR_ARG(str_skip(name, dot)));
}

struct str export_job_file(
	const struct export_job *job, const struct export_place *place, struct arena *arena)
{
	struct str rest = str_skip(job->path, str_rchr(job->path, '/') + 1), before, key;
	struct str name = STR_EMPTY;

	while (str_cut(rest, '{', &before, &key) && str_cut(key, '}', &key, &rest))
		name = arena_printf(arena, "%.*s%.*s%.*s", STR_ARG(name), STR_ARG(before),
			STR_ARG(fill(job, place, key, arena)));
	name = arena_printf(arena, "%.*s%.*s", STR_ARG(name), STR_ARG(rest));
	return numbered(name, place->part, arena);
}

struct str export_job_manifest(const struct export_job *job, struct arena *arena)
{
	return arena_printf(arena, "%.*s.manifest.json", STR_ARG(job->name));
}

struct str export_job_definition(const struct export_job *job, struct arena *arena)
{
	struct str text = arena_printf(arena,
		"%.*s %s classes=%u held=%d streams=", STR_ARG(format_name(job->format)),
		job->incremental ? "incremental" : "full", job->selection.classes,
		job->selection.held);

	for (size_t i = 0; i < job->selection.n_streams; i++)
		text = arena_printf(arena, "%.*s%s%.*s", STR_ARG(text), i ? "," : "",
			STR_ARG(job->selection.streams[i]));
	/* Who is given files from now on has none of those before. */
	return job->command.n ? arena_printf(arena, "%.*s delivered", STR_ARG(text)) : text;
}
