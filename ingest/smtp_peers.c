#include "ingest/smtp_peers.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES = 16, MINUTE_MS = 60000, V4_PREFIX_BITS = 96, TEXT_BYTES = 64, PORT_MAX = 65535 };

static const unsigned char v4_prefix[12] = { [10] = 0xff, [11] = 0xff };

struct smtp_address smtp_address_from(struct str raw)
{
	struct smtp_address address = { { 0 } };

	if (raw.n == 16)
		memcpy(address.bytes, raw.p, 16);
	if (raw.n != 4)
		return address;
	memcpy(address.bytes, v4_prefix, sizeof v4_prefix);
	memcpy(address.bytes + sizeof v4_prefix, raw.p, 4);
	return address;
}

bool smtp_address_is_v4(const struct smtp_address *address)
{
	return !memcmp(address->bytes, v4_prefix, sizeof v4_prefix);
}

struct str smtp_address_format(
	const struct smtp_address *address, char room[static SMTP_ADDRESS_TEXT_BYTES])
{
	const char *text =
		smtp_address_is_v4(address)
			? inet_ntop(AF_INET, address->bytes + sizeof v4_prefix, room,
				  SMTP_ADDRESS_TEXT_BYTES)
			: inet_ntop(AF_INET6, address->bytes, room, SMTP_ADDRESS_TEXT_BYTES);

	return str_c(text);
}

static bool parse_address(struct str text, struct smtp_address *ret_address)
{
	char c_text[TEXT_BYTES], raw[16];

	if (!text.n || text.n >= sizeof c_text)
		return false;
	memcpy(c_text, text.p, text.n);
	c_text[text.n] = '\0';
	if (inet_pton(AF_INET, c_text, raw) == 1)
		*ret_address = smtp_address_from(str_from(raw, 4));
	else if (inet_pton(AF_INET6, c_text, raw) == 1)
		*ret_address = smtp_address_from(str_from(raw, 16));
	else
		return false;
	return true;
}

enum err smtp_network_parse(struct str text, struct smtp_network *ret_network)
{
	struct smtp_network network = { .bits = 128 };
	struct str address = text, bits;
	bool has_bits = str_cut(text, '/', &address, &bits);
	unsigned base;
	uint64_t n;

	if (!parse_address(address, &network.address))
		return ERR_SYNTAX;
	base = smtp_address_is_v4(&network.address) ? V4_PREFIX_BITS : 0;
	if (has_bits) {
		if (!str_to_u64(bits, 128 - base, &n))
			return ERR_SYNTAX;
		network.bits = base + (unsigned)n;
	}
	*ret_network = network;
	return ERR_OK;
}

bool smtp_network_holds(const struct smtp_network *network, const struct smtp_address *address)
{
	unsigned bytes = network->bits / 8, rest = network->bits % 8;
	unsigned char mask = (unsigned char)(0xff00 >> rest);

	if (memcmp(network->address.bytes, address->bytes, bytes))
		return false;
	return !rest || !((network->address.bytes[bytes] ^ address->bytes[bytes]) & mask);
}

enum err smtp_listen_parse(struct str text, struct smtp_address *ret_address, unsigned *ret_port)
{
	size_t colon = str_rchr(text, ':');
	struct str host = str_head(text, colon == STR_NPOS ? 0 : colon);
	struct smtp_address address;
	uint64_t port;

	if (colon == STR_NPOS || !str_to_u64(str_skip(text, colon + 1), PORT_MAX, &port))
		return ERR_SYNTAX;
	if (str_starts(host, STR("[")) && str_ends(host, STR("]")))
		host = str_slice(host, 1, host.n - 1);
	else if (str_chr(host, ':') != STR_NPOS)
		return ERR_SYNTAX;
	if (!parse_address(host, &address))
		return ERR_SYNTAX;
	*ret_address = address;
	*ret_port = (unsigned)port;
	return ERR_OK;
}

struct slot {
	uint64_t key;
	uint32_t open, new_ones;
	int64_t minute_ms; /* when new_ones began to count */
};

struct smtp_peers {
	uint32_t max_at_once, max_per_minute;
	struct slot slots[SMTP_PEERS_SLOTS];
};

struct smtp_peers *smtp_peers_new(uint32_t max_at_once, uint32_t max_per_minute)
{
	struct smtp_peers *peers = calloc(1, sizeof *peers);

	if (!peers)
		abort();
	peers->max_at_once = max_at_once;
	peers->max_per_minute = max_per_minute;
	return peers;
}

void smtp_peers_free(struct smtp_peers *peers)
{
	free(peers);
}

/* The /64, or the IPv4 address behind a /64 that no IPv6 peer can have; never 0. */
static uint64_t network_key(const struct smtp_address *address)
{
	uint64_t key = 0;
	size_t from = smtp_address_is_v4(address) ? 8 : 0;

	for (size_t i = 0; i < 8; i++)
		key = key << 8 | address->bytes[from + i];
	return key ? key : 1;
}

static bool reusable(const struct slot *slot, int64_t now_ms)
{
	return !slot->open && (!slot->key || now_ms - slot->minute_ms >= MINUTE_MS);
}

static struct slot *find_slot(struct smtp_peers *peers, uint64_t key)
{
	uint64_t at = key * 0x9e3779b97f4a7c15u >> 32;

	for (size_t i = 0; i < PROBES; i++) {
		struct slot *slot = &peers->slots[(at + i) % SMTP_PEERS_SLOTS];

		if (slot->key == key)
			return slot;
	}
	return NULL;
}

static struct slot *claim_slot(struct smtp_peers *peers, uint64_t key, int64_t now_ms)
{
	uint64_t at = key * 0x9e3779b97f4a7c15u >> 32;

	for (size_t i = 0; i < PROBES; i++) {
		struct slot *slot = &peers->slots[(at + i) % SMTP_PEERS_SLOTS];

		if (!reusable(slot, now_ms))
			continue;
		*slot = (struct slot){ .key = key, .minute_ms = now_ms };
		return slot;
	}
	return NULL;
}

bool smtp_peers_enter(struct smtp_peers *peers, const struct smtp_address *address, int64_t now_ms)
{
	uint64_t key = network_key(address);
	struct slot *slot = find_slot(peers, key);

	if (!slot)
		slot = claim_slot(peers, key, now_ms);
	if (!slot)
		return true;
	if (now_ms - slot->minute_ms >= MINUTE_MS) {
		slot->minute_ms = now_ms;
		slot->new_ones = 0;
	}
	if (peers->max_per_minute && slot->new_ones >= peers->max_per_minute)
		return false;
	slot->new_ones++;
	if (peers->max_at_once && slot->open >= peers->max_at_once)
		return false;
	slot->open++;
	return true;
}

void smtp_peers_leave(struct smtp_peers *peers, const struct smtp_address *address)
{
	struct slot *slot = find_slot(peers, network_key(address));

	if (slot && slot->open)
		slot->open--;
}
