#define _GNU_SOURCE
#include "ingest/mailbox/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INFO STR(":2,")

struct parts {
	struct str folder; /* of the maildir */
	struct str sub;    /* "new", "cur" */
	struct str unique, flags;
};

static struct parts split(struct str path)
{
	struct parts parts = { STR_EMPTY, STR_EMPTY, STR_EMPTY, STR_EMPTY };
	size_t at = str_rchr(path, '/');
	size_t info;

	parts.unique = at == STR_NPOS ? path : str_skip(path, at + 1);
	parts.folder = at == STR_NPOS ? STR_EMPTY : str_head(path, at);
	at = str_rchr(parts.folder, '/');
	parts.sub = at == STR_NPOS ? parts.folder : str_skip(parts.folder, at + 1);
	parts.folder = str_head(parts.folder, parts.folder.n - parts.sub.n);
	info = str_find(parts.unique, INFO);
	if (info != STR_NPOS) {
		parts.flags = str_skip(parts.unique, info + INFO.n);
		parts.unique = str_head(parts.unique, info);
	}
	return parts;
}

bool maildir_is_seen(struct str path)
{
	struct parts parts = split(path);

	return str_eq(parts.sub, STR("cur")) && str_chr(parts.flags, 'S') != STR_NPOS;
}

struct str maildir_seen_path(struct arena *arena, struct str path)
{
	struct parts parts = split(path);
	size_t before = 0;

	if (str_chr(parts.flags, 'S') != STR_NPOS)
		return arena_printf(arena, "%.*scur/%.*s:2,%.*s", STR_ARG(parts.folder),
			STR_ARG(parts.unique), STR_ARG(parts.flags));
	while (before < parts.flags.n && parts.flags.p[before] < 'S')
		before++;
	return arena_printf(arena, "%.*scur/%.*s:2,%.*sS%.*s", STR_ARG(parts.folder),
		STR_ARG(parts.unique), STR_ARG(str_head(parts.flags, before)),
		STR_ARG(str_skip(parts.flags, before)));
}

/* For file systems that cannot rename without writing over. */
static enum err link_and_unlink(const char *from, const char *to)
{
	if (link(from, to) || unlink(from))
		return errno == EXDEV ? ERR_UNSUPPORTED : err_from_errno(errno);
	return ERR_OK;
}

enum err maildir_rename(const char *from, const char *to)
{
	if (!strcmp(from, to) || !renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
		return ERR_OK;
	if (errno == EINVAL || errno == ENOSYS)
		return link_and_unlink(from, to);
	return errno == EXDEV ? ERR_UNSUPPORTED : err_from_errno(errno);
}
