#include "dns/dns_ask.h"

#include "dns/dns_lookup_priv.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <string.h>

/* Of one question, or of the two for the addresses of a host. */
struct asking {
	struct arena *arena;
	struct dns_records records;
	unsigned preferences[DNS_RECORDS];
	size_t open;
	bool silent;
};

static void add(struct asking *asking, struct str text, unsigned preference)
{
	struct dns_records *records = &asking->records;
	size_t at = records->n;

	if (records->n == DNS_RECORDS)
		return;
	for (; at && asking->preferences[at - 1] > preference; at--) {
		records->texts[at] = records->texts[at - 1];
		asking->preferences[at] = asking->preferences[at - 1];
	}
	records->texts[at] = text;
	asking->preferences[at] = preference;
	records->n++;
}

static struct str name_text(struct arena *arena, const char *name)
{
	size_t n = strnlen(name, DNS_NAME_BYTES + 1);

	if (n && name[n - 1] == '.')
		n--;
	return n > DNS_NAME_BYTES ? STR_EMPTY : arena_lower(arena, str_from(name, n));
}

/* ---- answers ---- */

static int read_mx(struct asking *asking, const unsigned char *bytes, int n)
{
	struct ares_mx_reply *first = NULL;
	int status = ares_parse_mx_reply(bytes, n, &first);

	for (struct ares_mx_reply *mx = first; mx && !status; mx = mx->next)
		add(asking, name_text(asking->arena, mx->host), mx->priority);
	if (first)
		ares_free_data(first);
	return status;
}

static void add_address(struct asking *asking, int family, const void *address)
{
	char room[INET6_ADDRSTRLEN];

	if (inet_ntop(family, address, room, sizeof room))
		add(asking, arena_dup(asking->arena, str_c(room)), family == AF_INET6);
}

static int read_a(struct asking *asking, const unsigned char *bytes, int n)
{
	struct ares_addrttl addresses[DNS_RECORDS];
	int found = DNS_RECORDS, status = ares_parse_a_reply(bytes, n, NULL, addresses, &found);

	for (int i = 0; i < found && !status; i++)
		add_address(asking, AF_INET, &addresses[i].ipaddr);
	return status;
}

static int read_aaaa(struct asking *asking, const unsigned char *bytes, int n)
{
	struct ares_addr6ttl addresses[DNS_RECORDS];
	int found = DNS_RECORDS, status = ares_parse_aaaa_reply(bytes, n, NULL, addresses, &found);

	for (int i = 0; i < found && !status; i++)
		add_address(asking, AF_INET6, &addresses[i].ip6addr);
	return status;
}

static int read_ptr(struct asking *asking, const unsigned char *bytes, int n)
{
	struct in_addr unused = { 0 };
	struct hostent *host = NULL;
	int status = ares_parse_ptr_reply(bytes, n, &unused, sizeof unused, AF_INET, &host);

	/* With several names the library has all of them as aliases. */
	for (char **name = status ? NULL : host->h_aliases; name && *name; name++)
		add(asking, name_text(asking->arena, *name), 0);
	if (!status && !asking->records.n && host->h_name)
		add(asking, name_text(asking->arena, host->h_name), 0);
	if (host)
		ares_free_hostent(host);
	return status;
}

/* ---- questions ---- */

struct question {
	struct asking *asking;
	int (*read)(struct asking *asking, const unsigned char *bytes, int n);
};

static void on_answer(void *context, int status, int timeouts, unsigned char *bytes, int n)
{
	struct question *question = context;

	(void)timeouts;
	question->asking->open--;
	if (status == ARES_SUCCESS)
		status = question->read(question->asking, bytes, n);
	if (status && status != ARES_ENOTFOUND && status != ARES_ENODATA && status != ARES_EBADNAME)
		question->asking->silent = true;
}

static void ask(struct dns *dns, const char *name, int type, struct question *question)
{
	question->asking->open++;
	ares_query(dns->channel, name, C_IN, type, on_answer, question);
}

/* "1.2.0.192.in-addr.arpa", or a nibble a label below ip6.arpa; empty: no address. */
static struct str reverse_name(struct arena *arena, struct str address)
{
	const char *text = arena_c(arena, address);
	unsigned char bytes[16];
	struct str name = STR_EMPTY;

	if (inet_pton(AF_INET, text, bytes) == 1)
		return arena_printf(
			arena, "%d.%d.%d.%d.in-addr.arpa", bytes[3], bytes[2], bytes[1], bytes[0]);
	if (inet_pton(AF_INET6, text, bytes) != 1)
		return STR_EMPTY;
	for (size_t i = sizeof bytes; i-- > 0;)
		name = arena_printf(
			arena, "%.*s%x.%x.", STR_ARG(name), bytes[i] & 15u, bytes[i] >> 4);
	return arena_printf(arena, "%.*sip6.arpa", STR_ARG(name));
}

enum dns_answer dns_ask(struct dns *dns, struct arena *arena, enum dns_record record,
	struct str name, struct dns_records *ret_records)
{
	struct asking asking = { .arena = arena };
	struct question first = { &asking, read_mx }, second = { &asking, read_aaaa };

	if (record == DNS_RECORD_NAME)
		name = reverse_name(arena, name);
	if (!name.n || name.n > DNS_NAME_BYTES)
		return DNS_NONE;
	if (record == DNS_RECORD_ADDRESS) {
		first.read = read_a;
		ask(dns, arena_c(arena, name), T_A, &first);
		ask(dns, arena_c(arena, name), T_AAAA, &second);
	} else {
		first.read = record == DNS_RECORD_MX ? read_mx : read_ptr;
		ask(dns, arena_c(arena, name), record == DNS_RECORD_MX ? T_MX : T_PTR, &first);
	}
	while (asking.open)
		dns_turn(dns);
	*ret_records = asking.records;
	if (asking.records.n)
		return DNS_SAYS;
	return asking.silent ? DNS_SILENT : DNS_NONE;
}
