// links: parser
// Check program of parser/: each mail of tests/golden against the report that stands beside it.
// GOLDEN_UPDATE=1 rewrites the reports; the difference is then reviewed like code.
#include "core/limits.h"
#include "core/report_json.h"
#include "core/utf8.h"
#include "parser/parse.h"
#include "tests/support/parser_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GOLDEN TEST_SOURCE_DIR "/tests/golden/"

static struct parse_rules *rules;
static glob_t mails;

static struct str read_file(struct arena *arena, const char *path)
{
	return fixture_read(arena, path, LIMIT_MIME_BYTES);
}

static void write_file(const char *path, struct str text)
{
	FILE *file = fopen(path, "wb");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(text.p, 1, text.n, file), text.n);
	ck_assert_int_eq(fclose(file), 0);
}

static struct str parse_to_json(struct parser *parser, struct arena *arena, struct str mail)
{
	struct buf out = BUF_INIT(1u << 20);
	struct report report;
	struct str json;

	parse_message(parser, arena, NULL, mail, &report);
	ck_assert_int_eq(
		report_json_write(&report, STR_EMPTY,
			(struct report_json_options){ REPORT_JSON_PRETTY, REPORT_JSON_OUR_NAMES },
			&out),
		ERR_OK);
	json = arena_dup(arena, buf_str(&out));
	buf_release(&out);
	return json;
}

static const char *json_path(struct arena *arena, const char *mail)
{
	struct str path = str_c(mail);

	return arena_printf(arena, "%.*s.json", STR_ARG(str_head(path, path.n - 4))).p;
}

START_TEST(mail_gives_its_report)
{
	CLEANUP(parser_freep) struct parser *parser = parser_new(rules);

	for (size_t i = 0; i < mails.gl_pathc; i++) {
		CLEANUP(arena_freep) struct arena *arena = arena_new();
		const char *path = json_path(arena, mails.gl_pathv[i]);
		struct str got = parse_to_json(parser, arena, read_file(arena, mails.gl_pathv[i]));

		if (getenv("GOLDEN_UPDATE"))
			write_file(path, got);
		ck_assert_msg(str_eq(got, read_file(arena, path)), "%s is not what it was:\n%.*s",
			path, STR_ARG(got));
	}
}
END_TEST

/* Nothing of one mail may show in the next: the last first gives the same bytes. */
START_TEST(order_does_not_matter)
{
	CLEANUP(parser_freep) struct parser *parser = parser_new(rules);

	for (size_t i = mails.gl_pathc; i-- > 0;) {
		CLEANUP(arena_freep) struct arena *arena = arena_new();
		struct str mail = read_file(arena, mails.gl_pathv[i]);
		struct str want = read_file(arena, json_path(arena, mails.gl_pathv[i]));

		ck_assert(str_eq(parse_to_json(parser, arena, mail), want));
	}
}
END_TEST

/* The mail with other line ends. */
static struct str with_ends(struct arena *arena, struct str mail, struct str end)
{
	char *out = arena_alloc(arena, mail.n * 2 + 1);
	size_t n = 0;

	for (size_t i = 0; i < mail.n; i++) {
		if (mail.p[i] == '\r' && i + 1 < mail.n && mail.p[i + 1] == '\n')
			continue;
		if (mail.p[i] != '\n') {
			out[n++] = mail.p[i];
			continue;
		}
		memcpy(out + n, end.p, end.n);
		n += end.n;
	}
	return str_from(out, n);
}

/* Mails come with CR LF from a peer and with LF out of a file. */
START_TEST(line_ends_do_not_matter)
{
	CLEANUP(parser_freep) struct parser *parser = parser_new(rules);

	for (size_t i = 0; i < mails.gl_pathc; i++) {
		CLEANUP(arena_freep) struct arena *arena = arena_new();
		struct str mail = read_file(arena, mails.gl_pathv[i]);
		struct str bare = parse_to_json(parser, arena, with_ends(arena, mail, STR("\n")));
		struct str full = parse_to_json(parser, arena, with_ends(arena, mail, STR("\r\n")));

		ck_assert_msg(str_eq(bare, full), "%s with LF:\n%.*s\nwith CR LF:\n%.*s",
			mails.gl_pathv[i], STR_ARG(bare), STR_ARG(full));
	}
}
END_TEST

static const char *const truncated[] = { "dsn-postfix-user-unknown", "dsn-base64-status-part",
	"exim-alias-generated-from", "wrapped-bounce-names-nobody-outside", "html-only-notice",
	"ses-json", "arf-abuse" };

/* A mail cut at any byte is read without a fault, and what leaves the parser is text. */
START_TEST(truncation_is_survived)
{
	CLEANUP(parser_freep) struct parser *parser = parser_new(rules);
	CLEANUP(arena_freep) struct arena *kept = arena_new();
	struct str mail = read_file(kept, arena_printf(kept, GOLDEN "%s.eml", truncated[_i]).p);

	ck_assert_uint_gt(mail.n, 0);
	for (size_t n = 0; n < mail.n; n++) {
		CLEANUP(arena_freep) struct arena *arena = arena_new();
		char *exact = malloc(n + 1); /* an own block: reading beyond it is found */
		struct report report;

		ck_assert_ptr_nonnull(exact);
		memcpy(exact, mail.p, n);
		parse_message(parser, arena, NULL, str_from(exact, n), &report);
		free(exact);
		for (size_t i = 0; i < report.n_events; i++) {
			ck_assert(utf8_valid(report.events[i].diagnostic));
			ck_assert(utf8_valid(report.events[i].recipient));
		}
	}
}
END_TEST

/* An address in a mail that names no recipient is nobody's failure. */
START_TEST(addresses_in_text_are_not_recipients)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct str json = read_file(arena, GOLDEN "trap-address-in-text-is-never-reported.json");

	ck_assert_uint_gt(json.n, 0);
	ck_assert_uint_eq(str_find(json, STR("helpdesk@example.net")), STR_NPOS);
	ck_assert_uint_eq(str_find(json, STR("ann@example.com")), STR_NPOS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parse_golden");
	TCase *tcase = tcase_create("golden");
	int code;

	if (glob(GOLDEN "*.eml", 0, NULL, &mails))
		return EXIT_FAILURE;
	rules = fixture_rules();
	tcase_set_timeout(tcase, 240);
	tcase_add_test(tcase, mail_gives_its_report);
	tcase_add_test(tcase, order_does_not_matter);
	tcase_add_test(tcase, line_ends_do_not_matter);
	tcase_add_loop_test(tcase, truncation_is_survived, 0, ARRAY_LEN(truncated));
	tcase_add_test(tcase, addresses_in_text_are_not_recipients);
	suite_add_tcase(suite, tcase);
	code = suite_run(suite);
	parse_rules_free(rules);
	globfree(&mails);
	return code;
}
