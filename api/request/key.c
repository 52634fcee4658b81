#include "api/request/key.h"

#include <glib.h>
#include <string.h>

#define KEY_START STR("bk_")
static const char hex_digits[] = "0123456789abcdef";

static const struct str scope_names[SCOPE_COUNT] = {
	[SCOPE_NONE] = STR_INIT(""),
	[SCOPE_READ] = STR_INIT("read"),
	[SCOPE_WRITE] = STR_INIT("write"),
	[SCOPE_ADMIN] = STR_INIT("admin"),
};

void key_make(const uint8_t random[static KEY_RANDOM_BYTES], char ret_text[static KEY_TEXT_BYTES])
{
	memcpy(ret_text, KEY_START.p, KEY_START.n);
	for (size_t i = 0; i < KEY_RANDOM_BYTES; i++) {
		ret_text[3 + 2 * i] = hex_digits[random[i] >> 4];
		ret_text[4 + 2 * i] = hex_digits[random[i] & 15];
	}
}

bool key_prefix(struct str text, struct str *ret_prefix)
{
	struct str digits = str_skip(text, KEY_START.n);

	if (text.n != KEY_TEXT_BYTES || !str_starts(text, KEY_START) ||
		str_span(digits, hex_digits) != digits.n)
		return false;
	*ret_prefix = str_head(digits, KEY_PREFIX_BYTES);
	return true;
}

void key_digest(struct str text, uint8_t ret_digest[static KEY_DIGEST_BYTES])
{
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize n = KEY_DIGEST_BYTES;

	g_checksum_update(sum, (const guchar *)text.p, (gssize)text.n);
	g_checksum_get_digest(sum, ret_digest, &n);
	g_checksum_free(sum);
}

bool key_digests_equal(
	const uint8_t a[static KEY_DIGEST_BYTES], const uint8_t b[static KEY_DIGEST_BYTES])
{
	volatile uint8_t difference = 0;

	for (size_t i = 0; i < KEY_DIGEST_BYTES; i++)
		difference = difference | (a[i] ^ b[i]);
	return difference == 0;
}

struct str key_scope_name(enum route_scope scope)
{
	return scope_names[scope];
}

bool key_scope_from_name(struct str name, enum route_scope *ret_scope)
{
	for (int scope = SCOPE_READ; scope < SCOPE_COUNT; scope++) {
		if (!str_eq(name, scope_names[scope]))
			continue;
		*ret_scope = (enum route_scope)scope;
		return true;
	}
	return false;
}

bool key_has_stream(struct str streams, struct str stream)
{
	struct str word;

	if (!streams.n)
		return true;
	while (str_next_word(&streams, ",", &word))
		if (str_eq(word, stream))
			return true;
	return false;
}
