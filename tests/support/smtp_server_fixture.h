/* tests/support/smtp_server_fixture.h -- a server on loopback in a thread of its own, a real spool whose syncs
 * fail or wait when told to, and a client: shared by the Check programs of ingest/smtp/smtp_server. */
#pragma once
#include "ingest/smtp/smtp_server.h"

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

static UNUSED struct smtp_server_options default_options(void)
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

static UNUSED void start(const struct smtp_server_options *options)
{
	ck_assert_int_eq(smtp_server_new(options, writer, &server), ERR_OK);
	ck_assert(!pthread_create(&thread, NULL, run_server, server));
}

static UNUSED void stop(void)
{
	smtp_server_stop(server);
	pthread_join(thread, NULL);
}

static UNUSED void setup(void)
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

static UNUSED void teardown(void)
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

static UNUSED int dial(void)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)smtp_server_port(server, 0)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
	return fd;
}

static UNUSED void say(int fd, struct str text)
{
	while (text.n) {
		ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);

		ck_assert_int_gt(n, 0);
		text = str_skip(text, (size_t)n);
	}
}

/* One line, or empty at the end of the connection. */
static UNUSED struct str hear(int fd, char room[static 1024])
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

static UNUSED void hears(int fd, const char *start_of_line)
{
	char room[1024];
	struct str line;

	do
		line = hear(fd, room);
	while (line.n > 3 && line.p[3] == '-');
	ck_assert_msg(str_starts(line, str_c(start_of_line)) && (line.n || !*start_of_line),
		"want %s, got %.*s", start_of_line, STR_ARG(line));
}

static UNUSED void hears_end(int fd)
{
	hears(fd, "");
	close(fd);
}

static UNUSED int dial_to_data(void)
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

static UNUSED struct smtp_server_stats stats(void)
{
	struct smtp_server_stats now;

	smtp_server_stats(server, &now);
	return now;
}
