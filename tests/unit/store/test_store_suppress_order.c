// links: suppress_policy store
// Check program of entries made of many events: whatever the order in which they are loaded, the list is the same.
#define _GNU_SOURCE
#include "tests/support/store_suppress_fixture.h"
#include "tests/support/suite.h"

#include <stdlib.h>

enum { EVENTS = 120, ADDRESSES = 10, ORDERS = 4 };

static struct mail mails[EVENTS];
static char names[ADDRESSES][32], networks[EVENTS][32];

/* Of all kinds, over forty days, of few addresses and fewer networks. */
static void make_mails(void)
{
	static const enum decision decisions[] = { DECISION_STRIKE, DECISION_STRIKE,
		DECISION_STRIKE, DECISION_SUPPRESS, DECISION_HOLD };

	srand(7);
	for (int i = 0; i < ADDRESSES; i++)
		snprintf(names[i], sizeof names[i], "a%d@example.com", i);
	for (int i = 0; i < EVENTS; i++) {
		int who = rand() % ADDRESSES;

		snprintf(networks[i], sizeof networks[i], "10.0.%d.0/24", rand() % 3);
		mails[i] = (struct mail){ .recipient = names[who],
			.decision = who < ADDRESSES / 2 ? DECISION_STRIKE : decisions[rand() % 5],
			.at_us = NOW + rand() % 960 * 3600 * TIMESTAMP_SECOND_US,
			.kind = rand() % 9 ? KIND_BOUNCE : KIND_COMPLAINT,
			.stream = rand() % 3 ? "" : "news",
			.copies = 1,
			.of_stream = rand() % 2,
			.network = networks[i] };
		if (who == 0)
			mails[i].at_us = NOW + i * 10; /* never apart */
	}
}

static bool write_row(void *context, const struct store_suppression *row)
{
	struct buf *out = context;

	buf_printf(out, "%.*s %.*s %.*s %.*s %llu %lld %lld %d\n", STR_ARG(row->address),
		STR_ARG(row->stream), STR_ARG(suppression_state_name(row->state)),
		STR_ARG(row->source), (unsigned long long)row->count,
		(long long)(row->first_seen_us - NOW), (long long)(row->last_seen_us - NOW),
		row->has_evidence);
	return true;
}

/* The list as text, with those that are only counted. */
static void write_list(struct buf *out)
{
	const int states[] = { -1, SUPPRESSION_STRIKES };

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		const struct store_suppressions_query query = { .state = states[i],
			.limit = LIMIT_PAGE_ROWS };

		ck_assert_int_eq(store_suppressions(store, &query, write_row, out), ERR_OK);
	}
}

START_TEST(the_order_of_loading_does_not_matter)
{
	struct buf first = BUF_INIT(1 << 20), list = BUF_INIT(1 << 20);

	make_mails();
	for (int order = 0; order < ORDERS; order++) {
		if (order) {
			store_close(store);
			store = fixture_migrated(NOW);
			for (size_t i = EVENTS - 1; i; i--) {
				size_t j = (size_t)rand() % (i + 1);
				struct mail other = mails[i];

				mails[i] = mails[j];
				mails[j] = other;
			}
		}
		for (size_t i = 0; i < EVENTS; i++)
			load_by(&mails[i]);
		buf_reset(&list);
		write_list(order ? &list : &first);
		ck_assert_msg(!order || str_eq(buf_str(&first), buf_str(&list)),
			"order %d:\n%.*s\nfirst:\n%.*s", order, STR_ARG(buf_str(&list)),
			STR_ARG(buf_str(&first)));
	}
	ck_assert_uint_gt(first.n, 0);
	buf_release(&first);
	buf_release(&list);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_suppress_order");
	TCase *tcase = tcase_create("order");
	int code;

	tcase_add_checked_fixture(tcase, open_migrated, close_all);
	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, the_order_of_loading_does_not_matter);
	suite_add_tcase(suite, tcase);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
