#include "store/form/uuid.h"

#include "core/attr.h"

/* Octets before which the text form has a hyphen, RFC 9562 4. */
static bool hyphen_before(size_t octet)
{
	return octet == 4 || octet == 6 || octet == 8 || octet == 10;
}

struct str uuid_format(const struct uuid *uuid, char room[static UUID_TEXT_BYTES])
{
	static const char digits[] = "0123456789abcdef";
	size_t n = 0;

	for (size_t i = 0; i < sizeof uuid->bytes; i++) {
		if (hyphen_before(i))
			room[n++] = '-';
		room[n++] = digits[uuid->bytes[i] >> 4];
		room[n++] = digits[uuid->bytes[i] & 15];
	}
	room[n] = '\0';
	return str_from(room, n);
}

static bool hex_value(char c, uint8_t *ret_value)
{
	c = ascii_lower(c);
	if (!ascii_digit(c) && (c < 'a' || c > 'f'))
		return false;
	*ret_value = (uint8_t)(ascii_digit(c) ? c - '0' : c - 'a' + 10);
	return true;
}

bool uuid_parse(struct str text, struct uuid *ret_uuid)
{
	struct uuid uuid;
	size_t at = 0;
	uint8_t high, low;

	if (text.n != UUID_TEXT_BYTES - 1)
		return false;
	for (size_t i = 0; i < sizeof uuid.bytes; i++) {
		if (hyphen_before(i) && text.p[at++] != '-')
			return false;
		if (!hex_value(text.p[at], &high) || !hex_value(text.p[at + 1], &low))
			return false;
		uuid.bytes[i] = (uint8_t)(high << 4 | low);
		at += 2;
	}
	*ret_uuid = uuid;
	return true;
}

bool uuid_is_none(const struct uuid *uuid)
{
	for (size_t i = 0; i < sizeof uuid->bytes; i++)
		if (uuid->bytes[i])
			return false;
	return true;
}

struct uuid uuid_next(const struct uuid *uuid)
{
	struct uuid next = *uuid;

	for (size_t i = sizeof next.bytes; i--;) {
		next.bytes[i]++;
		if (next.bytes[i])
			return next;
	}
	return *uuid;
}
