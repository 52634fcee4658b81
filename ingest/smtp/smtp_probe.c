#define _GNU_SOURCE
#include "ingest/smtp/smtp_probe.h"

#include <errno.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

struct probing {
	struct arena *arena;
	int fd;
	int64_t end_ms;
	char bytes[SMTP_PROBE_BYTES]; /* all that was received before TLS */
	size_t n, at;
	struct smtp_probe *probe;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* False: the time is over. */
static bool wait_for(const struct probing *p, short events)
{
	struct pollfd polled = { p->fd, events, 0 };
	int64_t left_ms = p->end_ms - now_ms();

	return left_ms > 0 && poll(&polled, 1, (int)left_ms) > 0;
}

/* ---- the connection ---- */

/* 0, or errno. */
static int connect_to(struct probing *p, const struct addrinfo *info)
{
	socklen_t n = sizeof(int);
	int error = 0;

	p->fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (p->fd < 0)
		return errno;
	if (!connect(p->fd, info->ai_addr, info->ai_addrlen))
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (!wait_for(p, POLLOUT))
		return ETIMEDOUT;
	return getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &n) ? errno : error;
}

static bool reach(struct probing *p, struct str address, uint16_t port)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM };
	const char *service = arena_printf(p->arena, "%u", port).p;
	struct addrinfo *info = NULL;
	int error = EINVAL;

	if (!getaddrinfo(arena_c(p->arena, address), service, &hints, &info))
		error = connect_to(p, info);
	if (info)
		freeaddrinfo(info);
	if (!error)
		return true;
	p->probe->end = error == ENETUNREACH || error == EHOSTUNREACH || error == EAFNOSUPPORT ||
					error == EADDRNOTAVAIL
				? SMTP_PROBE_NO_WAY
				: SMTP_PROBE_CLOSED;
	p->probe->trouble = arena_dup(p->arena, str_c(strerror(error)));
	return false;
}

/* ---- replies ---- */

static bool next_line(struct probing *p, struct str *ret_line)
{
	for (;;) {
		struct str rest = str_from(p->bytes + p->at, p->n - p->at);
		size_t end = str_chr(rest, '\n');
		ssize_t got;

		if (end != STR_NPOS) {
			*ret_line = str_trim(str_head(rest, end));
			p->at += end + 1;
			return true;
		}
		if (p->n == sizeof p->bytes || !wait_for(p, POLLIN))
			return false;
		got = recv(p->fd, p->bytes + p->n, sizeof p->bytes - p->n, 0);
		if (got <= 0)
			return false;
		p->n += (size_t)got;
	}
}

/* The code of a whole reply, and what stands in its first line behind it; whether a line of it says STARTTLS. -1: none came. */
static int hear(struct probing *p, struct str *ret_text, bool *ret_starttls)
{
	struct str line;
	int code = -1;

	while (next_line(p, &line)) {
		struct str word = str_trim(str_skip(line, 4));
		uint64_t number;

		if (line.n < 3 || !str_to_u64(str_head(line, 3), 999, &number))
			return -1;
		if (code < 0)
			*ret_text = word;
		code = (int)number;
		if (str_ieq(word, STR("STARTTLS")))
			*ret_starttls = true;
		if (line.n < 4 || line.p[3] != '-')
			return code;
	}
	return -1;
}

static bool say(struct probing *p, struct str text)
{
	while (text.n) {
		ssize_t sent = send(p->fd, text.p, text.n, MSG_NOSIGNAL);

		if (sent < 0 && errno == EAGAIN && wait_for(p, POLLOUT))
			continue;
		if (sent <= 0)
			return false;
		text = str_skip(text, (size_t)sent);
	}
	return true;
}

static bool be_greeted(struct probing *p)
{
	struct str text = STR_EMPTY;
	bool unused;
	int code = hear(p, &text, &unused);

	if (code == 220) {
		p->probe->end = SMTP_PROBE_GREETED;
		p->probe->host = arena_lower(p->arena, str_head(text, str_cspan(text, " \t")));
		return true;
	}
	p->probe->end = code >= 400 ? SMTP_PROBE_TURNED_AWAY : SMTP_PROBE_DUMB;
	p->probe->trouble = code < 0 ? STR("no greeting came")
				     : arena_printf(p->arena, "%d %.*s", code, STR_ARG(text));
	return false;
}

/* ---- TLS ---- */

static void look_at(struct probing *p, SSL *ssl, struct str name)
{
	X509 *leaf = SSL_get1_peer_certificate(ssl);
	struct tm ends;

	if (!leaf)
		return;
	p->probe->fits = X509_check_host(leaf, name.p, name.n, 0, NULL) == 1;
	if (ASN1_TIME_to_tm(X509_get0_notAfter(leaf), &ends) == 1)
		p->probe->until_s = (int64_t)timegm(&ends);
	X509_free(leaf);
}

static bool shake_hands(const struct probing *p, SSL *ssl)
{
	for (;;) {
		int got = SSL_connect(ssl),
		    want = got == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl, got);

		if (want == SSL_ERROR_NONE)
			return true;
		if (want != SSL_ERROR_WANT_READ && want != SSL_ERROR_WANT_WRITE)
			return false;
		if (!wait_for(p, want == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT))
			return false;
	}
}

static struct str tls_error(struct arena *arena)
{
	unsigned long number = ERR_peek_error();
	const char *reason = number ? ERR_reason_error_string(number) : NULL;

	return arena_dup(arena, reason ? str_c(reason) : STR("connection lost"));
}

static void try_tls(struct probing *p, struct str name)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	SSL *ssl = context ? SSL_new(context) : NULL;
	char host[256]; /* the library's macro takes no const */

	snprintf(host, sizeof host, "%.*s", STR_ARG(str_head(name, sizeof host - 1)));
	if (!ssl || SSL_set_fd(ssl, p->fd) != 1 || SSL_set_tlsext_host_name(ssl, host) != 1)
		abort(); /* out of memory */
	SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	ERR_clear_error();
	p->probe->tls_trouble = STR_EMPTY;
	if (shake_hands(p, ssl)) {
		look_at(p, ssl, name);
		SSL_shutdown(ssl);
	} else {
		p->probe->tls_trouble = tls_error(p->arena);
	}
	ERR_clear_error();
	SSL_free(ssl);
	SSL_CTX_free(context);
}

static void converse(struct probing *p, struct str me, struct str name)
{
	struct str text;
	bool unused;
	int code;

	p->probe->tls_trouble = STR("STARTTLS is not offered");
	if (!be_greeted(p) || !say(p, arena_printf(p->arena, "EHLO %.*s\r\n", STR_ARG(me))) ||
		hear(p, &text, &p->probe->offers_tls) != 250 || !p->probe->offers_tls) {
		(void)say(p, STR("QUIT\r\n"));
		return;
	}
	code = say(p, STR("STARTTLS\r\n")) ? hear(p, &text, &unused) : -1;
	if (code == 220)
		try_tls(p, name);
	else
		p->probe->tls_trouble = STR("STARTTLS is offered and refused");
}

void smtp_probe(struct arena *arena, struct str address, uint16_t port, struct str me,
	struct str name, struct smtp_probe *ret_probe)
{
	struct smtp_probe probe = { .end = SMTP_PROBE_CLOSED };
	struct probing *p = arena_zalloc(arena, sizeof *p);

	p->arena = arena;
	p->fd = -1;
	p->end_ms = now_ms() + SMTP_PROBE_MS;
	p->probe = &probe;
	if (reach(p, address, port))
		converse(p, me, name);
	if (p->fd >= 0)
		close(p->fd);
	*ret_probe = probe;
}
