#define _GNU_SOURCE
#include "ingest/logfile/log_family.h"

#include "core/limits.h"
#include "core/timestamp.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

struct family {
	struct arena *arena;
	struct str folder, name; /* an empty name: every file */
	int64_t since_us;
	struct log_member *members;
	size_t n;
};

/* Behind the name: '.' or '-', digits and what stands between the parts of a date, at most one ending. */
bool log_family_has(struct str name, struct str other)
{
	static const struct str endings[] = { STR_INIT(".gz"), STR_INIT(".zst") };
	struct str tail;

	if (!name.n || !str_starts(other, name))
		return !name.n && other.n && other.p[0] != '.';
	tail = str_skip(other, name.n);
	if (!tail.n)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(endings); i++)
		if (str_ends(tail, endings[i])) {
			tail.n -= endings[i].n;
			break;
		}
	return tail.n > 1 && (tail.p[0] == '.' || tail.p[0] == '-') && ascii_digit(tail.p[1]) &&
	       str_span(tail, "0123456789.-_T:") == tail.n;
}

static int by_time(const void *a, const void *b)
{
	const struct log_member *x = a, *y = b;

	if (x->changed_us != y->changed_us)
		return x->changed_us < y->changed_us ? -1 : 1;
	return str_cmp(y->path, x->path);
}

/* Over the bound the oldest goes. */
static void add_member(struct family *family, const struct log_member *member)
{
	size_t at = family->n, oldest = 0;

	if (at == LIMIT_LOG_FILES) {
		for (size_t i = 1; i < family->n; i++)
			if (family->members[i].changed_us < family->members[oldest].changed_us)
				oldest = i;
		if (family->members[oldest].changed_us > member->changed_us)
			return;
		at = oldest;
	} else {
		family->n++;
	}
	family->members[at] = *member;
}

static void look_at(struct family *family, struct str name)
{
	struct log_member member = { .path = arena_printf(family->arena, "%.*s/%.*s",
					     STR_ARG(family->folder), STR_ARG(name)) };
	struct stat st;

	if (!log_family_has(family->name, name) || stat(member.path.p, &st) || !S_ISREG(st.st_mode))
		return;
	member.id = (struct log_file_id){ st.st_dev, st.st_ino };
	member.changed_us =
		(int64_t)st.st_mtim.tv_sec * TIMESTAMP_SECOND_US + st.st_mtim.tv_nsec / 1000;
	member.size = (uint64_t)st.st_size;
	if (member.changed_us >= family->since_us || str_eq(family->name, name))
		add_member(family, &member);
}

static void put_last(struct family *family)
{
	for (size_t i = 0; i + 1 < family->n; i++)
		if (family->name.n && str_ends(family->members[i].path, family->name) &&
			family->members[i].path.n == family->folder.n + 1 + family->name.n) {
			struct log_member last = family->members[i];

			for (; i + 1 < family->n; i++)
				family->members[i] = family->members[i + 1];
			family->members[i] = last;
		}
}

enum err log_family(struct arena *arena, struct str path, int64_t since_us,
	struct log_member **ret_members, size_t *ret_n)
{
	struct family family = { .arena = arena, .since_us = since_us };
	size_t slash = str_rchr(path, '/');
	struct dirent *entry;
	struct stat st;
	DIR *dir;

	family.folder = slash == STR_NPOS ? STR(".") : str_head(path, slash);
	family.name = slash == STR_NPOS ? path : str_skip(path, slash + 1);
	if (!stat(arena_c(arena, path), &st) && S_ISDIR(st.st_mode)) {
		family.folder =
			path.n > 1 && path.p[path.n - 1] == '/' ? str_head(path, path.n - 1) : path;
		family.name = STR_EMPTY;
	}
	family.members = arena_calloc(arena, LIMIT_LOG_FILES, sizeof *family.members);
	dir = opendir(family.folder.n ? arena_c(arena, family.folder) : "/");
	if (!dir)
		return err_from_errno(errno);
	while ((entry = readdir(dir)))
		look_at(&family, str_c(entry->d_name));
	closedir(dir);
	qsort(family.members, family.n, sizeof *family.members, by_time);
	put_last(&family);
	*ret_members = family.members;
	*ret_n = family.n;
	return ERR_OK;
}
