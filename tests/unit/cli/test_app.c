// links: cli
// Check program of serve and cli: settings as a whole, option parsing, back-off, and the pool of parsers.
#include "api/api_settings.h"
#include "cli/command_line.h"
#include "cli/explain.h"
#include "cli/manual.h"
#include "cli/reasons_page.h"
#include "core/attr.h"
#include "core/frame.h"
#include "load/parser_pool.h"
#include "serve/child.h"
#include "serve/config_load.h"
#include "serve/settings.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* ---- settings ---- */

static const struct {
	const char *address, *host, *port; /* host NULL: refused */
} address_cases[] = {
	{ "127.0.0.1:25", "127.0.0.1", "25" },
	{ "[::1]:2525", "::1", "2525" },
	{ "mx.example.com:0", "mx.example.com", "0" },
	{ "::1:25", NULL, NULL },
	{ "127.0.0.1", NULL, NULL },
	{ "127.0.0.1:65536", NULL, NULL },
	{ ":25", NULL, NULL },
	{ "[]:25", NULL, NULL },
};

START_TEST(addresses_are_split)
{
	struct str host, port;
	bool ok = api_split_address(str_c(address_cases[_i].address), &host, &port);

	ck_assert_int_eq(ok, address_cases[_i].host != NULL);
	if (!ok)
		return;
	ck_assert(str_eq(host, str_c(address_cases[_i].host)));
	ck_assert(str_eq(port, str_c(address_cases[_i].port)));
}
END_TEST

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
	enum err err =
		config_load_text(config, str_c(config_cases[_i].text), "t.conf", arena, &trouble);

	if (!err)
		err = settings_check(config, arena, &trouble);
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

/* ---- options ---- */

START_TEST(options_and_operands_are_told_apart)
{
	char words[][16] = { "parse", "a", "--config", "c", "--pretty", "--x=1=2", "-", "--",
		"--b" };
	char *argv[10];
	const char *config = NULL, *x = NULL;
	bool pretty = false, help;
	const struct command_option options[] = { { "--config", &config, NULL },
		{ "--x", &x, NULL }, { "--pretty", NULL, &pretty } };
	int argc = 9;

	for (int i = 0; i < argc; i++)
		argv[i] = words[i];
	ck_assert(command_options(argc, argv, options, 3, &argc, &help));
	ck_assert_int_eq(argc, 4);
	ck_assert_str_eq(argv[1], "a");
	ck_assert_str_eq(argv[2], "-");
	ck_assert_str_eq(argv[3], "--b");
	ck_assert_str_eq(config, "c");
	ck_assert_str_eq(x, "1=2");
	ck_assert(pretty && !help);
}
END_TEST

/* A page of docs/ is what its writer makes. */
static void compare_page(const char *path, void (*writer)(struct buf *out), const char *cure)
{
	static char page[1 << 17];
	struct buf out = BUF_INIT(sizeof page);
	FILE *file = fopen(path, "rb");
	size_t n;

	ck_assert_ptr_nonnull(file);
	n = fread(page, 1, sizeof page, file);
	fclose(file);
	writer(&out);
	ck_assert_msg(str_eq(str_from(page, n), buf_str(&out)), "%s is stale: %s", path, cure);
	buf_release(&out);
}

START_TEST(pages_are_made_from_their_tables)
{
	compare_page(TEST_SOURCE_DIR "/docs/bounced.1", manual_write,
		"bounced help --man > docs/bounced.1");
	compare_page(TEST_SOURCE_DIR "/docs/reasons.md", reasons_page_write,
		"bounced reasons --page > docs/reasons.md");
}
END_TEST

START_TEST(the_words_that_decided_are_marked)
{
	struct buf out = BUF_INIT(65536);
	struct event event;
	struct report report;

	report_init(&report);
	event_init(&event);
	event.recipient = event.final_recipient = STR("ann@example.com");
	event.status = STR("5.1.1");
	event.reason = REASON_RECIPIENT_UNKNOWN;
	event.class = CLASS_HARD;
	event.diagnostic = STR("550 g\xC3\xBCltig\x1B User unknown");
	event.rule = (struct rule_ref){ STR("text.x"), LAYER_TEXT, 13, 25 };
	report.events = &event;
	report.n_events = 1;
	report.kind = KIND_BOUNCE;
	explain_write(&report, STR("a.eml"), &out);
	ck_assert_msg(str_find(buf_str(&out), STR("  diagnostic  550 g\xC3\xBCltig? User unknown\n"
						  "                          ^^^^^^^^^^^^\n")) !=
			      STR_NPOS,
		"%.*s", STR_ARG(buf_str(&out)));
	ck_assert_uint_ne(
		str_find(buf_str(&out), STR("bad destination mailbox address")), STR_NPOS);
	ck_assert_uint_ne(str_find(buf_str(&out), STR("The mailbox does not exist")), STR_NPOS);
	buf_release(&out);
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

/* ---- the pool, with parsers that this test plays ---- */

struct played {
	struct parser_pool *pool;
	struct arena *arena;
	struct job jobs[4];
};

static int add_parser(struct played *p)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert(parser_pool_add(p->pool, pair[0]));
	return pair[1];
}

static void played_init(struct played *p, size_t n_jobs)
{
	*p = (struct played){ .pool = parser_pool_new(), .arena = arena_new() };
	for (size_t i = 0; i < n_jobs; i++) {
		p->jobs[i].arena = p->arena;
		p->jobs[i].message = STR("mail");
		parser_pool_submit(p->pool, &p->jobs[i]);
	}
}

static void played_release(struct played *p)
{
	parser_pool_free(p->pool);
	arena_free(p->arena);
}

static size_t turn(struct played *p)
{
	struct pollfd fds[8];
	size_t n = parser_pool_poll_fds(p->pool, fds, 8);

	poll(fds, n, 1000);
	return parser_pool_handle(p->pool, fds, n);
}

static void answer(int fd, const char *json)
{
	struct buf out = BUF_INIT(4096);
	size_t place = frame_begin(&out, FRAME_REPORT);

	buf_put(&out, str_c(json));
	ck_assert_int_eq(frame_end(&out, place), ERR_OK);
	ck_assert_int_eq(write(fd, out.p, out.n), (ssize_t)out.n);
	buf_release(&out);
}

#define EMPTY_REPORT                                                                               \
	"{\"kind\":\"not_bounce\",\"events\":[],\"token\":{\"verdict\":\"none\"},\"flaws\":[]}"

START_TEST(answers_come_back_in_order)
{
	struct played p;
	int fd;

	played_init(&p, 2);
	fd = add_parser(&p);
	parser_pool_flush(p.pool);
	ck_assert_int_eq(p.jobs[1].state, JOB_SENT);
	answer(fd, EMPTY_REPORT);
	ck_assert_uint_eq(turn(&p), 1);
	ck_assert_int_eq(p.jobs[0].state, JOB_DONE);
	ck_assert_int_eq(p.jobs[0].report.kind, KIND_NOT_BOUNCE);
	ck_assert_int_eq(p.jobs[1].state, JOB_SENT);
	close(fd);
	played_release(&p);
}
END_TEST

START_TEST(a_message_that_kills_two_parsers_is_set_aside_and_the_others_go_on)
{
	struct played p;
	int fd;

	played_init(&p, 2);
	for (unsigned i = 0; i < POOL_MAX_CRASHES; i++) {
		ck_assert_int_ne(p.jobs[0].state, JOB_DONE);
		fd = add_parser(&p);
		parser_pool_flush(p.pool);
		close(fd);
		turn(&p);
	}
	ck_assert_int_eq(p.jobs[0].state, JOB_DONE);
	ck_assert_int_eq(p.jobs[0].report.kind, KIND_UNKNOWN);
	ck_assert_uint_eq(p.jobs[0].report.flaws, FLAW_BIT(FLAW_PARSER_CRASHED));
	ck_assert_uint_eq(p.jobs[1].crashes, 0);
	fd = add_parser(&p);
	parser_pool_flush(p.pool);
	answer(fd, EMPTY_REPORT);
	ck_assert_uint_eq(turn(&p), 1);
	ck_assert_int_eq(p.jobs[1].report.kind, KIND_NOT_BOUNCE);
	close(fd);
	played_release(&p);
}
END_TEST

START_TEST(answers_given_before_a_death_count_and_the_next_message_is_suspect)
{
	struct played p;
	int fd;

	played_init(&p, 3);
	fd = add_parser(&p);
	parser_pool_flush(p.pool);
	answer(fd, EMPTY_REPORT);
	close(fd);
	ck_assert_uint_eq(turn(&p), 1);
	ck_assert_int_eq(p.jobs[0].state, JOB_DONE);
	ck_assert_int_eq(p.jobs[0].report.kind, KIND_NOT_BOUNCE);
	ck_assert_uint_eq(p.jobs[1].crashes, 1);
	ck_assert_uint_eq(p.jobs[2].crashes, 0);
	played_release(&p);
}
END_TEST

START_TEST(a_parser_that_ends_by_order_blames_nobody)
{
	struct played p;
	struct buf bye = BUF_INIT(64);
	size_t place = frame_begin(&bye, FRAME_BYE);

	ck_assert_int_eq(frame_end(&bye, place), ERR_OK);
	played_init(&p, 1);
	for (unsigned i = 0; i < POOL_MAX_CRASHES + 1; i++) {
		int fd = add_parser(&p);

		parser_pool_flush(p.pool);
		ck_assert_int_eq(write(fd, bye.p, bye.n), (ssize_t)bye.n);
		close(fd);
		ck_assert_uint_eq(turn(&p), 0);
		ck_assert_uint_eq(parser_pool_count(p.pool), 0);
	}
	ck_assert_uint_eq(p.jobs[0].crashes, 0);
	ck_assert_int_eq(p.jobs[0].state, JOB_WAITING);
	buf_release(&bye);
	played_release(&p);
}
END_TEST

START_TEST(nonsense_from_a_parser_counts_as_its_death)
{
	struct played p;
	int fd;

	played_init(&p, 1);
	fd = add_parser(&p);
	parser_pool_flush(p.pool);
	answer(fd, "{\"kind\":");
	ck_assert_uint_eq(turn(&p), 0);
	ck_assert_uint_eq(parser_pool_count(p.pool), 0);
	ck_assert_uint_eq(p.jobs[0].crashes, 1);
	ck_assert_int_eq(p.jobs[0].state, JOB_WAITING);
	close(fd);
	played_release(&p);
}
END_TEST

START_TEST(what_nobody_asked_for_is_nonsense)
{
	struct played p;
	int fd;

	played_init(&p, 0);
	fd = add_parser(&p);
	answer(fd, EMPTY_REPORT);
	ck_assert_uint_eq(turn(&p), 0);
	ck_assert_uint_eq(parser_pool_count(p.pool), 0);
	close(fd);
	played_release(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("app");
	TCase *tcase = tcase_create("app");

	tcase_add_loop_test(tcase, addresses_are_split, 0, ARRAY_LEN(address_cases));
	tcase_add_loop_test(
		tcase, configurations_are_judged_as_a_whole, 0, ARRAY_LEN(config_cases));
	tcase_add_test(tcase, printed_settings_load_again);
	tcase_add_test(tcase, options_and_operands_are_told_apart);
	tcase_add_test(tcase, pages_are_made_from_their_tables);
	tcase_add_test(tcase, the_words_that_decided_are_marked);
	tcase_add_test(tcase, back_off_doubles_up_to_its_ceiling);
	tcase_add_test(tcase, answers_come_back_in_order);
	tcase_add_test(tcase, a_message_that_kills_two_parsers_is_set_aside_and_the_others_go_on);
	tcase_add_test(tcase, answers_given_before_a_death_count_and_the_next_message_is_suspect);
	tcase_add_test(tcase, a_parser_that_ends_by_order_blames_nobody);
	tcase_add_test(tcase, nonsense_from_a_parser_counts_as_its_death);
	tcase_add_test(tcase, what_nobody_asked_for_is_nonsense);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
