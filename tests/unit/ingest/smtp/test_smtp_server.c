// links: ingest/smtp spool
// Check program of ingest/smtp/smtp_server: what is stored, refused and answered, over real sockets.
#include "tests/support/smtp_server_fixture.h"
#include "tests/support/suite.h"

START_TEST(message_is_in_the_spool_when_answered)
{
	struct smtp_server_options options = default_options();
	struct arena *arena = arena_new();
	struct envelope envelope;
	struct spool_reader *reader;
	struct spool_record record;
	int fd;

	start(&options);
	fd = dial_to_data();
	say(fd, STR("Subject: x\r\n\r\n..dot\r\n.\r\n"));
	hears(fd, "250 2.0.0 stored as ");
	ck_assert_int_eq(spool_reader_open(folder, &reader), ERR_OK);
	ck_assert_int_eq(spool_reader_next(reader, &record), ERR_OK);
	ck_assert(str_eq(record.message, STR("Subject: x\r\n\r\n.dot\r\n")));
	ck_assert_int_eq(envelope_decode(arena, record.envelope, &envelope), ERR_OK);
	ck_assert(str_eq(envelope.peer, STR("127.0.0.1")));
	ck_assert(str_eq(envelope.helo, STR("client.example.net")));
	ck_assert(str_eq(envelope.stream, STR("main")));
	ck_assert_uint_eq(envelope.n_forward_paths, 1);
	ck_assert_int_gt(envelope.received_at_us, 0);
	say(fd, STR("QUIT\r\n"));
	hears(fd, "221 ");
	hears_end(fd);
	stop();
	ck_assert_uint_eq(stats().messages, 1);
	ck_assert_uint_eq(stats().sessions, 0);
	ck_assert_uint_eq(stats().memory_bytes, 0);
	spool_reader_close(reader);
	arena_free(arena);
}
END_TEST

START_TEST(nothing_is_answered_before_the_sync)
{
	struct smtp_server_options options = default_options();
	struct pollfd wait = { .events = POLLIN };

	start(&options);
	wait.fd = dial_to_data();
	hold_syncs = true;
	say(wait.fd, STR("x\r\n.\r\nNOOP\r\n"));
	ck_assert_int_eq(poll(&wait, 1, 300), 0);
	hold_syncs = false;
	hears(wait.fd, "250 2.0.0 stored");
	hears(wait.fd, "250 2.0.0 ok");
	close(wait.fd);
	stop();
}
END_TEST

/* {errno of the sync, answer} */
static const struct {
	int errnum;
	const char *answer;
} sync_cases[] = { { EIO, "451 4.3.0" }, { ENOSPC, "452 4.3.1" } };

START_TEST(failed_sync_is_no_250)
{
	struct smtp_server_options options = default_options();
	int fd;

	start(&options);
	fd = dial_to_data();
	sync_errno = sync_cases[_i].errnum;
	say(fd, STR("x\r\n.\r\n"));
	hears(fd, sync_cases[_i].answer);
	sync_errno = 0;
	close(fd);
	stop();
	ck_assert_uint_eq(stats().messages, 0);
	ck_assert_uint_eq(stats().deferred, 1);
}
END_TEST

START_TEST(a_slow_store_is_deferred_and_its_late_end_counted)
{
	struct smtp_server_options options = default_options();
	int fd;

	options.commit_timeout_ms = 100;
	start(&options);
	fd = dial_to_data();
	hold_syncs = true;
	say(fd, STR("x\r\n.\r\n"));
	hears(fd, "451 4.3.0");
	hold_syncs = false;
	for (int i = 0; i < 3000 && !stats().stored_unanswered; i++)
		usleep(10000);
	ck_assert_uint_eq(stats().stored_unanswered, 1);
	say(fd, STR("NOOP\r\n"));
	hears(fd, "250 ");
	close(fd);
	stop();
}
END_TEST

START_TEST(too_large_is_told_behind_the_dot)
{
	struct smtp_server_options options = default_options();
	char *line = malloc(1 << 16);
	int fd;

	memset(line, 'x', 1 << 16);
	memcpy(line + (1 << 16) - 2, "\r\n", 2);
	start(&options);
	fd = dial_to_data();
	for (int i = 0; i <= MESSAGE_BYTES >> 16; i++)
		say(fd, str_from(line, 1 << 16));
	say(fd, STR(".\r\n"));
	hears(fd, "552 5.3.4");
	say(fd, STR("MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"));
	hears(fd, "250 ");
	hears(fd, "250 ");
	hears(fd, "354 ");
	for (int i = 0; i < MESSAGE_BYTES >> 16; i++)
		say(fd, str_from(line, 1 << 16));
	say(fd, STR(".\r\n"));
	hears(fd, "250 2.0.0 stored");
	close(fd);
	stop();
	ck_assert_uint_eq(stats().rejected, 1);
	ck_assert_uint_eq(stats().message_bytes, MESSAGE_BYTES);
	free(line);
}
END_TEST

START_TEST(sessions_share_the_memory)
{
	struct smtp_server_options options = default_options();
	char *text = malloc(MESSAGE_BYTES);
	int one, two;

	options.max_memory_bytes = MESSAGE_BYTES;
	memset(text, 'x', MESSAGE_BYTES);
	start(&options);
	one = dial_to_data();
	two = dial_to_data();
	say(one, str_from(text, MESSAGE_BYTES - 2));
	for (int i = 0; i < 3000 && stats().memory_bytes < MESSAGE_BYTES / 2 + 1; i++)
		usleep(10000);
	say(two, str_from(text, MESSAGE_BYTES - 2));
	say(two, STR("\r\n.\r\n"));
	hears(two, "452 4.3.1");
	ck_assert_uint_le(stats().memory_bytes, MESSAGE_BYTES);
	say(one, STR("\r\n.\r\n"));
	hears(one, "250 2.0.0 stored");
	close(one);
	close(two);
	stop();
	free(text);
}
END_TEST

static void *send_messages(void *argument)
{
	int fd = dial();

	(void)argument;
	hears(fd, "220 ");
	say(fd, STR("HELO a\r\n"));
	hears(fd, "250 ");
	for (int i = 0; i < 20; i++) {
		say(fd, STR("MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"));
		hears(fd, "250 ");
		hears(fd, "250 ");
		hears(fd, "354 ");
		say(fd, STR("Subject: one of many\r\n\r\ntext\r\n.\r\n"));
		hears(fd, "250 2.0.0 stored");
	}
	close(fd);
	return NULL;
}

START_TEST(many_sessions_at_once)
{
	struct smtp_server_options options = default_options();
	struct spool_stats spool;
	pthread_t threads[20];

	start(&options);
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		ck_assert(!pthread_create(&threads[i], NULL, send_messages, NULL));
	for (size_t i = 0; i < ARRAY_LEN(threads); i++)
		pthread_join(threads[i], NULL);
	stop();
	spool_writer_stats(writer, &spool);
	ck_assert_uint_eq(spool.durable, 400);
	ck_assert_uint_eq(stats().messages, 400);
}
END_TEST

START_TEST(options_are_checked)
{
	static const struct str bad[] = { STR_INIT("127.0.0.1"), STR_INIT("127.0.0.1:65536"),
		STR_INIT("::1:25"), STR_INIT("127.0.0.1:25 tls"), STR_INIT("[::1:25") };
	struct smtp_server_options options = default_options();
	struct smtp_server *other;
	struct str taken;
	char text[40];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		options.listen = &bad[i];
		ck_assert_int_eq(smtp_server_new(&options, writer, &other), ERR_SYNTAX);
	}
	options = default_options();
	options.max_message_bytes = spool_writer_max_bytes(writer) - SMTP_ENVELOPE_BYTES + 1;
	ck_assert_int_eq(smtp_server_new(&options, writer, &other), ERR_RANGE);
	options.max_message_bytes--;
	start(&options);
	snprintf(text, sizeof text, "127.0.0.1:%u", smtp_server_port(server, 0));
	taken = str_c(text);
	options.listen = &taken;
	ck_assert_int_eq(smtp_server_new(&options, writer, &other), ERR_EXISTS);
	stop();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_server");
	TCase *tcase = tcase_create("server");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, message_is_in_the_spool_when_answered);
	tcase_add_test(tcase, nothing_is_answered_before_the_sync);
	tcase_add_loop_test(tcase, failed_sync_is_no_250, 0, ARRAY_LEN(sync_cases));
	tcase_add_test(tcase, a_slow_store_is_deferred_and_its_late_end_counted);
	tcase_add_test(tcase, too_large_is_told_behind_the_dot);
	tcase_add_test(tcase, sessions_share_the_memory);
	tcase_add_test(tcase, many_sessions_at_once);
	tcase_add_test(tcase, options_are_checked);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
