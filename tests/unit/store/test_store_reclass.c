// links: store
// Check program of kept events judged anew: every count moves with them, once.
#define _GNU_SOURCE
#include "store/store_reclass.h"
#include "tests/support/store_batch_fixture.h"
#include "tests/support/suite.h"

static void keep(const void *context, const struct store_case *item, struct store_verdict *ret)
{
	(void)context;
	*ret = (struct store_verdict){ .state = item->entry->state, .keeps_cause = true };
}

static const struct store_judge judge = { .judge = keep, .network_strikes = 1 };

struct seen {
	struct store_reclass rows[10];
	size_t n, with_raw;
};

/* Of each event: that its sender was refused. */
static void refuse(void *context, const struct store_reclass_event *event)
{
	struct seen *seen = context;

	ck_assert(str_eq(event->diagnostic, STR("550 5.1.1 <ann@example.com>: User unknown")));
	ck_assert(str_eq(event->reason, STR("recipient.unknown")));
	ck_assert_uint_eq(event->number, 1);
	seen->with_raw += event->raw.n > 0;
	seen->rows[seen->n++] = (struct store_reclass){ .id = event->id,
		.received_at_us = event->received_at_us,
		.old_reason = REASON_RECIPIENT_UNKNOWN,
		.reason = REASON_CONTENT_SPAM,
		.class = CLASS_BLOCK,
		.rule = { STR("text.own.1"), LAYER_TEXT, 0, 3 },
		.confidence = 0.9 };
}

START_TEST(what_changes_moves_everywhere_and_once)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct seen seen = { .n = 0 };
	struct sample samples[4];
	struct uuid last;
	size_t n;

	for (unsigned i = 0; i < 4; i++)
		sample_init(&samples[i], i, i < 2 ? "one.example" : "mail.of.the.two.example");
	samples[1].message.raw = STR_EMPTY;
	samples[3].events[0].diagnostic = STR_EMPTY; /* as after erasure */
	ck_assert_int_eq(load(store, "s1", samples, 4, 0, 4, &result), ERR_OK);
	ck_assert_int_eq(
		store_reclass_read(store, NOW + HOUR, NULL, refuse, &seen, &last, &n), ERR_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(
		store_reclass_read(store, NOW - HOUR, NULL, refuse, &seen, &last, &n), ERR_OK);
	ck_assert_uint_eq(n, 3);
	ck_assert_uint_eq(seen.with_raw, 2);
	/* One that is judged otherwise by now is left alone. */
	seen.rows[2].old_reason = REASON_MAILBOX_FULL;
	ck_assert_int_eq(store_reclass_apply(store, &judge, seen.rows, seen.n, NOW, &n), ERR_OK);
	ck_assert_uint_eq(n, 2);
	ck_assert_uint_eq(differences(store), 0);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).failed, 2);
	ck_assert_uint_eq(counts_of(store, "one.example", STORE_BASIS_EVENT).hard +
				  counts_of(store, "mail.of.the.two.example", STORE_BASIS_EVENT).hard,
		2);
	ck_assert_int_eq(store_reclass_apply(store, &judge, seen.rows, seen.n, NOW, &n), ERR_OK);
	ck_assert_uint_eq(n, 0);
	ck_assert_uint_eq(differences(store), 0);
	ck_assert_int_eq(
		store_reclass_read(store, NOW - HOUR, &last, refuse, &seen, &last, &n), ERR_OK);
	ck_assert_uint_eq(n, 0);
	store_close(store);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_reclass");
	TCase *tests = tcase_create("store_reclass");
	int code;

	tcase_set_timeout(tests, 120);
	tcase_add_test(tests, what_changes_moves_everywhere_and_once);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
