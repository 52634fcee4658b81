#include "ingest/mailbox/mailbox.h"

#include "core/buf.h"
#include "core/limits.h"
#include "ingest/mailbox/maildir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* To map a small file and to unmap it costs more than to read it. */
enum { READ_BYTES = 64 << 10, MAP_FROM_BYTES = 256 << 10 };

struct mailbox {
	enum mailbox_format
		format; /* of the file at hand: not MAILBOX_MAILDIR, and AUTO only for mbox */
	char **files;   /* paths that are still to be read, in order */
	size_t n_files, next_file;
	struct str bytes; /* of the open file: mapped, or in `stream` */
	struct buf stream;
	bool mapped, open, maildir, regular; /* regular: all of the file's bytes are known */
	struct str rest; /* of bytes */
	struct str file;
	size_t number;
};

static const struct str format_names[MAILBOX_FORMAT_COUNT] = {
	[MAILBOX_AUTO] = STR_INIT("auto"),
	[MAILBOX_EML] = STR_INIT("eml"),
	[MAILBOX_MBOXO] = STR_INIT("mboxo"),
	[MAILBOX_MBOXRD] = STR_INIT("mboxrd"),
	[MAILBOX_MBOXCL] = STR_INIT("mboxcl"),
	[MAILBOX_MBOXCL2] = STR_INIT("mboxcl2"),
	[MAILBOX_MAILDIR] = STR_INIT("maildir"),
};

struct str mailbox_format_name(enum mailbox_format format)
{
	return format_names[format];
}

bool mailbox_format_from_name(struct str name, enum mailbox_format *ret_format)
{
	for (size_t i = 0; i < MAILBOX_FORMAT_COUNT; i++) {
		if (!str_eq(format_names[i], name))
			continue;
		*ret_format = (enum mailbox_format)i;
		return true;
	}
	return false;
}

static void *or_abort(void *memory)
{
	if (!memory)
		abort();
	return memory;
}

static void add_file(struct mailbox *mailbox, char *take_path)
{
	if (!(mailbox->n_files & (mailbox->n_files - 1))) {
		size_t cap = mailbox->n_files ? mailbox->n_files * 2 : 1;

		mailbox->files =
			or_abort(reallocarray(mailbox->files, cap, sizeof *mailbox->files));
	}
	mailbox->files[mailbox->n_files++] = take_path;
}

static char *join_path(const char *folder, const char *sub, const char *name)
{
	struct buf path = BUF_INIT(SIZE_MAX / 2);

	buf_put(&path, str_c(folder));
	buf_putc(&path, '/');
	buf_put(&path, str_c(sub));
	buf_putc(&path, '/');
	buf_put(&path, str_c(name));
	buf_putc(&path, '\0');
	return path.p;
}

static int compare_paths(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

/* The messages of one sub-folder, by name, which in a maildir begins with the time of delivery. */
static enum err list_folder(struct mailbox *mailbox, const char *folder, const char *sub)
{
	char *path = join_path(folder, sub, "");
	DIR *dir = opendir(path);
	enum err err = dir ? ERR_OK : err_from_errno(errno);
	size_t from = mailbox->n_files;
	struct dirent *entry;

	free(path);
	if (err)
		return err == ERR_NOT_FOUND ? ERR_UNSUPPORTED : err;
	while ((entry = readdir(dir)))
		if (*entry->d_name != '.')
			add_file(mailbox, join_path(folder, sub, entry->d_name));
	closedir(dir);
	if (mailbox->n_files > from)
		qsort(mailbox->files + from, mailbox->n_files - from, sizeof *mailbox->files,
			compare_paths);
	return ERR_OK;
}

static enum err list_maildir(struct mailbox *mailbox, const char *folder)
{
	enum err err = list_folder(mailbox, folder, "cur");

	return err ? err : list_folder(mailbox, folder, "new");
}

static enum err check_path(const char *path, bool *ret_is_folder)
{
	struct stat st;

	if (!strcmp(path, "-")) {
		*ret_is_folder = false;
		return ERR_OK;
	}
	if (stat(path, &st))
		return err_from_errno(errno);
	if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode) && !S_ISFIFO(st.st_mode))
		return ERR_UNSUPPORTED;
	*ret_is_folder = S_ISDIR(st.st_mode);
	return ERR_OK;
}

enum err mailbox_open(const char *path, enum mailbox_format format, struct mailbox **ret_mailbox)
{
	CLEANUP(mailbox_freep) struct mailbox *mailbox = NULL;
	bool is_folder = false;
	enum err err = check_path(path, &is_folder);

	if (err)
		return err;
	if (is_folder ? format != MAILBOX_AUTO && format != MAILBOX_MAILDIR
		      : format == MAILBOX_MAILDIR)
		return ERR_UNSUPPORTED;
	mailbox = or_abort(calloc(1, sizeof *mailbox));
	mailbox->format = is_folder ? MAILBOX_EML : format;
	mailbox->file = STR_EMPTY;
	mailbox->maildir = is_folder;
	buf_init(&mailbox->stream, LIMIT_MESSAGE_BYTES + 1);
	if (is_folder)
		err = list_maildir(mailbox, path);
	else
		add_file(mailbox, or_abort(strdup(path)));
	if (err)
		return err;
	*ret_mailbox = mailbox;
	mailbox = NULL;
	return ERR_OK;
}

void mailbox_skip_seen(struct mailbox *mailbox)
{
	size_t n = 0;

	for (size_t i = 0; i < mailbox->n_files; i++) {
		if (mailbox->maildir && maildir_is_seen(str_c(mailbox->files[i])))
			free(mailbox->files[i]);
		else
			mailbox->files[n++] = mailbox->files[i];
	}
	mailbox->n_files = n;
}

struct mailbox_progress mailbox_progress(const struct mailbox *mailbox)
{
	struct str all = mailbox->bytes, rest = mailbox->rest;

	if (mailbox->maildir)
		return (struct mailbox_progress){ mailbox->next_file, mailbox->n_files };
	return (struct mailbox_progress){ mailbox->regular ? all.n - rest.n : 0,
		mailbox->regular ? all.n : 0 };
}

static void close_file(struct mailbox *mailbox)
{
	if (mailbox->mapped)
		munmap((void *)(uintptr_t)mailbox->bytes.p, mailbox->bytes.n);
	mailbox->mapped = mailbox->open = mailbox->regular = false;
	mailbox->bytes = mailbox->rest = STR_EMPTY;
	buf_reset(&mailbox->stream);
}

void mailbox_free(struct mailbox *mailbox)
{
	if (!mailbox)
		return;
	close_file(mailbox);
	buf_release(&mailbox->stream);
	for (size_t i = 0; i < mailbox->n_files; i++)
		free(mailbox->files[i]);
	free(mailbox->files);
	free(mailbox);
}

void mailbox_freep(struct mailbox **mailbox)
{
	mailbox_free(*mailbox);
}

/* A stream is read up to one byte over the limit, which tells that it was longer. */
static enum err read_stream(struct mailbox *mailbox, int fd)
{
	struct buf *stream = &mailbox->stream;

	for (;;) {
		size_t left = stream->max - stream->n;
		size_t n = left < READ_BYTES ? left : READ_BYTES;
		char *room = n ? buf_reserve(stream, n) : NULL;
		ssize_t got = room ? read(fd, room, n) : 0;

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return ERR_IO;
		if (!got)
			break;
		stream->n += (size_t)got;
	}
	mailbox->bytes = stream->n ? buf_str(stream) : STR_EMPTY;
	return ERR_OK;
}

static enum err map_file(struct mailbox *mailbox, int fd, size_t bytes)
{
	void *place = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE, fd, 0);

	if (place == MAP_FAILED)
		return err_from_errno(errno);
	mailbox->bytes = str_from(place, bytes);
	mailbox->mapped = true;
	return ERR_OK;
}

static enum err load_file(struct mailbox *mailbox, int fd)
{
	struct stat st;

	if (fstat(fd, &st))
		return ERR_IO;
	mailbox->regular = S_ISREG(st.st_mode);
	if (mailbox->regular && st.st_size > MAP_FROM_BYTES)
		return map_file(mailbox, fd, (size_t)st.st_size);
	return read_stream(mailbox, fd);
}

/* Opens the next of the files. */
static enum err open_file(struct mailbox *mailbox)
{
	const char *path = mailbox->files[mailbox->next_file++];
	bool standard_input = !strcmp(path, "-");
	int fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	enum err err;

	if (fd < 0)
		return err_from_errno(errno);
	err = load_file(mailbox, fd);
	if (!standard_input)
		close(fd);
	if (err) {
		close_file(mailbox);
		return err;
	}
	mailbox->open = true;
	mailbox->file = str_c(path);
	mailbox->rest = mailbox->bytes;
	mailbox->number = 0;
	return ERR_OK;
}

/* One message for a file that is no mbox, an empty file too. */
static bool take_message(struct mailbox *mailbox, struct arena *arena, struct str *ret_message)
{
	bool is_mbox = mailbox->format == MAILBOX_AUTO ? mbox_starts(mailbox->bytes)
						       : mailbox->format != MAILBOX_EML;

	if (is_mbox)
		return mbox_next(arena, mailbox->format, &mailbox->rest, ret_message);
	if (mailbox->number)
		return false;
	*ret_message = mailbox->rest;
	return true;
}

enum err mailbox_next(
	struct mailbox *mailbox, struct arena *arena, struct mailbox_message *ret_message)
{
	struct str bytes;

	for (;;) {
		enum err err;

		if (mailbox->open && take_message(mailbox, arena, &bytes))
			break;
		close_file(mailbox);
		if (mailbox->next_file == mailbox->n_files)
			return ERR_NOT_FOUND;
		err = open_file(mailbox);
		if (err) /* gone since it was listed: not to be taken for the end */
			return err == ERR_NOT_FOUND ? ERR_CONFLICT : err;
	}
	*ret_message = (struct mailbox_message){
		.bytes = str_head(bytes, LIMIT_MESSAGE_BYTES),
		.file = mailbox->file,
		.number = ++mailbox->number,
		.cut = bytes.n > LIMIT_MESSAGE_BYTES,
		.maildir = mailbox->maildir,
	};
	return ERR_OK;
}
