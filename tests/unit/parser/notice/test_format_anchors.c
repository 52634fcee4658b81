// links: parser
// Check program of parser/: a sentence that a reader of notices knows by heart has a mail of
// tests/golden in which it stands, so that no row of the tables is there on trust.
#include "core/limits.h"
#include "parser/notice/format.h"
#include "parser/notice/notice.h"
#include "tests/support/parser_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>

#define GOLDEN TEST_SOURCE_DIR "/tests/golden/"

struct rows {
	struct str patterns[1024];
	bool hit[1024];
	size_t n;
};

static bool on_match(void *context, size_t pattern, size_t to)
{
	struct rows *rows = context;

	(void)to;
	rows->hit[pattern] = true;
	return true;
}

/* Quotes are taken off a notice before it is read; no row depends on that. */
static void scan_mail(struct rows *rows, const struct matcher *matcher,
	struct matcher_scratch *scratch, struct mime_parser *mime, const char *path)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct mime_tree tree;
	struct notice notice;

	mime_tree_read(mime, arena, fixture_read(arena, path, 1u << 20), &tree);
	notice_read(arena, &tree, NULL, &notice);
	matcher_scan(matcher, scratch, notice.text, on_match, rows);
}

static struct rows rows;

START_TEST(every_anchor_has_a_mail)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct mime_parser *mime = mime_parser_new();
	struct matcher_scratch *scratch;
	struct matcher *matcher;
	struct str why;
	const struct format_anchor *anchors;
	size_t bad, n, missing = 0;
	glob_t mails;

	anchors = format_table(&n);
	ck_assert_uint_le(n, ARRAY_LEN(rows.patterns));
	while (rows.n < n) {
		rows.patterns[rows.n] = anchors[rows.n].pattern;
		rows.n++;
	}
	ck_assert_uint_gt(rows.n, 300);
	ck_assert_int_eq(matcher_compile(arena, rows.patterns, rows.n, MATCHER_SPACE_RUN, &matcher,
				 &bad, &why),
		ERR_OK);
	scratch = matcher_scratch_new((const struct matcher *const[]){ matcher }, 1);
	ck_assert_int_eq(glob(GOLDEN "*.eml", 0, NULL, &mails), 0);
	for (size_t i = 0; i < mails.gl_pathc; i++)
		scan_mail(&rows, matcher, scratch, mime, mails.gl_pathv[i]);
	for (size_t i = 0; i < rows.n; i++)
		if (!rows.hit[i]) {
			missing++;
			fprintf(stderr, "no golden mail has: %.*s\n", STR_ARG(rows.patterns[i]));
		}
	ck_assert_uint_eq(missing, 0);
	globfree(&mails);
	matcher_scratch_free(scratch);
	matcher_free(matcher);
	mime_parser_free(mime);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("format_anchors");
	TCase *tcase = tcase_create("golden");

	tcase_set_timeout(tcase, 240);
	tcase_add_test(tcase, every_anchor_has_a_mail);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
