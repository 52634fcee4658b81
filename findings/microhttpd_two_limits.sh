#!/bin/bash
# libmicrohttpd 0.9.75 (Debian 12): its two limits of connections do opposite things. Beyond MHD_OPTION_CONNECTION_LIMIT a client waits in the
# kernel's queue and is answered when another one goes; beyond MHD_OPTION_PER_IP_CONNECTION_LIMIT it is accepted and closed at once, and a
# request that it has sent is answered by a reset, not by any status.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
apt-get download -q libmicrohttpd-dev=0.9.75-6 libmicrohttpd12=0.9.75-6 >/dev/null
for package in ./*.deb; do dpkg-deb -x "$package" root; done
cat >main.c <<'C'
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *data, size_t *n, void **state)
{
	static int begun;
	struct MHD_Response *response;
	enum MHD_Result result;

	(void)context, (void)url, (void)method, (void)version, (void)data, (void)n;
	if (!*state) {
		*state = &begun; /* answered now, the connection would not be kept */
		return MHD_YES;
	}
	response = MHD_create_response_from_buffer(2, "ok", MHD_RESPMEM_PERSISTENT);
	result = MHD_queue_response(connection, 200, response);
	MHD_destroy_response(response);
	return result;
}

static int ask(struct MHD_Daemon *daemon)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons(MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port) };
	struct timeval patience = { .tv_sec = 1 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	if (connect(fd, (struct sockaddr *)&to, sizeof to))
		return -1;
	(void)!write(fd, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 27);
	return fd;
}

/* What the client sees of its question. */
static const char *seen(int fd)
{
	char bytes[512];
	ssize_t n = recv(fd, bytes, sizeof bytes, 0);

	if (n > 12 && !memcmp(bytes, "HTTP/1.1 200", 12))
		return "200";
	if (n > 0)
		return "another answer";
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
		return "nothing yet";
	return "closed, no answer";
}

static void try(const char *name, enum MHD_OPTION limit)
{
	struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD, 0, NULL, NULL, answer,
		NULL, limit, 2u, MHD_OPTION_END);
	int first = ask(daemon), second = ask(daemon);
	const char *a = seen(first), *b = seen(second);
	int third = ask(daemon);
	const char *c = seen(third);

	printf("%s 2: %s, %s, third: %s", name, a, b, c);
	close(first); /* room again */
	printf(", when the first is gone: %s\n", seen(third));
	close(second);
	close(third);
	MHD_stop_daemon(daemon);
}

int main(void)
{
	printf("libmicrohttpd %s\n", MHD_get_version());
	try("in all", MHD_OPTION_CONNECTION_LIMIT);
	try("of one address", MHD_OPTION_PER_IP_CONNECTION_LIMIT);
	return 0;
}
C
lib=$(dirname "$(find root -name 'libmicrohttpd.so.12')")
cc -Wall -Iroot/usr/include main.c "$lib/libmicrohttpd.so.12" -o main
LD_LIBRARY_PATH=$lib ./main | tee seen
grep -q '^libmicrohttpd 0.9.75$' seen
grep -q '^in all 2: 200, 200, third: nothing yet, when the first is gone: 200$' seen
grep -q '^of one address 2: 200, 200, third: closed, no answer, when the first is gone: closed, no answer$' seen
