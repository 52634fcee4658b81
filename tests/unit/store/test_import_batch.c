// links: store_form
// Check program of the rows of an import in memory: their order, which of several counts, and what was seen before.
#include "store/form/address_filter.h"
#include "store/form/import_batch.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_BYTES = 1 << 20 };

static struct import_batch *batch;

static void make(void)
{
	batch = import_batch_new(MAX_BYTES);
}

static void drop(void)
{
	import_batch_free(batch);
}

static struct store_suppression row_of(
	const char *address, const char *stream, int64_t last_seen_us, const char *diagnostic)
{
	return (struct store_suppression){ .address = str_c(address),
		.stream = str_c(stream),
		.domain = STR("d.example"),
		.source = STR("import:plain"),
		.status = STR("5.1.1"),
		.diagnostic = str_c(diagnostic),
		.reason = REASON_RECIPIENT_UNKNOWN,
		.class = CLASS_HARD,
		.first_seen_us = last_seen_us - 1,
		.last_seen_us = last_seen_us,
		.expires_at_us = TIMESTAMP_NONE };
}

static void add(
	const char *address, const char *stream, int64_t last_seen_us, const char *diagnostic)
{
	struct store_suppression row = row_of(address, stream, last_seen_us, diagnostic);

	ck_assert(import_batch_add(batch, &row, last_seen_us != 7));
}

static void is_row(size_t i, const char *address, const char *stream, const char *diagnostic)
{
	bool dated;
	struct store_suppression row = import_batch_get(batch, i, &dated);

	ck_assert_msg(str_eq(row.address, str_c(address)), "%zu: %.*s, not %s", i,
		STR_ARG(row.address), address);
	ck_assert_msg(str_eq(row.stream, str_c(stream)), "%zu: %.*s", i, STR_ARG(row.stream));
	ck_assert_msg(
		str_eq(row.diagnostic, str_c(diagnostic)), "%zu: %.*s", i, STR_ARG(row.diagnostic));
}

START_TEST(a_row_comes_out_as_it_went_in)
{
	struct store_suppression row = row_of("ann@d.example", "news", 5, "550 no such user"), got;
	bool dated = false;

	row.expires_at_us = 99;
	ck_assert(import_batch_add(batch, &row, true));
	import_batch_sort(batch);
	ck_assert_uint_eq(import_batch_rows(batch), 1);
	got = import_batch_get(batch, 0, &dated);
	ck_assert(dated);
	is_row(0, "ann@d.example", "news", "550 no such user");
	ck_assert(str_eq(got.domain, row.domain) && str_eq(got.source, row.source) &&
		  str_eq(got.status, row.status));
	ck_assert(got.reason == row.reason && got.class == row.class);
	ck_assert(got.first_seen_us == 4 && got.last_seen_us == 5 && got.expires_at_us == 99);
	import_batch_reset(batch);
	ck_assert_uint_eq(import_batch_rows(batch), 0);
	add("bob@d.example", "", 7, "");
	import_batch_sort(batch);
	(void)import_batch_get(batch, 0, &dated);
	ck_assert(!dated);
}
END_TEST

/* As "C" orders them in PostgreSQL, or each row would fall on another page: bytes are unsigned, and what ends comes first. */
START_TEST(rows_come_in_the_order_of_their_bytes)
{
	static const char *const sorted[] = { "@d.example", "ab@d.example", "ab@d.example.com",
		"abcdefg", "abcdefgh", "abcdefgh@a.example", "abcdefgh@b.example",
		"abcdefghi@a.example", "b@d.example", "\xc3\xa4@d.example" };
	const size_t n = sizeof sorted / sizeof *sorted;

	for (size_t i = 0; i < n; i++)
		add(sorted[i * 7 % n], "", 1, "");
	import_batch_sort(batch);
	ck_assert_uint_eq(import_batch_rows(batch), n);
	for (size_t i = 0; i < n; i++)
		is_row(i, sorted[i], "", "");
}
END_TEST

START_TEST(of_several_the_newest_counts_and_of_those_the_last)
{
	add("ann@d.example", "", 5, "old");
	add("ann@d.example", "news", 1, "other stream");
	add("ann@d.example", "", 9, "newest, first");
	add("ann@d.example", "", 9, "newest, last");
	add("ann@d.example", "", 8, "newer");
	import_batch_sort(batch);
	ck_assert_uint_eq(import_batch_rows(batch), 2);
	is_row(0, "ann@d.example", "", "newest, last");
	is_row(1, "ann@d.example", "news", "other stream");
}
END_TEST

START_TEST(what_is_full_says_so_and_keeps_what_it_has)
{
	static char text[1000];
	struct store_suppression row;
	char address[32];
	size_t n = 0;

	memset(text, 'x', sizeof text - 1);
	for (;; n++) {
		snprintf(address, sizeof address, "u%05zu@d.example", n);
		row = row_of(address, "", 1, text);
		if (!import_batch_add(batch, &row, true))
			break;
	}
	ck_assert_uint_gt(n, 500);
	ck_assert_uint_lt(n, MAX_BYTES / sizeof text);
	import_batch_sort(batch);
	ck_assert_uint_eq(import_batch_rows(batch), n);
	is_row(0, "u00000@d.example", "", text);
	import_batch_reset(batch);
	ck_assert(import_batch_add(batch, &row, true));
}
END_TEST

START_TEST(an_address_that_is_in_is_never_missed_and_others_seldom_taken_for_it)
{
	struct address_filter *filter = address_filter_new();
	char address[32];
	size_t taken = 0;

	for (int i = 0; i < 100000; i++) {
		snprintf(address, sizeof address, "u%d@d.example", i);
		taken += address_filter_add(filter, str_c(address));
	}
	ck_assert_uint_lt(taken, 10);
	for (int i = 0; i < 100000; i++) {
		snprintf(address, sizeof address, "u%d@d.example", i);
		ck_assert(address_filter_add(filter, str_c(address)));
	}
	address_filter_free(filter);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("import_batch");
	TCase *tcase = tcase_create("batch");

	tcase_add_checked_fixture(tcase, make, drop);
	tcase_add_test(tcase, a_row_comes_out_as_it_went_in);
	tcase_add_test(tcase, rows_come_in_the_order_of_their_bytes);
	tcase_add_test(tcase, of_several_the_newest_counts_and_of_those_the_last);
	tcase_add_test(tcase, what_is_full_says_so_and_keeps_what_it_has);
	tcase_add_test(tcase, an_address_that_is_in_is_never_missed_and_others_seldom_taken_for_it);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
