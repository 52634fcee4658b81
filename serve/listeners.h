/* serve/listeners.h -- the sockets of smtp.listen and api.listen: those that a service manager hands over, the others opened.
 * Knows: settings, which socket is whose. Does not know SMTP. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "core/err.h"

#include <stdbool.h>
#include <stddef.h>

enum { LISTENERS_MAX = 16, LISTENERS_GIVEN_MAX = 32 };

/* What a service manager handed over; without one, nothing. */
struct listeners_given {
	int first;
	size_t n;
	bool used[LISTENERS_GIVEN_MAX];
};
/* To be called once, before the others. */
MUST_CHECK enum err listeners_given(struct listeners_given *ret_given, struct str *ret_trouble);

/* In the order of smtp.listen. The caller owns the descriptors. */
struct listeners {
	int fds[LISTENERS_MAX];
	size_t n;
};

/* The socket of api.listen. Both are to be called before root is given up; *ret_trouble (in `arena`) names the address. */
MUST_CHECK enum err listeners_open_http(const struct config *config, struct arena *arena,
	struct listeners_given *given, int *ret_fd, struct str *ret_trouble);
MUST_CHECK enum err listeners_open(const struct config *config, struct arena *arena,
	struct listeners_given *given, struct listeners *ret_listeners, struct str *ret_trouble);
/* Behind them: a socket that was handed over and is nobody's is ERR_SYNTAX of the settings. Whoever connects to it would wait for ever. */
MUST_CHECK enum err listeners_check_given(
	const struct listeners_given *given, struct arena *arena, struct str *ret_trouble);
