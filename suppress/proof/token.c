#include "suppress/proof/token.h"

#include "core/timestamp.h"

#include <glib.h>
#include <string.h>

/* Layout: version and key id (4 + 4 bits), last day since 2020-01-01 (16 bits, big-endian), tag, MAC. */
enum {
	TOKEN_VERSION = 1,
	TOKEN_DAY_AT = 1,
	TOKEN_TAG_AT = 3,
	TOKEN_MAC_AT = TOKEN_TAG_AT + TOKEN_TAG_BYTES,
	TOKEN_MAC_BYTES = 10,
	TOKEN_RAW_BYTES = TOKEN_MAC_AT + TOKEN_MAC_BYTES,
	TOKEN_PREFIX_BYTES = 3,
	SHA256_BYTES = 32,
};
_Static_assert(TOKEN_PREFIX_BYTES + (TOKEN_RAW_BYTES * 8 + 4) / 5 == TOKEN_TEXT_BYTES, "37 octets");

static const char base32[] = "abcdefghijklmnopqrstuvwxyz234567"; /* RFC 4648 6, lower-case */
static const char prefix[] = "b1.";

static int64_t epoch_us(void)
{
	return timestamp_days(2020, 1, 1) * TIMESTAMP_DAY_US;
}

/* ---- keys ---- */

static int hex_digit(char c)
{
	c = ascii_lower(c);
	return ascii_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum err token_keys_add(struct token_keys *keys, struct str text)
{
	struct str id_text, hex, date = STR_EMPTY;
	uint8_t bytes[TOKEN_KEY_BYTES];
	int64_t made_us = TIMESTAMP_NONE;
	uint64_t id;

	if (!str_cut(str_trim(text), ':', &id_text, &hex))
		return ERR_SYNTAX;
	(void)str_cut(hex, '@', &hex, &date);
	if (!str_to_u64(id_text, TOKEN_MAX_KEYS - 1, &id) || hex.n != 2 * TOKEN_KEY_BYTES ||
		(date.n && (date.n != 10 || !timestamp_parse(date, &made_us))))
		return ERR_SYNTAX;
	for (size_t i = 0; i < TOKEN_KEY_BYTES; i++) {
		int high = hex_digit(hex.p[2 * i]), low = hex_digit(hex.p[2 * i + 1]);

		if (high < 0 || low < 0)
			return ERR_SYNTAX;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	if (keys->key[id].known)
		return ERR_EXISTS;
	memcpy(keys->key[id].bytes, bytes, sizeof bytes);
	explicit_bzero(bytes, sizeof bytes);
	keys->key[id].known = true;
	keys->key[id].made_us = made_us;
	keys->newest = (unsigned)id;
	keys->n++;
	return ERR_OK;
}

void token_keys_release(struct token_keys *keys)
{
	explicit_bzero(keys, sizeof *keys);
}

/* ---- HMAC ---- */

static void add_lower(GHmac *hmac, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		guchar c = (guchar)ascii_lower(s.p[i]);

		g_hmac_update(hmac, &c, 1);
	}
}

static void finish(GHmac *hmac, uint8_t *ret_bytes, size_t n)
{
	uint8_t sum[SHA256_BYTES];
	gsize bytes = sizeof sum;

	g_hmac_get_digest(hmac, sum, &bytes);
	g_hmac_unref(hmac);
	memcpy(ret_bytes, sum, n);
}

static void compute_mac(
	const uint8_t *key, const uint8_t *raw, struct str domain, uint8_t ret_mac[TOKEN_MAC_BYTES])
{
	GHmac *hmac = g_hmac_new(G_CHECKSUM_SHA256, key, TOKEN_KEY_BYTES);

	g_hmac_update(hmac, (const guchar *)"bvp1", 4);
	g_hmac_update(hmac, raw, TOKEN_MAC_AT);
	add_lower(hmac, domain);
	finish(hmac, ret_mac, TOKEN_MAC_BYTES);
}

/* In time that does not depend on where they differ. */
static bool same(const uint8_t *a, const uint8_t *b, size_t n)
{
	volatile uint8_t difference = 0;

	for (size_t i = 0; i < n; i++)
		difference |= a[i] ^ b[i];
	return !difference;
}

enum err token_recipient_tag(const struct token_keys *keys, unsigned key_id, struct str recipient,
	uint8_t ret_tag[TOKEN_TAG_BYTES])
{
	GHmac *hmac;

	if (key_id >= TOKEN_MAX_KEYS || !keys->key[key_id].known)
		return ERR_NOT_FOUND;
	hmac = g_hmac_new(G_CHECKSUM_SHA256, keys->key[key_id].bytes, TOKEN_KEY_BYTES);
	add_lower(hmac, recipient);
	finish(hmac, ret_tag, TOKEN_TAG_BYTES);
	return ERR_OK;
}

/* ---- text ---- */

static void encode(const uint8_t raw[TOKEN_RAW_BYTES], char ret_text[TOKEN_TEXT_BYTES])
{
	unsigned bits = 0, n_bits = 0;
	size_t n = TOKEN_PREFIX_BYTES;

	memcpy(ret_text, prefix, TOKEN_PREFIX_BYTES);
	for (size_t i = 0; i < TOKEN_RAW_BYTES; i++) {
		bits = (bits << 8 | raw[i]) & 0xFFFF;
		for (n_bits += 8; n_bits >= 5; n_bits -= 5)
			ret_text[n++] = base32[bits >> (n_bits - 5) & 31];
	}
	ret_text[n] = base32[bits << (5 - n_bits) & 31];
}

/* False for anything but what `encode` makes, upper-case letters apart. */
static bool decode(struct str text, uint8_t ret_raw[TOKEN_RAW_BYTES])
{
	unsigned bits = 0, n_bits = 0;
	size_t n = 0;

	if (text.n != TOKEN_TEXT_BYTES || !str_istarts(text, str_c(prefix)))
		return false;
	for (size_t i = TOKEN_PREFIX_BYTES; i < text.n; i++) {
		size_t digit = str_chr(str_c(base32), ascii_lower(text.p[i]));

		if (digit == STR_NPOS)
			return false;
		bits = (bits << 5 | (unsigned)digit) & 0xFFFF;
		n_bits += 5;
		if (n_bits < 8)
			continue;
		n_bits -= 8;
		ret_raw[n++] = (uint8_t)(bits >> n_bits);
	}
	return !(bits & ((1u << n_bits) - 1)); /* the two bits left over are zero */
}

/* ---- tokens ---- */

enum err token_sign(const struct token_keys *keys, const uint8_t tag[TOKEN_TAG_BYTES],
	int64_t expires_us, struct str domain, char ret_text[TOKEN_TEXT_BYTES])
{
	int64_t day = timestamp_floor(expires_us - epoch_us(), TIMESTAMP_DAY_US) / TIMESTAMP_DAY_US;
	uint8_t raw[TOKEN_RAW_BYTES];

	if (!keys->n)
		return ERR_NOT_FOUND;
	if (day < 0 || day > UINT16_MAX)
		return ERR_RANGE;
	raw[0] = (uint8_t)(TOKEN_VERSION << 4 | keys->newest);
	raw[TOKEN_DAY_AT] = (uint8_t)(day >> 8);
	raw[TOKEN_DAY_AT + 1] = (uint8_t)day;
	memcpy(raw + TOKEN_TAG_AT, tag, TOKEN_TAG_BYTES);
	compute_mac(keys->key[keys->newest].bytes, raw, domain, raw + TOKEN_MAC_AT);
	encode(raw, ret_text);
	return ERR_OK;
}

enum token_verdict token_verify(const struct token_keys *keys, struct str text, struct str domain,
	int64_t now_us, struct token_claims *ret_claims)
{
	uint8_t raw[TOKEN_RAW_BYTES], mac[TOKEN_MAC_BYTES];
	struct token_claims claims;

	if (!str_istarts(text, str_c(prefix)))
		return TOKEN_NONE;
	if (!decode(text, raw) || raw[0] >> 4 != TOKEN_VERSION)
		return TOKEN_INVALID;
	claims.key_id = raw[0] & 15;
	if (!keys->key[claims.key_id].known)
		return TOKEN_INVALID;
	compute_mac(keys->key[claims.key_id].bytes, raw, domain, mac);
	if (!same(mac, raw + TOKEN_MAC_AT, TOKEN_MAC_BYTES))
		return TOKEN_INVALID;
	claims.expires_us =
		epoch_us() +
		((int64_t)raw[TOKEN_DAY_AT] << 8 | raw[TOKEN_DAY_AT + 1]) * TIMESTAMP_DAY_US +
		TIMESTAMP_DAY_US;
	memcpy(claims.tag, raw + TOKEN_TAG_AT, TOKEN_TAG_BYTES);
	*ret_claims = claims;
	return now_us < claims.expires_us ? TOKEN_VALID : TOKEN_EXPIRED;
}

bool token_names(
	const struct token_keys *keys, const struct token_claims *claims, struct str recipient)
{
	uint8_t tag[TOKEN_TAG_BYTES];

	return token_recipient_tag(keys, claims->key_id, recipient, tag) == ERR_OK &&
	       same(tag, claims->tag, TOKEN_TAG_BYTES);
}
