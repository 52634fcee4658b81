/* ingest/fetch/fetch_login.h -- to a mailbox's server and through its log-in, by libcurl; then bytes both ways.
 * Knows: libcurl, TLS, where it must be on, time limits. Does not know what is said after the log-in.
 * A certificate is always verified. Nothing is said over a connection without TLS but to this machine. */
#pragma once
#include "core/arena.h"
#include "ingest/fetch/fetch.h"

enum { FETCH_IDLE_S = 60, FETCH_RUN_S = 3600 };

struct fetch_url {
	bool imap;     /* else POP3 */
	bool implicit; /* imaps, pop3s */
	bool starttls;
	const char *user;
	const char *bare; /* scheme://host:port/, for libcurl and for messages */
};
/* SCHEME://USER@HOST[:PORT]/ in its parts, all in `arena`; `login` (may be empty) goes before USER. ERR_SYNTAX
 * and the reason in *ret_trouble: no such URL, a password or a path in it, no user, or a scheme without TLS for
 * another machine where `starttls` is false. Pure. */
MUST_CHECK enum err fetch_url_parse(struct arena *arena, const char *text, const char *login,
	bool starttls, struct fetch_url *ret_url, struct str *ret_trouble);

struct fetch_login {
	struct fetch_url url;
	const char *password; /* NULL: as ~/.netrc says */
	const char *ca_file;  /* NULL: the system's */
};
struct fetch_peer;

/* *ret_trouble, in `arena`, never holds the password. ERR_DENIED: it did not let us in. */
MUST_CHECK enum err fetch_peer_open(struct arena *arena, const struct fetch_login *login,
	struct fetch_peer **ret_peer, struct str *ret_trouble);
void fetch_peer_close(struct fetch_peer *peer);
/* Borrows the peer. */
void fetch_peer_wire(struct fetch_peer *peer, struct fetch_wire *ret_wire);
