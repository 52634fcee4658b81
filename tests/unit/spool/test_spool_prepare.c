// links: spool
// Check program of spool/: the segment that is prepared, and the one that is being given its name.
#define _GNU_SOURCE
#include "tests/support/spool_fixture.h"
#include "tests/support/suite.h"

#include <sys/syscall.h>

static _Atomic bool slow;

/* Stands in front of the C library's: whoever was woken meanwhile has all the time that it wants. */
int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	usleep(slow ? 100000 : 0);
	return (int)syscall(SYS_renameat, from_dir, from, to_dir, to);
}

/* Likewise: a wait may end for no reason, and so each one does, often. */
int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *lock)
{
	(void)condition;
	pthread_mutex_unlock(lock);
	usleep(1000);
	return pthread_mutex_lock(lock);
}

/* A sweep deletes a segment while another is prepared, and asks for one more. */
START_TEST(a_segment_without_its_name_is_not_zeroed)
{
	struct spool_options options = small_options();
	struct spool_writer *writer = open_writer(&options);
	struct spool_reader *reader = open_reader(0);

	append(writer, 1, 150);
	expect_messages(reader, 1, 150);
	spool_reader_publish(reader, 150);
	for (int step = 0; segment_exists(1) && step < WAIT_STEPS; step++)
		usleep(10000);
	ck_assert(!segment_exists(1));
	slow = true;
	append(writer, 151, 300);
	slow = false;
	expect_messages(reader, 151, 300);
	expect_end(reader);
	spool_reader_close(reader);
	spool_writer_close(writer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("spool_prepare");
	TCase *tcase = tcase_create("spool_prepare");

	tcase_set_timeout(tcase, 120);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_segment_without_its_name_is_not_zeroed);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
