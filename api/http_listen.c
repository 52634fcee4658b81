#include "api/http_listen.h"

#include "core/arena.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static bool split_listen(
	struct arena *arena, struct str listen, const char **ret_host, uint16_t *ret_port)
{
	size_t colon = str_rchr(listen, ':');
	struct str host = str_head(listen, colon);
	uint64_t port;

	if (colon == STR_NPOS || !str_to_u64(str_skip(listen, colon + 1), UINT16_MAX, &port))
		return false;
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = str_slice(host, 1, host.n - 1);
	else if (str_eq(host, STR("localhost")))
		host = STR("127.0.0.1");
	*ret_host = arena_c(arena, host);
	*ret_port = (uint16_t)port;
	return true;
}

static bool read_address(struct str listen, union address *ret_address)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	union address address = { .v6 = { 0 } };
	const char *host;
	uint16_t port;

	if (!split_listen(arena, listen, &host, &port))
		return false;
	if (inet_pton(AF_INET, host, &address.v4.sin_addr) == 1) {
		address.v4.sin_family = AF_INET;
		address.v4.sin_port = htons(port);
	} else if (!host[0] || inet_pton(AF_INET6, host, &address.v6.sin6_addr) == 1) {
		address.v6.sin6_family = AF_INET6; /* no host: every address, of both versions */
		address.v6.sin6_port = htons(port);
	} else {
		return false;
	}
	*ret_address = address;
	return true;
}

static bool is_loopback(const union address *address)
{
	if (address->any.sa_family == AF_INET)
		return ntohl(address->v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&address->v6.sin6_addr);
}

static socklen_t address_bytes(const union address *address)
{
	return address->any.sa_family == AF_INET6 ? sizeof address->v6 : sizeof address->v4;
}

static enum err listen_error(struct buf *problem, struct str listen)
{
	int errnum = errno;

	buf_printf(problem, "cannot listen on %.*s: %s", STR_ARG(listen), strerror(errnum));
	if (errnum == EADDRINUSE)
		return ERR_EXISTS;
	return errnum == EACCES || errnum == EPERM ? ERR_DENIED : ERR_IO;
}

static enum err open_socket(
	struct str listen_on, const union address *address, struct buf *problem, int *ret_fd)
{
	const int on = 1, off = 0;
	bool v6 = address->any.sa_family == AF_INET6;
	int fd = socket(address->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return listen_error(problem, listen_on);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (v6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
	if (bind(fd, &address->any, address_bytes(address)) || listen(fd, SOMAXCONN)) {
		enum err err = listen_error(problem, listen_on);

		close(fd);
		return err;
	}
	*ret_fd = fd;
	return ERR_OK;
}

unsigned http_listen_port(int fd)
{
	union address address;
	socklen_t n = sizeof address;

	if (getsockname(fd, &address.any, &n))
		return 0;
	return ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
}

static enum err permitted_address(
	const struct api_options *options, struct buf *problem, union address *ret_address)
{
	if (!read_address(options->listen, ret_address)) {
		buf_printf(problem, "\"%.*s\" is no address: write 127.0.0.1:8080 or [::1]:8080",
			STR_ARG(options->listen));
		return ERR_SYNTAX;
	}
	if (options->access == API_ACCESS_LOOPBACK && !is_loopback(ret_address)) {
		buf_printf(problem,
			"%.*s is not a loopback address: without keys the API listens on one alone",
			STR_ARG(options->listen));
		return ERR_DENIED;
	}
	return ERR_OK;
}

enum err http_listen_address(const struct api_options *options, struct buf *problem,
	struct sockaddr_storage *ret_address, socklen_t *ret_n)
{
	union address address;
	enum err err = permitted_address(options, problem, &address);

	if (err)
		return err;
	*ret_n = address_bytes(&address);
	memcpy(ret_address, &address, *ret_n);
	return ERR_OK;
}

enum err http_listen(const struct api_options *options, struct buf *problem, int *ret_fd)
{
	union address address;
	enum err err = permitted_address(options, problem, &address);

	return err ? err : open_socket(options->listen, &address, problem, ret_fd);
}
