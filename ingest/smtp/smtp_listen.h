/* ingest/smtp/smtp_listen.h -- an entry of smtp.listen: where mail is taken, and how.
 * Knows: its text, and how such a socket is opened. Does not know the event loop, certificates.
 *   ADDRESS [OPTION...]    words are separated by spaces
 *   ADDRESS: `host:port`, `[ipv6]:port`, or `unix:/path` (a path has no spaces and no commas)
 *   OPTION:  `lmtp`                                    RFC 2033 instead of SMTP
 *            `tls=off|offered|required|implicit`       not said: offered on TCP where there is a
 *                                                      certificate, else off
 *            `mode=0600`                               of a Unix socket's file, default 0666: its
 *                                                      folder says who may come
 * Parsing is pure and borrows; opening touches sockets and, for a Unix socket, the file system. */
#pragma once
#include "core/err.h"
#include "core/str.h"
#include "ingest/session/smtp_session.h"

struct smtp_listen {
	struct str host, port; /* of TCP */
	struct str path;       /* of a Unix socket, absolute; empty: TCP */
	unsigned mode;
	enum smtp_protocol protocol;
	enum smtp_tls_use tls;
	bool tls_said;
};
enum { SMTP_LISTEN_TROUBLE_BYTES = 160 };

/* ERR_SYNTAX: *ret_trouble (a literal) says why. */
MUST_CHECK enum err smtp_listen_parse(
	struct str text, struct smtp_listen *ret_listen, struct str *ret_trouble);
/* A socket that listens, of the first address that the host has. A Unix socket's file that nobody
 * listens on any more is replaced. ERR_NOT_FOUND: no such host; ERR_EXISTS: taken; ERR_DENIED; ERR_IO. */
MUST_CHECK enum err smtp_listen_open(const struct smtp_listen *listen,
	char trouble[static SMTP_LISTEN_TROUBLE_BYTES], int *ret_fd);
