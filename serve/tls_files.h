/* serve/tls_files.h -- the certificate and key files, read by who may read them.
 * Knows: paths, a reader process that stays root where bounced was started as root (so that a key that
 * only root may read can be read again on SIGHUP), copies in memory. Does not know handshakes.
 * The copies are what the smtp and the api role get: a file that is being rewritten cannot harm a restart of them. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "core/err.h"

enum { TLS_CERTIFICATE, TLS_KEY, TLS_FILES };
enum tls_use { TLS_OF_SMTP, TLS_OF_API, TLS_USES }; /* each has settings and a reader of its own */

struct tls_files {
	int reader_fd;      /* of the reader; -1: there is none, or nothing to read */
	int fds[TLS_FILES]; /* anonymous files with what was last found good; -1: no TLS */
	const char *paths[TLS_FILES];
	enum tls_use use;
};

/* Before root is given up, and before sockets are opened, which the reader shall not have. Without
 * a certificate among the settings: fds of -1. Texts are `arena`'s, which must outlive `ret_files`. */
MUST_CHECK enum err tls_files_open(const struct config *config, enum tls_use use,
	struct arena *arena, struct tls_files *ret_files, struct str *ret_trouble);
/* Reads the files again. On failure nothing is changed. */
MUST_CHECK enum err tls_files_reload(
	struct tls_files *files, struct arena *arena, struct str *ret_trouble);
/* What the copies hold, in `arena`; whoever reads a key wipes it. */
MUST_CHECK enum err tls_files_read(
	struct arena *arena, const int fds[static TLS_FILES], struct str ret_pem[static TLS_FILES]);
