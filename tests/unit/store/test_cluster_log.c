// links: store/cluster
// Check program of store/cluster: lines of PostgreSQL's log, which anything may stand in.
#include "core/attr.h"
#include "store/cluster/cluster_log.h"
#include "tests/support/suite.h"

static const struct {
	const char *line;
	enum log_level level;
	const char *severity, *text;
} cases[] = {
	{ "2026-11-29 14:43:04.350 UTC [32031] LOG:  starting PostgreSQL 15.18", LOG_INFO, "LOG",
		"starting PostgreSQL 15.18" },
	{ "2026-11-29 14:43:04.350 UTC [3] ERROR:  relation \"x\" does not exist at character 15",
		LOG_WARN, "ERROR", "relation \"x\" does not exist at character 15" },
	{ "2026-11-29 14:43:04.350 CET [3] PANIC:  could not locate a valid checkpoint record",
		LOG_ERROR, "PANIC", "could not locate a valid checkpoint record" },
	{ "2026-11-29 14:43:04.350 UTC [3] STATEMENT:  SELECT 1", LOG_INFO, "STATEMENT",
		"SELECT 1" },
	{ "\tFROM x", LOG_INFO, "", "FROM x" },
	{ "2026-11-29 14:43:04.350 UTC [3] OTHER:  x", LOG_INFO, "",
		"2026-11-29 14:43:04.350 UTC [3] OTHER:  x" },
	{ "2026-11-29 no bracket", LOG_INFO, "", "2026-11-29 no bracket" },
	{ "2026-11-29]", LOG_INFO, "", "2026-11-29]" },
	{ "", LOG_INFO, "", "" },
};

START_TEST(lines_are_told_by_their_severity)
{
	struct cluster_line got = cluster_log_read(str_c(cases[_i].line));

	ck_assert_int_eq(got.level, cases[_i].level);
	ck_assert_msg(str_eq(got.severity, str_c(cases[_i].severity)), "%s", cases[_i].line);
	ck_assert_msg(str_eq(got.text, str_c(cases[_i].text)), "%.*s", STR_ARG(got.text));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cluster_log");
	TCase *tcase = tcase_create("cluster_log");

	tcase_add_loop_test(tcase, lines_are_told_by_their_severity, 0, ARRAY_LEN(cases));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
