#include "core/arena.h"
#include "dns/dns_lookup_priv.h"

#include <arpa/nameser.h>
#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

enum err dns_new(struct str servers, struct dns **ret_dns)
{
	struct ares_options options = { .timeout = DNS_TIMEOUT_MS, .tries = DNS_TRIES };
	struct dns *dns = calloc(1, sizeof *dns);
	struct arena *arena = arena_new();
	enum err err = ERR_OK;

	if (!dns || ares_library_init(ARES_LIB_INIT_ALL))
		abort();
	if (ares_init_options(&dns->channel, &options, ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES)) {
		dns->channel = NULL;
		err = ERR_UNAVAILABLE;
	}
	if (!err && servers.n && ares_set_servers_ports_csv(dns->channel, arena_c(arena, servers)))
		err = ERR_SYNTAX;
	arena_free(arena);
	if (err)
		dns_free(dns);
	else
		*ret_dns = dns;
	return err;
}

void dns_free(struct dns *dns)
{
	if (!dns)
		return;
	if (dns->channel)
		ares_destroy(dns->channel);
	free(dns);
	ares_library_cleanup();
}

/* ---- questions ---- */

struct question {
	struct asked *asked;
	size_t number;
};

struct asked {
	dns_mx_fn *fn;
	void *context;
	size_t open;
	struct question questions[DNS_QUESTIONS];
};

static bool is_before(const struct ares_mx_reply *a, const struct ares_mx_reply *b)
{
	if (a->priority != b->priority)
		return a->priority < b->priority;
	return strcasecmp(a->host, b->host) < 0;
}

/* An empty host or "." is the null MX of RFC 7505. */
static enum dns_answer read_mx(
	const unsigned char *bytes, int n, char ret_host[static DNS_NAME_BYTES + 1], size_t *ret_n)
{
	struct ares_mx_reply *first = NULL, *best = NULL;
	enum dns_answer answer = DNS_NONE;
	size_t length;
	int status = ares_parse_mx_reply(bytes, n, &first);

	if (status) /* one that cannot be read says nothing */
		return status == ARES_ENODATA ? DNS_NONE : DNS_SILENT;
	for (struct ares_mx_reply *mx = first; mx; mx = mx->next)
		if (!best || is_before(mx, best))
			best = mx;
	length = best ? strnlen(best->host, DNS_NAME_BYTES + 1) : 0;
	if (length && best->host[length - 1] == '.')
		length--;
	if (length && length <= DNS_NAME_BYTES) {
		for (size_t i = 0; i < length; i++)
			ret_host[i] = ascii_lower(best->host[i]);
		*ret_n = length;
		answer = DNS_SAYS;
	}
	if (first)
		ares_free_data(first);
	return answer;
}

static void on_answer(void *context, int status, int timeouts, unsigned char *bytes, int n)
{
	struct question *question = context;
	struct asked *asked = question->asked;
	enum dns_answer answer = DNS_SILENT;
	char host[DNS_NAME_BYTES + 1];
	size_t host_n = 0;

	(void)timeouts;
	if (status == ARES_SUCCESS)
		answer = read_mx(bytes, n, host, &host_n);
	else if (status == ARES_ENOTFOUND || status == ARES_ENODATA || status == ARES_EBADNAME)
		answer = DNS_NONE;
	asked->open--;
	asked->fn(asked->context, question->number, answer, str_from(host, host_n));
}

void dns_turn(struct dns *dns)
{
	ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
	struct pollfd polled[ARES_GETSOCK_MAXNUM];
	unsigned bits = (unsigned)ares_getsock(dns->channel, sockets, ARES_GETSOCK_MAXNUM);
	struct timeval most = { DNS_TIMEOUT_MS / 1000, 0 }, left;
	const struct timeval *wait = ares_timeout(dns->channel, &most, &left);
	nfds_t n = 0;

	for (unsigned i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
		/* c-ares' own macros shift a one into the sign. */
		short events = (short)((bits >> i & 1 ? POLLIN : 0) |
				       (bits >> (i + ARES_GETSOCK_MAXNUM) & 1 ? POLLOUT : 0));

		if (events)
			polled[n++] = (struct pollfd){ .fd = sockets[i], .events = events };
	}
	if (poll(polled, n, (int)(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1)) <= 0) {
		ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		return;
	}
	for (nfds_t i = 0; i < n; i++) {
		bool reads = polled[i].revents & (POLLIN | POLLERR | POLLHUP);
		bool writes = polled[i].revents & POLLOUT;

		ares_process_fd(dns->channel, reads ? polled[i].fd : ARES_SOCKET_BAD,
			writes ? polled[i].fd : ARES_SOCKET_BAD);
	}
}

void dns_mx(struct dns *dns, const struct str *names, size_t n, dns_mx_fn *fn, void *context)
{
	struct asked asked = { .fn = fn, .context = context };
	struct arena *arena = arena_new();

	assert(n <= DNS_QUESTIONS);
	for (size_t i = 0; i < n; i++) {
		asked.questions[i] = (struct question){ &asked, i };
		asked.open++;
		ares_query(dns->channel, arena_c(arena, names[i]), C_IN, T_MX, on_answer,
			&asked.questions[i]);
	}
	while (asked.open)
		dns_turn(dns);
	arena_free(arena);
}
