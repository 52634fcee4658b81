// links: ingest/mailbox ingest/intake
// Check program of ingest/mailbox/mailbox: mbox in its variants, maildir, single files, streams.
#include "core/limits.h"
#include "ingest/intake/trace_fields.h"
#include "ingest/mailbox/mailbox.h"
#include "ingest/mailbox/maildir.h"
#include "tests/support/suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ck_str(a, b)                                                                               \
	do {                                                                                       \
		struct str a_ = (a), b_ = (b);                                                     \
		ck_assert_msg(                                                                     \
			str_eq(a_, b_), "\"%.*s\" is not \"%.*s\"", STR_ARG(a_), STR_ARG(b_));     \
	} while (0)

/* {what, format, mbox, its messages} */
static const struct {
	const char *what;
	enum mailbox_format format;
	const char *mbox;
	const char *messages[4];
} mbox_cases[] = {
	{ "two", MAILBOX_AUTO, "From a\nA: 1\n\none\n\nFrom b\nB: 2\n\ntwo\n\n",
		{ "A: 1\n\none\n", "B: 2\n\ntwo\n" } },
	{ "CR LF", MAILBOX_AUTO,
		"From a\r\nA: 1\r\n\r\none\r\n\r\nFrom b\r\nB: 2\r\n\r\ntwo\r\n\r\n",
		{ "A: 1\r\n\r\none\r\n", "B: 2\r\n\r\ntwo\r\n" } },
	{ "no empty line at the end", MAILBOX_AUTO, "From a\n\none", { "\none" } },
	{ "no empty line before From", MAILBOX_AUTO, "From a\n\none\nFrom here on\n\n",
		{ "\none\nFrom here on\n" } },
	{ "an empty message between", MAILBOX_AUTO, "From a\n\nFrom b\n\n\nFrom c\n\nx\n",
		{ "", "\n", "\nx\n" } },
	{ "From at the end of the header", MAILBOX_AUTO, "From a\nA: 1\n\nFrom b\nB: 2\n\n",
		{ "A: 1\n", "B: 2\n" } },
	{ "from in lower case", MAILBOX_AUTO, "From a\n\none\n\nfrom b\n",
		{ "\none\n\nfrom b\n" } },
	{ "quoted, mboxrd", MAILBOX_MBOXRD, "From a\n\n>From x\n>>From y\n>Fromm\n > From z\n",
		{ "\nFrom x\n>From y\n>Fromm\n > From z\n" } },
	{ "quoted, mboxo", MAILBOX_MBOXO, "From a\n\n>From x\n>>From y\n",
		{ "\nFrom x\n>>From y\n" } },
	{ "quoted, auto", MAILBOX_AUTO, "From a\n\n>From x\n>>From y\n",
		{ "\nFrom x\n>From y\n" } },
	{ "counted", MAILBOX_MBOXCL2,
		"From a\nContent-Length: 16\n\nx\n\nFrom y\n>From\n\nFrom b\n\nz\n\n",
		{ "Content-Length: 16\n\nx\n\nFrom y\n>From\n", "\nz\n" } },
	{ "counted, auto", MAILBOX_AUTO,
		"From a\nContent-Length: 17\n\nx\n\nFrom y\n>From \n\nFrom b\n\nz\n\n",
		{ "Content-Length: 17\n\nx\n\nFrom y\n>From \n", "\nz\n" } },
	{ "counted and quoted", MAILBOX_MBOXCL,
		"From a\nContent-Length: 10\n\nx\n>From y\n\nFrom b\n\nz\n",
		{ "Content-Length: 10\n\nx\nFrom y\n", "\nz\n" } },
	{ "counted wrongly", MAILBOX_AUTO, "From a\nContent-Length: 3\n\nx\n\nFrom b\n\nz\n\n",
		{ "Content-Length: 3\n\nx\n", "\nz\n" } },
	{ "counted beyond the end", MAILBOX_MBOXCL2,
		"From a\nContent-Length: 99999999999999999999\n\nx\n\nFrom b\n\nz\n",
		{ "Content-Length: 99999999999999999999\n\nx\n", "\nz\n" } },
	{ "count not believed", MAILBOX_MBOXRD, "From a\nContent-Length: 8\n\nx\n\nFrom y\n\n",
		{ "Content-Length: 8\n\nx\n", "" } },
	{ "From alone", MAILBOX_AUTO, "From ", { "" } },
};

START_TEST(mbox)
{
	struct arena *arena = arena_new();
	struct str rest = str_c(mbox_cases[_i].mbox), message;
	size_t n = 0;

	while (mbox_next(arena, mbox_cases[_i].format, &rest, &message)) {
		ck_assert_msg(n < 4 && mbox_cases[_i].messages[n], "%s: one too many: \"%.*s\"",
			mbox_cases[_i].what, STR_ARG(message));
		ck_str(message, str_c(mbox_cases[_i].messages[n++]));
	}
	ck_assert_msg(n == 4 || !mbox_cases[_i].messages[n], "%s: too few", mbox_cases[_i].what);
	arena_free(arena);
}
END_TEST

static char folder[64];
static struct arena *arena;

static void setup(void)
{
	snprintf(folder, sizeof folder, "/tmp/mailbox-XXXXXX");
	ck_assert(mkdtemp(folder) != NULL);
	arena = arena_new();
}

static void teardown(void)
{
	pid_t child = fork();

	if (!child) {
		execlp("rm", "rm", "-rf", folder, (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
	arena_free(arena);
}

static const char *path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return path;
}

static void make_file(const char *name, struct str bytes)
{
	FILE *file = fopen(path_of(name), "wb");

	ck_assert(file != NULL);
	ck_assert_uint_eq(bytes.n ? fwrite(bytes.p, 1, bytes.n, file) : 0, bytes.n);
	fclose(file);
}

static struct mailbox *open_mailbox(const char *path)
{
	struct mailbox *mailbox;

	ck_assert_int_eq(mailbox_open(path, MAILBOX_AUTO, &mailbox), ERR_OK);
	return mailbox;
}

static void expect(struct mailbox *mailbox, const char *name, size_t number, struct str bytes)
{
	struct mailbox_message message;

	ck_assert_int_eq(mailbox_next(mailbox, arena, &message), ERR_OK);
	ck_str(message.bytes, bytes);
	ck_assert(str_ends(message.file, str_c(name)));
	ck_assert_uint_eq(message.number, number);
	ck_assert(!message.cut);
}

static void expect_end(struct mailbox *mailbox)
{
	struct mailbox_message message;

	ck_assert_int_eq(mailbox_next(mailbox, arena, &message), ERR_NOT_FOUND);
	ck_assert_int_eq(mailbox_next(mailbox, arena, &message), ERR_NOT_FOUND);
	mailbox_free(mailbox);
}

static const struct {
	struct str bytes;
	bool mbox;
} start_cases[] = {
	{ STR_INIT("From a Thu Jan  1 00:00:00 1970\nSubject: x\n\n"), true },
	{ STR_INIT("From a Thu Jan  1 00:00:00 1970\r\nSubject: x\r\n\r\n"), true },
	{ STR_INIT("From a Thu Jan  1 00:00:00 1970\rSubject: x\r\rbody\r"), false },
	{ STR_INIT("From a Thu Jan  1 00:00:00 1970\rSubject: x\r\rbody\r\n"), false },
	{ STR_INIT("From "), false },
	{ STR_INIT("From: a@example.com\n"), false },
};

START_TEST(an_mbox_starts_with_a_whole_line)
{
	ck_assert_int_eq(mbox_starts(start_cases[_i].bytes), start_cases[_i].mbox);
}
END_TEST

START_TEST(single_files)
{
	struct mailbox *mailbox;

	make_file("one.eml", STR("Subject: x\n\nFrom here\n\nFrom there\n"));
	mailbox = open_mailbox(path_of("one.eml"));
	expect(mailbox, "one.eml", 1, STR("Subject: x\n\nFrom here\n\nFrom there\n"));
	expect_end(mailbox);

	make_file("empty.eml", STR(""));
	mailbox = open_mailbox(path_of("empty.eml"));
	expect(mailbox, "empty.eml", 1, STR(""));
	expect_end(mailbox);

	make_file("two.mbox", STR("From a\n\none\n\nFrom b\n\n>From two\n"));
	mailbox = open_mailbox(path_of("two.mbox"));
	expect(mailbox, "two.mbox", 1, STR("\none\n"));
	expect(mailbox, "two.mbox", 2, STR("\nFrom two\n"));
	expect_end(mailbox);

	ck_assert_int_eq(mailbox_open(path_of("two.mbox"), MAILBOX_EML, &mailbox), ERR_OK);
	expect(mailbox, "two.mbox", 1, STR("From a\n\none\n\nFrom b\n\n>From two\n"));
	expect_end(mailbox);
}
END_TEST

START_TEST(maildirs)
{
	struct mailbox *mailbox;
	struct mailbox_message message;

	ck_assert(!mkdir(path_of("new"), 0700));
	ck_assert_int_eq(mailbox_open(folder, MAILBOX_AUTO, &mailbox), ERR_UNSUPPORTED);
	ck_assert(!mkdir(path_of("cur"), 0700));
	ck_assert(!mkdir(path_of("tmp"), 0700));
	make_file("new/2.host", STR("two"));
	make_file("new/1.host", STR("From one\n\nstays whole\n"));
	make_file("new/.hidden", STR("no"));
	make_file("cur/3.host:2,S", STR("three"));
	make_file("tmp/4.host", STR("no"));
	ck_assert(!symlink("nowhere", path_of("new/1a.host")));
	mailbox = open_mailbox(folder);
	expect(mailbox, "cur/3.host:2,S", 1, STR("three"));
	expect(mailbox, "new/1.host", 1, STR("From one\n\nstays whole\n"));
	ck_assert_int_eq(mailbox_next(mailbox, arena, &message), ERR_CONFLICT);
	expect(mailbox, "new/2.host", 1, STR("two"));
	expect_end(mailbox);
}
END_TEST

static const struct {
	const char *path, *seen;
	bool is_seen;
} seen_cases[] = {
	{ "m/new/1.host", "m/cur/1.host:2,S", false },
	{ "m/new/1.host:2,S", "m/cur/1.host:2,S", false },
	{ "m/cur/1.host", "m/cur/1.host:2,S", false },
	{ "m/cur/1.host:2,", "m/cur/1.host:2,S", false },
	{ "m/cur/1.host:2,FRT", "m/cur/1.host:2,FRST", false },
	{ "m/cur/1.host:2,FSa", "m/cur/1.host:2,FSa", true },
	{ "/new/cur/new/1", "/new/cur/cur/1:2,S", false },
	{ "new/1,S=4", "cur/1,S=4:2,S", false },
	{ "cur/1,S=4:2,Ta", "cur/1,S=4:2,STa", false },
};

START_TEST(names_of_seen_files)
{
	ck_str(maildir_seen_path(arena, str_c(seen_cases[_i].path)), str_c(seen_cases[_i].seen));
	ck_assert_int_eq(maildir_is_seen(str_c(seen_cases[_i].path)), seen_cases[_i].is_seen);
}
END_TEST

START_TEST(seen_files_can_be_left_out)
{
	struct mailbox *mailbox;
	struct mailbox_progress progress;

	ck_assert(!mkdir(path_of("new"), 0700));
	ck_assert(!mkdir(path_of("cur"), 0700));
	make_file("new/1", STR("one"));
	make_file("cur/2:2,S", STR("two"));
	make_file("cur/3:2,F", STR("three"));
	mailbox = open_mailbox(folder);
	mailbox_skip_seen(mailbox);
	progress = mailbox_progress(mailbox);
	ck_assert(progress.done == 0 && progress.total == 2);
	expect(mailbox, "cur/3:2,F", 1, STR("three"));
	progress = mailbox_progress(mailbox);
	ck_assert(progress.done == 1 && progress.total == 2);
	expect(mailbox, "new/1", 1, STR("one"));
	expect_end(mailbox);
}
END_TEST

START_TEST(a_rename_writes_over_nothing)
{
	char from[256];

	make_file("a", STR("one"));
	make_file("b", STR("two"));
	snprintf(from, sizeof from, "%s", path_of("a"));
	ck_assert_int_eq(maildir_rename(from, path_of("b")), ERR_EXISTS);
	ck_assert(!access(from, F_OK));
	ck_assert_int_eq(maildir_rename(from, from), ERR_OK);
	ck_assert_int_eq(maildir_rename(from, path_of("c")), ERR_OK);
	ck_assert(access(from, F_OK) && !access(path_of("c"), F_OK));
	ck_assert_int_eq(maildir_rename(from, path_of("d")), ERR_NOT_FOUND);
}
END_TEST

static const struct {
	const char *mail;
	const char *found[4]; /* "S:" or "R:" and the address */
} trace_cases[] = {
	{ "Return-Path: <>\nX-Original-To: a@b.example\nDelivered-To: "
	  "<c@d.example>\n\nReturn-Path: <x@y>\n",
		{ "S:", "R:a@b.example", "R:c@d.example" } },
	{ "return-path: MAILER-DAEMON\r\nENVELOPE-TO: a@b.example\r\n\r\n",
		{ "S:", "R:a@b.example" } },
	{ "Return-Path: <@relay.example:a@b.example>\n", { "S:a@b.example" } },
	{ "Subject: x\n Delivered-To: folded@b.example\nDelivered-To: two words\nDelivered-To:\n"
	  "X-Envelope-To: z@b.example",
		{ "R:z@b.example" } },
	{ "Delivered-To: a@b.example, c@d.example\nDelivered-To: <>\nReturn-Path: no\n", { NULL } },
	{ "\nDelivered-To: body@b.example\n", { NULL } },
	{ "", { NULL } },
};

START_TEST(trace_fields)
{
	struct trace_reader reader;
	struct trace_field field;
	size_t n = 0;

	trace_start(&reader, str_c(trace_cases[_i].mail));
	for (; trace_next(&reader, &field); n++) {
		const char *wanted = trace_cases[_i].found[n];

		ck_assert_msg(wanted != NULL, "one too many: %.*s", STR_ARG(field.address));
		ck_assert_int_eq(field.kind == TRACE_SENDER, *wanted == 'S');
		ck_str(field.address, str_c(wanted + 2));
	}
	ck_assert(!trace_cases[_i].found[n]);
}
END_TEST

START_TEST(long_addresses_are_none)
{
	enum { WHOLE = LIMIT_PATH_BYTES - 2 }; /* without brackets */
	char text[LIMIT_PATH_BYTES + 8];
	struct str address;

	memset(text, 'a', sizeof text);
	memcpy(text + WHOLE - 10, "@b.example", 10);
	ck_assert(trace_address(str_from(text, WHOLE), TRACE_RECIPIENT, &address));
	memcpy(text + WHOLE - 10, "a@b.example", 11);
	ck_assert(!trace_address(str_from(text, WHOLE + 1), TRACE_RECIPIENT, &address));
	ck_assert(!trace_address(str_from(text, sizeof text), TRACE_RECIPIENT, &address));
	ck_assert(!trace_address(str_from(text, sizeof text), TRACE_SENDER, &address));
	ck_assert(!trace_address(STR(""), TRACE_RECIPIENT, &address));
	ck_assert(!trace_address(STR("a\0b@c.example"), TRACE_RECIPIENT, &address));
}
END_TEST

START_TEST(unusable_paths)
{
	struct mailbox *mailbox;

	ck_assert_int_eq(mailbox_open(path_of("none"), MAILBOX_AUTO, &mailbox), ERR_NOT_FOUND);
	ck_assert_int_eq(mailbox_open("/dev/null", MAILBOX_AUTO, &mailbox), ERR_UNSUPPORTED);
	make_file("x", STR("x"));
	ck_assert_int_eq(mailbox_open(path_of("x"), MAILBOX_MAILDIR, &mailbox), ERR_UNSUPPORTED);
	ck_assert_int_eq(mailbox_open(folder, MAILBOX_MBOXRD, &mailbox), ERR_UNSUPPORTED);
}
END_TEST

START_TEST(standard_input)
{
	struct mailbox *mailbox;
	int fds[2];

	ck_assert(!pipe(fds));
	ck_assert_int_eq(write(fds[1], "From a\n\none\n", 12), 12);
	close(fds[1]);
	dup2(fds[0], STDIN_FILENO);
	mailbox = open_mailbox("-");
	expect(mailbox, "-", 1, STR("\none\n"));
	expect_end(mailbox);
}
END_TEST

START_TEST(large_messages_are_cut)
{
	struct mailbox_message message;
	struct mailbox *mailbox;
	int fd;

	for (int over = 0; over < 2; over++) {
		fd = open(path_of("big"), O_WRONLY | O_CREAT | O_TRUNC, 0600);
		ck_assert(!ftruncate(fd, (off_t)LIMIT_MESSAGE_BYTES + over));
		close(fd);
		mailbox = open_mailbox(path_of("big"));
		ck_assert_int_eq(mailbox_next(mailbox, arena, &message), ERR_OK);
		ck_assert_uint_eq(message.bytes.n, LIMIT_MESSAGE_BYTES);
		ck_assert_int_eq(message.cut, over);
		expect_end(mailbox);
	}
}
END_TEST

START_TEST(formats_have_names)
{
	enum mailbox_format again;

	for (int i = 0; i < MAILBOX_FORMAT_COUNT; i++) {
		ck_assert(mailbox_format_from_name(
			mailbox_format_name((enum mailbox_format)i), &again));
		ck_assert_int_eq(again, i);
	}
	ck_assert(!mailbox_format_from_name(STR("mbx"), &again));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("mailbox");
	TCase *pure = tcase_create("mbox"), *tcase = tcase_create("files");

	tcase_add_loop_test(tcase, an_mbox_starts_with_a_whole_line, 0, ARRAY_LEN(start_cases));
	tcase_add_loop_test(pure, mbox, 0, ARRAY_LEN(mbox_cases));
	tcase_add_loop_test(pure, trace_fields, 0, ARRAY_LEN(trace_cases));
	tcase_add_test(pure, long_addresses_are_none);
	tcase_add_test(pure, formats_have_names);
	suite_add_tcase(suite, pure);
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, single_files);
	tcase_add_test(tcase, maildirs);
	tcase_add_loop_test(tcase, names_of_seen_files, 0, ARRAY_LEN(seen_cases));
	tcase_add_test(tcase, seen_files_can_be_left_out);
	tcase_add_test(tcase, a_rename_writes_over_nothing);
	tcase_add_test(tcase, unusable_paths);
	tcase_add_test(tcase, standard_input);
	tcase_add_test(tcase, large_messages_are_cut);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
