#define _GNU_SOURCE
#include "serve/tls_files.h"

#include "core/limits.h"
#include "ingest/smtp/smtp_tls.h"
#include "core/err.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

enum { READER_TIMEOUT_S = 10, READER_FD = 3 };
static const struct {
	enum config_id files[TLS_FILES];
	const char *names;
} settings[TLS_USES] = {
	[TLS_OF_SMTP] = { { CONFIG_SMTP_TLS_CERTIFICATE, CONFIG_SMTP_TLS_KEY },
		"smtp.tls_certificate, smtp.tls_key" },
	[TLS_OF_API] = { { CONFIG_API_TLS_CERTIFICATE, CONFIG_API_TLS_KEY },
		"api.tls_certificate, api.tls_key" },
};

/* What the reader answers; the descriptors come along when errnum is 0. */
struct answer {
	int errnum, file;
};

static void close_fds(int fds[static TLS_FILES])
{
	for (size_t i = 0; i < TLS_FILES; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	for (size_t i = 0; i < TLS_FILES; i++)
		fds[i] = -1;
}

/* A pipe or a device would keep us waiting. */
static int open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return -1;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode))
		return fd;
	close(fd);
	errno = EINVAL;
	return -1;
}

static struct answer open_files(
	const char *const paths[static TLS_FILES], int ret_fds[static TLS_FILES])
{
	struct answer answer = { 0, 0 };

	for (int i = 0; i < TLS_FILES; i++)
		ret_fds[i] = -1;
	for (int i = 0; i < TLS_FILES && !answer.errnum; i++) {
		ret_fds[i] = open_regular(paths[i]);
		if (ret_fds[i] < 0)
			answer = (struct answer){ errno, i };
	}
	if (answer.errnum)
		close_fds(ret_fds);
	return answer;
}

/* ---- the reader ---- */

static void send_answer(int socket_fd, struct answer answer, const int fds[static TLS_FILES])
{
	char room[CMSG_SPACE(TLS_FILES * sizeof *fds)] = { 0 };
	struct iovec bytes = { &answer, sizeof answer };
	struct msghdr message = { .msg_iov = &bytes, .msg_iovlen = 1 };

	if (!answer.errnum) {
		struct cmsghdr *rights;

		message.msg_control = room;
		message.msg_controllen = sizeof room;
		rights = CMSG_FIRSTHDR(&message);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(TLS_FILES * sizeof *fds);
		memcpy(CMSG_DATA(rights), fds, TLS_FILES * sizeof *fds);
	}
	if (sendmsg(socket_fd, &message, MSG_NOSIGNAL) < 0)
		_exit(EXIT_CODE_FAILED);
}

/* All of a process: for each octet asked, the two files whose names it was started with. */
NORETURN static void read_for_ever(const char *const paths[static TLS_FILES], int socket_fd)
{
	int fds[TLS_FILES];
	char octet;

	setsid(); /* a Ctrl-C is the supervisor's */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	prctl(PR_SET_NAME, "bounced-files");
	dup2(socket_fd, READER_FD);
	close_range(READER_FD + 1, ~0u, 0);
	while (recv(READER_FD, &octet, 1, 0) == 1) {
		struct answer answer = open_files(paths, fds);

		send_answer(READER_FD, answer, fds);
		close_fds(fds);
	}
	_exit(EXIT_CODE_OK);
}

static enum err start_reader(struct tls_files *files, struct str *ret_trouble)
{
	const struct timeval timeout = { READER_TIMEOUT_S, 0 };
	int pair[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair)) {
		*ret_trouble = STR("tls_key: no socket for its reader");
		return err_from_errno(errno);
	}
	pid = fork();
	if (!pid)
		read_for_ever(files->paths, pair[1]);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		*ret_trouble = STR("tls_key: no process for its reader");
		return ERR_UNAVAILABLE;
	}
	setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
	files->reader_fd = pair[0];
	return ERR_OK;
}

static struct answer ask_reader(int reader_fd, int ret_fds[static TLS_FILES])
{
	struct answer answer = { EPIPE, 0 };
	char octet = 'R', room[CMSG_SPACE(TLS_FILES * sizeof *ret_fds)] = { 0 };
	struct iovec bytes = { &answer, sizeof answer };
	struct msghdr message = { .msg_iov = &bytes,
		.msg_iovlen = 1,
		.msg_control = room,
		.msg_controllen = sizeof room };
	struct cmsghdr *rights;

	/* An answer that came too late for its question. Descriptors that nobody takes are closed. */
	while (recv(reader_fd, &answer, sizeof answer, MSG_DONTWAIT) > 0)
		;
	if (send(reader_fd, &octet, 1, MSG_NOSIGNAL) != 1 ||
		recvmsg(reader_fd, &message, MSG_CMSG_CLOEXEC) != sizeof answer)
		return (struct answer){ EPIPE, 0 };
	rights = CMSG_FIRSTHDR(&message);
	if (answer.errnum)
		return answer;
	if (!rights || rights->cmsg_type != SCM_RIGHTS ||
		rights->cmsg_len != CMSG_LEN(TLS_FILES * sizeof *ret_fds))
		return (struct answer){ EPIPE, 0 };
	memcpy(ret_fds, CMSG_DATA(rights), TLS_FILES * sizeof *ret_fds);
	return answer;
}

/* ---- copies ---- */

/* Of the file as it is now; what is too long for PEM is cut and will not be good. */
static int copy_of(int fd)
{
	int copy = memfd_create("tls", MFD_CLOEXEC);
	char *bytes = malloc(LIMIT_PEM_BYTES);
	ssize_t n = 0, got = 1;

	if (!bytes)
		abort();
	while (copy >= 0 && got > 0 && n < (ssize_t)LIMIT_PEM_BYTES) {
		got = pread(fd, bytes + n, LIMIT_PEM_BYTES - (size_t)n, n);
		n += got > 0 ? got : 0;
	}
	if (copy >= 0 && (got < 0 || write(copy, bytes, (size_t)n) != n)) {
		close(copy);
		copy = -1;
	}
	explicit_bzero(bytes, (size_t)n);
	free(bytes);
	return copy;
}

/* The copies are tried here, so that the role never gets a pair that does not work. */
static enum err take_copies(const struct tls_files *files, const int fds[static TLS_FILES],
	struct arena *arena, int ret_copies[static TLS_FILES], struct str *ret_trouble)
{
	char why[SMTP_TLS_TROUBLE_BYTES] = "no memory for a copy";
	int copies[TLS_FILES] = { copy_of(fds[TLS_CERTIFICATE]), copy_of(fds[TLS_KEY]) };
	struct smtp_tls *tls = NULL;
	enum err err = ERR_IO;

	if (copies[TLS_CERTIFICATE] >= 0 && copies[TLS_KEY] >= 0)
		err = smtp_tls_load(copies[TLS_CERTIFICATE], copies[TLS_KEY], why, &tls);
	if (err) {
		*ret_trouble = arena_printf(arena, "%s, %s: %s", files->paths[TLS_CERTIFICATE],
			files->paths[TLS_KEY], why);
		close_fds(copies);
		return err;
	}
	smtp_tls_free(tls);
	memcpy(ret_copies, copies, sizeof copies);
	return ERR_OK;
}

enum err tls_files_reload(struct tls_files *files, struct arena *arena, struct str *ret_trouble)
{
	int fds[TLS_FILES] = { -1, -1 }, copies[TLS_FILES];
	struct answer answer = files->reader_fd >= 0 ? ask_reader(files->reader_fd, fds)
						     : open_files(files->paths, fds);
	enum err err;

	if (answer.errnum) {
		*ret_trouble = arena_printf(arena, "%s: %s", files->paths[answer.file == TLS_KEY],
			strerror(answer.errnum));
		return err_from_errno(answer.errnum);
	}
	err = take_copies(files, fds, arena, copies, ret_trouble);
	close_fds(fds);
	if (err)
		return err;
	close_fds(files->fds);
	memcpy(files->fds, copies, sizeof copies);
	return ERR_OK;
}

enum err tls_files_open(const struct config *config, enum tls_use use, struct arena *arena,
	struct tls_files *ret_files, struct str *ret_trouble)
{
	struct tls_files files = { .reader_fd = -1, .fds = { -1, -1 }, .use = use };
	struct str why = STR_EMPTY;
	enum err err = ERR_OK;

	for (size_t i = 0; i < TLS_FILES; i++)
		files.paths[i] = arena_c(arena, config_str(config, settings[use].files[i]));
	*ret_files = files;
	if (!*files.paths[TLS_CERTIFICATE])
		return ERR_OK;
	if (geteuid() == 0)
		err = start_reader(&files, ret_trouble);
	if (err)
		return err;
	err = tls_files_reload(&files, arena, &why);
	if (err)
		*ret_trouble = arena_printf(arena, "%s: %.*s", settings[use].names, STR_ARG(why));
	else
		*ret_files = files;
	return err;
}

enum err tls_files_read(
	struct arena *arena, const int fds[static TLS_FILES], struct str ret_pem[static TLS_FILES])
{
	struct str pem[TLS_FILES];

	for (size_t i = 0; i < TLS_FILES; i++) {
		off_t n = lseek(fds[i], 0, SEEK_END);
		char *bytes = n < 0 || n > LIMIT_PEM_BYTES ? NULL : arena_alloc(arena, (size_t)n);

		if (!bytes || pread(fds[i], bytes, (size_t)n, 0) != n)
			return ERR_IO;
		pem[i] = str_from(bytes, (size_t)n);
	}
	memcpy(ret_pem, pem, sizeof pem);
	return ERR_OK;
}
