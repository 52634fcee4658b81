// links: ingest/session
// Check program of the pure parts of SMTP: paths, end of data, replies, command lines.
#include "core/limits.h"
#include "ingest/session/smtp_line.h"
#include "ingest/session/smtp_reply.h"
#include "ingest/text/smtp_dot.h"
#include "ingest/text/smtp_path.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define ck_str(a, b)                                                                               \
	do {                                                                                       \
		struct str a_ = (a), b_ = (b);                                                     \
		ck_assert_msg(                                                                     \
			str_eq(a_, b_), "\"%.*s\" is not \"%.*s\"", STR_ARG(a_), STR_ARG(b_));     \
	} while (0)

static const struct {
	const char *text;
	enum smtp_path_kind kind;
	enum err err;
	const char *mailbox, *domain, *rest;
} path_cases[] = {
	{ "<>", SMTP_REVERSE_PATH, ERR_OK, "", "", "" },
	{ "<> SIZE=1", SMTP_REVERSE_PATH, ERR_OK, "", "", " SIZE=1" },
	{ "<>", SMTP_FORWARD_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@b>", SMTP_FORWARD_PATH, ERR_OK, "a@b", "b", "" },
	{ "<a.b+c=d@x-y.example>", SMTP_REVERSE_PATH, ERR_OK, "a.b+c=d@x-y.example", "x-y.example",
		"" },
	{ "<a..b.@docomo.example>", SMTP_REVERSE_PATH, ERR_OK, "a..b.@docomo.example",
		"docomo.example", "" },
	{ "<a@_x.example>", SMTP_REVERSE_PATH, ERR_OK, "a@_x.example", "_x.example", "" },
	{ "<\"a b\"@c>", SMTP_FORWARD_PATH, ERR_OK, "\"a b\"@c", "c", "" },
	{ "<\"a>b\\\"@x\"@c>y", SMTP_FORWARD_PATH, ERR_OK, "\"a>b\\\"@x\"@c", "c", "y" },
	{ "<\"a@b\"@ours>", SMTP_FORWARD_PATH, ERR_OK, "\"a@b\"@ours", "ours", "" },
	{ "<a%b@c>", SMTP_FORWARD_PATH, ERR_OK, "a%b@c", "c", "" },
	{ "<@x,@y.z:a@b>", SMTP_FORWARD_PATH, ERR_OK, "a@b", "b", "" },
	{ "<@x:a@b>", SMTP_REVERSE_PATH, ERR_OK, "a@b", "b", "" },
	{ "<a@[192.0.2.1]>", SMTP_FORWARD_PATH, ERR_OK, "a@[192.0.2.1]", "[192.0.2.1]", "" },
	{ "<a@[IPv6:2001:db8::1]>", SMTP_FORWARD_PATH, ERR_OK, "a@[IPv6:2001:db8::1]",
		"[IPv6:2001:db8::1]", "" },
	{ "<postmaster>", SMTP_FORWARD_PATH, ERR_OK, "postmaster", "", "" },
	{ "<postMaster>", SMTP_FORWARD_PATH, ERR_OK, "postMaster", "", "" },
	{ "<postmaster>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<other>", SMTP_FORWARD_PATH, ERR_SYNTAX, "", "", "" },
	{ "", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "a@b", SMTP_REVERSE_PATH, ERR_OK, "a@b", "b", "" },
	{ "a@b SIZE=1", SMTP_FORWARD_PATH, ERR_OK, "a@b", "b", " SIZE=1" },
	{ "a@b>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "a", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "@x:a@b", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@b", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<@b>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<@b:>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<@b,a@c>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@b@c>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a b@c>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@b..c>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@.b>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@b.>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@[]>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<a@[x>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<\"a@b>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<\"a\"x@b>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<<a@b>>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
	{ "<\xc3@b>", SMTP_REVERSE_PATH, ERR_SYNTAX, "", "", "" },
};

START_TEST(paths)
{
	struct str rest = str_c(path_cases[_i].text);
	struct smtp_path path;

	ck_assert_int_eq(smtp_path_take(&rest, path_cases[_i].kind, &path), path_cases[_i].err);
	if (path_cases[_i].err) {
		ck_str(rest, str_c(path_cases[_i].text));
		return;
	}
	ck_str(path.mailbox, str_c(path_cases[_i].mailbox));
	ck_str(path.domain, str_c(path_cases[_i].domain));
	ck_str(rest, str_c(path_cases[_i].rest));
	ck_assert(!path.non_ascii);
}
END_TEST

START_TEST(non_ascii_paths_are_marked)
{
	struct str rest = STR("<j\xc3\xb6rg@b\xc3\xbc\x63her.example>");
	struct smtp_path path;

	ck_assert_int_eq(smtp_path_take(&rest, SMTP_REVERSE_PATH, &path), ERR_OK);
	ck_assert(path.non_ascii);
}
END_TEST

/* A path with a local part and a domain of so many bytes. */
static enum err path_of_size(size_t local, size_t domain)
{
	struct buf text = BUF_INIT(4096);
	struct smtp_path path;
	struct str rest;
	enum err err;

	buf_putc(&text, '<');
	for (size_t i = 0; i < local; i++)
		buf_putc(&text, 'l');
	buf_putc(&text, '@');
	for (size_t i = 0; i < domain; i++)
		buf_putc(&text, i % 50 == 49 ? '.' : 'd');
	buf_putc(&text, '>');
	rest = buf_str(&text);
	err = smtp_path_take(&rest, SMTP_REVERSE_PATH, &path);
	buf_release(&text);
	return err;
}

START_TEST(paths_have_limits)
{
	size_t brackets_and_at = 3;

	ck_assert_int_eq(path_of_size(LIMIT_LOCAL_PART_BYTES, 1), ERR_OK);
	ck_assert_int_eq(path_of_size(LIMIT_LOCAL_PART_BYTES + 1, 1), ERR_LIMIT);
	ck_assert_int_eq(path_of_size(2, LIMIT_PATH_BYTES - 2 - brackets_and_at), ERR_OK);
	ck_assert_int_eq(path_of_size(2, LIMIT_PATH_BYTES - 1 - brackets_and_at), ERR_LIMIT);
	ck_assert_int_eq(path_of_size(1, LIMIT_DOMAIN_BYTES + 1), ERR_LIMIT);
}
END_TEST

START_TEST(labels_have_a_limit)
{
	char text[80] = "<a@";

	memset(text + 3, 'd', 64);
	text[66] = '>';
	for (int longer = 0; longer < 2; longer++) {
		struct str rest = str_from(text, 67 + (size_t)longer);
		struct smtp_path path;

		if (longer)
			text[66] = 'd', text[67] = '>';
		ck_assert_int_eq(smtp_path_take(&rest, SMTP_REVERSE_PATH, &path),
			longer ? ERR_SYNTAX : ERR_OK);
	}
}
END_TEST

/* The end of data as RFC 5321 has it, in the slowest way: find CR LF . CR LF with a CR LF put in
 * front, split what stands before it at CR LF, drop one leading dot of each line. */
static bool plain_end_of_data(struct str input, struct buf *out, size_t *ret_used)
{
	struct buf text = BUF_INIT(64);
	struct str rest, end = STR("\r\n.\r\n");
	size_t at;

	buf_put(&text, STR("\r\n"));
	buf_put(&text, input);
	at = str_find(buf_str(&text), end);
	if (at == STR_NPOS) {
		buf_release(&text);
		return false;
	}
	*ret_used = at + end.n - 2;
	rest = str_slice(buf_str(&text), 2, at + 2);
	while (rest.n) {
		size_t n = str_find(rest, STR("\r\n"));

		n = n == STR_NPOS ? rest.n : n + 2;
		buf_put(out, str_slice(rest, *rest.p == '.', n));
		rest = str_skip(rest, n);
	}
	buf_release(&text);
	return true;
}

static void check_dots(struct str input)
{
	struct buf want = BUF_INIT(64), got = BUF_INIT(64);
	size_t used = 0;
	bool ends = plain_end_of_data(input, &want, &used);

	for (size_t cut = 0; cut <= input.n; cut++) {
		struct smtp_dot dot;
		struct str one = str_head(input, cut), two = str_skip(input, cut);
		enum step step;

		buf_reset(&got);
		smtp_dot_reset(&dot);
		step = smtp_dot_take(&dot, &one, &got);
		if (step == STEP_MORE) {
			ck_assert_uint_eq(one.n, 0);
			step = smtp_dot_take(&dot, &two, &got);
		}
		ck_assert_int_eq(step, ends ? STEP_DONE : STEP_MORE);
		if (!ends)
			continue;
		ck_assert_uint_eq(input.n - one.n - two.n, used);
		ck_str(buf_str(&got), buf_str(&want));
		ck_assert_uint_eq(dot.bytes, got.n);
	}
	buf_release(&want);
	buf_release(&got);
}

/* All texts of up to eight bytes of the four kinds that matter. */
START_TEST(end_of_data_is_exact)
{
	static const char kinds[] = { '\r', '\n', '.', 'x' };
	char text[8];

	for (size_t n = 0; n <= sizeof text; n++)
		for (unsigned number = 0; number < 1u << 2 * n; number++) {
			for (size_t i = 0; i < n; i++)
				text[i] = kinds[number >> 2 * i & 3];
			check_dots(str_from(text, n));
		}
}
END_TEST

START_TEST(discarded_data_is_counted)
{
	struct str rest = STR("..a\r\nb\r\n.\r\nQUIT");
	struct smtp_dot dot;

	smtp_dot_reset(&dot);
	ck_assert_int_eq(smtp_dot_take(&dot, &rest, NULL), STEP_DONE);
	ck_assert_uint_eq(dot.bytes, 7);
	ck_str(rest, STR("QUIT"));
}
END_TEST

START_TEST(lines_end_with_lf_or_cr_lf)
{
	struct smtp_line line;
	struct str rest = STR("one\r\ntwo\nth\rree\r\r\n\r\nrest"), text;

	smtp_line_reset(&line);
	ck_assert_int_eq(smtp_line_take(&line, &rest, &text), SMTP_LINE_WHOLE);
	ck_str(text, STR("one"));
	ck_assert_int_eq(smtp_line_take(&line, &rest, &text), SMTP_LINE_WHOLE);
	ck_str(text, STR("two"));
	ck_assert_int_eq(smtp_line_take(&line, &rest, &text), SMTP_LINE_WHOLE);
	ck_str(text, STR("th\rree\r"));
	ck_assert_int_eq(smtp_line_take(&line, &rest, &text), SMTP_LINE_WHOLE);
	ck_str(text, STR(""));
	ck_assert_int_eq(smtp_line_take(&line, &rest, &text), SMTP_LINE_MORE);
	ck_assert_uint_eq(rest.n, 0);
	rest = STR("\r");
	ck_assert_int_eq(smtp_line_take(&line, &rest, &text), SMTP_LINE_MORE);
	rest = STR("\n");
	ck_assert_int_eq(smtp_line_take(&line, &rest, &text), SMTP_LINE_WHOLE);
	ck_str(text, STR("rest"));
}
END_TEST

START_TEST(replies_are_well_formed)
{
	for (int i = 1; i < SMTP_REPLY_COUNT; i++) {
		enum smtp_reply reply = (enum smtp_reply)i;
		struct str status = smtp_reply_status(reply), text = smtp_reply_text(reply);
		unsigned code = smtp_reply_code(reply);
		struct buf line = BUF_INIT(512);

		ck_assert(code >= 214 && code <= 555);
		ck_assert(text.n > 0);
		/* RFC 3463 2: the class of both is the same. */
		ck_assert(!status.n || (unsigned)(*status.p - '0') == code / 100);
		ck_assert_int_eq(smtp_reply_effect(reply) == SMTP_EFFECT_FAULT,
			code >= 500 && smtp_reply_effect(reply) != SMTP_EFFECT_BYE);
		ck_assert(code != 421 || smtp_reply_effect(reply) == SMTP_EFFECT_BYE);
		smtp_reply_put(&line, reply, STR("argument"), SMTP_LINE_LAST);
		ck_assert(str_ends(buf_str(&line), STR("\r\n")));
		ck_assert_uint_le(line.n, 512); /* RFC 5321 4.5.3.1.5 */
		ck_assert_uint_eq(str_chr(buf_str(&line), '%'), STR_NPOS);
		buf_release(&line);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp");
	TCase *tcase = tcase_create("smtp");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, paths, 0, ARRAY_LEN(path_cases));
	tcase_add_test(tcase, non_ascii_paths_are_marked);
	tcase_add_test(tcase, paths_have_limits);
	tcase_add_test(tcase, labels_have_a_limit);
	tcase_add_test(tcase, end_of_data_is_exact);
	tcase_add_test(tcase, discarded_data_is_counted);
	tcase_add_test(tcase, lines_end_with_lf_or_cr_lf);
	tcase_add_test(tcase, replies_are_well_formed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
