// links: parser
// Lists of replies, written by people who had seen no rule, and what is right for each: how many get an accepted reason, how
// many that are alive would be stopped, how many dead ones are missed. The figures are golden: tests/replies/figures.tsv
// says what is true today, docs/accuracy.md what each list said when it was first seen. GOLDEN_UPDATE=1 writes them anew.
#include "core/arena.h"
#include "parser/parse.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLIES TEST_SOURCE_DIR "/tests/replies/"

static const char *const lists[] = { "seen", "first-sight-1", "first-sight-2", "first-sight-3",
	"first-sight-4", "first-sight-5", "first-sight-6", "first-sight-7" };

struct figures {
	unsigned replies, right, alive, wrongly_hard, dead, missed;
};

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

static bool is_accepted(struct str accepted, struct str reason)
{
	struct str word;

	while (str_next_word(&accepted, ",", &word))
		if (str_eq(word, reason))
			return true;
	return false;
}

/* "reply", "remote_mta", "accepted", "hard", "group" */
static void count_row(struct str row, struct figures *figures)
{
	struct str cell[4];
	struct event event;
	bool hard;

	for (size_t i = 0; i < ARRAY_LEN(cell); i++)
		ck_assert(str_cut(row, '\t', &cell[i], &row));
	parse_reply(parser, arena, cell[0], cell[1], &event);
	hard = event.class == CLASS_HARD;
	figures->replies++;
	figures->right += is_accepted(cell[2], reason_name(event.reason));
	figures->alive += str_eq(cell[3], STR("false"));
	figures->wrongly_hard += hard && str_eq(cell[3], STR("false"));
	figures->dead += str_eq(cell[3], STR("true"));
	figures->missed += !hard && str_eq(cell[3], STR("true"));
}

static struct figures count_list(const char *name)
{
	struct figures figures = { 0 };
	char path[512], *line = NULL;
	size_t cap = 0;
	ssize_t n;
	FILE *file;

	snprintf(path, sizeof path, REPLIES "%s.tsv", name);
	file = fopen(path, "r");
	ck_assert_ptr_nonnull(file);
	for (unsigned number = 0; (n = getline(&line, &cap, file)) > 0; number++)
		if (number)
			count_row(str_trim(str_from(line, (size_t)n)), &figures);
	fclose(file);
	free(line);
	return figures;
}

static void write_figures(FILE *out)
{
	fprintf(out, "list\treplies\tright\talive\twrongly_hard\tdead\tmissed\n");
	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct figures f = count_list(lists[i]);

		fprintf(out, "%s\t%u\t%u\t%u\t%u\t%u\t%u\n", lists[i], f.replies, f.right, f.alive,
			f.wrongly_hard, f.dead, f.missed);
	}
}

START_TEST(each_list_gets_the_figures_that_are_written_down)
{
	char *today = NULL, kept[8192];
	size_t today_bytes, kept_bytes;
	FILE *out = open_memstream(&today, &today_bytes), *file;

	ck_assert_ptr_nonnull(out);
	write_figures(out);
	fclose(out);
	file = fopen(REPLIES "figures.tsv", getenv("GOLDEN_UPDATE") ? "w+" : "r");
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

/* Nobody who is alive may be stopped because of one in a hundred replies that nobody had seen. */
START_TEST(few_that_are_alive_would_be_stopped)
{
	unsigned alive = 0, stopped = 0;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		struct figures f = count_list(lists[i]);

		alive += f.alive;
		stopped += f.wrongly_hard;
	}
	ck_assert_uint_gt(alive, 900);
	ck_assert_uint_le(stopped * 100, alive);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replies");
	TCase *tc = tcase_create("lists");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, each_list_gets_the_figures_that_are_written_down);
	tcase_add_test(tc, few_that_are_alive_would_be_stopped);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
