#define _GNU_SOURCE
#include "ingest/fetch/fetch_login.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct fetch_peer {
	CURL *curl;
	int64_t until_s; /* of the whole run: a peer that drips would else keep us for ever */
	char error[CURL_ERROR_SIZE];
};

/* ---- the URL ---- */

static const char *url_part(struct arena *arena, CURLU *url, CURLUPart part, unsigned flags)
{
	char *text = NULL;
	const char *copy = "";

	if (!curl_url_get(url, part, &text, flags) && text)
		copy = arena_dup(arena, str_c(text)).p;
	curl_free(text);
	return copy;
}

static bool is_loopback(const char *host)
{
	return !strcmp(host, "localhost") || !strcmp(host, "[::1]") ||
	       (!strncmp(host, "127.", 4) && !host[strspn(host, "0123456789.")]);
}

static const struct {
	const char *scheme;
	bool imap, implicit;
} schemes[] = {
	{ "imaps", true, true },
	{ "imap", true, false },
	{ "pop3s", false, true },
	{ "pop3", false, false },
};

static enum err read_url(struct arena *arena, CURLU *url, const char *login, bool starttls,
	struct fetch_url *ret_url, struct str *ret_trouble)
{
	const char *scheme = url_part(arena, url, CURLUPART_SCHEME, 0);
	const char *host = url_part(arena, url, CURLUPART_HOST, 0);
	const char *port = url_part(arena, url, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	const char *user = url_part(arena, url, CURLUPART_USER, CURLU_URLDECODE);
	size_t i = 0;

	while (i < ARRAY_LEN(schemes) && strcmp(schemes[i].scheme, scheme))
		i++;
	if (i == ARRAY_LEN(schemes))
		*ret_trouble = STR("a URL of imaps, pop3s, imap or pop3 is needed");
	else if (*url_part(arena, url, CURLUPART_PASSWORD, 0))
		*ret_trouble = STR("a password on the command line can be seen by everybody: use "
				   "--password-file");
	else if (strlen(url_part(arena, url, CURLUPART_PATH, 0)) > 1 ||
		 *url_part(arena, url, CURLUPART_QUERY, 0))
		*ret_trouble = STR("the URL ends behind the host; --folder names an IMAP folder");
	else if (!*login && !*user)
		*ret_trouble = STR("a user is needed, in the URL or with --login");
	else if (!schemes[i].implicit && !starttls && !is_loopback(host))
		*ret_trouble = STR("without TLS only this machine is asked: use imaps or pop3s, or "
				   "--starttls");
	else {
		*ret_url = (struct fetch_url){ .imap = schemes[i].imap,
			.implicit = schemes[i].implicit,
			.starttls = starttls,
			.user = *login ? login : user,
			.bare = arena_printf(arena, "%s://%s:%s/", scheme, host, port).p };
		return ERR_OK;
	}
	return ERR_SYNTAX;
}

enum err fetch_url_parse(struct arena *arena, const char *text, const char *login, bool starttls,
	struct fetch_url *ret_url, struct str *ret_trouble)
{
	CURLU *url = curl_url();
	enum err err = ERR_SYNTAX;

	*ret_trouble = STR("this is no URL");
	if (url && !curl_url_set(url, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME))
		err = read_url(arena, url, login, starttls, ret_url, ret_trouble);
	curl_url_cleanup(url);
	return err;
}

/* ---- the connection ---- */

static int64_t now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

static void set_options(CURL *curl, const struct fetch_login *login, char *error)
{
	curl_easy_setopt(curl, CURLOPT_URL, login->url.bare);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "imap,imaps,pop3,pop3s");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)FETCH_IDLE_S);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (login->url.implicit || login->url.starttls)
		curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)CURLUSESSL_ALL);
	if (login->ca_file)
		curl_easy_setopt(curl, CURLOPT_CAINFO, login->ca_file);
	curl_easy_setopt(curl, CURLOPT_USERNAME, login->url.user);
	if (login->password)
		curl_easy_setopt(curl, CURLOPT_PASSWORD, login->password);
	else
		curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL);
	/* libcurl's own way to fetch says BODY[], which marks as seen what may yet not be stored. So it does
	 * the log-in, and the rest is said by fetch_imap.c and fetch_pop3.c. */
	curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
}

enum err fetch_peer_open(struct arena *arena, const struct fetch_login *login,
	struct fetch_peer **ret_peer, struct str *ret_trouble)
{
	struct fetch_peer *peer = arena_zalloc(arena, sizeof *peer);
	CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);

	peer->curl = code ? NULL : curl_easy_init();
	if (!peer->curl) {
		*ret_trouble = STR("libcurl cannot be used");
		return ERR_UNAVAILABLE;
	}
	peer->until_s = now_s() + FETCH_RUN_S;
	set_options(peer->curl, login, peer->error);
	code = curl_easy_perform(peer->curl);
	if (!code) {
		*ret_peer = peer;
		return ERR_OK;
	}
	*ret_trouble =
		arena_printf(arena, "%s", *peer->error ? peer->error : curl_easy_strerror(code));
	fetch_peer_close(peer);
	return code == CURLE_LOGIN_DENIED ? ERR_DENIED : ERR_UNAVAILABLE;
}

void fetch_peer_close(struct fetch_peer *peer)
{
	if (!peer)
		return;
	curl_easy_cleanup(peer->curl);
	curl_global_cleanup();
}

/* ---- bytes both ways ---- */

/* ERR_OK: try again. A signal is no reason to stop in the middle: what was asked is read to its end. */
static enum err wait_for(struct fetch_peer *peer, short events)
{
	struct pollfd fd = { .fd = -1, .events = events };
	curl_socket_t socket = CURL_SOCKET_BAD;
	int n;

	if (now_s() >= peer->until_s)
		return ERR_TIMEOUT;
	curl_easy_getinfo(peer->curl, CURLINFO_ACTIVESOCKET, &socket);
	if (socket == CURL_SOCKET_BAD)
		return ERR_CLOSED;
	fd.fd = socket;
	n = poll(&fd, 1, FETCH_IDLE_S * 1000);
	if (n < 0)
		return errno == EINTR ? ERR_OK : ERR_IO;
	return n ? ERR_OK : ERR_TIMEOUT;
}

static enum err peer_send(void *context, struct str bytes)
{
	struct fetch_peer *peer = context;

	while (bytes.n) {
		size_t sent = 0;
		CURLcode code = curl_easy_send(peer->curl, bytes.p, bytes.n, &sent);
		enum err err = code == CURLE_AGAIN ? wait_for(peer, POLLOUT)
			       : code              ? ERR_CLOSED
						   : ERR_OK;

		if (err)
			return err;
		bytes = str_skip(bytes, sent);
	}
	return ERR_OK;
}

static enum err peer_receive(void *context, char *room, size_t n, size_t *ret_n)
{
	struct fetch_peer *peer = context;

	for (;;) {
		size_t got = 0;
		CURLcode code = curl_easy_recv(peer->curl, room, n, &got);
		enum err err;

		if (!code && now_s() < peer->until_s) {
			*ret_n = got;
			return got ? ERR_OK : ERR_CLOSED;
		}
		if (code != CURLE_AGAIN)
			return code ? ERR_CLOSED : ERR_TIMEOUT;
		err = wait_for(peer, POLLIN);
		if (err)
			return err;
	}
}

void fetch_peer_wire(struct fetch_peer *peer, struct fetch_wire *ret_wire)
{
	fetch_wire_init(ret_wire);
	ret_wire->send = peer_send;
	ret_wire->receive = peer_receive;
	ret_wire->context = peer;
}
