// links: load
// Check program of load/parser_pool, with parsers that this test plays: order, deaths, nonsense.
#include "core/attr.h"
#include "core/frame.h"
#include "load/parser_pool.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

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

/* A verdict: the report, the account, what is wrong with the rules. */
static void say(
	int fd, enum frame_type type, const char *json, const char *account, const char *trouble)
{
	struct buf out = BUF_INIT(4096);
	size_t place = frame_begin(&out, type);

	buf_put_str32(&out, str_c(json));
	buf_put_str32(&out, str_c(account));
	buf_put(&out, str_c(trouble));
	ck_assert_int_eq(frame_end(&out, place), ERR_OK);
	ck_assert_int_eq(write(fd, out.p, out.n), (ssize_t)out.n);
	buf_release(&out);
}

#define ONE_EVENT                                                                                  \
	"{\"kind\":\"unknown\",\"events\":[{\"outcome\":\"failed\"}],\"token\":{\"verdict\":"      \
	"\"none\"},"                                                                               \
	"\"flaws\":[]}"

static const struct {
	enum frame_type type;
	const char *json, *account, *trouble;
	bool is_answer;
} verdicts[] = {
	{ FRAME_VERDICT, ONE_EVENT, "decides", "", true },
	{ FRAME_VERDICT, EMPTY_REPORT, "", "rule:1: unknown reason", true },
	{ FRAME_VERDICT, EMPTY_REPORT, "", "", false },
	{ FRAME_VERDICT, ONE_EVENT, "decides", "rule:1: and an event", false },
	{ FRAME_VERDICT, ONE_EVENT, "\xFF", "", false },
	{ FRAME_VERDICT, "{", "", "", false },
	{ FRAME_REPORT, ONE_EVENT, "", "", false },
};

START_TEST(a_text_has_a_verdict_or_none)
{
	struct played p;
	int fd;

	played_init(&p, 0);
	p.jobs[0] = (struct job){ .arena = p.arena, .message = STR("text"), .classify = true };
	parser_pool_submit(p.pool, &p.jobs[0]);
	fd = add_parser(&p);
	parser_pool_flush(p.pool);
	say(fd, verdicts[_i].type, verdicts[_i].json, verdicts[_i].account, verdicts[_i].trouble);
	ck_assert_uint_eq(turn(&p), 1);
	ck_assert_int_eq(p.jobs[0].state, JOB_DONE);
	ck_assert_uint_eq(parser_pool_count(p.pool), verdicts[_i].is_answer);
	/* A parser that talks nonsense is gone, and the question is not asked again. */
	ck_assert_uint_eq(p.jobs[0].crashes, !verdicts[_i].is_answer);
	ck_assert_str_eq(arena_c(p.arena, p.jobs[0].account),
		verdicts[_i].is_answer ? verdicts[_i].account : "");
	ck_assert_str_eq(arena_c(p.arena, p.jobs[0].trouble),
		verdicts[_i].is_answer ? verdicts[_i].trouble : "");
	close(fd);
	played_release(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("parser_pool");
	TCase *tcase = tcase_create("parser_pool");

	tcase_add_test(tcase, answers_come_back_in_order);
	tcase_add_test(tcase, a_message_that_kills_two_parsers_is_set_aside_and_the_others_go_on);
	tcase_add_test(tcase, answers_given_before_a_death_count_and_the_next_message_is_suspect);
	tcase_add_test(tcase, a_parser_that_ends_by_order_blames_nobody);
	tcase_add_test(tcase, nonsense_from_a_parser_counts_as_its_death);
	tcase_add_test(tcase, what_nobody_asked_for_is_nonsense);
	tcase_add_loop_test(tcase, a_text_has_a_verdict_or_none, 0, ARRAY_LEN(verdicts));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
