// links: ingest spool
// Check program of ingest/smtp_server: real sockets on loopback, a real spool.
#include "ingest/smtp_server.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_WAIT_MS = 30000, MESSAGE_BYTES = 1 << 20 };

static char folder[256];
static struct spool_writer *writer;
static struct smtp_server *server;
static pthread_t thread;
static _Atomic int sync_errno;
static _Atomic bool hold_syncs;

static int faulty_sync(int fd)
{
	while (hold_syncs)
		usleep(1000);
	if (!sync_errno)
		return fdatasync(fd);
	errno = sync_errno;
	return -1;
}

static ssize_t plain_write(int fd, const void *bytes, size_t n, off_t offset)
{
	return pwrite(fd, bytes, n, offset);
}

static int much_space(int fd, uint64_t *ret_free_bytes, uint64_t *ret_total_bytes)
{
	(void)fd;
	*ret_free_bytes = *ret_total_bytes = (uint64_t)1 << 40;
	return 0;
}

static const struct spool_ops ops = { plain_write, faulty_sync, much_space };

static const struct str addresses[] = { STR_INIT("127.0.0.1:0") };
static const struct smtp_domain domains[] = { { STR_INIT("example.org"), STR_INIT("main") } };

static struct smtp_server_options default_options(void)
{
	struct smtp_server_options options;

	smtp_server_options_init(&options);
	options.listen = addresses;
	options.n_listen = ARRAY_LEN(addresses);
	options.hostname = STR("mx.example.org");
	options.domains = domains;
	options.n_domains = ARRAY_LEN(domains);
	options.max_message_bytes = MESSAGE_BYTES;
	return options;
}

static void *run_server(void *argument)
{
	ck_assert_int_eq(smtp_server_run(argument), ERR_OK);
	return NULL;
}

static void start(const struct smtp_server_options *options)
{
	ck_assert_int_eq(smtp_server_new(options, writer, &server), ERR_OK);
	ck_assert(!pthread_create(&thread, NULL, run_server, server));
}

static void stop(void)
{
	smtp_server_stop(server);
	pthread_join(thread, NULL);
}

static void setup(void)
{
	struct spool_options options;

	snprintf(folder, sizeof folder, "/tmp/smtp-XXXXXX");
	ck_assert(mkdtemp(folder) != NULL);
	spool_options_init(&options);
	options.segment_bytes = 8 << 20;
	options.quota_bytes = 64 << 20;
	options.retry_ms = 1;
	options.ops = &ops;
	ck_assert_int_eq(spool_writer_open(folder, &options, &writer), ERR_OK);
}

static void teardown(void)
{
	pid_t child;

	smtp_server_free(server);
	spool_writer_close(writer);
	child = fork();
	if (!child) {
		execlp("rm", "rm", "-rf", folder, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static int dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)smtp_server_port(server, 0)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static void say(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

		ck_assert_int_gt(n, 0);
		text = str_skip(text, (size_t)n);
	}
}

/* One line, or empty at the end of the connection. */
static struct str hear(int fd, char room[static 1024])
{
	size_t n = 0;

	while (n < 1023) {
		struct pollfd wait = { .fd = fd, .events = POLLIN };

		ck_assert_int_eq(poll(&wait, 1, ANSWER_WAIT_MS), 1);
		if (recv(fd, room + n, 1, 0) != 1)
			break;
		if (room[n++] == '\n')
			break;
	}
	return str_from(room, n);
}

static void hears(int fd, const char *start_of_line)
{
	char room[1024];
	struct str line;

	do
		line = hear(fd, room);
	while (line.n > 3 && line.p[3] == '-');
	ck_assert_msg(str_starts(line, str_c(start_of_line)) && (line.n || !*start_of_line),
		"want %s, got %.*s", start_of_line, STR_ARG(line));
}

static void hears_end(int fd)
{
	hears(fd, "");
	close(fd);
}

static int dial_to_data(void)
{
	int fd = dial();

	hears(fd, "220 ");
	say(fd, STR("EHLO client.example.net\r\n"));
	hears(fd, "250 ");
	say(fd, STR("MAIL FROM:<>\r\nRCPT TO:<b@example.org>\r\nDATA\r\n"));
	hears(fd, "250 ");
	hears(fd, "250 ");
	hears(fd, "354 ");
	return fd;
}

static struct smtp_server_stats stats(void)
{
	struct smtp_server_stats now;

	smtp_server_stats(server, &now);
	return now;
}

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
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, message_is_in_the_spool_when_answered);
	tcase_add_test(tcase, nothing_is_answered_before_the_sync);
	tcase_add_loop_test(tcase, failed_sync_is_no_250, 0, ARRAY_LEN(sync_cases));
	tcase_add_test(tcase, a_slow_store_is_deferred_and_its_late_end_counted);
	tcase_add_test(tcase, too_large_is_told_behind_the_dot);
	tcase_add_test(tcase, sessions_share_the_memory);
	tcase_add_test(tcase, sessions_have_a_cap);
	tcase_add_test(tcase, networks_have_a_cap);
	tcase_add_test(tcase, idle_session_ends);
	tcase_add_test(tcase, early_talker_is_refused);
	tcase_add_test(tcase, pipelined_text_behind_data_is_refused);
	tcase_add_test(tcase, stop_finishes_data_and_ends_the_idle);
	tcase_add_test(tcase, stop_does_not_wait_for_ever);
	tcase_add_test(tcase, half_closed_peer_is_answered);
	tcase_add_test(tcase, many_sessions_at_once);
	tcase_add_test(tcase, options_are_checked);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
