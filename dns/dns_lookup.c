#include "core/arena.h"
#include "dns/dns_lookup_priv.h"

#include <arpa/nameser.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* c-ares tells of each socket that it opens, of what it wants of it, and of its end, which is to want nothing. */
static void on_socket(void *context, ares_socket_t fd, int reads, int writes)
{
	struct dns *dns = context;
	size_t i = 0;

	while (i < dns->n && dns->polled[i].fd != fd)
		i++;
	if (!reads && !writes) {
		if (i < dns->n)
			dns->polled[i] = dns->polled[--dns->n];
		return;
	}
	if (i == DNS_SOCKETS)
		return; /* its questions run into their time-out */
	if (i == dns->n)
		dns->n++;
	dns->polled[i] = (struct pollfd){ .fd = fd,
		.events = (short)((reads ? POLLIN : 0) | (writes ? POLLOUT : 0)) };
}

/* A socket for each question: later versions of c-ares (1.34 does) close the one that an answer came by that cannot be read, and ask
 * anew, for one try the less, whatever else was asked by it. A port of its own is harder to forge an answer to, besides (RFC 5452 9.2). */
static enum err open_channel(struct dns *dns)
{
	struct ares_options options = { .timeout = DNS_TIMEOUT_MS,
		.tries = DNS_TRIES,
		.sock_state_cb = on_socket,
		.sock_state_cb_data = dns };
	int which = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;

#ifdef ARES_OPT_UDP_MAX_QUERIES /* since 1.20 */
	options.udp_max_queries = 1;
	which |= ARES_OPT_UDP_MAX_QUERIES;
#endif
	return ares_init_options(&dns->channel, &options, which) ? ERR_UNAVAILABLE : ERR_OK;
}

enum err dns_new(struct str servers, struct dns **ret_dns)
{
	struct dns *dns = calloc(1, sizeof *dns);
	struct arena *arena = arena_new();
	enum err err;

	if (!dns || ares_library_init(ARES_LIB_INIT_ALL))
		abort();
	err = open_channel(dns);
	if (err)
		dns->channel = NULL;
	else if (servers.n && ares_set_servers_ports_csv(dns->channel, arena_c(arena, servers)))
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
	struct pollfd polled[DNS_SOCKETS];
	struct timeval most = { DNS_TIMEOUT_MS / 1000, 0 }, left;
	const struct timeval *wait = ares_timeout(dns->channel, &most, &left);
	size_t n = dns->n;

	if (poll(dns->polled, n, (int)(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1)) <= 0) {
		ares_process_fd(dns->channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
		return;
	}
	memcpy(polled, dns->polled, n * sizeof polled[0]); /* what is seen to changes the table */
	for (size_t i = 0; i < n; i++) {
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
