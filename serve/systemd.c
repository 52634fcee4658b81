#define _GNU_SOURCE
#include "serve/systemd.h"

#include "core/attr.h"

#include <net/if.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <time.h>

size_t systemd_sockets(int *ret_first)
{
	int n = sd_listen_fds(1);

	*ret_first = SD_LISTEN_FDS_START;
	return n > 0 ? (size_t)n : 0;
}

bool systemd_socket_is(int fd, const struct sockaddr *address, socklen_t n)
{
	return sd_is_socket_sockaddr(fd, SOCK_STREAM, address, n, 1) > 0;
}

bool systemd_socket_is_path(int fd, const char *path)
{
	return sd_is_socket_unix(fd, SOCK_STREAM, 1, path, 0) > 0;
}

void systemd_socket_name(int fd, char room[static SYSTEMD_SOCKET_NAME_BYTES])
{
	union {
		struct sockaddr any;
		struct sockaddr_un path;
		struct sockaddr_storage room;
	} address = { .room.ss_family = AF_UNSPEC };
	socklen_t n = sizeof address;
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE], port[8];

	snprintf(room, SYSTEMD_SOCKET_NAME_BYTES, "a socket");
	if (getsockname(fd, &address.any, &n))
		return;
	if (address.any.sa_family == AF_UNIX)
		snprintf(room, SYSTEMD_SOCKET_NAME_BYTES, "unix:%.*s",
			(int)sizeof address.path.sun_path, address.path.sun_path);
	else if (!getnameinfo(&address.any, n, host, sizeof host, port, sizeof port,
			 NI_NUMERICHOST | NI_NUMERICSERV))
		snprintf(room, SYSTEMD_SOCKET_NAME_BYTES, strchr(host, ':') ? "[%s]:%s" : "%s:%s",
			host, port);
}

static void say_reloading(void)
{
	struct timespec now;
	char text[64];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%llu",
		(unsigned long long)now.tv_sec * 1000000 + (unsigned long long)now.tv_nsec / 1000);
	sd_notify(0, text);
}

void systemd_say(enum systemd_state state)
{
	static const char *const texts[] = {
		[SYSTEMD_READY] = "READY=1",
		[SYSTEMD_WAITING] = "STATUS=Takes mail, and waits for the database to load it.",
		[SYSTEMD_WORKING] = "STATUS=Takes mail and loads it.",
		[SYSTEMD_STOPPING] = "STOPPING=1",
		[SYSTEMD_ALIVE] = "WATCHDOG=1",
	};

	if (state == SYSTEMD_RELOADING)
		say_reloading();
	else
		sd_notify(0, texts[state]);
}

int64_t systemd_beat_ms(void)
{
	uint64_t usec = 0;

	return sd_watchdog_enabled(0, &usec) > 0 ? (int64_t)(usec / 2000) : 0;
}
