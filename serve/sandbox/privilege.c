#define _GNU_SOURCE
#include "serve/sandbox/privilege.h"

#include "spool/folder.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* A user that exists and is not root; NULL for others. */
static const struct passwd *usable_user(const char *name)
{
	const struct passwd *user = name && *name ? getpwnam(name) : NULL;

	return user && user->pw_uid ? user : NULL;
}

static enum err choose_user(struct arena *arena, const char *wanted, const struct passwd **ret_user,
	struct str *ret_trouble)
{
	const char *const candidates[] = { "bounced", getenv("SUDO_USER"), "postgres" };
	const struct passwd *user = usable_user(wanted);

	if (*wanted && !user) {
		*ret_trouble = arena_printf(arena,
			"there is no user \"%s\" other than root: create it with \"useradd "
			"--system %s\"",
			wanted, wanted);
		return ERR_NOT_FOUND;
	}
	for (size_t i = 0; i < ARRAY_LEN(candidates) && !user; i++)
		user = usable_user(candidates[i]);
	if (!user) {
		*ret_trouble =
			STR("does not run as root, and there is no user to become: create one with "
			    "\"useradd --system bounced\", or name one with --user");
		return ERR_NOT_FOUND;
	}
	*ret_user = user;
	return ERR_OK;
}

/* mkdir -p; only the last folder is made over to `user`. */
static enum err make_folder(
	struct arena *arena, const char *path, const struct passwd *user, struct str *ret_trouble)
{
	char *copy = arena_alloc(arena, strlen(path) + 1);

	memcpy(copy, path, strlen(path) + 1);
	for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(copy, 0755) && errno != EEXIST)
			break;
		*slash = '/';
	}
	if (!mkdir(path, 0700)) {
		/* Its name is on stable storage before anything in it is acknowledged. */
		if (folder_make(path, 0700)) {
			*ret_trouble = arena_printf(arena, "%s: cannot be synced", path);
			return ERR_IO;
		}
		if (user && chown(path, user->pw_uid, user->pw_gid)) {
			*ret_trouble = arena_printf(arena, "%s: cannot be given to user %s: %s",
				path, user->pw_name, strerror(errno));
			return ERR_DENIED;
		}
		return ERR_OK;
	}
	if (errno == EEXIST)
		return ERR_OK;
	*ret_trouble = arena_printf(arena, "%s: cannot be made: %s", path, strerror(errno));
	return err_from_errno(errno);
}

static enum err become(struct arena *arena, const struct passwd *user, struct str *ret_trouble)
{
	if (initgroups(user->pw_name, user->pw_gid) || setgid(user->pw_gid) ||
		setuid(user->pw_uid) || !setuid(0)) {
		*ret_trouble = arena_printf(
			arena, "cannot become user %s: %s", user->pw_name, strerror(errno));
		return ERR_DENIED;
	}
	/* libpq would else read root's home. */
	setenv("HOME", user->pw_dir, 1);
	setenv("USER", user->pw_name, 1);
	setenv("LOGNAME", user->pw_name, 1);
	return ERR_OK;
}

enum err privilege_drop(
	struct arena *arena, const char *wanted, const char *data_dir, struct str *ret_trouble)
{
	const struct passwd *user = NULL;
	bool root = geteuid() == 0;
	enum err err = root ? choose_user(arena, wanted, &user, ret_trouble) : ERR_OK;

	if (!err)
		err = make_folder(arena, data_dir, user, ret_trouble);
	if (!err && root)
		err = become(arena, user, ret_trouble);
	if (err)
		return err;
	user = user ? user : getpwuid(getuid());
	if (access(data_dir, R_OK | W_OK | X_OK)) {
		*ret_trouble = arena_printf(arena,
			"%s: user %s cannot write there: give it away with \"chown -R %s %s\", or "
			"set "
			"server.data_dir to a folder that the user can reach",
			data_dir, user ? user->pw_name : "?", user ? user->pw_name : "?", data_dir);
		return ERR_DENIED;
	}
	return ERR_OK;
}

enum err privilege_check_user(struct arena *arena, const char *wanted, struct str *ret_trouble)
{
	const struct passwd *user;

	return geteuid() ? ERR_OK : choose_user(arena, wanted, &user, ret_trouble);
}

static bool may_write(const struct passwd *user, const struct stat *st, const char *path)
{
	if (!user)
		return !access(path, W_OK | X_OK);
	if (st->st_uid == user->pw_uid)
		return (st->st_mode & 0300) == 0300;
	if (st->st_gid == user->pw_gid)
		return (st->st_mode & 0030) == 0030;
	return (st->st_mode & 0003) == 0003;
}

/* Root makes it, and gives it away: the folders above only have to be there or to be possible. The user makes one of its own
 * in a folder that is there. */
static bool may_be_made(
	struct arena *arena, const struct passwd *user, const char *folder, enum folder_maker maker)
{
	struct str path = str_c(folder);
	struct stat st;

	do
		path = str_head(path, str_rchr(path, '/') ? str_rchr(path, '/') : 1);
	while (maker == FOLDER_BY_STARTER && path.n > 1 && stat(arena_c(arena, path), &st));
	if (maker == FOLDER_IS_THERE || stat(arena_c(arena, path), &st) || !S_ISDIR(st.st_mode))
		return false;
	return maker == FOLDER_BY_USER ? may_write(user, &st, arena_c(arena, path))
				       : !access(arena_c(arena, path), W_OK | X_OK);
}

enum err privilege_check_folder(struct arena *arena, const char *wanted, const char *folder,
	enum folder_maker maker, struct str *ret_trouble)
{
	const struct passwd *user = NULL;
	struct str trouble;
	struct stat st;

	if (geteuid() == 0 && choose_user(arena, wanted, &user, &trouble))
		return ERR_OK; /* told of already */
	if (stat(folder, &st)) {
		if (may_be_made(arena, user, folder, maker))
			return ERR_OK;
		*ret_trouble = arena_printf(arena, "%s: %s", folder,
			maker == FOLDER_IS_THERE ? strerror(ENOENT)
						 : "is not there, and cannot be made");
		return ERR_NOT_FOUND;
	}
	if (!S_ISDIR(st.st_mode)) {
		*ret_trouble = arena_printf(arena, "%s: is no folder", folder);
		return ERR_CONFLICT;
	}
	if (may_write(user, &st, folder))
		return ERR_OK;
	*ret_trouble = arena_printf(arena,
		"%s: user %s cannot write there: give it away with \"chown -R %s %s\"", folder,
		user ? user->pw_name : "who asks", user ? user->pw_name : "USER", folder);
	return ERR_DENIED;
}

static int try_read(const char *path)
{
	struct stat st;

	if (stat(path, &st) || access(path, S_ISDIR(st.st_mode) ? R_OK | X_OK : R_OK))
		return errno;
	return 0;
}

/* errno of the other process, which has nothing to clean up. */
static int try_read_as(struct arena *arena, const struct passwd *user, const char *path)
{
	struct str unused;
	pid_t pid = fork();
	int status;

	if (!pid)
		_exit(become(arena, user, &unused) ? EPERM : try_read(path));
	if (pid < 0)
		return errno;
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return errno;
	return WIFEXITED(status) ? WEXITSTATUS(status) : EPERM;
}

enum err privilege_check_readable(
	struct arena *arena, const char *wanted, const char *path, struct str *ret_trouble)
{
	const struct passwd *user = NULL;
	struct str trouble;
	int error;

	if (geteuid() == 0 && choose_user(arena, wanted, &user, &trouble))
		return ERR_OK; /* told of already */
	error = user ? try_read_as(arena, user, path) : try_read(path);
	if (!error)
		return ERR_OK;
	*ret_trouble = arena_printf(arena, "%s: user %s cannot read it: %s", path,
		user ? user->pw_name : "who asks", strerror(error));
	return err_from_errno(error);
}
