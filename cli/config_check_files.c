#include "cli/config_check_files.h"

#include "ingest/smtp/smtp_listen.h"
#include "serve/sandbox/privilege.h"
#include "suppress/export/export_job.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- lists ---- */

/* The data folder is made at the start, and is the server's then. */
static bool is_to_be(const struct config *config, struct arena *arena, struct str folder)
{
	struct str dir = config_str(config, CONFIG_SERVER_DATA_DIR);
	struct stat st;

	return str_starts(folder, arena_printf(arena, "%.*s/", STR_ARG(dir))) &&
	       stat(arena_c(arena, dir), &st) && errno == ENOENT;
}

static void check_jobs(const struct config *config, const char *user, struct findings *findings)
{
	struct arena *arena = findings->arena;
	struct export_job *jobs = arena_calloc(arena, EXPORT_JOBS, sizeof *jobs);
	struct str trouble;
	size_t n = 0;

	if (export_jobs_read(arena, config_str(config, CONFIG_EXPORT_JOBS), jobs, &n, &trouble))
		return; /* told of already */
	for (size_t i = 0; i < n; i++) {
		struct str folder = export_job_folder(&jobs[i]);

		if (is_to_be(config, arena, folder) ||
			!privilege_check_folder(
				arena, user, arena_c(arena, folder), FOLDER_BY_USER, &trouble))
			continue;
		findings_add(findings, FINDING_ERROR,
			arena_printf(arena, "export.jobs: job %.*s: %.*s", STR_ARG(jobs[i].name),
				STR_ARG(trouble)));
	}
}

/* ---- Unix sockets ---- */

/* Whoever starts the server makes the file. Empty: nothing is wrong. What is below /run may come with the start: a unit makes its
 * RuntimeDirectory=. */
static struct str socket_trouble(
	struct arena *arena, struct str path, enum finding_weight *ret_weight)
{
	struct str folder = str_head(path, str_rchr(path, '/'));
	const char *in = folder.n ? arena_c(arena, folder) : "/";
	struct stat st;

	*ret_weight = FINDING_ERROR;
	if (access(in, F_OK) && errno == ENOENT && str_starts(path, STR("/run/"))) {
		*ret_weight = FINDING_WARNING;
		return arena_printf(arena, "is made at the start if %s is, by its unit", in);
	}
	if (access(in, W_OK | X_OK))
		return arena_printf(arena, "cannot be made in %s: %s", in, strerror(errno));
	if (!lstat(arena_c(arena, path), &st) && !S_ISSOCK(st.st_mode))
		return STR("is there already, and is no socket");
	return STR_EMPTY;
}

static void check_unix_sockets(const struct config *config, struct findings *findings)
{
	struct str text, trouble;

	for (size_t i = 0; config_item(config, CONFIG_SMTP_LISTEN, i, &text); i++) {
		struct smtp_listen listen;
		enum finding_weight weight;

		if (smtp_listen_parse(text, &listen, &trouble) || !listen.path.n)
			continue;
		trouble = socket_trouble(findings->arena, listen.path, &weight);
		if (trouble.n)
			findings_add(findings, weight,
				arena_printf(findings->arena, "smtp.listen: unix:%.*s: %.*s",
					STR_ARG(listen.path), STR_ARG(trouble)));
	}
}

/* ---- logs ---- */

/* One that is not there yet is waited for. */
static void check_logs(const struct config *config, const char *user, struct findings *findings)
{
	struct arena *arena = findings->arena;
	struct str item, trouble;

	for (size_t i = 0; config_item(config, CONFIG_LOG_FILES, i, &item); i++) {
		size_t at = str_chr(item, '/'); /* behind the format, if one is said */
		enum err err = at == STR_NPOS
				       ? ERR_OK
				       : privilege_check_readable(arena, user,
						 arena_c(arena, str_skip(item, at)), &trouble);

		if (err)
			findings_add(findings,
				err == ERR_NOT_FOUND ? FINDING_WARNING : FINDING_ERROR,
				arena_printf(arena, "log.files: %.*s", STR_ARG(trouble)));
	}
}

void config_check_files(const struct config *config, struct findings *findings)
{
	const char *user = arena_c(findings->arena, config_str(config, CONFIG_SERVER_USER));
	struct str trouble;

	/* One who is not there was told of, and whoever would come instead is not meant. */
	if (privilege_check_user(findings->arena, user, &trouble))
		return;
	check_jobs(config, user, findings);
	check_unix_sockets(config, findings);
	check_logs(config, user, findings);
}
