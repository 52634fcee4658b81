// links: parser
// Mails that somebody wrote who had seen neither rules nor mails of ours, and what each says: tests/held-out-mails. Nothing is learnt
// from their words. The figures of today are golden (figures.tsv, GOLDEN_UPDATE=1 writes them anew); docs/accuracy.md has the first sight.
//   file  kind  recipients  status  reply_code  reason  hard      with tabs between; `-`: not graded; behind a comma another that is right
//   recipients: all that the mail reports, `|` between two addresses of one; reason, codes and hard are of the first
#include "core/limits.h"
#include "tests/support/parser_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

#define FOLDER TEST_SOURCE_DIR "/tests/held-out-mails/"
enum { FIELDS = 7, FIRST = 1, LISTS = 3 };
enum field { FILE_NAME, KIND, RECIPIENTS, STATUS, REPLY_CODE, REASON, HARD };
enum figure {
	MAILS,
	KINDS,
	NAMED,
	NAMES_RIGHT,
	CODES,
	CODES_RIGHT,
	REASONS,
	REASONS_RIGHT,
	ALIVE,
	WRONGLY_HARD,
	DEAD,
	MISSED,
	FIGURES
};
static const char *const figure_names[FIGURES] = { "mails", "kinds right", "recipients graded",
	"right", "codes graded", "right", "reasons graded", "right", "alive", "wrongly hard",
	"dead", "missed" };

static struct parse_rules *rules;
static struct parser *parser;
static struct arena *arena;

static void setup(void)
{
	arena = arena_new();
	rules = fixture_rules();
	parser = parser_new(rules);
}

static void teardown(void)
{
	parser_free(parser);
	parse_rules_free(rules);
	arena_free(arena);
}

/* One of `wanted`, with commas or bars between them? */
static bool is_one(struct str wanted, const char *set, struct str is)
{
	struct str one;

	while (str_next_word(&wanted, set, &one))
		if (str_ieq(one, is))
			return true;
	return false;
}

static struct str kind_told(const struct report *report)
{
	static const struct {
		enum outcome outcome;
		const char *name;
	} names[] = { { OUTCOME_FAILED, "failure" }, { OUTCOME_DELAYED, "delay" },
		{ OUTCOME_COMPLAINT, "complaint" }, { OUTCOME_DELIVERED, "success" },
		{ OUTCOME_RELAYED, "success" }, { OUTCOME_EXPANDED, "success" } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		for (size_t k = 0; k < report->n_events; k++)
			if (report->events[k].outcome == names[i].outcome)
				return str_c(names[i].name);
	return report->kind == KIND_COMPLAINT ? STR("complaint") : STR("none");
}

/* Whoever answers by a program bounces nothing, and neither does anybody else. */
static bool kind_right(struct str wanted, const struct report *report)
{
	struct str told = kind_told(report);

	return is_one(wanted, ",", told) ||
	       (str_eq(told, STR("none")) && is_one(wanted, ",", STR("autoreply")));
}

static bool names_right(struct str wanted, const struct report *report)
{
	struct str one;
	size_t n = 0;

	while (str_next_word(&wanted, ",", &one)) {
		size_t found = 0;

		for (size_t i = 0; i < report->n_events; i++)
			found += is_one(one, "|", report->events[i].recipient);
		if (found != 1)
			return false;
		n++;
	}
	return n == report->n_events;
}

static const struct event *first_named(struct str wanted, const struct report *report)
{
	struct str first = str_head(wanted, str_cspan(wanted, ","));

	for (size_t i = 0; i < report->n_events; i++)
		if (is_one(first, "|", report->events[i].recipient))
			return &report->events[i];
	return NULL;
}

static bool graded(struct str field)
{
	return field.n && !is_one(field, ",", STR("-"));
}

static void grade_verdict(const struct str field[static FIELDS], const struct event *event,
	unsigned figures[static FIGURES])
{
	bool hard = event->class == CLASS_HARD;

	if (graded(field[STATUS])) {
		figures[CODES]++;
		figures[CODES_RIGHT] += is_one(field[STATUS], ",", event->status);
	}
	if (graded(field[REPLY_CODE])) {
		figures[CODES]++;
		figures[CODES_RIGHT] += is_one(
			field[REPLY_CODE], ",", arena_printf(arena, "%u", event->reply_code));
	}
	if (graded(field[REASON])) {
		figures[REASONS]++;
		figures[REASONS_RIGHT] += is_one(field[REASON], ",", reason_name(event->reason));
	}
	if (graded(field[HARD])) {
		bool dead = str_eq(field[HARD], STR("true"));

		figures[dead ? DEAD : ALIVE]++;
		figures[MISSED] += dead && !hard;
		figures[WRONGLY_HARD] += !dead && hard;
	}
}

static void grade(
	unsigned list, const struct str field[static FIELDS], unsigned figures[static FIGURES])
{
	struct str path = arena_printf(arena, FOLDER "%u/%.*s", list, STR_ARG(field[FILE_NAME]));
	struct str mail = fixture_read(arena, path.p, LIMIT_MIME_BYTES);
	const struct event *event;
	struct report report;

	ck_assert_msg(mail.n, "%.*s cannot be read", STR_ARG(path));
	parse_message(parser, arena, NULL, mail, &report);
	figures[MAILS]++;
	figures[KINDS] += kind_right(field[KIND], &report);
	if (!str_eq(field[RECIPIENTS], STR("-")) && !is_one(field[KIND], ",", STR("none"))) {
		figures[NAMED]++;
		figures[NAMES_RIGHT] += names_right(field[RECIPIENTS], &report);
	}
	event = first_named(field[RECIPIENTS], &report);
	if (event)
		grade_verdict(field, event, figures);
	else
		figures[MISSED] += str_eq(field[HARD], STR("true"));
}

static void grade_list(unsigned list, unsigned figures[static FIGURES])
{
	struct str path = arena_printf(arena, FOLDER "%u/truth.tsv", list), line;
	struct str text = fixture_read(arena, path.p, LIMIT_RULES_BYTES);

	ck_assert(str_next_line(&text, &line)); /* the names of the columns */
	while (str_next_line(&text, &line)) {
		struct str field[FIELDS] = { 0 };

		for (size_t i = 0; i + 1 < FIELDS; i++)
			ck_assert(str_cut(line, '\t', &field[i], &line));
		field[FIELDS - 1] = line;
		grade(list, field, figures);
	}
}

/* ---- the figures ---- */

START_TEST(mails_get_the_figures_that_are_written_down)
{
	struct str is = STR_EMPTY, should;

	for (unsigned list = FIRST; list < FIRST + LISTS; list++) {
		unsigned figures[FIGURES] = { 0 };

		grade_list(list, figures);
		for (size_t i = 0; i < FIGURES; i++)
			is = arena_printf(arena, "%.*s%u\t%s\t%u\n", STR_ARG(is), list,
				figure_names[i], figures[i]);
	}
	if (getenv("GOLDEN_UPDATE")) {
		FILE *file = fopen(FOLDER "figures.tsv", "wb");

		ck_assert_ptr_nonnull(file);
		ck_assert_uint_eq(fwrite(is.p, 1, is.n, file), is.n);
		ck_assert_int_eq(fclose(file), 0);
	}
	should = fixture_read(arena, FOLDER "figures.tsv", LIMIT_RULES_BYTES);
	ck_assert_msg(
		str_eq(is, should), "is\n%.*s\nshould be\n%.*s", STR_ARG(is), STR_ARG(should));
}
END_TEST

/* Whatever else is golden: no address is wrong or missing but in one of a hundred, and nobody who is alive is stopped. */
START_TEST(nobody_is_named_wrongly)
{
	unsigned figures[FIGURES] = { 0 };

	for (unsigned list = FIRST; list < FIRST + LISTS; list++)
		grade_list(list, figures);
	ck_assert_uint_gt(figures[NAMED], 100);
	ck_assert_uint_ge(figures[NAMES_RIGHT] * 100, figures[NAMED] * 99);
	ck_assert_uint_eq(figures[WRONGLY_HARD], 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("held_out_mails");
	TCase *tests = tcase_create("mails");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, mails_get_the_figures_that_are_written_down);
	tcase_add_test(tests, nobody_is_named_wrongly);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
