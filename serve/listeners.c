#define _GNU_SOURCE
#include "serve/listeners.h"

#include "api/http_listen.h"
#include "ingest/smtp/smtp_listen.h"
#include "serve/systemd.h"

#include <fcntl.h>
#include <netdb.h>

enum err listeners_given(struct listeners_given *ret_given, struct str *ret_trouble)
{
	struct listeners_given given = { 0 };

	given.n = systemd_sockets(&given.first);
	if (given.n > LISTENERS_GIVEN_MAX) {
		*ret_trouble = STR("the service manager hands over too many sockets");
		return ERR_LIMIT;
	}
	*ret_given = given;
	return ERR_OK;
}

enum err listeners_check_given(
	const struct listeners_given *given, struct arena *arena, struct str *ret_trouble)
{
	char name[SYSTEMD_SOCKET_NAME_BYTES];

	for (size_t i = 0; i < given->n; i++) {
		if (given->used[i])
			continue;
		systemd_socket_name(given->first + (int)i, name);
		*ret_trouble = arena_printf(arena,
			"smtp.listen, api.listen: none of those whose roles run here is %s, which "
			"the "
			"service manager listens on (ListenStream= of a socket unit): name it, or "
			"take "
			"it out of that unit",
			name);
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

static bool same_address(struct arena *arena, const struct smtp_listen *listen, int fd)
{
	const struct addrinfo hints = { .ai_flags = AI_PASSIVE | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *info = NULL;
	bool same = false;

	if (listen->path.n)
		return systemd_socket_is_path(fd, arena_c(arena, listen->path));
	if (getaddrinfo(arena_c(arena, listen->host), arena_c(arena, listen->port), &hints, &info))
		return false;
	for (const struct addrinfo *each = info; each && !same; each = each->ai_next)
		same = systemd_socket_is(fd, each->ai_addr, each->ai_addrlen);
	freeaddrinfo(info);
	return same;
}

/* -1: none that was handed over is for this entry. */
static int take_given(
	struct arena *arena, const struct smtp_listen *listen, struct listeners_given *given)
{
	for (size_t i = 0; i < given->n; i++)
		if (!given->used[i] && same_address(arena, listen, given->first + (int)i)) {
			given->used[i] = true;
			return given->first + (int)i;
		}
	return -1;
}

static enum err open_one(struct str text, struct arena *arena, struct listeners_given *given,
	int *ret_fd, struct str *ret_trouble)
{
	char why[SMTP_LISTEN_TROUBLE_BYTES] = "";
	struct smtp_listen listen;
	enum err err = smtp_listen_parse(text, &listen, ret_trouble);
	int fd = err ? -1 : take_given(arena, &listen, given);

	if (err)
		return err;
	if (fd >= 0) {
		*ret_fd = fd;
		return ERR_OK;
	}
	err = smtp_listen_open(&listen, why, ret_fd);
	if (err)
		*ret_trouble = arena_printf(arena, "smtp.listen: cannot listen on %.*s: %s%s",
			STR_ARG(text), why,
			err == ERR_DENIED && !listen.path.n
				? " (a port below 1024 takes root or CAP_NET_BIND_SERVICE)"
				: "");
	return err;
}

enum err listeners_open(const struct config *config, struct arena *arena,
	struct listeners_given *given, struct listeners *ret_listeners, struct str *ret_trouble)
{
	struct listeners listeners = { .n = 0 };
	struct str text;
	enum err err = ERR_OK;

	while (!err && config_item(config, CONFIG_SMTP_LISTEN, listeners.n, &text)) {
		if (listeners.n == LISTENERS_MAX) {
			*ret_trouble = STR("smtp.listen: more than 16 addresses");
			return ERR_LIMIT;
		}
		err = open_one(text, arena, given, &listeners.fds[listeners.n], ret_trouble);
		listeners.n += !err;
	}
	if (!err)
		*ret_listeners = listeners;
	return err;
}

/* -1: none that was handed over is bound to that address. libmicrohttpd wants one that does not block. */
static int take_http(const struct api_options *options, struct listeners_given *given)
{
	struct buf problem = BUF_INIT(1024);
	struct sockaddr_storage address;
	int fd = -1;
	socklen_t n;

	if (http_listen_address(options, &problem, &address, &n))
		given = NULL; /* http_listen() says why */
	for (size_t i = 0; given && i < given->n && fd < 0; i++)
		if (!given->used[i] && systemd_socket_is(given->first + (int)i,
					       (const struct sockaddr *)&address, n)) {
			given->used[i] = true;
			fd = given->first + (int)i;
			fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		}
	buf_release(&problem);
	return fd;
}

enum err listeners_open_http(const struct config *config, struct arena *arena,
	struct listeners_given *given, int *ret_fd, struct str *ret_trouble)
{
	const struct api_options options = { .listen = config_str(config, CONFIG_API_LISTEN),
		.access = config_bool(config, CONFIG_API_LOOPBACK_WITHOUT_KEY) ? API_ACCESS_LOOPBACK
									       : API_ACCESS_KEYS };
	struct buf problem = BUF_INIT(1024);
	int fd = take_http(&options, given);
	enum err err = fd < 0 ? http_listen(&options, &problem, &fd) : ERR_OK;

	if (!err)
		*ret_fd = fd;
	else
		*ret_trouble = arena_printf(arena, "api.listen: %.*s%s", STR_ARG(buf_str(&problem)),
			err == ERR_DENIED
				? " (a port below 1024 takes root or CAP_NET_BIND_SERVICE)"
				: "");
	buf_release(&problem);
	return err;
}
