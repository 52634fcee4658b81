#include "ingest/smtp/smtp_peers.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

enum { PROBES = 16, MINUTE_MS = 60000, V4_PREFIX_BITS = 96, TEXT_BYTES = 64 };

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

struct slot {
	uint64_t key;
	uint32_t bits; /* of the prefix that `key` holds */
	uint32_t open, new_ones, messages;
	int64_t minute_ms; /* when new_ones and messages began to count */
};

struct smtp_peers {
	struct smtp_peers_limits limits;
	struct slot slots[SMTP_PEERS_SLOTS];
};

struct smtp_peers *smtp_peers_new(const struct smtp_peers_limits *limits)
{
	struct smtp_peers *peers = calloc(1, sizeof *peers);

	if (!peers)
		abort();
	peers->limits = *limits;
	return peers;
}

void smtp_peers_free(struct smtp_peers *peers)
{
	free(peers);
}

/* What is counted. A provider gives a site a /48, from which it can come as 65,536 networks. */
enum prefix { PREFIX_NETWORK = 64, PREFIX_SITE = 48 };

/* The prefix, or the IPv4 address behind a prefix that no IPv6 peer can have; never 0. */
static uint64_t prefix_key(const struct smtp_address *address, enum prefix prefix)
{
	uint64_t key = 0;
	size_t from = smtp_address_is_v4(address) ? 8 : 0;

	for (size_t i = 0; i < (size_t)prefix / 8; i++)
		key = key << 8 | address->bytes[from + i];
	return key ? key : 1;
}

static bool has_site(const struct smtp_peers *peers, const struct smtp_address *address)
{
	return peers->limits.site_factor && !smtp_address_is_v4(address);
}

static bool reusable(const struct slot *slot, int64_t now_ms)
{
	return !slot->open && (!slot->key || now_ms - slot->minute_ms >= MINUTE_MS);
}

static uint64_t first_probe(uint64_t key, enum prefix prefix)
{
	return (key ^ (uint64_t)prefix << 56) * 0x9e3779b97f4a7c15u >> 32;
}

static struct slot *find_slot(
	struct smtp_peers *peers, const struct smtp_address *address, enum prefix prefix)
{
	uint64_t key = prefix_key(address, prefix), at = first_probe(key, prefix);

	for (size_t i = 0; i < PROBES; i++) {
		struct slot *slot = &peers->slots[(at + i) % SMTP_PEERS_SLOTS];

		if (slot->key == key && slot->bits == prefix)
			return slot;
	}
	return NULL;
}

static struct slot *claim_slot(struct smtp_peers *peers, const struct smtp_address *address,
	enum prefix prefix, int64_t now_ms)
{
	uint64_t key = prefix_key(address, prefix), at = first_probe(key, prefix);

	for (size_t i = 0; i < PROBES; i++) {
		struct slot *slot = &peers->slots[(at + i) % SMTP_PEERS_SLOTS];

		if (!reusable(slot, now_ms))
			continue;
		*slot = (struct slot){ .key = key, .bits = prefix, .minute_ms = now_ms };
		return slot;
	}
	return NULL;
}

static void begin_minute(struct slot *slot, int64_t now_ms)
{
	if (now_ms - slot->minute_ms < MINUTE_MS)
		return;
	slot->minute_ms = now_ms;
	slot->new_ones = slot->messages = 0;
}

/* 0: no limit. */
static bool is_reached(uint32_t count, uint32_t limit, uint32_t factor)
{
	return limit && count >= (uint64_t)limit * factor;
}

static bool enter_slot(struct smtp_peers *peers, const struct smtp_address *address,
	enum prefix prefix, uint32_t factor, int64_t now_ms)
{
	const struct smtp_peers_limits *limits = &peers->limits;
	struct slot *slot = find_slot(peers, address, prefix);

	if (!slot)
		slot = claim_slot(peers, address, prefix, now_ms);
	if (!slot)
		return true;
	begin_minute(slot, now_ms);
	if (is_reached(slot->new_ones, limits->new_per_minute, factor))
		return false;
	slot->new_ones++;
	if (is_reached(slot->open, limits->at_once, factor))
		return false;
	slot->open++;
	return true;
}

static void leave_slot(
	struct smtp_peers *peers, const struct smtp_address *address, enum prefix prefix)
{
	struct slot *slot = find_slot(peers, address, prefix);

	if (slot && slot->open)
		slot->open--;
}

/* The network first: what it is refused takes nothing from its neighbours. */
bool smtp_peers_enter(struct smtp_peers *peers, const struct smtp_address *address, int64_t now_ms)
{
	if (!enter_slot(peers, address, PREFIX_NETWORK, 1, now_ms))
		return false;
	if (!has_site(peers, address) ||
		enter_slot(peers, address, PREFIX_SITE, peers->limits.site_factor, now_ms))
		return true;
	leave_slot(peers, address, PREFIX_NETWORK);
	return false;
}

void smtp_peers_leave(struct smtp_peers *peers, const struct smtp_address *address)
{
	leave_slot(peers, address, PREFIX_NETWORK);
	if (has_site(peers, address))
		leave_slot(peers, address, PREFIX_SITE);
}

static bool is_throttled(struct smtp_peers *peers, const struct smtp_address *address,
	enum prefix prefix, uint32_t factor, int64_t now_ms)
{
	struct slot *slot = find_slot(peers, address, prefix);

	if (!slot)
		return false;
	begin_minute(slot, now_ms);
	return is_reached(slot->messages, peers->limits.messages_per_minute, factor);
}

bool smtp_peers_throttled(
	struct smtp_peers *peers, const struct smtp_address *address, int64_t now_ms)
{
	return is_throttled(peers, address, PREFIX_NETWORK, 1, now_ms) ||
	       (has_site(peers, address) && is_throttled(peers, address, PREFIX_SITE,
						    peers->limits.site_factor, now_ms));
}

void smtp_peers_count_message(struct smtp_peers *peers, const struct smtp_address *address)
{
	struct slot *slot = find_slot(peers, address, PREFIX_NETWORK);
	struct slot *site =
		has_site(peers, address) ? find_slot(peers, address, PREFIX_SITE) : NULL;

	if (slot)
		slot->messages++;
	if (site)
		site->messages++;
}
