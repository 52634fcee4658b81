// Check program of core/config: the table, its values, and the page that is made from it.
#include "core/config.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>

START_TEST(every_default_is_a_right_value)
{
	struct config *config = config_new();
	struct arena *arena = arena_new();

	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_row *row = config_row((enum config_id)i);
		enum config_id id = CONFIG_COUNT;
		struct str trouble = STR_EMPTY;

		ck_assert_msg(!config_set(config, (enum config_id)i, row->preset, arena, &trouble),
			"%.*s", STR_ARG(trouble));
		ck_assert(config_find(row->section, row->key, &id));
		ck_assert_uint_eq(id, i); /* unique */
		ck_assert(str_ends(row->sentence, STR(".")));
	}
	arena_free(arena);
	config_free(config);
}
END_TEST

static const struct {
	enum config_id id;
	const char *value;
	enum err err;
} set_cases[] = {
	{ CONFIG_SMTP_MAX_RECIPIENTS, "1000", ERR_OK },
	{ CONFIG_SMTP_MAX_RECIPIENTS, "1001", ERR_RANGE },
	{ CONFIG_SMTP_MAX_RECIPIENTS, "99", ERR_RANGE },
	{ CONFIG_SMTP_MAX_RECIPIENTS, "12 ; comment", ERR_SYNTAX },
	{ CONFIG_SMTP_MAX_RECIPIENTS, "-1", ERR_SYNTAX },
	{ CONFIG_API_LOOPBACK_WITHOUT_KEY, "yes", ERR_SYNTAX },
	{ CONFIG_API_LOOPBACK_WITHOUT_KEY, "true", ERR_OK },
	{ CONFIG_SMTP_HOSTNAME, "a\xFF", ERR_SYNTAX },
};

START_TEST(values_are_checked_and_a_wrong_one_changes_nothing)
{
	struct config *config = config_new();
	struct arena *arena = arena_new();
	struct str before = config_str(config, set_cases[_i].id), trouble = STR_EMPTY;
	enum err err =
		config_set(config, set_cases[_i].id, str_c(set_cases[_i].value), arena, &trouble);

	ck_assert_int_eq(err, set_cases[_i].err);
	ck_assert_int_eq(trouble.n != 0, err != ERR_OK);
	if (err)
		ck_assert(str_eq(config_str(config, set_cases[_i].id), before));
	arena_free(arena);
	config_free(config);
}
END_TEST

START_TEST(lists_have_items)
{
	struct config *config = config_new();
	struct arena *arena = arena_new();
	struct str item, trouble;

	ck_assert(
		!config_set(config, CONFIG_SMTP_LISTEN, STR(" a:1 ,, [::1]:2,"), arena, &trouble));
	ck_assert(config_item(config, CONFIG_SMTP_LISTEN, 0, &item) && str_eq(item, STR("a:1")));
	ck_assert(
		config_item(config, CONFIG_SMTP_LISTEN, 1, &item) && str_eq(item, STR("[::1]:2")));
	ck_assert(!config_item(config, CONFIG_SMTP_LISTEN, 2, &item));
	arena_free(arena);
	config_free(config);
}
END_TEST

START_TEST(a_role_is_handed_its_own_settings_only)
{
	struct config *config = config_new();
	struct arena *arena = arena_new();
	struct buf out = BUF_INIT(65536);
	struct str trouble;

	ck_assert(!config_set(
		config, CONFIG_DATABASE_URL, STR("host=db password=p"), arena, &trouble));
	config_print(config, R_SMTP, CONFIG_SHOW_SECRETS, &out);
	ck_assert_uint_eq(str_find(buf_str(&out), STR("password")), STR_NPOS);
	ck_assert_uint_eq(str_find(buf_str(&out), STR("[database]")), STR_NPOS);
	ck_assert_uint_ne(str_find(buf_str(&out), STR("hostname")), STR_NPOS);
	/* Where it verifies tokens it sees their keys, and not the database. */
	buf_reset(&out);
	config_print(config, R_SMTP | R_SMTP_TOKENS, CONFIG_SHOW_SECRETS, &out);
	ck_assert_uint_ne(str_find(buf_str(&out), STR("[token]")), STR_NPOS);
	ck_assert_uint_eq(str_find(buf_str(&out), STR("[database]")), STR_NPOS);
	buf_reset(&out);
	config_print(config, R_EVERYTHING, CONFIG_HIDE_SECRETS, &out);
	ck_assert_uint_eq(str_find(buf_str(&out), STR("password")), STR_NPOS);
	buf_reset(&out);
	config_print(config, R_LOADER, CONFIG_SHOW_SECRETS, &out);
	ck_assert_uint_ne(str_find(buf_str(&out), STR("url = host=db password=p")), STR_NPOS);
	buf_release(&out);
	arena_free(arena);
	config_free(config);
}
END_TEST

START_TEST(the_page_is_the_table)
{
	static char page[1 << 18];
	struct buf out = BUF_INIT(1 << 18);
	FILE *file = fopen(TEST_SOURCE_DIR "/docs/configuration.md", "rb");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(page, 1, sizeof page, file);
	fclose(file);
	config_docs(&out);
	ck_assert_msg(str_eq(str_from(page, n), buf_str(&out)),
		"docs/configuration.md is stale: bounced config docs > docs/configuration.md");
	buf_release(&out);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("config");
	TCase *tcase = tcase_create("config");

	tcase_add_test(tcase, every_default_is_a_right_value);
	tcase_add_loop_test(
		tcase, values_are_checked_and_a_wrong_one_changes_nothing, 0, ARRAY_LEN(set_cases));
	tcase_add_test(tcase, lists_have_items);
	tcase_add_test(tcase, a_role_is_handed_its_own_settings_only);
	tcase_add_test(tcase, the_page_is_the_table);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
