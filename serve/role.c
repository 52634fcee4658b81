#define _GNU_SOURCE
#include "serve/role.h"

#include "core/log.h"
#include "serve/sandbox/sandbox.h"
#include "spool/folder.h"
#include "spool/lanes.h"
#include "store/database_settings.h"
#include "suppress/export/export_job.h"

#include <poll.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static const struct {
	const char *name;
	unsigned settings, flags, rights, stop_order;
} roles[ROLE_COUNT] = {
#define ROLE(id, name, settings, flags, rights, stop_order, function)                              \
	[ROLE_##id] = { name, settings, flags, rights, stop_order },
#include "serve/role.def"
};

const char *role_name(enum role_id id)
{
	return roles[id].name;
}

bool role_from_name(struct str name, enum role_id *ret_id)
{
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		if (!str_eq(name, str_c(roles[i].name)))
			continue;
		*ret_id = (enum role_id)i;
		return true;
	}
	return false;
}

unsigned role_settings(enum role_id id)
{
	return roles[id].settings;
}

unsigned role_flags(enum role_id id)
{
	return roles[id].flags;
}

unsigned role_stop_order(enum role_id id)
{
	return roles[id].stop_order;
}

unsigned role_rights(enum role_id id)
{
	return roles[id].rights;
}

/* What is not there cannot be left open. */
static void make_folder(const char *path, mode_t mode)
{
	enum err err = folder_make(path, mode);

	if (err)
		log_event(LOG_WARN, "folder_not_made", LOG_C("path", path), LOG_ERR(err));
}

/* Where lists go: the folder of export.dir, and those of the jobs. */
static void export_folders(
	const struct config *config, struct arena *arena, struct sandbox *sandbox)
{
	struct export_job *jobs = arena_calloc(arena, EXPORT_JOBS, sizeof *jobs);
	const char **dirs = arena_calloc(arena, EXPORT_JOBS + 1, sizeof *dirs);
	struct str dir = config_str(config, CONFIG_EXPORT_DIR), trouble;
	size_t n = 0, n_jobs = 0;

	if (dir.n && !(sandbox->rights & SANDBOX_EXECUTES))
		dirs[n++] = arena_c(arena, dir);
	if (export_jobs_read(
		    arena, config_str(config, CONFIG_EXPORT_JOBS), jobs, &n_jobs, &trouble))
		n_jobs = 0; /* checked before: whoever starts says so */
	for (size_t i = 0; i < n_jobs; i++)
		dirs[n++] = arena_c(arena, export_job_folder(&jobs[i]));
	sandbox->export_dirs = dirs;
	sandbox->n_export_dirs = n;
}

void role_enter_sandbox(const struct role *role)
{
	const struct config *config = role->config;
	struct arena *arena = arena_new();
	struct sandbox_report report;
	struct sandbox sandbox = { .rights = role_rights(role->id),
		.data_dir = arena_c(arena, config_str(config, CONFIG_SERVER_DATA_DIR)) };

	sandbox.spool_dir = lanes_dir(config, arena);
	if (sandbox.rights & SANDBOX_EXPORTS)
		export_folders(config, arena, &sandbox);
	if (!sandbox.n_export_dirs)
		sandbox.rights &= ~(unsigned)SANDBOX_EXPORTS;
	if (sandbox.rights & SANDBOX_CONNECTS && !database_is_private(config))
		sandbox.rights |= SANDBOX_SYSTEM;
	if (sandbox.rights & SANDBOX_SPOOL)
		make_folder(sandbox.spool_dir, 0700);
	for (size_t i = 0; i < sandbox.n_export_dirs; i++)
		make_folder(sandbox.export_dirs[i], 0755);
	sandbox_enter(&sandbox, &report);
	if (!report.files || !report.calls)
		log_event(LOG_WARN, "sandbox_incomplete",
			LOG_C("files", report.files ? "closed" : "open"),
			LOG_C("calls", report.calls ? "closed" : "open"));
	arena_free(arena);
}

void role_ready(const struct role *role)
{
	char packet = CONTROL_READY;

	if (send(ROLE_CONTROL_FD, &packet, 1, MSG_NOSIGNAL) != 1)
		log_event(LOG_WARN, "supervisor_gone", LOG_C("role", role_name(role->id)));
}

bool role_wait_stop(const struct role *role, int timeout_ms)
{
	struct pollfd fd = { role->stop_fd, POLLIN, 0 };

	return poll(&fd, 1, timeout_ms) == 1;
}

uint32_t role_connections(uint32_t wanted, uint32_t others)
{
	const rlim_t need = (rlim_t)wanted + others;
	struct rlimit files, more;
	uint32_t may_be;

	if (getrlimit(RLIMIT_NOFILE, &files) || files.rlim_cur >= need)
		return wanted;
	more = files;
	more.rlim_cur = files.rlim_max < need ? files.rlim_max : need;
	if (!setrlimit(RLIMIT_NOFILE, &more))
		files = more;
	if (files.rlim_cur >= need)
		return wanted;
	may_be = files.rlim_cur > others ? (uint32_t)files.rlim_cur - others : 1;
	log_event(LOG_WARN, "connections_limited", LOG_U64("wanted", wanted),
		LOG_U64("may_be", may_be), LOG_U64("open_files_limit", files.rlim_cur));
	return may_be;
}

/* 0: the supervisor is gone, 1: a packet, -1: none waits. One with more descriptors than anybody sends loses them. */
static ssize_t take_packet(char *ret_octet, int ret_fds[static ROLE_FDS_AT_ONCE], size_t *ret_n)
{
	char room[CMSG_SPACE(ROLE_FDS_AT_ONCE * sizeof(int))] = { 0 };
	struct iovec bytes = { ret_octet, 1 };
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof room };
	ssize_t got = recvmsg(ROLE_CONTROL_FD, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	struct cmsghdr *rights = got == 1 ? CMSG_FIRSTHDR(&message) : NULL;

	*ret_n = 0;
	if (rights && rights->cmsg_type == SCM_RIGHTS) {
		*ret_n = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(ret_fds, CMSG_DATA(rights), *ret_n * sizeof(int));
	}
	return got;
}

bool role_take_packet(enum control *ret_packet, int ret_fds[static ROLE_FDS_AT_ONCE], size_t *ret_n)
{
	char octet;

	if (take_packet(&octet, ret_fds, ret_n) != 1)
		return false;
	*ret_packet = (enum control)octet;
	return true;
}

bool role_take_fds(enum control packet, int *ret_fds, size_t n, bool *ret_gone)
{
	int fds[ROLE_FDS_AT_ONCE];
	size_t n_fds;
	char octet;
	ssize_t got = take_packet(&octet, fds, &n_fds);

	*ret_gone = !got;
	if (got != 1)
		return false;
	if (octet == (char)packet && n_fds == n) {
		memcpy(ret_fds, fds, n * sizeof(int));
		return true;
	}
	for (size_t i = 0; i < n_fds; i++)
		close(fds[i]);
	return false;
}

int role_take_parser(const struct role *role UNUSED)
{
	bool gone;
	int fd;

	return role_take_fds(CONTROL_PARSER, &fd, 1, &gone) ? fd : -1;
}
