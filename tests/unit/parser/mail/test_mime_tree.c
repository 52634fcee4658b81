// links: parser
// Check program of parser/mail/mime_tree: a plain text and a multipart are the same whether GMime reads them or not.
#include "parser/mail/mime_tree.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static struct arena *arena;
static struct mime_parser *parser;

static void setup(void)
{
	arena = arena_new();
	parser = mime_parser_new();
}

static void teardown(void)
{
	mime_parser_free(parser);
	arena_free(arena);
}

#define ck_str(a, b)                                                                               \
	do {                                                                                       \
		struct str a_ = (a), b_ = (b);                                                     \
		ck_assert_msg(                                                                     \
			str_eq(a_, b_), "\"%.*s\" is not \"%.*s\"", STR_ARG(a_), STR_ARG(b_));     \
	} while (0)

static struct mime_tree read_mail(struct str mail)
{
	struct mime_tree tree;

	mime_tree_read(parser, arena, mail, &tree);
	return tree;
}

static const struct {
	const char *type, *encoding, *body, *text;
	bool encoded;
} plain[] = {
	{ "text/plain", "7bit", "User unknown\n", "User unknown\n", false },
	{ "Text/PLAIN; format=flowed; charset=\"us-ascii\"", "8bit", "a\n", "a\n", false },
	{ "text/plain; charset=iso-8859-1", "8bit", "Empf\xE4nger\n", "Empf\xC3\xA4nger\n", false },
	{ "text/plain;\n\tcharset=koi8-r", "", "\xC4\xC1\n", "\xD0\xB4\xD0\xB0\n", false },
	{ "text/plain; charset=iso-2022-jp", "7bit", "\x1B$B%f\x1B(B", "\xE3\x83\xA6", false },
	{ "text/plain; charset=utf-8", "base64", "VXNlcg==\n", "User", true },
	{ "text/plain; charset=windows-1252", "QUOTED-PRINTABLE", "a=3D=80=\nb",
		"a=\xE2\x82\xAC"
		"b",
		true },
	{ "text/plain; charset=nonsense", "x-unknown", "\xE4\n", "\xC3\xA4\n", false },
	{ "text/plain; charset=utf-8", "7bit", "", "", false },
};

/* A parameter that nobody knows, in the form of RFC 2231, hands the same mail to GMime. */
START_TEST(plain_text_is_read_as_gmime_reads_it)
{
	for (int by_gmime = 0; by_gmime < 2; by_gmime++) {
		struct mime_tree tree = read_mail(arena_printf(arena,
			"Subject: x\nContent-Type: %s%s\nContent-Transfer-Encoding: %s\n\n%s",
			plain[_i].type, by_gmime ? "; x*=us-ascii''y" : "", plain[_i].encoding,
			plain[_i].body));

		ck_assert_uint_eq(tree.n_parts, 1);
		ck_str(tree.type, STR("text/plain"));
		ck_str(tree.parts[0].type, STR("text/plain"));
		ck_str(tree.parts[0].text, str_c(plain[_i].text));
		ck_str(tree.parts[0].name, STR_EMPTY);
		ck_assert_int_eq(tree.parts[0].encoded, plain[_i].encoded);
	}
}
END_TEST

/* Parts behind "Content-Type: multipart/...; boundary=b". */
static const char *const multiparts[] = {
	"--b\n\nUser unknown\n--b\nContent-Type: message/delivery-status\n\nStatus: "
	"5.1.1\n\n--b--\n",
	"prologue\n--b\nContent-Type: Text/Plain;\n "
	"charset=\"koi8-r\"\n\n\xC4\xC1\n\n--b--\nepilogue\n",
	"--b\r\nContent-Type: text/html; charset=us-ascii;\r\n\r\na\r\n\r\n--b--\r\n",
	"--b\nContent-Transfer-Encoding: base64\n\nVXNlcg==\n--b \n\nnever closed\n",
	"--b\n\n--b\nContent-Type: text/plain\n\n\n--b--\n",
	/* a returned message: at the end, in the middle, alone, without an end */
	"--b\n\na\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b--\n",
	"--b\n\na\n--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b\n\nz\n--b--\n",
	"--b\nContent-Type: message/rfc822\n\nSubject: x\n\ny\n--b--\n",
	"--b\n\na\n--b\nContent-Type: text/rfc822-headers\n\nSubject: x\n",
	/* one in another: closed, left open, without a part of its own */
	"--b\nContent-Type: multipart/alternative; "
	"boundary=\"c\"\n\n--c\n\na\n--c\n\nb\n--c--\n\n--b\n\nd\n--b--\n",
	"--b\nContent-Type: multipart/alternative; boundary=\"c\"\n\n--c\n\na\n--b\n\nd\n--b--\n",
	"--b\nContent-Type: multipart/alternative; boundary=\"c\"\n\nnone\n--b\n\nd\n--b--\n",
	"--b\nContent-Type: multipart/alternative; boundary=\"b2\"\n\n--b2\n\na\n--b2--\n--b--\n",
	/* what is left to GMime */
	"no part at all\n",
	"--b\nContent-Type: text/plain (a comment); charset=utf-8\n\na\n--b--\n",
	"--b\nContent-Type: text\n\na\n--b--\n",
	"--b\nContent-Type: text/plain; charset=koi8-r; charset=utf-8\n\n\xC4\xC1\n--b--\n",
	"--b\nContent-Disposition: inline; filename=a.txt\n\na\n--b--\n",
	"--b\nContent-Type: message/rfc822\nContent-Transfer-Encoding: "
	"base64\n\nU3ViamVjdDogeAoKeQo=\n--b--\n",
};

static void ck_same_tree(const struct mime_tree *a, const struct mime_tree *b)
{
	ck_str(a->type, b->type);
	ck_str(a->report_type, b->report_type);
	ck_assert_uint_eq(a->flaws, b->flaws);
	ck_assert_uint_eq(a->returned.n, b->returned.n);
	ck_assert_uint_eq(a->n_parts, b->n_parts);
	for (size_t i = 0; i < a->n_parts; i++) {
		ck_str(a->parts[i].type, b->parts[i].type);
		ck_str(a->parts[i].name, b->parts[i].name);
		ck_str(a->parts[i].text, b->parts[i].text);
		ck_assert_int_eq(a->parts[i].encoded, b->parts[i].encoded);
	}
}

START_TEST(a_multipart_is_read_as_gmime_reads_it)
{
	struct mime_tree trees[2];

	for (int by_gmime = 0; by_gmime < 2; by_gmime++)
		trees[by_gmime] = read_mail(arena_printf(arena,
			"Content-Type: multipart/Report; "
			"report-type=Delivery-Status;\n\tboundary=b%s\n\n%s",
			by_gmime ? "; x*=us-ascii''y" : "", multiparts[_i]));
	ck_same_tree(&trees[0], &trees[1]);
}
END_TEST

/* The line end in front of a boundary belongs to the boundary; without one the text goes to the end. */
START_TEST(a_part_ends_before_its_boundary)
{
	struct mime_tree tree = read_mail(
		STR("Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n\n--b\n\ntwo\n"));

	ck_assert_uint_eq(tree.n_parts, 2);
	ck_str(tree.parts[0].text, STR("one\n"));
	ck_str(tree.parts[1].text, STR("two\n"));
}
END_TEST

START_TEST(a_mail_without_mime_is_a_text)
{
	static const char *const mails[] = { "Subject: x\n\nHi\n", "\n\nHi\n", "Hi\n",
		"Content-Transfer-Encoding: 7bit\n\nHi\n" };

	for (size_t i = 0; i < ARRAY_LEN(mails); i++) {
		struct mime_tree tree = read_mail(str_c(mails[i]));

		ck_assert_uint_eq(tree.n_parts, 1);
		ck_str(tree.type, STR("text/plain"));
		ck_str(tree.parts[0].text, STR("Hi\n"));
	}
}
END_TEST

START_TEST(a_file_has_its_name)
{
	static const char *const heads[] = { "Content-Type: text/plain; name=\"a.txt\"",
		"Content-Type: text/plain; name*=us-ascii''a.txt",
		"Content-Disposition: attachment; filename=a.txt" };

	for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
		struct mime_tree tree = read_mail(arena_printf(arena, "%s\n\nHi\n", heads[i]));

		ck_assert_uint_eq(tree.n_parts, 1);
		ck_str(tree.parts[0].name, STR("a.txt"));
		ck_str(tree.parts[0].text, STR("Hi\n"));
	}
}
END_TEST

START_TEST(a_report_type_without_a_report_is_kept)
{
	struct mime_tree tree =
		read_mail(STR("Content-Type: text/plain; report-type=Delivery-Status\n\nHi\n"));

	ck_str(tree.report_type, STR("delivery-status"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mime_tree");
	TCase *tcase = tcase_create("mime_tree");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, plain_text_is_read_as_gmime_reads_it, 0, (int)ARRAY_LEN(plain));
	tcase_add_loop_test(
		tcase, a_multipart_is_read_as_gmime_reads_it, 0, (int)ARRAY_LEN(multiparts));
	tcase_add_test(tcase, a_part_ends_before_its_boundary);
	tcase_add_test(tcase, a_mail_without_mime_is_a_text);
	tcase_add_test(tcase, a_file_has_its_name);
	tcase_add_test(tcase, a_report_type_without_a_report_is_kept);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
