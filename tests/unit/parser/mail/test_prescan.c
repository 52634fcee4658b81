// links: parser
// Check program of parser/mail/prescan: what of a mail GMime gets to see, and what is counted before.
#include "core/buf.h"
#include "core/limits.h"
#include "core/report.h"
#include "parser/mail/prescan.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ck_str(a, b)                                                                               \
	do {                                                                                       \
		struct str a_ = (a), b_ = (b);                                                     \
		ck_assert_msg(                                                                     \
			str_eq(a_, b_), "\"%.*s\" is not \"%.*s\"", STR_ARG(a_), STR_ARG(b_));     \
	} while (0)

static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
}

static void teardown(void)
{
	arena_free(arena);
}

static struct str repeat(const char *unit, size_t times)
{
	size_t n = strlen(unit);
	char *text = arena_alloc(arena, n * times + 1);

	for (size_t i = 0; i < times; i++)
		memcpy(text + i * n, unit, n);
	return str_from(text, n * times);
}

static struct str scan(struct str mail, uint32_t *ret_flaws)
{
	struct prescan found;

	prescan(arena, mail, &found);
	*ret_flaws = found.flaws;
	return found.bytes;
}

static struct header_list scan_headers(struct str mail, uint32_t *ret_flaws)
{
	struct prescan found;

	prescan(arena, mail, &found);
	*ret_flaws = found.flaws;
	return found.headers;
}

static size_t count(struct str text, struct str what)
{
	size_t n = 0, at;

	while ((at = str_find(text, what)) != STR_NPOS) {
		text = str_skip(text, at + what.n);
		n++;
	}
	return n;
}

static size_t headers_get_n(struct header_list list, struct str name)
{
	return headers_get(&list, name).n;
}

START_TEST(long_fields_are_cut)
{
	uint32_t flaws;
	struct str value = repeat("x", LIMIT_HEADER_FIELD_BYTES - 3), mail;

	mail = arena_printf(arena, "A: %.*s\n\nbody", STR_ARG(value));
	ck_assert_uint_eq(headers_get_n(scan_headers(mail, &flaws), STR("A")), value.n);
	ck_assert(!(flaws & FLAW_BIT(FLAW_MIME_LIMIT)));
	mail = arena_printf(arena, "A: %.*sx\n\nbody", STR_ARG(value));
	ck_assert_uint_eq(headers_get_n(scan_headers(mail, &flaws), STR("A")), value.n);
	ck_assert(flaws & FLAW_BIT(FLAW_MIME_LIMIT));
	mail = arena_printf(arena, "Content-Type: %.*sx\n\nbody", STR_ARG(value));
	ck_assert_uint_eq(scan(mail, &flaws).n, LIMIT_HEADER_FIELD_BYTES + 6);
	ck_assert(flaws & FLAW_BIT(FLAW_MIME_LIMIT));
}
END_TEST

START_TEST(fields_are_counted)
{
	uint32_t flaws;

	ck_assert_uint_eq(
		scan_headers(repeat("A: b\n", LIMIT_HEADER_FIELDS), &flaws).n, LIMIT_HEADER_FIELDS);
	ck_assert(!(flaws & FLAW_BIT(FLAW_MIME_LIMIT)));
	ck_assert_uint_eq(scan_headers(repeat("A: b\n", LIMIT_HEADER_FIELDS + 1), &flaws).n,
		LIMIT_HEADER_FIELDS);
	ck_assert(flaws & FLAW_BIT(FLAW_MIME_LIMIT));
}
END_TEST

/* A field of 1024 bytes and its line end count against the block. */
START_TEST(header_blocks_are_counted)
{
	struct str field = arena_printf(arena, "A:%.*s\n", STR_ARG(repeat("x", 1021)));
	uint32_t flaws;

	ck_assert_uint_eq(field.n, 1024);
	ck_assert_uint_eq(scan_headers(repeat(field.p, LIMIT_HEADER_BLOCK_BYTES / 1024), &flaws).n,
		LIMIT_HEADER_BLOCK_BYTES / 1024);
	ck_assert(!(flaws & FLAW_BIT(FLAW_MIME_LIMIT)));
	ck_assert_uint_eq(
		scan_headers(repeat(field.p, LIMIT_HEADER_BLOCK_BYTES / 1024 + 1), &flaws).n,
		LIMIT_HEADER_BLOCK_BYTES / 1024);
	ck_assert(flaws & FLAW_BIT(FLAW_MIME_LIMIT));
}
END_TEST

static struct str mail_of_parts(size_t n)
{
	struct str parts = repeat("--b\n\nx\n", n);

	return arena_printf(
		arena, "Content-Type: multipart/mixed; boundary=b\n\n%.*s--b--\n", STR_ARG(parts));
}

START_TEST(parts_are_counted)
{
	uint32_t flaws;

	scan(mail_of_parts(LIMIT_MIME_PARTS - 1), &flaws);
	ck_assert(!(flaws & FLAW_BIT(FLAW_MIME_LIMIT)));
	ck_assert_uint_le(count(scan(mail_of_parts(LIMIT_MIME_PARTS + 1), &flaws), STR("--b\n")),
		LIMIT_MIME_PARTS);
	ck_assert(flaws & FLAW_BIT(FLAW_MIME_LIMIT));
}
END_TEST

static struct str nested(size_t depth)
{
	struct buf text = BUF_INIT(1u << 20);
	struct str result;

	for (size_t i = 0; i < depth; i++)
		buf_printf(&text, "Content-Type: multipart/mixed; boundary=b%zu\n\n--b%zu\n", i, i);
	buf_put(&text, STR("\nx\n"));
	result = arena_dup(arena, buf_str(&text));
	buf_release(&text);
	return result;
}

START_TEST(depth_is_counted)
{
	uint32_t flaws;

	scan(nested(LIMIT_MIME_DEPTH), &flaws);
	ck_assert(!(flaws & FLAW_BIT(FLAW_MIME_LIMIT)));
	scan(nested(LIMIT_MIME_DEPTH + 1), &flaws);
	ck_assert(flaws & FLAW_BIT(FLAW_MIME_LIMIT));
}
END_TEST

START_TEST(bytes_are_counted)
{
	uint32_t flaws;

	scan(repeat("x", LIMIT_MIME_BYTES), &flaws);
	ck_assert(!(flaws & FLAW_BIT(FLAW_MIME_LIMIT)));
	ck_assert_uint_le(scan(repeat("x", LIMIT_MIME_BYTES + 1), &flaws).n, LIMIT_MIME_BYTES + 8);
	ck_assert(flaws & FLAW_BIT(FLAW_MIME_LIMIT));
}
END_TEST

START_TEST(the_returned_message_is_no_part_of_the_bytes)
{
	struct str mail = STR("Content-Type: multipart/report; boundary=b\n\n--b\n"
			      "Content-Type: message/rfc822\n\nSubject:\tkept\n\tlonger\n"
			      "Content-Language: en\n\ndropped\n--b--\n");
	struct prescan found;

	prescan(arena, mail, &found);
	ck_assert_uint_eq(found.returned.n, 1);
	ck_str(headers_get(&found.returned, STR("Subject")), STR("kept longer"));
	ck_assert_uint_eq(str_find(found.bytes, STR("Subject")), STR_NPOS);
	ck_assert_uint_eq(str_find(found.bytes, STR("dropped")), STR_NPOS);
	ck_assert_uint_ne(str_find(found.bytes, STR(PRESCAN_RETURNED_TYPE)), STR_NPOS);
	ck_assert(str_starts(found.returned_raw, STR("Subject:\tkept\n\tlonger\n")));
	ck_assert(str_ends(found.returned_raw, STR("\n\ndropped\n--b--\n")));
}
END_TEST

/* Each part is a dozen objects to GMime. */
START_TEST(a_returned_message_behind_another_part_is_no_part)
{
	static const char *const types[] = { "message/rfc822", "text/rfc822-headers" };

	for (size_t i = 0; i < ARRAY_LEN(types); i++) {
		struct prescan found;

		prescan(arena,
			arena_printf(arena,
				"Content-Type: multipart/report; boundary=b\n\n--b\n\nwords\n--b\n"
				"Content-Type: %s\n\nSubject: kept\n\ndropped\n--b--\n",
				types[i]),
			&found);
		ck_str(headers_get(&found.returned, STR("Subject")), STR("kept"));
		ck_assert_uint_eq(count(found.bytes, STR("--b\n")), 1);
		ck_assert_uint_eq(count(found.bytes, STR("--b--\n")), 1);
		ck_assert_uint_eq(str_find(found.bytes, STR("dropped")), STR_NPOS);
	}
}
END_TEST

/* RFC 2046 5.1.5: the parts of a digest are messages where they name no type. */
START_TEST(parts_of_a_digest_are_messages)
{
	struct str mail = STR("Content-Type: multipart/digest; boundary=b\n\n--b\n\n"
			      "Subject: first\n\ndropped\n--b\n\nSubject: second\n\n--b--\n");
	struct prescan found;

	prescan(arena, mail, &found);
	ck_str(headers_get(&found.returned, STR("Subject")), STR("first"));
	ck_assert_uint_eq(count(found.bytes, STR(PRESCAN_RETURNED_TYPE)), 2);
	ck_assert_uint_eq(str_find(found.bytes, STR("dropped")), STR_NPOS);
}
END_TEST

START_TEST(only_what_mime_needs_is_passed_on)
{
	struct str mail = STR("From: a@example.com\nContent-Language: en\n"
			      "X-Empty:\nSubject: caf\xE9\r\n\tx\nContent-Disposition: inline\n"
			      "Content-Disposition: x; filename=y\nContent-Type: text/a\n\nbody\n");
	struct prescan found;

	prescan(arena, mail, &found);
	ck_str(found.bytes, STR("Content-Disposition: x; filename=y\nContent-Type: text/a\n\n"
				"body\n"));
	ck_assert_uint_eq(found.headers.n, 3);
	ck_str(found.headers.items[0].name, STR("From"));
	ck_str(headers_get(&found.headers, STR("x-empty")), STR_EMPTY);
	ck_str(headers_get(&found.headers, STR("Subject")), STR("caf\xC3\xA9 x"));
}
END_TEST

/* The last of two encodings counts, as for GMime, and one of them is passed on. */
START_TEST(the_last_encoding_counts)
{
	struct prescan found;

	prescan(arena,
		STR("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n"
		    "Content-Transfer-Encoding: 8bit\n\nSubject: clear\n\n"),
		&found);
	ck_str(headers_get(&found.returned, STR("Subject")), STR("clear"));
	prescan(arena,
		STR("Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n"
		    "Content-Transfer-Encoding: base64\n\nU3ViamVjdDogeAo=\n"),
		&found);
	ck_assert_uint_eq(found.returned.n, 0);
	ck_str(found.bytes, STR("Content-Type: message/rfc822\n"
				"Content-Transfer-Encoding: base64\n\nU3ViamVjdDogeAo=\n"));
}
END_TEST

/* Such a mail needs no library that knows parts. */
START_TEST(a_mail_of_one_part_is_told)
{
	static const struct {
		const char *mail, *body;
	} cases[] = {
		{ "Subject: x\n\nbody\n", "body\n" },
		{ "Content-Type: text/x; a=b\nContent-Transfer-Encoding: base64\n\nYQ==\n",
			"YQ==\n" },
		{ "Subject: x\n", "" },
		{ "Content-Disposition: x; filename=y\n\nbody\n", NULL },
		{ "Content-Type: message/rfc822\n\nSubject: y\n\nz\n", NULL },
		{ "Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n--b--\n", NULL },
	};
	struct prescan found;

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		prescan(arena, str_c(cases[i].mail), &found);
		ck_assert_int_eq(found.lone.body.p != NULL, cases[i].body != NULL);
		ck_str(found.lone.body, cases[i].body ? str_c(cases[i].body) : STR_EMPTY);
	}
	prescan(arena, str_c(cases[1].mail), &found);
	ck_str(found.lone.type, STR("text/x; a=b"));
	ck_str(found.lone.encoding, STR("base64"));
}
END_TEST

START_TEST(a_wrong_boundary_is_mended)
{
	uint32_t flaws;
	struct str out = scan(STR("Content-Type: multipart/mixed; boundary=\"a\"\n\n"
				  "--c\nContent-Type: text/plain\n\nx\n--c--\n"),
		&flaws);

	ck_assert_uint_ne(str_find(out, STR("boundary=\"c\"")), STR_NPOS);
	ck_assert(flaws & FLAW_BIT(FLAW_MIME_BROKEN));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("prescan");
	TCase *tcase = tcase_create("prescan");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, long_fields_are_cut);
	tcase_add_test(tcase, fields_are_counted);
	tcase_add_test(tcase, parts_are_counted);
	tcase_add_test(tcase, depth_is_counted);
	tcase_add_test(tcase, bytes_are_counted);
	tcase_add_test(tcase, header_blocks_are_counted);
	tcase_add_test(tcase, the_returned_message_is_no_part_of_the_bytes);
	tcase_add_test(tcase, a_returned_message_behind_another_part_is_no_part);
	tcase_add_test(tcase, parts_of_a_digest_are_messages);
	tcase_add_test(tcase, only_what_mime_needs_is_passed_on);
	tcase_add_test(tcase, the_last_encoding_counts);
	tcase_add_test(tcase, a_mail_of_one_part_is_told);
	tcase_add_test(tcase, a_wrong_boundary_is_mended);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
