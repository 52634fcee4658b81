// links: cli
// Check program of cli: options, the pages that are made from tables, a report in words.
#include "cli/command/command_line.h"
#include "cli/command/command_table.h"
#include "cli/tools/explain.h"
#include "cli/tools/manual.h"
#include "cli/tools/reasons_page.h"
#include "core/attr.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

START_TEST(options_and_operands_are_told_apart)
{
	char words[][16] = { "parse", "a", "--config", "c", "--pretty", "--x=1=2", "-", "--",
		"--b" };
	char *argv[10];
	const char *config = NULL, *x = NULL;
	bool pretty = false, help;
	const struct command_option options[] = { { "--config", &config, NULL },
		{ "--x", &x, NULL }, { "--pretty", NULL, &pretty } };
	int argc = 9;

	for (int i = 0; i < argc; i++)
		argv[i] = words[i];
	ck_assert(command_options(argc, argv, options, 3, &argc, &help));
	ck_assert_int_eq(argc, 4);
	ck_assert_str_eq(argv[1], "a");
	ck_assert_str_eq(argv[2], "-");
	ck_assert_str_eq(argv[3], "--b");
	ck_assert_str_eq(config, "c");
	ck_assert_str_eq(x, "1=2");
	ck_assert(pretty && !help);
}
END_TEST

/* A name of the table, which lives on. */
static const char *str_dup_c(struct str word)
{
	static char room[32];

	snprintf(room, sizeof room, "%.*s", STR_ARG(word));
	return room;
}

/* ---- options: each is explained, and has an example ---- */

static bool takes(const struct command *command, struct str wanted)
{
	struct str rest = str_c(command->arguments), name;

	while (command_next_option(&rest, &name))
		if (str_eq(name, wanted))
			return true;
	return false;
}

START_TEST(every_option_has_its_row)
{
	const struct command *command;

	for (size_t i = 0; (command = command_at(i)); i++) {
		struct str rest = str_c(command->arguments), name;

		while (command_next_option(&rest, &name))
			ck_assert_msg(command_option_find(command->name, name) != NULL,
				"options.def has no %s %.*s", command->name, STR_ARG(name));
	}
}
END_TEST

START_TEST(every_row_is_of_an_option)
{
	const struct command_option_row *row;

	for (size_t i = 0; (row = command_option_at(i)); i++) {
		struct str example = str_c(row->example), word, name;
		const struct command *command;

		ck_assert_msg(strlen(row->meaning) > 5, "%s", row->name);
		ck_assert(str_next_word(&example, " ", &word) && str_eq(word, STR("bounced")));
		ck_assert(str_next_word(&example, " ", &word));
		command = command_find(*row->command ? row->command : str_dup_c(word));
		ck_assert_ptr_nonnull(command);
		ck_assert_msg(str_eq(word, str_c(command->name)), "%s", row->example);
		ck_assert_msg(takes(command, str_c(row->name)), "%s %s", row->command, row->name);
		ck_assert_msg(strstr(row->example, row->name) != NULL, "%s", row->example);
		while (command_next_option(&example, &name))
			ck_assert_msg(takes(command, name), "%s", row->example);
		ck_assert_msg(!*row->command ||
				      command_option_find(row->command, str_c(row->name)) == row,
			"%s %s twice", row->command, row->name);
	}
}
END_TEST

/* A page of docs/ is what its writer makes. */
static void compare_page(const char *path, void (*writer)(struct buf *out), const char *cure)
{
	static char page[1 << 17];
	struct buf out = BUF_INIT(sizeof page);
	FILE *file = fopen(path, "rb");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(page, 1, sizeof page, file);
	fclose(file);
	writer(&out);
	ck_assert_msg(str_eq(str_from(page, n), buf_str(&out)), "%s is stale: %s", path, cure);
	buf_release(&out);
}

/* Those of cli/tools/main.c. */
static const char *const tools_commands[] = { "parse", "classify", "reasons", "rules", "completion",
	"version", "help", NULL };

START_TEST(a_program_has_the_commands_that_it_says)
{
	command_program_is("bounced-tools", tools_commands);
	ck_assert_str_eq(command_program(), "bounced-tools");
	ck_assert_ptr_nonnull(command_find("parse"));
	ck_assert_ptr_null(command_find("serve"));
	for (size_t i = 0; i + 1 < ARRAY_LEN(tools_commands); i++)
		ck_assert_str_eq(command_at(i)->name, tools_commands[i]);
	ck_assert_ptr_null(command_at(ARRAY_LEN(tools_commands) - 1));
	command_program_is("bounced", NULL);
	ck_assert_ptr_nonnull(command_find("serve"));
	for (size_t i = 0; command_option_at(i); i++)
		ck_assert_int_eq(command_example(command_option_at(i))[0], ' ');
}
END_TEST

START_TEST(pages_are_made_from_their_tables)
{
	compare_page(TEST_SOURCE_DIR "/docs/bounced.1", manual_write,
		"bounced help --man > docs/bounced.1");
	command_program_is("bounced-tools", tools_commands);
	compare_page(TEST_SOURCE_DIR "/docs/bounced-tools.1", manual_write,
		"bounced-tools help --man > docs/bounced-tools.1");
	command_program_is("bounced", NULL);
	compare_page(TEST_SOURCE_DIR "/docs/reasons.md", reasons_page_write,
		"bounced reasons --page > docs/reasons.md");
}
END_TEST

START_TEST(the_words_that_decided_are_marked)
{
	struct buf out = BUF_INIT(65536);
	struct event event;
	struct report report;

	report_init(&report);
	event_init(&event);
	event.recipient = event.final_recipient = STR("ann@example.com");
	event.status = STR("5.1.1");
	event.reason = REASON_RECIPIENT_UNKNOWN;
	event.class = CLASS_HARD;
	event.diagnostic = STR("550 g\xC3\xBCltig\x1B User unknown");
	event.rule = (struct rule_ref){ STR("text.x"), LAYER_TEXT, 13, 25 };
	report.events = &event;
	report.n_events = 1;
	report.kind = KIND_BOUNCE;
	explain_write(&report, STR("a.eml"), &out);
	ck_assert_msg(str_find(buf_str(&out), STR("  diagnostic  550 g\xC3\xBCltig? User unknown\n"
						  "                          ^^^^^^^^^^^^\n")) !=
			      STR_NPOS,
		"%.*s", STR_ARG(buf_str(&out)));
	ck_assert_uint_ne(
		str_find(buf_str(&out), STR("bad destination mailbox address")), STR_NPOS);
	ck_assert_uint_ne(str_find(buf_str(&out), STR("The mailbox does not exist")), STR_NPOS);
	buf_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli");
	TCase *tcase = tcase_create("cli");

	tcase_add_test(tcase, options_and_operands_are_told_apart);
	tcase_add_test(tcase, every_option_has_its_row);
	tcase_add_test(tcase, every_row_is_of_an_option);
	tcase_add_test(tcase, a_program_has_the_commands_that_it_says);
	tcase_add_test(tcase, pages_are_made_from_their_tables);
	tcase_add_test(tcase, the_words_that_decided_are_marked);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
