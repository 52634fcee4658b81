/* tests/support/http_client.h -- a plain HTTP client over a loopback socket: what is sent is exactly what
 * the test says, well-formed or not. */
#pragma once
#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { HTTP_ROOM = 4 << 20 };

struct http_reply {
	int status; /* 0: the connection ended without an answer */
	size_t n;
	char text[HTTP_ROOM]; /* header and body */
};

static inline int http_connect(unsigned port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	const struct timeval patience = { .tv_sec = 30 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert(fd >= 0);
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	assert(connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	return fd;
}

static inline void http_write(int fd, const char *bytes, size_t n)
{
	while (n) {
		ssize_t sent = send(fd, bytes, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		bytes += sent;
		n -= (size_t)sent;
	}
}

/* Reads to the end of the connection. */
static inline void http_read(int fd, struct http_reply *reply)
{
	ssize_t n;

	reply->n = 0;
	while (reply->n < HTTP_ROOM - 1 &&
		(n = recv(fd, reply->text + reply->n, HTTP_ROOM - 1 - reply->n, 0)) > 0)
		reply->n += (size_t)n;
	reply->text[reply->n] = '\0';
	reply->status = 0;
	if (sscanf(reply->text, "HTTP/1.1 %d", &reply->status) != 1)
		reply->status = 0;
}

/* One exchange on a connection of its own. The reply is static: valid until the next one. */
static inline struct http_reply *http_raw(unsigned port, const char *bytes, size_t n)
{
	static struct http_reply reply;
	int fd = http_connect(port);

	http_write(fd, bytes, n);
	http_read(fd, &reply);
	close(fd);
	return &reply;
}

static inline struct http_reply *http_send(unsigned port, const char *method, const char *target,
	const char *fields, const char *body, size_t body_n)
{
	char *request = malloc(body_n + strlen(target) + strlen(fields) + 256);
	struct http_reply *reply;
	int n;

	assert(request);
	n = sprintf(request, "%s %s HTTP/1.1\r\nHost: localhost:%u\r\nConnection: close\r\n%s",
		method, target, port, fields);
	if (body)
		n += sprintf(request + n, "Content-Length: %zu\r\n", body_n);
	n += sprintf(request + n, "\r\n");
	if (body_n)
		memcpy(request + n, body, body_n);
	reply = http_raw(port, request, (size_t)n + body_n);
	free(request);
	return reply;
}

static inline struct http_reply *http_get(unsigned port, const char *target)
{
	return http_send(port, "GET", target, "", NULL, 0);
}

static inline struct http_reply *http_post(unsigned port, const char *target, const char *body)
{
	return http_send(
		port, "POST", target, "Content-Type: application/json\r\n", body, strlen(body));
}
