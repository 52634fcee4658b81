// links: serve
// Check program of serve/settings: a configuration as a whole; and of the back-off of serve/child.
#include "core/attr.h"
#include "serve/child.h"
#include "serve/settings/config_load.h"
#include "serve/settings/settings.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define GOOD "[smtp]\nreturn_path_domains = b.example\n"
static const struct {
	const char *text;
	enum err err;
	const char *names; /* stands in the trouble */
} config_cases[] = {
	{ GOOD, ERR_OK, "" },
	{ "", ERR_SYNTAX, "return_path_domains" },
	{ GOOD "listen = 127.0.0.1\n", ERR_SYNTAX, "smtp.listen" },
	{ GOOD "listen = 127.0.0.1:25 tls=offered\n", ERR_SYNTAX, "tls_certificate" },
	{ GOOD "listen = 127.0.0.1:25 tls=on\n", ERR_SYNTAX, "implicit" },
	{ GOOD "listen = 127.0.0.1:25 tls=required\ntls_certificate = /a\ntls_key = /b\n", ERR_OK,
		"" },
	{ GOOD "listen = unix:/run/l lmtp mode=0660, 127.0.0.1:25\n", ERR_OK, "" },
	{ GOOD "tls_key = /b\n", ERR_SYNTAX, "one without the other" },
	{ GOOD "unknown_recipient = 5.0.0\n", ERR_SYNTAX, "unknown_recipient" },
	{ GOOD "bare_line_ends = fix\n", ERR_SYNTAX, "bare_line_ends" },
	{ GOOD "proxy_networks = 10.0.0.0/33\n", ERR_SYNTAX, "proxy_networks" },
	{ "[smtp]\nreturn_path_domains = @x\n", ERR_SYNTAX, "return_path_domains" },
	{ "[smtp]\nreturn_path_domains = \"b.example\"\n", ERR_SYNTAX, "return_path_domains" },
	{ "[smtp]\nreturn_path_domains = http://b.example/\n", ERR_SYNTAX, "return_path_domains" },
	{ "[smtp]\nreturn_path_domains = b+*@*.b_c.example=n, [192.0.2.1], *\n", ERR_OK, "" },
	{ GOOD "return_path_domains = c.example\n", ERR_SYNTAX,
		"smtp.return_path_domains is there twice" },
	{ GOOD "#listen = a\nlisten = 127.0.0.1:1\n[api]\nlisten = 127.0.0.1:2\n", ERR_OK, "" },
	{ GOOD "[api]\n[smtp]\nlisten = 127.0.0.1:1\nlisten=127.0.0.1:2\n", ERR_SYNTAX,
		"smtp.listen is there twice" },
	{ GOOD "hostname = two words\n", ERR_SYNTAX, "smtp.hostname" },
	{ GOOD "hostname = mx_1.b.example\n", ERR_OK, "" },
	{ GOOD "lisen = 127.0.0.1:1\n", ERR_SYNTAX, "\"lisen\" in [smtp]" },
	{ GOOD "[smpt]\nlisten = 1\n", ERR_SYNTAX, "[smpt]" },
	{ GOOD "[smpt]\n", ERR_SYNTAX, "[smpt]" },
	{ GOOD "[server]\ndata_dir = data\n", ERR_SYNTAX, "absolute" },
	{ GOOD "[server]\nlog_level = loud\n", ERR_SYNTAX, "log_level" },
	{ GOOD "[api]\nloopback_without_key = true\nlisten = 0.0.0.0:80\n", ERR_SYNTAX,
		"loopback" },
	{ GOOD "[api]\nloopback_without_key = true\n", ERR_OK, "" },
	{ GOOD "[spool]\nsegment_bytes = 67108864\nquota_bytes = 67108864\n", ERR_RANGE, "quota" },
	{ GOOD "[spool]\nsegment_bytes = 10485760\n", ERR_RANGE, "max_message_bytes" },
	{ "no section = 1\n", ERR_SYNTAX, "t.conf" },
};

START_TEST(configurations_are_judged_as_a_whole)
{
	struct arena *arena = arena_new();
	struct config *config = config_new();
	struct str trouble = STR_EMPTY;
	struct findings findings;
	enum err err =
		config_load_text(config, str_c(config_cases[_i].text), "t.conf", arena, &trouble);

	findings_init(&findings, arena);
	if (!err)
		err = settings_check(config, &findings);
	if (findings.n)
		trouble = findings.texts[0];
	ck_assert_msg(err == config_cases[_i].err, "%s: %d", config_cases[_i].text, err);
	ck_assert_msg(str_find(trouble, str_c(config_cases[_i].names)) != STR_NPOS, "%.*s",
		STR_ARG(trouble));
	config_free(config);
	arena_free(arena);
}
END_TEST

START_TEST(printed_settings_load_again)
{
	struct arena *arena = arena_new();
	struct config *config = config_new(), *again = config_new();
	struct buf one = BUF_INIT(65536), two = BUF_INIT(65536);
	struct str trouble = STR_EMPTY;

	ck_assert(!config_load_text(config, STR(GOOD "[database]\nurl = host=x  password='a b'\n"),
		"a", arena, &trouble));
	config_print(config, R_EVERYTHING, CONFIG_SHOW_SECRETS, &one);
	ck_assert_msg(!config_load_text(again, buf_str(&one), "b", arena, &trouble), "%.*s",
		STR_ARG(trouble));
	config_print(again, R_EVERYTHING, CONFIG_SHOW_SECRETS, &two);
	ck_assert(str_eq(buf_str(&one), buf_str(&two)));
	buf_release(&one);
	buf_release(&two);
	config_free(config);
	config_free(again);
	arena_free(arena);
}
END_TEST

/* ---- back-off ---- */

START_TEST(back_off_doubles_up_to_its_ceiling)
{
	ck_assert_int_eq(child_backoff_ms(1), CHILD_BACKOFF_MIN_MS);
	ck_assert_int_eq(child_backoff_ms(2), 2 * CHILD_BACKOFF_MIN_MS);
	ck_assert_int_eq(child_backoff_ms(1000000000), CHILD_BACKOFF_MAX_MS);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("settings");
	TCase *tcase = tcase_create("settings");

	tcase_add_loop_test(
		tcase, configurations_are_judged_as_a_whole, 0, ARRAY_LEN(config_cases));
	tcase_add_test(tcase, printed_settings_load_again);
	tcase_add_test(tcase, back_off_doubles_up_to_its_ceiling);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
