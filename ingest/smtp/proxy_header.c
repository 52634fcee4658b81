#include "ingest/smtp/proxy_header.h"

#include <arpa/inet.h>
#include <string.h>

enum {
	V2_FIXED_BYTES = 16, /* 2.2: signature, version and command, family, length */
	V2_COMMAND = 12,
	V2_FAMILY = 13,
	V2_LENGTH = 14,
	V2_TCP4_BYTES = 12, /* two addresses and two ports */
	V2_TCP6_BYTES = 36,
	ADDRESS_BYTES = 46,
};

static const struct str v1_start = STR_INIT("PROXY ");
static const struct str v2_signature = STR_INIT("\r\n\r\n\0\r\nQUIT\n");

void proxy_header_reset(struct proxy_header *header)
{
	*header = (struct proxy_header){ .n = 0 };
}

/* The whole of a line of version 1 without CR LF, split at single spaces. */
static bool next_field(struct str *line, struct str *ret_field)
{
	if (str_cut(*line, ' ', ret_field, line))
		return ret_field->n > 0;
	*ret_field = *line;
	*line = STR_EMPTY;
	return ret_field->n > 0;
}

static bool address_good(struct str text, int family, struct smtp_address *ret_address)
{
	char c_text[ADDRESS_BYTES], raw[16];

	if (text.n >= sizeof c_text)
		return false;
	memcpy(c_text, text.p, text.n);
	c_text[text.n] = '\0';
	if (inet_pton(family, c_text, raw) != 1)
		return false;
	*ret_address = smtp_address_from(str_from(raw, family == AF_INET ? 4 : 16));
	return true;
}

static bool port_good(struct str text)
{
	uint64_t port;

	return str_to_u64(text, UINT16_MAX, &port) && (text.n == 1 || *text.p != '0');
}

/* 2.1: "PROXY TCP4 source destination port port", or "PROXY UNKNOWN" and anything. */
static enum step read_v1(struct proxy_header *header, struct str line)
{
	struct str protocol, source, destination, port, other_port;
	struct smtp_address unused;
	int family;

	line = str_skip(line, v1_start.n);
	if (str_ends(line, STR(" ")) || !next_field(&line, &protocol))
		return STEP_BAD;
	if (str_eq(protocol, STR("UNKNOWN")))
		return STEP_DONE;
	family = str_eq(protocol, STR("TCP4")) ? AF_INET : AF_INET6;
	if (family == AF_INET6 && !str_eq(protocol, STR("TCP6")))
		return STEP_BAD;
	if (!next_field(&line, &source) || !next_field(&line, &destination) ||
		!next_field(&line, &port) || !next_field(&line, &other_port) || line.n ||
		!address_good(source, family, &header->source) ||
		!address_good(destination, family, &unused) || !port_good(port) ||
		!port_good(other_port))
		return STEP_BAD;
	header->has_source = true;
	return STEP_DONE;
}

/* All that is kept of a header of version 2 is there. */
static enum step read_v2(struct proxy_header *header)
{
	size_t length = header->want - V2_FIXED_BYTES;
	struct str addresses = str_from(header->bytes + V2_FIXED_BYTES, 16);

	switch (header->bytes[V2_COMMAND]) {
	case 0x20: /* LOCAL: a health check of the proxy's own */
		return STEP_DONE;
	case 0x21: /* PROXY */
		break;
	default:
		return STEP_BAD;
	}
	switch (header->bytes[V2_FAMILY]) {
	case 0x00: /* unspecified */
	case 0x31: /* of a Unix socket */
		return STEP_DONE;
	case 0x11:
		if (length < V2_TCP4_BYTES)
			return STEP_BAD;
		header->source = smtp_address_from(str_head(addresses, 4));
		break;
	case 0x21:
		if (length < V2_TCP6_BYTES)
			return STEP_BAD;
		header->source = smtp_address_from(addresses);
		break;
	default:
		return STEP_BAD;
	}
	header->has_source = true;
	return STEP_DONE;
}

static void keep(struct proxy_header *header, struct str *rest, size_t n)
{
	size_t room = header->n < sizeof header->bytes ? sizeof header->bytes - header->n : 0;

	if (room)
		memcpy(header->bytes + header->n, rest->p, n < room ? n : room);
	header->n += n;
	*rest = str_skip(*rest, n);
}

/* The fixed part byte by byte, until the length is known. */
static enum step take_v2(struct proxy_header *header, struct str *rest)
{
	const unsigned char *length = (const unsigned char *)header->bytes + V2_LENGTH;

	while (!header->want && rest->n) {
		keep(header, rest, 1);
		if (header->n == V2_FIXED_BYTES)
			header->want = V2_FIXED_BYTES + ((size_t)length[0] << 8) + length[1];
	}
	if (!header->want)
		return STEP_MORE;
	if (rest->n) {
		size_t left = header->want - header->n;

		keep(header, rest, left < rest->n ? left : rest->n);
	}
	return header->n == header->want ? read_v2(header) : STEP_MORE;
}

static enum step take_v1(struct proxy_header *header, struct str *rest)
{
	while (rest->n) {
		if (header->n == LIMIT_PROXY_V1_BYTES)
			return STEP_BAD;
		keep(header, rest, 1);
		if (header->bytes[header->n - 1] != '\n')
			continue;
		if (header->bytes[header->n - 2] != '\r')
			return STEP_BAD;
		return read_v1(header, str_from(header->bytes, header->n - 2));
	}
	return STEP_MORE;
}

enum step proxy_header_take(struct proxy_header *header, struct str *rest)
{
	while (rest->n && header->n < v2_signature.n) {
		struct str so_far;

		if (header->n >= v1_start.n && *header->bytes == 'P')
			return take_v1(header, rest);
		keep(header, rest, 1);
		so_far = str_from(header->bytes, header->n);
		if (!str_starts(v2_signature, so_far) &&
			!str_starts(v1_start, str_head(so_far, v1_start.n)))
			return STEP_BAD;
	}
	if (header->n < v2_signature.n)
		return STEP_MORE;
	return *header->bytes == 'P' ? take_v1(header, rest) : take_v2(header, rest);
}
