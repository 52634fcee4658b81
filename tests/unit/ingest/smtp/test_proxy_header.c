// links: ingest/smtp spool
// Check program of ingest/smtp/proxy_header: every header whole, byte by byte and cut at every point.
#include "ingest/smtp/proxy_header.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define V4        "\xc0\x00\x02\x01\xc6\x33\x64\x07\x12\x34\x00\x19"
#define V6                                                                                         \
	"\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02"     \
	"\x12\x34\x00\x19"
#define X10 "xxxxxxxxxx"
#define X93 X10 X10 X10 X10 X10 X10 X10 X10 X10 "xxx"

static const struct {
	struct str header;
	enum step step;
	const char *source; /* NULL: the proxy speaks for itself */
} cases[] = {
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.7 56324 25\r\n"), STEP_DONE, "192.0.2.1" },
	{ STR_INIT("PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n"), STEP_DONE,
		"255.255.255.255" },
	{ STR_INIT("PROXY TCP6 2001:db8::1 2001:db8::2 0 25\r\n"), STEP_DONE, "2001:db8::1" },
	{ STR_INIT("PROXY TCP6 ::ffff:192.0.2.1 ::1 1 25\r\n"), STEP_DONE, "192.0.2.1" },
	{ STR_INIT("PROXY UNKNOWN\r\n"), STEP_DONE, NULL },
	{ STR_INIT("PROXY UNKNOWN what ever 1 2\r\n"), STEP_DONE, NULL },
	{ STR_INIT("PROXY UNKNOWN " X93 "\r\n"), STEP_BAD, NULL }, /* 109 octets */
	{ STR_INIT("PROXY UNKNOWN " X10 X10 X10 X10 X10 X10 X10 X10 X10 "x\r\n"), STEP_DONE, NULL },
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.7 56324 25\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.7 56324 25 \r\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY TCP4  192.0.2.1 198.51.100.7 56324 25\r\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.7 65536 25\r\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY TCP4 192.0.2.1 198.51.100.7 01 25\r\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY TCP4 2001:db8::1 198.51.100.7 1 25\r\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY TCP6 192.0.2.1 2001:db8::2 1 25\r\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY UDP4 192.0.2.1 198.51.100.7 1 25\r\n"), STEP_BAD, NULL },
	{ STR_INIT("proxy TCP4 192.0.2.1 198.51.100.7 1 25\r\n"), STEP_BAD, NULL },
	{ STR_INIT("PROXY\r\n"), STEP_BAD, NULL },
	{ STR_INIT("EHLO client.example\r\n"), STEP_BAD, NULL },
	{ STR_INIT(SIGNATURE "\x21\x11\0\x0c" V4), STEP_DONE, "192.0.2.1" },
	{ STR_INIT(SIGNATURE "\x21\x21\0\x24" V6), STEP_DONE, "2001:db8::1" },
	{ STR_INIT(SIGNATURE "\x21\x11\0\x14" V4 "\x04\0\x05hello"), STEP_DONE, "192.0.2.1" },
	{ STR_INIT(SIGNATURE "\x21\x21\0\xb6" V6 X93 X10 X10 X10 X10 X10 "xxx"), STEP_DONE,
		"2001:db8::1" }, /* TLVs that are not kept */
	{ STR_INIT(SIGNATURE "\x20\x00\0\0"), STEP_DONE, NULL },
	{ STR_INIT(SIGNATURE "\x20\x11\0\x0c" V4), STEP_DONE, NULL },
	{ STR_INIT(SIGNATURE "\x21\x00\0\0"), STEP_DONE, NULL },
	{ STR_INIT(SIGNATURE "\x21\x31\0\x02"
			     "ab"),
		STEP_DONE, NULL },
	{ STR_INIT(SIGNATURE "\x21\x11\0\x0b\xc0\x00\x02\x01\xc6\x33\x64\x07\x12\x34\x00"),
		STEP_BAD, NULL },
	{ STR_INIT(SIGNATURE "\x21\x12\0\x0c" V4), STEP_BAD, NULL }, /* a datagram */
	{ STR_INIT(SIGNATURE "\x22\x11\0\x0c" V4), STEP_BAD, NULL },
	{ STR_INIT(SIGNATURE "\x11\x11\0\x0c" V4), STEP_BAD, NULL },
};

static void check_end(int i, enum step step, const struct proxy_header *header)
{
	char room[SMTP_ADDRESS_TEXT_BYTES];

	ck_assert_msg(step == cases[i].step, "case %d: %d", i, (int)step);
	if (step != STEP_DONE)
		return;
	ck_assert_int_eq(header->has_source, cases[i].source != NULL);
	if (cases[i].source)
		ck_assert(
			str_eq(smtp_address_format(&header->source, room), str_c(cases[i].source)));
}

START_TEST(headers_are_read_whole_and_bytewise)
{
	struct proxy_header header;
	char room[512];
	struct str rest;
	enum step step = STEP_MORE;
	size_t n = cases[_i].header.n;

	ck_assert_uint_lt(n + 4, sizeof room);
	memcpy(room, cases[_i].header.p, n);
	memcpy(room + n, "EHLO", 4);
	rest = str_from(room, n + 4);
	proxy_header_reset(&header);
	check_end(_i, proxy_header_take(&header, &rest), &header);
	if (cases[_i].step == STEP_DONE)
		ck_assert_uint_eq(rest.n, 4); /* what stands behind is not the header's */
	proxy_header_reset(&header);
	for (size_t i = 0; i < n && step == STEP_MORE; i++) {
		rest = str_from(room + i, 1);
		step = proxy_header_take(&header, &rest);
		ck_assert(step != STEP_DONE || i == n - 1);
	}
	check_end(_i, step, &header);
}
END_TEST

START_TEST(headers_are_read_at_every_cut)
{
	for (size_t cut = 1; cut < cases[_i].header.n; cut++) {
		struct str head = str_head(cases[_i].header, cut),
			   tail = str_skip(cases[_i].header, cut);
		struct proxy_header header;
		enum step step;

		proxy_header_reset(&header);
		step = proxy_header_take(&header, &head);
		ck_assert_int_ne(step, STEP_DONE);
		if (step == STEP_MORE)
			step = proxy_header_take(&header, &tail);
		check_end(_i, step, &header);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy_header");
	TCase *tcase = tcase_create("headers");

	tcase_add_loop_test(tcase, headers_are_read_whole_and_bytewise, 0, ARRAY_LEN(cases));
	tcase_add_loop_test(tcase, headers_are_read_at_every_cut, 0, ARRAY_LEN(cases));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
