// links: store
// Check program of kept events judged anew: every count moves with them, once.
#define _GNU_SOURCE
#include "store/overview.h"
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
	ck_assert_uint_eq(
		counts_of(store, "one.example", STORE_BASIS_EVENT).hard +
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

/* ---- examples ---- */

static void add_all(void *context, const struct store_reclass_event *event)
{
	struct seen *seen = context;

	seen->rows[seen->n++] = (struct store_reclass){ .id = event->id,
		.received_at_us = event->received_at_us,
		.old_reason = REASON_RECIPIENT_UNKNOWN,
		.reason = REASON_CONTENT_SPAM,
		.class = CLASS_BLOCK,
		.rule = { STR("text.own.1"), LAYER_TEXT, 0, 3 } };
}

struct texts {
	size_t n;
	char reason[4][32];
	struct uuid example[4];
};

static bool add_text(void *context, const struct store_text_row *row)
{
	struct texts *texts = context;

	snprintf(texts->reason[texts->n], sizeof texts->reason[0], "%.*s",
		STR_ARG(row->diagnostic.reason));
	texts->example[texts->n++] = row->diagnostic.example;
	return true;
}

static struct texts texts_of(struct store *store)
{
	const struct store_window window = { .from_us = NOW - 24 * HOUR, .to_us = NOW + 24 * HOUR };
	const struct store_diagnostics_query query = { .window = &window, .limit = 4 };
	struct texts texts = { 0 };

	ck_assert_int_eq(store_diagnostics(store, &query, add_text, &texts), ERR_OK);
	return texts;
}

static bool is_same(const struct uuid *a, const struct uuid *b)
{
	return !memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

/* The example of each text is an event that has it and its reason. */
static void check_examples(struct store *store, const struct uuid *unknown, const struct uuid *spam)
{
	struct texts texts = texts_of(store);

	ck_assert_uint_eq(texts.n, (unknown != NULL) + (spam != NULL));
	for (size_t i = 0; i < texts.n; i++)
		ck_assert(is_same(&texts.example[i],
			strcmp(texts.reason[i], "recipient.unknown") == 0 ? unknown : spam));
}

START_TEST(an_example_is_of_its_reason)
{
	struct store *store = open_migrated();
	struct store_batch_result result;
	struct store_reclass back[2];
	struct seen seen = { .n = 0 };
	struct sample samples[3];
	struct uuid last;
	size_t n;

	for (unsigned i = 0; i < 3; i++) {
		sample_init(&samples[i], i, "one.example");
		samples[i].envelope.received_at_us = NOW + i * 1000000;
	}
	ck_assert_int_eq(load(store, "s1", samples, 3, 0, 3, &result), ERR_OK);
	ck_assert_int_eq(
		store_reclass_read(store, NOW - HOUR, NULL, add_all, &seen, &last, &n), ERR_OK);
	ck_assert_uint_eq(n, 3);
	check_examples(store, &seen.rows[2].id, NULL);
	/* The newest goes: the one before it is the example. */
	ck_assert_int_eq(store_reclass_apply(store, &judge, &seen.rows[2], 1, NOW, &n), ERR_OK);
	check_examples(store, &seen.rows[1].id, &seen.rows[2].id);
	/* All go, and the two older come back: the third is not theirs. */
	ck_assert_int_eq(store_reclass_apply(store, &judge, seen.rows, 2, NOW, &n), ERR_OK);
	check_examples(store, NULL, &seen.rows[2].id);
	for (size_t i = 0; i < 2; i++) {
		back[i] = seen.rows[i];
		back[i].old_reason = REASON_CONTENT_SPAM;
		back[i].reason = REASON_RECIPIENT_UNKNOWN;
		back[i].class = CLASS_HARD;
	}
	ck_assert_int_eq(store_reclass_apply(store, &judge, back, 2, NOW, &n), ERR_OK);
	check_examples(store, &seen.rows[1].id, &seen.rows[2].id);
	ck_assert_uint_eq(differences(store), 0);
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
	tcase_add_test(tests, an_example_is_of_its_reason);
	suite_add_tcase(suite, tests);
	fixture_start();
	code = suite_run(suite);
	fixture_stop();
	return code;
}
