#define _GNU_SOURCE
#include "cli/tools/mail_paths.h"

#include "cli/command/command_line.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { FOLDERS_DEEP = 64 }; /* beyond it is no store of mail but a loop of links */

static void *or_abort(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void add(struct mail_paths *paths, const char *path)
{
	if (paths->n == paths->cap) {
		paths->cap = paths->cap ? paths->cap * 2 : 64;
		paths->items =
			or_abort(reallocarray(paths->items, paths->cap, sizeof *paths->items));
	}
	paths->items[paths->n++] = or_abort(strdup(path));
}

void mail_paths_release(struct mail_paths *paths)
{
	for (size_t i = 0; i < paths->n; i++)
		free(paths->items[i]);
	free(paths->items);
	*paths = (struct mail_paths){ 0 };
}

static char *below(const char *folder, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s%s%s", folder, folder[strlen(folder) - 1] == '/' ? "" : "/", name) <
		0)
		abort();
	return path;
}

static bool is_folder(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool is_maildir(const char *path)
{
	char *cur = below(path, "cur"), *new = below(path, "new");
	bool both = is_folder(cur) && is_folder(new);

	free(cur);
	free(new);
	return both;
}

static int is_visible(const struct dirent *entry)
{
	return *entry->d_name != '.';
}

static bool add_below(struct mail_paths *paths, const char *path, unsigned depth)
{
	struct dirent **entries = NULL;
	bool good = true;
	int n;

	if (!is_folder(path) || is_maildir(path)) {
		add(paths, path);
		return true;
	}
	n = depth < FOLDERS_DEEP ? scandir(path, &entries, is_visible, alphasort) : -1;
	if (n < 0) {
		command_failed("%s: %s", path, depth < FOLDERS_DEEP ? strerror(errno) : "too deep");
		return false;
	}
	for (int i = 0; i < n; i++) {
		char *next = below(path, entries[i]->d_name);

		good = add_below(paths, next, depth + 1) && good;
		free(next);
		free(entries[i]);
	}
	free(entries);
	return good;
}

bool mail_paths_add(struct mail_paths *paths, const char *path)
{
	return add_below(paths, path, 0);
}
