// links: ingest/smtp spool
// Check program of ingest/smtp/smtp_server: how many sessions there may be, and how they end.
#include "tests/support/smtp_server_fixture.h"
#include "tests/support/suite.h"

START_TEST(sessions_have_a_cap)
{
	struct smtp_server_options options = default_options();
	int fds[3];

	options.max_sessions = 2;
	start(&options);
	for (int i = 0; i < 2; i++) {
		fds[i] = dial();
		hears(fds[i], "220 ");
	}
	fds[2] = dial();
	hears(fds[2], "421 4.3.2");
	hears_end(fds[2]);
	say(fds[0], STR("QUIT\r\n"));
	hears(fds[0], "221 ");
	hears_end(fds[0]);
	fds[0] = dial();
	hears(fds[0], "220 ");
	close(fds[0]);
	close(fds[1]);
	stop();
	ck_assert_uint_eq(stats().refused, 1);
}
END_TEST

START_TEST(networks_have_a_cap)
{
	struct smtp_server_options options = default_options();
	int one, two;

	options.n_exempt = 0;
	options.max_sessions_per_address = 1;
	start(&options);
	one = dial();
	hears(one, "220 ");
	two = dial();
	hears(two, "421 4.7.0");
	hears_end(two);
	close(one);
	stop();
}
END_TEST

START_TEST(idle_session_ends)
{
	struct smtp_server_options options = default_options();
	int fd;

	options.idle_timeout_ms = 50;
	start(&options);
	fd = dial();
	hears(fd, "220 ");
	hears(fd, "421 4.4.2");
	hears_end(fd);
	stop();
}
END_TEST

START_TEST(early_talker_is_refused)
{
	struct smtp_server_options options = default_options();
	int fd;

	options.banner_delay_ms = 20000;
	start(&options);
	fd = dial();
	say(fd, STR("EHLO x\r\n"));
	hears(fd, "554 5.5.0");
	hears_end(fd);
	stop();
}
END_TEST

START_TEST(pipelined_text_behind_data_is_refused)
{
	struct smtp_server_options options = default_options();
	int fd;

	start(&options);
	fd = dial();
	hears(fd, "220 ");
	say(fd, STR("HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\nevil\r\n.\r\n"));
	hears(fd, "250 ");
	hears(fd, "250 ");
	hears(fd, "250 ");
	hears(fd, "554 5.5.0");
	hears_end(fd);
	stop();
	ck_assert_uint_eq(stats().messages, 0);
}
END_TEST

START_TEST(stop_finishes_data_and_ends_the_idle)
{
	struct smtp_server_options options = default_options();
	int idle, busy;

	start(&options);
	idle = dial();
	hears(idle, "220 ");
	busy = dial_to_data();
	say(busy, STR("half of it\r\n"));
	smtp_server_stop(server);
	hears(idle, "421 4.3.2");
	hears_end(idle);
	say(busy, STR("the rest\r\n.\r\n"));
	hears(busy, "250 2.0.0 stored");
	hears(busy, "421 4.3.2");
	hears_end(busy);
	pthread_join(thread, NULL);
	ck_assert_uint_eq(stats().messages, 1);
}
END_TEST

START_TEST(stop_does_not_wait_for_ever)
{
	struct smtp_server_options options = default_options();
	int fd;

	options.shutdown_grace_ms = 100;
	start(&options);
	fd = dial_to_data();
	stop();
	hears_end(fd);
}
END_TEST

/* A peer that sends everything and closes its side still hears the answers. */
START_TEST(half_closed_peer_is_answered)
{
	struct smtp_server_options options = default_options();
	int fd;

	start(&options);
	fd = dial_to_data();
	say(fd, STR("x\r\n.\r\n"));
	shutdown(fd, SHUT_WR);
	hears(fd, "250 2.0.0 stored");
	hears_end(fd);
	stop();
}
END_TEST

/* The same with its QUIT behind the message: the answer to that ends the session while its end of the
 * connection is read already. */
START_TEST(half_closed_peer_hears_all_of_it)
{
	struct smtp_server_options options = default_options();
	int fd;

	start(&options);
	fd = dial_to_data();
	say(fd, STR("x\r\n.\r\nQUIT\r\n"));
	shutdown(fd, SHUT_WR);
	hears(fd, "250 2.0.0 stored");
	hears(fd, "221 2.0.0");
	hears_end(fd);
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_server_sessions");
	TCase *tcase = tcase_create("server");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, sessions_have_a_cap);
	tcase_add_test(tcase, networks_have_a_cap);
	tcase_add_test(tcase, idle_session_ends);
	tcase_add_test(tcase, early_talker_is_refused);
	tcase_add_test(tcase, pipelined_text_behind_data_is_refused);
	tcase_add_test(tcase, stop_finishes_data_and_ends_the_idle);
	tcase_add_test(tcase, stop_does_not_wait_for_ever);
	tcase_add_test(tcase, half_closed_peer_is_answered);
	tcase_add_test(tcase, half_closed_peer_hears_all_of_it);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
