// Benchmark: an SMTP client that measures how long the reply to the dot takes.
/* usage: bench_smtp PORT SESSIONS MESSAGES kept|single MAIL_FILE SENDER RECIPIENT_LOCAL@DOMAIN [RATE]
 * One thread, blocking in epoll only. Each session waits for each reply, as smtp-source does, and sends the
 * commands of one message one by one. Each message has a recipient of its own (a number and RECIPIENT), so
 * that none is a second delivery; the file, LF or CRLF, is sent with CRLF and dots stuffed. With
 * a RATE, message n is begun no earlier than n / RATE seconds after the start; else as soon as a session is free.
 * Prints: messages per second, median and 99th percentile of the reply to the dot in ms, CPU s of this client. */
#include "core/str.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SESSIONS = 1000, MAX_MESSAGES = 10000000, LINE_BYTES = 1024, MAX_WAIT_MS = 60000 };

/* What the next reply answers. */
enum step { GREETING, HELO, MAIL, RCPT, DATA, DOT, QUIT };
struct session {
	int fd;
	enum step step;
	char line[LINE_BYTES];
	size_t n;      /* of the line so far */
	size_t number; /* of its message, in its recipient */
	double dot_s;
};

static struct {
	uint64_t port, sessions, messages, rate; /* rate 0: none */
	bool kept;
	const char *sender, *recipient;
	char *data; /* as it goes over the wire, with the dot */
	size_t data_bytes, granted, begun, ended;
	double *wait_s, start_s;
	struct session
		*waiting[MAX_SESSIONS]; /* for the time of their next message; the last came last */
	size_t n_waiting;
	int epoll;
} bench;

static double now_s(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void die(const char *what)
{
	fprintf(stderr, "bench_smtp: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t number(const char *text, uint64_t max)
{
	uint64_t value = 0;

	if (str_to_u64(str_c(text), max, &value) && value)
		return value;
	fprintf(stderr, "bench_smtp: \"%s\" is not a number from 1 to %lu\n", text,
		(unsigned long)max);
	exit(2);
}

static void read_mail(const char *path)
{
	FILE *file = fopen(path, "r");
	char *line = NULL, *end;
	size_t room = 0;
	FILE *out = open_memstream(&bench.data, &bench.data_bytes);
	ssize_t n;

	if (!file || !out)
		die(path);
	while ((n = getline(&line, &room, file)) >= 0) {
		end = line + n;
		while (end > line && (end[-1] == '\n' || end[-1] == '\r'))
			end--;
		fprintf(out, "%s%.*s\r\n", *line == '.' ? "." : "", (int)(end - line), line);
	}
	fputs(".\r\n", out);
	fclose(out);
	fclose(file);
	free(line);
}

/* A send buffer always has room for one message of some KB; a short write is a failure of the bench. */
static void say(const struct session *session, const char *text, size_t n)
{
	while (n) {
		ssize_t sent = send(session->fd, text, n, MSG_NOSIGNAL);

		if (sent < 0 && errno != EINTR)
			die("send");
		if (sent > 0) {
			text += sent;
			n -= (size_t)sent;
		}
	}
}

static void connect_session(struct session *session)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)bench.port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = session };
	int one = 1;

	session->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (session->fd < 0 || connect(session->fd, (struct sockaddr *)&address, sizeof address))
		die("connect");
	setsockopt(session->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	if (epoll_ctl(bench.epoll, EPOLL_CTL_ADD, session->fd, &event))
		die("epoll_ctl");
	session->step = GREETING;
	session->n = 0;
}

static void say_line(struct session *session, enum step step, const char *text)
{
	session->step = step;
	say(session, text, strlen(text));
}

static void begin_message(struct session *session)
{
	char line[LINE_BYTES];

	if (bench.begun == bench.messages) {
		say_line(session, QUIT, "QUIT\r\n");
		return;
	}
	session->number = ++bench.begun;
	snprintf(line, sizeof line, "MAIL FROM:<%s>\r\n", bench.sender);
	say_line(session, MAIL, line);
}

static void say_recipient(struct session *session)
{
	char line[LINE_BYTES];

	snprintf(line, sizeof line, "RCPT TO:<%zu%s>\r\n", session->number, bench.recipient);
	say_line(session, RCPT, line);
}

/* Seconds until the next message may be begun. */
static double due_in_s(void)
{
	if (!bench.rate)
		return 0;
	return bench.start_s + (double)bench.granted / (double)bench.rate - now_s(CLOCK_MONOTONIC);
}

/* The next message of a session: with a connection of its own where it has none. */
static void grant_message(struct session *session)
{
	bench.granted++;
	if (session->fd < 0)
		connect_session(session);
	else
		begin_message(session);
}

static void want_message(struct session *session)
{
	if (!bench.n_waiting && due_in_s() <= 0)
		grant_message(session);
	else
		bench.waiting[bench.n_waiting++] = session;
}

static void grant_waiting(void)
{
	size_t n = 0;

	while (n < bench.n_waiting && due_in_s() <= 0)
		grant_message(bench.waiting[n++]);
	bench.n_waiting -= n;
	memmove(bench.waiting, bench.waiting + n, bench.n_waiting * sizeof *bench.waiting);
}

static void end_message(struct session *session)
{
	bench.wait_s[bench.ended++] = now_s(CLOCK_MONOTONIC) - session->dot_s;
	if (bench.kept)
		want_message(session);
	else
		say_line(session, QUIT, "QUIT\r\n");
}

static void end_session(struct session *session)
{
	close(session->fd);
	session->fd = -1;
	if (bench.granted < bench.messages)
		want_message(session);
}

static void take_reply(struct session *session)
{
	static const char want[] = { [GREETING] = '2',
		[HELO] = '2',
		[MAIL] = '2',
		[RCPT] = '2',
		[DATA] = '3',
		[DOT] = '2',
		[QUIT] = '2' };

	if (session->line[0] != want[session->step]) {
		fprintf(stderr, "bench_smtp: refused: %.200s\n", session->line);
		exit(1);
	}
	switch (session->step) {
	case GREETING:
		say_line(session, HELO, "HELO bench.example\r\n");
		break;
	case HELO:
		if (bench.kept)
			want_message(session);
		else
			begin_message(session);
		break;
	case MAIL:
		say_recipient(session);
		break;
	case RCPT:
		say_line(session, DATA, "DATA\r\n");
		break;
	case DATA:
		session->step = DOT;
		say(session, bench.data, bench.data_bytes);
		session->dot_s = now_s(CLOCK_MONOTONIC);
		break;
	case DOT:
		end_message(session);
		break;
	case QUIT:
		end_session(session);
		break;
	}
}

static void hear(struct session *session)
{
	ssize_t n = recv(session->fd, session->line + session->n, LINE_BYTES - 1 - session->n, 0);

	if (n <= 0)
		die("recv");
	session->n += (size_t)n;
	session->line[session->n] = 0;
	/* No command is sent before its predecessor's reply, so what came is one reply or a part of it. */
	if (session->line[session->n - 1] != '\n')
		return;
	session->n = 0;
	take_reply(session);
}

static int by_value(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static void run(void)
{
	static struct session sessions[MAX_SESSIONS];
	struct epoll_event events[MAX_SESSIONS];

	for (size_t i = 0; i < bench.sessions; i++) {
		sessions[i].fd = -1;
		if (bench.kept)
			connect_session(&sessions[i]);
		else
			want_message(&sessions[i]);
	}
	while (bench.ended < bench.messages) {
		double due_ms = bench.n_waiting ? due_in_s() * 1000 : MAX_WAIT_MS;
		int n = epoll_wait(bench.epoll, events, MAX_SESSIONS, due_ms < 0 ? 0 : (int)due_ms);

		if ((n < 0 && errno != EINTR) || (!n && !bench.n_waiting))
			die("no reply for a minute");
		for (int i = 0; i < n; i++)
			hear(events[i].data.ptr);
		grant_waiting();
	}
}

int main(int argc, char **argv)
{
	double start;

	if (argc != 8 && argc != 9) {
		fputs("usage: bench_smtp PORT SESSIONS MESSAGES kept|single FILE SENDER "
		      "RECIPIENT [RATE]\n",
			stderr);
		return 2;
	}
	bench.port = number(argv[1], 65535);
	bench.sessions = number(argv[2], MAX_SESSIONS);
	bench.messages = number(argv[3], MAX_MESSAGES);
	bench.rate = argc == 9 ? number(argv[8], MAX_MESSAGES) : 0;
	bench.kept = !strcmp(argv[4], "kept");
	bench.sender = argv[6];
	bench.recipient = argv[7];
	read_mail(argv[5]);
	bench.wait_s = calloc(bench.messages, sizeof *bench.wait_s);
	bench.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!bench.wait_s || bench.epoll < 0)
		die("epoll_create1");
	bench.start_s = start = now_s(CLOCK_MONOTONIC);
	run();
	start = now_s(CLOCK_MONOTONIC) - start;
	qsort(bench.wait_s, bench.messages, sizeof *bench.wait_s, by_value);
	printf("%.0f %.2f %.2f %.2f\n", (double)bench.messages / start,
		bench.wait_s[bench.messages / 2] * 1000,
		bench.wait_s[bench.messages * 99 / 100] * 1000, now_s(CLOCK_PROCESS_CPUTIME_ID));
	return 0;
}
