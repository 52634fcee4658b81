// links: store_rank
// Check program of kept: what was asked for last is there, what is in use as well, and no more than a size.
#include "store/rank/kept.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdlib.h>

enum { COLUMN_BYTES = 1000, ROOM = 5 };

static struct kept *kept;

static struct column *column_of(uint64_t n)
{
	struct column *column = calloc(1, sizeof *column);

	if (!column)
		abort();
	column->n = n;
	column->bytes = COLUMN_BYTES;
	return column;
}

static void setup(void)
{
	/* What is known beside each of them takes less than a fifth of it. */
	kept = kept_new((size_t)(ROOM + 1) * COLUMN_BYTES);
}

static void teardown(void)
{
	kept_free(kept);
}

static void put(const char *row, unsigned which, uint64_t n)
{
	kept_give(kept, kept_put(kept, str_c(row), which, column_of(n)));
}

static const char *const rows[] = { "a", "b", "c", "d", "e", "f", "g", "h" };

START_TEST(what_was_asked_for_last_is_kept)
{
	for (unsigned i = 0; i < ROOM; i++)
		put(rows[i], 1, i);
	kept_give(kept, kept_take(kept, STR("a"), 1));
	for (unsigned i = ROOM; i < 8; i++)
		put(rows[i], 1, i);
	ck_assert_uint_le(kept_bytes(kept), (size_t)(ROOM + 1) * COLUMN_BYTES);
	ck_assert(kept_has(kept, STR("a"), 1) && kept_has(kept, STR("h"), 1));
	ck_assert(!kept_has(kept, STR("b"), 1) && !kept_take(kept, STR("c"), 1));
}
END_TEST

START_TEST(what_is_in_use_stays)
{
	struct kept_column *held[8];

	for (unsigned i = 0; i < 8; i++)
		held[i] = kept_put(kept, str_c(rows[i]), 1, column_of(i));
	for (unsigned i = 0; i < 8; i++)
		ck_assert_uint_eq(held[i]->column->n, i);
	for (unsigned i = 0; i < 8; i++)
		kept_give(kept, held[i]);
	ck_assert_uint_le(kept_bytes(kept), (size_t)(ROOM + 1) * COLUMN_BYTES);
	ck_assert(!kept_has(kept, STR("a"), 1));
}
END_TEST

START_TEST(each_column_of_a_row_is_its_own_and_there_once)
{
	struct kept_column *first, *again;

	first = kept_put(kept, STR("a"), 1, column_of(7));
	put("a", 2, 8);
	put("ab", 1, 9);
	again = kept_put(kept, STR("a"), 1, column_of(10));
	ck_assert_ptr_eq(first, again);
	ck_assert_uint_eq(again->column->n, 7);
	kept_give(kept, first);
	kept_give(kept, again);
	again = kept_take(kept, STR("a"), 2);
	ck_assert_uint_eq(again->column->n, 8);
	kept_give(kept, again);
	ck_assert(!kept_has(kept, STR("b"), 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rank_kept");
	TCase *tests = tcase_create("kept");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_was_asked_for_last_is_kept);
	tcase_add_test(tests, what_is_in_use_stays);
	tcase_add_test(tests, each_column_of_a_row_is_its_own_and_there_once);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
