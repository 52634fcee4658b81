/* serve/listeners.h -- the sockets of smtp.listen and api.listen: those that a service manager hands over, the others opened.
 * Knows: settings, which socket is whose. Does not know SMTP. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "core/err.h"

enum { LISTENERS_MAX = 16 };

/* In the order of smtp.listen. The caller owns the descriptors. */
struct listeners {
	int fds[LISTENERS_MAX];
	size_t n;
};

/* The socket of api.listen, likewise. */
MUST_CHECK enum err listeners_open_http(
	const struct config *config, struct arena *arena, int *ret_fd, struct str *ret_trouble);
/* To be called before root is given up. *ret_trouble (in `arena`) names the address; a socket that was handed over and is
 * none of smtp.listen is a trouble, too: mail to it would wait for ever. */
MUST_CHECK enum err listeners_open(const struct config *config, struct arena *arena,
	struct listeners *ret_listeners, struct str *ret_trouble);
