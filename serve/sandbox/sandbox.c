#define _GNU_SOURCE
#include "serve/sandbox/sandbox.h"

#include "core/attr.h"
#include "serve/sandbox/sandbox_calls.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* glibc has no wrappers for these. */
static int landlock_create(const struct landlock_ruleset_attr *attr, size_t n, unsigned flags)
{
	return (int)syscall(SYS_landlock_create_ruleset, attr, n, flags);
}

static int landlock_add(int ruleset, const struct landlock_path_beneath_attr *rule)
{
	return (int)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, rule, 0);
}

/* What can be allowed of what is no folder. */
#define OF_FILES                                                                                   \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE |                            \
		LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_TRUNCATE | LANDLOCK_DEVICES)
#define READ (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
/* The first version's rights; what later kernels can refuse besides is named below by its number, as older
 * headers lack the names (linux/landlock.h). */
#define EVERYTHING ((LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1)
enum {
	LANDLOCK_REFER = 1 << 13,    /* since version 2 */
	LANDLOCK_TRUNCATE = 1 << 14, /* 3 */
	LANDLOCK_DEVICES = 1 << 15,  /* 5: ioctl on devices */
};

static uint64_t known_rights(int version)
{
	uint64_t rights = EVERYTHING;

	if (version >= 2)
		rights |= LANDLOCK_REFER;
	if (version >= 3)
		rights |= LANDLOCK_TRUNCATE;
	if (version >= 5)
		rights |= LANDLOCK_DEVICES;
	return rights;
}

/* What may be read by whom. libpq and we ask for the names of users, which takes the name service and its
 * modules; certificates and the resolver's settings may lie anywhere. */
static const struct {
	unsigned right;
	const char *path;
} readable[] = {
	{ SANDBOX_SYSTEM, "/" },
	{ SANDBOX_CONNECTS, "/etc/passwd" },
	{ SANDBOX_CONNECTS, "/etc/nsswitch.conf" },
	{ SANDBOX_CONNECTS, "/etc/ld.so.cache" },
	{ SANDBOX_CONNECTS, "/lib" },
	{ SANDBOX_CONNECTS, "/lib64" },
	{ SANDBOX_CONNECTS, "/usr/lib" },
	{ SANDBOX_CONNECTS, "/usr/lib64" },
	{ SANDBOX_CONNECTS, "/run/nscd" },
	{ SANDBOX_CONNECTS, "/run/systemd/userdb" },
	{ SANDBOX_CONNECTS, "/var/lib/sss" },
	{ SANDBOX_EXPORTS, "/usr/share/zoneinfo" }, /* of the schedules of jobs */
#if SANDBOX_SANITIZED
	{ SANDBOX_ON, "/proc" },
#endif
};

enum presence { MAY_BE_MISSING, MUST_EXIST };

static bool allow(int ruleset, const char *path, uint64_t rights, enum presence presence)
{
	struct landlock_path_beneath_attr rule = { .allowed_access = rights };
	struct stat st;
	bool added;

	rule.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent_fd < 0)
		return presence == MAY_BE_MISSING;
	if (!fstat(rule.parent_fd, &st) && !S_ISDIR(st.st_mode))
		rule.allowed_access &= OF_FILES;
	added = !landlock_add(ruleset, &rule);
	close(rule.parent_fd);
	return added;
}

/* Everything that lies in this folder but one entry. Links are what they lead to, which is allowed or not by itself. */
static bool allow_beside(int ruleset, const char *folder, const char *but, uint64_t rights)
{
	DIR *dir = opendir(folder);
	const struct dirent *entry;
	bool allowed = dir;

	while (allowed && (entry = readdir(dir))) {
		char path[PATH_MAX];
		int n = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);

		if (entry->d_type == DT_LNK || !strcmp(entry->d_name, but) ||
			!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
			continue;
		allowed = n < (int)sizeof path && allow(ruleset, path, rights, MAY_BE_MISSING);
	}
	if (dir)
		closedir(dir);
	return allowed;
}

/* Landlock knows no "all but": so all that lies beside the folder, and beside each above it. What is made beside one of these later
 * is not allowed. */
static bool allow_all_but(int ruleset, const char *folder, uint64_t rights)
{
	char path[PATH_MAX], *name, *slash;

	if (!folder || !realpath(folder, path))
		return false;
	for (name = path + 1; *name; name = slash + 1) {
		slash = strchrnul(name, '/');
		bool last = !*slash;

		name[-1] = '\0';
		*slash = '\0';
		if (!allow_beside(ruleset, *path ? path : "/", name, rights))
			return false;
		name[-1] = '/';
		if (last)
			break;
	}
	return true;
}

/* All that the rights allow, or false: half a set would stop a role from working. */
static bool allow_all(int ruleset, const struct sandbox *sandbox, uint64_t known)
{
	uint64_t all = known & ~(uint64_t)(LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_DEVICES);

	for (size_t i = 0; i < ARRAY_LEN(readable); i++)
		if (sandbox->rights & readable[i].right &&
			!allow(ruleset, readable[i].path, READ, MAY_BE_MISSING))
			return false;
	if (sandbox->rights & SANDBOX_SPOOL && !allow(ruleset, sandbox->spool_dir, all, MUST_EXIST))
		return false;
	if (sandbox->rights & SANDBOX_EXECUTES && !allow_all_but(ruleset, sandbox->data_dir, known))
		return false;
	for (size_t i = 0; sandbox->rights & SANDBOX_EXPORTS && i < sandbox->n_export_dirs; i++)
		if (!allow(ruleset, sandbox->export_dirs[i], all, MUST_EXIST))
			return false;
	return true;
}

/* Files, by Landlock. True: it is in force. */
static bool sandbox_files(const struct sandbox *sandbox)
{
	int version = landlock_create(NULL, 0, LANDLOCK_CREATE_RULESET_VERSION), ruleset;
	struct landlock_ruleset_attr attr = { 0 };
	bool in_force;

	if (version < 1)
		return false;
	attr.handled_access_fs = known_rights(version);
	ruleset = landlock_create(&attr, sizeof attr.handled_access_fs, 0);
	if (ruleset < 0)
		return false;
	in_force = allow_all(ruleset, sandbox, attr.handled_access_fs) &&
		   !syscall(SYS_landlock_restrict_self, ruleset, 0);
	close(ruleset);
	return in_force;
}

#if SANDBOX_SANITIZED
static bool bare;

/* The leak check of a test build cannot run where nothing may be opened or traced. */
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void)
{
	return bare;
}
#endif

void sandbox_enter(const struct sandbox *sandbox, struct sandbox_report *ret_report)
{
	struct sandbox_report report = { false, false };

	if (sandbox->rights & SANDBOX_ON && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		report.files = sandbox_files(sandbox);
		report.calls = sandbox_calls(sandbox->rights);
	}
#if SANDBOX_SANITIZED
	bare = sandbox->rights & SANDBOX_BARE;
#endif
	*ret_report = report;
}
