/* api/http_listen.h -- the listening socket of the HTTP server.
 * Knows: addresses as text, sockets. Does not know HTTP. The caller owns the descriptor. */
#pragma once
#include "api/request/api_options.h"
#include "core/buf.h"

#include <sys/socket.h>

/* The errors of api_server_start, and a sentence about each. */
MUST_CHECK enum err http_listen(
	const struct api_options *options, struct buf *problem, int *ret_fd);
/* The address of options->listen, with the same errors but those of sockets. */
MUST_CHECK enum err http_listen_address(const struct api_options *options, struct buf *problem,
	struct sockaddr_storage *ret_address, socklen_t *ret_n);
/* The port that the socket is bound to. */
unsigned http_listen_port(int fd);
