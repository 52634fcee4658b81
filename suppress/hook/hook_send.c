#define _GNU_SOURCE
#include "suppress/hook/hook_send.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* IANA's special-purpose registries, what is not globally reachable. */
static const struct {
	uint32_t network;
	unsigned bits;
} private_v4[] = {
	{ 0x00000000, 8 },
	{ 0x0a000000, 8 },
	{ 0x64400000, 10 },
	{ 0x7f000000, 8 },
	{ 0xa9fe0000, 16 },
	{ 0xac100000, 12 },
	{ 0xc0000000, 24 },
	{ 0xc0000200, 24 },
	{ 0xc0a80000, 16 },
	{ 0xc6120000, 15 },
	{ 0xc6336400, 24 },
	{ 0xcb007100, 24 },
	{ 0xe0000000, 4 },
	{ 0xf0000000, 4 },
};

static bool is_private_v4(uint32_t address)
{
	for (size_t i = 0; i < ARRAY_LEN(private_v4); i++)
		if ((address ^ private_v4[i].network) >> (32 - private_v4[i].bits) == 0)
			return true;
	return false;
}

/* Only 2000::/3 is the world's; within it documentation and what wraps an IPv4 address (6to4, Teredo) is not. */
static bool is_private_v6(const unsigned char *address)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	uint32_t inner;

	if (!memcmp(address, mapped, sizeof mapped)) {
		memcpy(&inner, address + 12, sizeof inner);
		return is_private_v4(ntohl(inner));
	}
	if ((address[0] & 0xe0) != 0x20)
		return true;
	return (address[0] == 0x20 && address[1] == 0x02) ||
	       (address[0] == 0x20 && address[1] == 0x01 &&
		       ((address[2] == 0x0d && address[3] == 0xb8) || address[2] < 2));
}

bool hook_address_is_private(const struct sockaddr *address)
{
	const void *any = address;

	if (address->sa_family == AF_INET)
		return is_private_v4(ntohl(((const struct sockaddr_in *)any)->sin_addr.s_addr));
	if (address->sa_family == AF_INET6)
		return is_private_v6(((const struct sockaddr_in6 *)any)->sin6_addr.s6_addr);
	return true;
}

struct sending {
	const struct hook_target *target;
	bool refused; /* an address */
};

static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	struct sending *sending = context;

	(void)purpose;
	if (!sending->target->private_too && hook_address_is_private(&address->addr)) {
		sending->refused = true;
		return CURL_SOCKET_BAD;
	}
	return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t drop(char *bytes, size_t size, size_t n, void *context)
{
	(void)bytes;
	(void)context;
	return size * n;
}

static struct curl_slist *make_headers(
	const struct hook_target *target, int64_t message_id, struct str body, int64_t now_us)
{
	struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
	int64_t at_s = now_us / TIMESTAMP_SECOND_US;
	char id[32], line[160], signature[HOOK_SIGNATURE_BYTES];

	snprintf(id, sizeof id, "msg_%" PRId64, message_id);
	snprintf(line, sizeof line, "webhook-id: %s", id);
	headers = curl_slist_append(headers, line);
	snprintf(line, sizeof line, "webhook-timestamp: %" PRId64, at_s);
	headers = curl_slist_append(headers, line);
	if (target->secret_n) {
		hook_sign(target, str_c(id), at_s, body, signature);
		snprintf(line, sizeof line, "webhook-signature: %s", signature);
		headers = curl_slist_append(headers, line);
	}
	return headers;
}

static void set_options(CURL *curl, struct sending *sending, const char *url, const char *user,
	struct curl_slist *headers, struct str body)
{
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(
		curl, CURLOPT_PROTOCOLS_STR, sending->target->private_too ? "https,http" : "https");
	curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)HOOK_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "bounced");
	curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.p);
	curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.n);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, sending);
	if (*user) {
		curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(curl, CURLOPT_USERPWD, user);
	}
}

enum err hook_send(const struct hook_target *target, int64_t message_id, struct str body,
	int64_t now_us, char ret_problem[static HOOK_PROBLEM_BYTES])
{
	struct sending sending = { .target = target };
	struct curl_slist *headers = make_headers(target, message_id, body, now_us);
	struct arena *arena = arena_new();
	CURL *curl = curl_easy_init();
	CURLcode code = CURLE_FAILED_INIT;
	long status = 0;

	if (curl) {
		set_options(curl, &sending, arena_c(arena, target->url),
			arena_c(arena, target->user), headers, body);
		code = curl_easy_perform(curl);
		curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
	}
	if (sending.refused)
		snprintf(ret_problem, HOOK_PROBLEM_BYTES, "its address is of a private network");
	else if (code)
		snprintf(ret_problem, HOOK_PROBLEM_BYTES, "%s", curl_easy_strerror(code));
	else
		snprintf(ret_problem, HOOK_PROBLEM_BYTES, "answered %ld", status);
	curl_easy_cleanup(curl);
	curl_slist_free_all(headers);
	arena_free(arena);
	return !code && status >= 200 && status < 300 ? ERR_OK : ERR_UNAVAILABLE;
}
