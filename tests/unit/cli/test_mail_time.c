// links: cli
// Check program of cli/mail_time: the time that the last system wrote in front of a mail.
#include "cli/mail_time.h"
#include "core/timestamp.h"

#include <check.h>

#define TEN    "Mon, 23 Nov 2026 10:00:00 +0100"
#define TEN_US ((int64_t)1795424400 * TIMESTAMP_SECOND_US)

static const struct {
	const char *mail;
	int64_t at_us;
} cases[] = {
	{ "Received: from a by b; " TEN "\r\nDate: Tue, 24 Nov 2026 10:00:00 +0100\r\n\r\n",
		TEN_US },
	{ "Return-Path: <>\nReceived: from a (x; y)\n by b\n\tid 1;\n  " TEN "\nReceived: by c; "
	  "Sun, 22 Nov 2026 10:00:00 +0100\n\n",
		TEN_US },
	{ "Subject: x\nDate: " TEN "\n\nReceived: by c; Sun, 22 Nov 2026 10:00:00 +0100\n",
		TEN_US },
	{ "Received: by c; some day\nDate: " TEN "\n\n", TEN_US },
	{ "Received: by c\nDate: never\n\n", 0 },
	{ "Subject: x\n\nDate: " TEN "\n", 0 },
	{ "Received:", 0 },
	{ "Received: a;\n", 0 },
	{ "Received\n ;\n", 0 },
	{ "", 0 },
};

START_TEST(times)
{
	ck_assert_int_eq(mail_time(str_c(cases[_i].mail)), cases[_i].at_us);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mail_time");
	TCase *tests = tcase_create("mail_time");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tests, times, 0, sizeof cases / sizeof cases[0]);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
