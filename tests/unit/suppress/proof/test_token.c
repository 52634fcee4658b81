// links: suppress_proof
// Check program of suppress/token: made, verified, and everything else refused.
#include "core/timestamp.h"
#include "suppress/proof/token.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#define KEY3 "3:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
#define KEY4 "4:ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
/* The vector of docs/tokens.md, computed with Python's hmac and base64. */
#define VECTOR "b1.cme6i76xeprwwherbbg4df5p3apvrpgsga"

static struct token_keys keys;
static int64_t day_us; /* 2026-12-07 */

static void setup(void)
{
	memset(&keys, 0, sizeof keys);
	ck_assert_int_eq(token_keys_add(&keys, STR(KEY4)), ERR_OK);
	ck_assert_int_eq(token_keys_add(&keys, STR(KEY3)), ERR_OK);
	day_us = timestamp_days(2026, 12, 7) * TIMESTAMP_DAY_US;
}

static struct str sign(const char *recipient, int64_t expires_us, const char *domain)
{
	static char text[TOKEN_TEXT_BYTES];
	uint8_t tag[TOKEN_TAG_BYTES];

	ck_assert_int_eq(token_recipient_tag(&keys, keys.newest, str_c(recipient), tag), ERR_OK);
	ck_assert_int_eq(token_sign(&keys, tag, expires_us, str_c(domain), text), ERR_OK);
	return str_from(text, sizeof text);
}

START_TEST(the_vector_of_the_documents_holds)
{
	struct token_claims claims;
	struct str text = sign("Ann@Example.com", day_us, "Bounces.Sender.example");

	ck_assert_msg(str_eq(text, STR(VECTOR)), "%.*s", STR_ARG(text));
	ck_assert_int_eq(token_verify(&keys, text, STR("bounces.sender.example"), day_us, &claims),
		TOKEN_VALID);
	ck_assert_uint_eq(claims.key_id, 3);
	ck_assert(token_names(&keys, &claims, STR("ANN@example.com")));
	ck_assert(!token_names(&keys, &claims, STR("bob@example.com")));
}
END_TEST

START_TEST(the_last_day_is_whole)
{
	struct token_claims claims;
	struct str text = sign("a@b.example", day_us + 5, "b.example");
	int64_t end_us = day_us + TIMESTAMP_DAY_US;

	ck_assert_int_eq(
		token_verify(&keys, text, STR("b.example"), end_us - 1, &claims), TOKEN_VALID);
	ck_assert_int_eq(
		token_verify(&keys, text, STR("b.example"), end_us, &claims), TOKEN_EXPIRED);
	ck_assert_int_eq(claims.expires_us, end_us);
}
END_TEST

START_TEST(every_other_spelling_is_refused)
{
	struct token_claims claims;
	char text[TOKEN_TEXT_BYTES], upper[TOKEN_TEXT_BYTES];
	struct str good = sign("a@b.example", day_us, "b.example");

	for (size_t i = 0; i < TOKEN_TEXT_BYTES; i++) {
		memcpy(text, good.p, sizeof text);
		text[i] = text[i] == 'z' ? '2' : 'z';
		ck_assert_int_ne(token_verify(&keys, str_from(text, sizeof text), STR("b.example"),
					 day_us, &claims),
			TOKEN_VALID);
		ck_assert_int_ne(
			token_verify(&keys, str_head(good, i), STR("b.example"), day_us, &claims),
			TOKEN_VALID);
		upper[i] =
			good.p[i] >= 'a' && good.p[i] <= 'z' ? (char)(good.p[i] - 32) : good.p[i];
	}
	ck_assert_int_eq(token_verify(&keys, str_from(upper, sizeof upper), STR("B.EXAMPLE"),
				 day_us, &claims),
		TOKEN_VALID);
	/* The two spare bits of the last digit: four spellings of the same bytes, one of them right. */
	memcpy(text, good.p, sizeof text);
	for (unsigned low = 0; low < 4; low++) {
		const char *digits = "abcdefghijklmnopqrstuvwxyz234567";
		size_t digit = str_chr(str_c(digits), good.p[TOKEN_TEXT_BYTES - 1]);

		text[TOKEN_TEXT_BYTES - 1] = digits[(digit & ~3u) | low];
		ck_assert_int_eq(token_verify(&keys, str_from(text, sizeof text), STR("b.example"),
					 day_us, &claims),
			low ? TOKEN_INVALID : TOKEN_VALID);
	}
}
END_TEST

START_TEST(domain_key_and_prefix_matter)
{
	struct token_claims claims;
	struct token_keys others = { 0 };
	struct str good = sign("a@b.example", day_us, "b.example");

	ck_assert_int_eq(
		token_verify(&keys, good, STR("c.example"), day_us, &claims), TOKEN_INVALID);
	ck_assert_int_eq(
		token_verify(&others, good, STR("b.example"), day_us, &claims), TOKEN_INVALID);
	ck_assert_int_eq(token_keys_add(&others, STR("3")), ERR_SYNTAX);
	ck_assert_int_eq(token_verify(&keys, STR("bounce-1"), STR("b.example"), day_us, &claims),
		TOKEN_NONE);
	ck_assert_int_eq(token_verify(&keys, STR("b1.short"), STR("b.example"), day_us, &claims),
		TOKEN_INVALID);
}
END_TEST

static const struct {
	const char *text;
	enum err err;
} key_cases[] = {
	{ KEY3, ERR_EXISTS },
	{ "16:"
	  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
		ERR_SYNTAX },
	{ "5:000102", ERR_SYNTAX },
	{ "5:zz0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f", ERR_SYNTAX },
	{ "5:000102030405060708090A0B0C0D0E0F101112131415161718191a1b1c1d1e1f", ERR_OK },
	{ "", ERR_SYNTAX },
};

START_TEST(keys_are_read)
{
	ck_assert_int_eq(token_keys_add(&keys, str_c(key_cases[_i].text)), key_cases[_i].err);
}
END_TEST

START_TEST(days_stop_at_sixteen_bits)
{
	uint8_t tag[TOKEN_TAG_BYTES] = { 0 };
	char text[TOKEN_TEXT_BYTES];
	int64_t first_us = timestamp_days(2020, 1, 1) * TIMESTAMP_DAY_US;
	int64_t last_us = first_us + (int64_t)UINT16_MAX * TIMESTAMP_DAY_US;

	ck_assert_int_eq(token_sign(&keys, tag, first_us, STR("b"), text), ERR_OK);
	ck_assert_int_eq(token_sign(&keys, tag, first_us - 1, STR("b"), text), ERR_RANGE);
	ck_assert_int_eq(token_sign(&keys, tag, last_us, STR("b"), text), ERR_OK);
	ck_assert_int_eq(
		token_sign(&keys, tag, last_us + TIMESTAMP_DAY_US, STR("b"), text), ERR_RANGE);
	token_keys_release(&keys);
	ck_assert_int_eq(token_sign(&keys, tag, first_us, STR("b"), text), ERR_NOT_FOUND);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("token");
	TCase *tcase = tcase_create("token");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_test(tcase, the_vector_of_the_documents_holds);
	tcase_add_test(tcase, the_last_day_is_whole);
	tcase_add_test(tcase, every_other_spelling_is_refused);
	tcase_add_test(tcase, domain_key_and_prefix_matter);
	tcase_add_loop_test(tcase, keys_are_read, 0, ARRAY_LEN(key_cases));
	tcase_add_test(tcase, days_stop_at_sixteen_bits);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
