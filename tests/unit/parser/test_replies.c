// links: parser
// Lists of replies, written by people who had seen no rule, and what is right for each: how many get an accepted reason, how
// many that are alive would be stopped, how many dead ones are missed. Those of parser/rules/replies are learnt from; those of
// tests/replies are held out, and tell what a reply gets that nobody has seen. The figures are golden: tests/replies/figures.tsv
// says what is true today, docs/accuracy.md what each list said when it was first seen. GOLDEN_UPDATE=1 writes them anew.
#include "core/arena.h"
#include "core/limits.h"
#include "parser/parse.h"
#include "tests/support/parser_fixture.h"
#include "tests/support/reply_figures.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LEARNT   TEST_SOURCE_DIR "/parser/rules/replies/"
#define HELD_OUT TEST_SOURCE_DIR "/tests/replies/"

static const char *const learnt[] = { "seen", "first-sight-1", "first-sight-2", "first-sight-3",
	"first-sight-4", "first-sight-5", "first-sight-6", "first-sight-7", "first-sight-8",
	"first-sight-9", "first-sight-10", "first-sight-11", "first-sight-12", "first-sight-13",
	"first-sight-14" };
static const char *const held_out[] = { "held-out-1", "held-out-2", "held-out-3", "held-out-4",
	"held-out-5", "held-out-6", "held-out-7" };

static struct parse_rules *rules;
static struct parser *parser;
static struct arena *arena;

static void setup(void)
{
	const struct parse_source *sources;
	size_t n = parse_builtin_sources(&sources);
	struct str trouble;

	arena = arena_new();
	ck_assert_int_eq(parse_rules_load(arena, sources, n, &rules, &trouble), ERR_OK);
	parser = parser_new(rules);
}

static void teardown(void)
{
	parser_free(parser);
	parse_rules_free(rules);
	arena_free(arena);
}

static void count_row(const struct reply_row *row, struct reply_figures *figures)
{
	struct event event;

	parse_reply(parser, arena, row->reply, row->remote_mta, &event);
	(void)reply_figures_add(figures, row, &event);
}

static void add_list(const char *folder, const char *name, struct reply_figures *figures)
{
	char path[512];
	struct str text, trouble;
	struct reply_rows rows;

	snprintf(path, sizeof path, "%s%s.tsv", folder, name);
	text = fixture_read(arena, path, LIMIT_RULES_BYTES);
	ck_assert_uint_gt(text.n, 0);
	ck_assert_int_eq(reply_list_read(arena, &(struct parse_source){ str_c(name), text, true },
				 &rows, &trouble),
		ERR_OK);
	for (size_t i = 0; i < rows.n; i++)
		count_row(&rows.items[i], figures);
}

static void write_row(FILE *out, const char *folder, const char *name)
{
	struct reply_figures f = { 0 };

	add_list(folder, name, &f);
	fprintf(out, "%s\t%u\t%u\t%u\t%u\t%u\t%u\n", name, f.replies, f.right, f.alive,
		f.wrongly_hard, f.dead, f.missed);
}

static void write_figures(FILE *out)
{
	fprintf(out, "list\treplies\tright\talive\twrongly_hard\tdead\tmissed\n");
	for (size_t i = 0; i < ARRAY_LEN(held_out); i++)
		write_row(out, HELD_OUT, held_out[i]);
	for (size_t i = 0; i < ARRAY_LEN(learnt); i++)
		write_row(out, LEARNT, learnt[i]);
}

START_TEST(each_list_gets_the_figures_that_are_written_down)
{
	char *today = NULL, kept[8192];
	size_t today_bytes, kept_bytes;
	FILE *out = open_memstream(&today, &today_bytes), *file;

	ck_assert_ptr_nonnull(out);
	write_figures(out);
	fclose(out);
	file = fopen(HELD_OUT "figures.tsv", getenv("GOLDEN_UPDATE") ? "w+" : "r");
	ck_assert_ptr_nonnull(file);
	if (getenv("GOLDEN_UPDATE")) {
		fwrite(today, 1, today_bytes, file);
		rewind(file);
	}
	kept_bytes = fread(kept, 1, sizeof kept - 1, file);
	kept[kept_bytes] = '\0';
	fclose(file);
	ck_assert_str_eq(today, kept);
	free(today);
}
END_TEST

/* ---- what the documentation says of today ---- */

static bool line_of(struct str text, const char *name, struct str *ret_line)
{
	struct str start = arena_printf(arena, "| `%s` |", name);

	while (str_next_line(&text, ret_line))
		if (str_starts(*ret_line, start))
			return true;
	return false;
}

static void check_row(struct str docs, const char *folder, const char *name)
{
	struct reply_figures f = { 0 };
	struct str line, want;

	add_list(folder, name, &f);
	want = arena_printf(arena, "| %.1f %% | %u of %u | %u of %u |", 100.0 * f.right / f.replies,
		f.wrongly_hard, f.alive, f.missed, f.dead);
	ck_assert_msg(line_of(docs, name, &line), "docs/accuracy.md has no row of %s", name);
	ck_assert_msg(str_find(line, want) != STR_NPOS,
		"docs/accuracy.md says of %s: %.*s; true is: %.*s", name, STR_ARG(line),
		STR_ARG(want));
}

START_TEST(the_documentation_has_the_figures_of_today)
{
	struct str docs =
		fixture_read(arena, TEST_SOURCE_DIR "/docs/accuracy.md", LIMIT_RULES_BYTES);

	for (size_t i = 0; i < ARRAY_LEN(held_out); i++)
		check_row(docs, HELD_OUT, held_out[i]);
	for (size_t i = 0; i < ARRAY_LEN(learnt); i++)
		check_row(docs, LEARNT, learnt[i]);
}
END_TEST

/* Of replies that nothing was learnt from: nearly all are right, one in a hundred that is alive may be stopped, and most that are dead
 * are known. */
START_TEST(replies_that_nobody_has_seen_are_right)
{
	struct reply_figures f = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(held_out); i++)
		add_list(HELD_OUT, held_out[i], &f);
	ck_assert_uint_gt(f.replies, 500);
	ck_assert_uint_ge(f.right * 100, f.replies * 92);
	ck_assert_uint_le(f.wrongly_hard * 100, f.alive);
	ck_assert_uint_le(f.missed * 100, f.dead * 8);
}
END_TEST

/* Of those that were learnt from as well, one in a hundred that is alive may be stopped. */
START_TEST(few_that_are_alive_would_be_stopped)
{
	struct reply_figures f = { 0 };

	for (size_t i = 0; i < ARRAY_LEN(learnt); i++)
		add_list(LEARNT, learnt[i], &f);
	ck_assert_uint_gt(f.alive, 2000);
	ck_assert_uint_le(f.wrongly_hard * 100, f.alive);
}
END_TEST

/* Weights are not magic: without them the same replies are right less often. */
START_TEST(what_was_learnt_is_what_makes_it_so)
{
	struct reply_figures with = { 0 }, without = { 0 };

	add_list(HELD_OUT, held_out[0], &with);
	parse_rules_weigh(rules, STR_EMPTY);
	add_list(HELD_OUT, held_out[0], &without);
	ck_assert_uint_gt(with.right, without.right + 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replies");
	TCase *tc = tcase_create("lists");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, each_list_gets_the_figures_that_are_written_down);
	tcase_add_test(tc, the_documentation_has_the_figures_of_today);
	tcase_add_test(tc, replies_that_nobody_has_seen_are_right);
	tcase_add_test(tc, few_that_are_alive_would_be_stopped);
	tcase_add_test(tc, what_was_learnt_is_what_makes_it_so);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
