#include "ingest/smtp/smtp_listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 1024, MODE_PRESET = 0666, NAME_BYTES = 256, PORT_MAX = 65535 };

static bool take_host_and_port(struct str text, struct smtp_listen *listen)
{
	size_t colon = str_rchr(text, ':');
	struct str host = str_head(text, colon == STR_NPOS ? 0 : colon);
	uint64_t port;

	if (colon == STR_NPOS)
		return false;
	listen->port = str_skip(text, colon + 1);
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = str_slice(host, 1, host.n - 1);
	else if (str_chr(host, ':') != STR_NPOS)
		return false;
	listen->host = host;
	return host.n && host.n < NAME_BYTES && str_to_u64(listen->port, PORT_MAX, &port);
}

static bool take_path(struct str text, struct smtp_listen *listen)
{
	static const struct sockaddr_un room;

	listen->path = str_skip(text, sizeof "unix:" - 1);
	return str_starts(listen->path, STR("/")) && listen->path.n < sizeof room.sun_path;
}

static bool take_tls(struct str value, struct smtp_listen *listen)
{
	static const struct {
		struct str name;
		enum smtp_tls_use use;
	} uses[] = { { STR_INIT("off"), SMTP_TLS_OFF }, { STR_INIT("offered"), SMTP_TLS_OFFERED },
		{ STR_INIT("required"), SMTP_TLS_REQUIRED },
		{ STR_INIT("implicit"), SMTP_TLS_IMPLICIT } };

	listen->tls_said = true;
	for (size_t i = 0; i < ARRAY_LEN(uses); i++) {
		if (!str_eq(value, uses[i].name))
			continue;
		listen->tls = uses[i].use;
		return true;
	}
	return false;
}

static bool take_mode(struct str value, struct smtp_listen *listen)
{
	listen->mode = 0;
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] < '0' || value.p[i] > '7')
			return false;
		listen->mode = listen->mode << 3 | (unsigned)(value.p[i] - '0');
	}
	return value.n >= 3 && value.n <= 4 && listen->mode <= 0777;
}

static bool take_lmtp(struct str value, struct smtp_listen *listen)
{
	listen->protocol = SMTP_PROTOCOL_LMTP;
	return !value.n;
}

static const struct {
	struct str name;
	bool (*take)(struct str value, struct smtp_listen *listen);
	struct str trouble;
} options[] = {
	{ STR_INIT("lmtp"), take_lmtp, STR_INIT("lmtp has no value") },
	{ STR_INIT("tls"), take_tls, STR_INIT("tls is off, offered, required or implicit") },
	{ STR_INIT("mode"), take_mode, STR_INIT("mode is octal, such as 0660") },
};

static enum err take_option(struct str word, struct smtp_listen *listen, struct str *ret_trouble)
{
	struct str name = word, value = STR_EMPTY;

	if (str_cut(word, '=', &name, &value) && !value.n)
		name = word;
	for (size_t i = 0; i < ARRAY_LEN(options); i++) {
		if (!str_eq(name, options[i].name))
			continue;
		if (options[i].take(value, listen))
			return ERR_OK;
		*ret_trouble = options[i].trouble;
		return ERR_SYNTAX;
	}
	*ret_trouble = STR("the options are lmtp, tls=... and mode=...");
	return ERR_SYNTAX;
}

enum err smtp_listen_parse(struct str text, struct smtp_listen *ret_listen, struct str *ret_trouble)
{
	struct smtp_listen listen = {
		.host = STR_EMPTY, .port = STR_EMPTY, .path = STR_EMPTY, .mode = MODE_PRESET
	};
	struct str word = STR_EMPTY;
	bool good;
	enum err err = ERR_OK;

	str_next_word(&text, " \t", &word);
	good = str_starts(word, STR("unix:")) ? take_path(word, &listen)
					      : take_host_and_port(word, &listen);
	if (!good) {
		*ret_trouble =
			STR("is no host:port, [ipv6]:port or unix:/path (107 bytes at most)");
		return ERR_SYNTAX;
	}
	while (!err && str_next_word(&text, " \t", &word))
		err = take_option(word, &listen, ret_trouble);
	if (!err)
		*ret_listen = listen;
	return err;
}

/* Which of our errors an address that cannot be listened on is. */
static enum err listen_error(int errnum, char trouble[static SMTP_LISTEN_TROUBLE_BYTES])
{
	snprintf(trouble, SMTP_LISTEN_TROUBLE_BYTES, "%s", strerror(errnum));
	if (errnum == EADDRINUSE)
		return ERR_EXISTS;
	return errnum == EACCES || errnum == EPERM ? ERR_DENIED : ERR_IO;
}

static void copy_c(struct str text, char *room, size_t bytes)
{
	snprintf(room, bytes, "%.*s", STR_ARG(text));
}

static enum err bind_tcp(
	const struct addrinfo *info, char trouble[static SMTP_LISTEN_TROUBLE_BYTES], int *ret_fd)
{
	int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), on = 1;
	enum err err;

	if (fd < 0)
		return listen_error(errno, trouble);
	if (!setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) &&
		(info->ai_family != AF_INET6 ||
			!setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on)) &&
		!bind(fd, info->ai_addr, info->ai_addrlen) && !listen(fd, BACKLOG)) {
		*ret_fd = fd;
		return ERR_OK;
	}
	err = listen_error(errno, trouble);
	close(fd);
	return err;
}

static enum err open_tcp(const struct smtp_listen *entry,
	char trouble[static SMTP_LISTEN_TROUBLE_BYTES], int *ret_fd)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *info = NULL;
	char host[NAME_BYTES], port[8];
	enum err err;
	int failed;

	copy_c(entry->host, host, sizeof host);
	copy_c(entry->port, port, sizeof port);
	failed = getaddrinfo(host, port, &hints, &info);
	if (failed) {
		snprintf(trouble, SMTP_LISTEN_TROUBLE_BYTES, "%s", gai_strerror(failed));
		return ERR_NOT_FOUND;
	}
	err = bind_tcp(info, trouble, ret_fd);
	freeaddrinfo(info);
	return err;
}

/* A socket's file stays when its server dies; one that answers belongs to a server that lives. */
static void remove_dead_socket(const struct sockaddr_un *address)
{
	struct stat st;
	int fd;

	if (lstat(address->sun_path, &st) || !S_ISSOCK(st.st_mode))
		return;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	if (connect(fd, (const struct sockaddr *)address, sizeof *address) && errno == ECONNREFUSED)
		unlink(address->sun_path);
	close(fd);
}

static enum err open_unix(const struct smtp_listen *entry,
	char trouble[static SMTP_LISTEN_TROUBLE_BYTES], int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	enum err err;

	if (fd < 0)
		return listen_error(errno, trouble);
	copy_c(entry->path, address.sun_path, sizeof address.sun_path);
	remove_dead_socket(&address);
	if (!bind(fd, (struct sockaddr *)&address, sizeof address) &&
		!chmod(address.sun_path, entry->mode) && !listen(fd, BACKLOG)) {
		*ret_fd = fd;
		return ERR_OK;
	}
	err = listen_error(errno, trouble);
	close(fd);
	return err;
}

enum err smtp_listen_open(const struct smtp_listen *listen,
	char trouble[static SMTP_LISTEN_TROUBLE_BYTES], int *ret_fd)
{
	return listen->path.n ? open_unix(listen, trouble, ret_fd)
			      : open_tcp(listen, trouble, ret_fd);
}
