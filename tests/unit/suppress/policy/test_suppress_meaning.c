// links: suppress_policy
// Check program of suppress/policy/meaning: what entries say together.
#include "suppress/policy/meaning.h"
#include "tests/support/suite.h"

#include <check.h>

enum { NOW = 1000, MAX_ENTRIES = 4 };

struct entry {
	const char *address, *stream;
	enum suppression_state state;
	int64_t expires_at_us; /* 0: never */
};

/* `stream` NULL: any. `at`: which entry says so; -1: none. */
struct question {
	const char *name, *address, *stream;
	struct entry entries[MAX_ENTRIES];
	enum meaning wanted;
	int at;
};

#define A       SUPPRESSION_ACTIVE
#define ALLOWED SUPPRESSION_ALLOWED
static const struct question questions[] = {
	{ "nothing", "a@x.example", NULL, { { 0 } }, MEANING_CLEAR, -1 },
	{ "its own", "a@x.example", "", { { "a@x.example", "", A, 0 } }, MEANING_SUPPRESSED, 0 },
	{ "another's", "a@x.example", NULL, { { "b@x.example", "", A, 0 } }, MEANING_CLEAR, -1 },
	{ "every stream's", "a@x.example", "news", { { "a@x.example", "", A, 0 } },
		MEANING_SUPPRESSED, 0 },
	{ "another stream's", "a@x.example", "news", { { "a@x.example", "shop", A, 0 } },
		MEANING_CLEAR, -1 },
	{ "any stream's", "a@x.example", NULL, { { "a@x.example", "shop", A, 0 } },
		MEANING_SUPPRESSED, 0 },
	{ "its domain's", "a@x.example", "news", { { "@x.example", "", A, 0 } }, MEANING_SUPPRESSED,
		0 },
	{ "no domain below", "a@y.x.example", NULL, { { "@x.example", "", A, 0 } }, MEANING_CLEAR,
		-1 },
	{ "no domain that ends so", "a@yx.example", NULL, { { "@x.example", "", A, 0 } },
		MEANING_CLEAR, -1 },
	{ "the nearest of equals", "a@x.example", "news",
		{ { "@x.example", "news", A, 0 }, { "a@x.example", "", A, 0 },
			{ "a@x.example", "news", A, 0 } },
		MEANING_SUPPRESSED, 2 },
	{ "all streams before one, where any is asked", "a@x.example", NULL,
		{ { "a@x.example", "news", A, 0 }, { "a@x.example", "", A, 0 } },
		MEANING_SUPPRESSED, 1 },
	{ "held", "a@x.example", NULL, { { "a@x.example", "", SUPPRESSION_HELD, 0 } }, MEANING_HELD,
		0 },
	{ "strikes", "a@x.example", NULL, { { "a@x.example", "", SUPPRESSION_STRIKES, 0 } },
		MEANING_STRIKES, 0 },
	{ "removed", "a@x.example", NULL, { { "a@x.example", "", SUPPRESSION_REMOVED, 0 } },
		MEANING_CLEAR, 0 },
	{ "an end to come", "a@x.example", NULL, { { "a@x.example", "", A, NOW + 1 } },
		MEANING_SUPPRESSED, 0 },
	{ "an end that came", "a@x.example", NULL, { { "a@x.example", "", A, NOW } },
		MEANING_EXPIRED, 0 },
	{ "an end that was noted", "a@x.example", NULL,
		{ { "a@x.example", "", SUPPRESSION_EXPIRED, NOW - 1 } }, MEANING_EXPIRED, 0 },
	{ "over one, not over another", "a@x.example", "news",
		{ { "a@x.example", "", A, NOW }, { "@x.example", "", A, 0 } }, MEANING_SUPPRESSED,
		1 },
	{ "allowed before its domain", "a@x.example", "news",
		{ { "@x.example", "", A, 0 }, { "a@x.example", "", ALLOWED, 0 } }, MEANING_ALLOWED,
		1 },
	{ "allowed by its domain", "a@x.example", "news",
		{ { "a@x.example", "", A, 0 }, { "@x.example", "", ALLOWED, 0 } }, MEANING_ALLOWED,
		1 },
	{ "allowed in the stream", "a@x.example", "news",
		{ { "a@x.example", "", A, 0 }, { "a@x.example", "news", ALLOWED, 0 } },
		MEANING_ALLOWED, 1 },
	{ "allowed in another", "a@x.example", "shop",
		{ { "a@x.example", "", A, 0 }, { "a@x.example", "news", ALLOWED, 0 } },
		MEANING_SUPPRESSED, 0 },
	{ "allowed in one of any", "a@x.example", NULL,
		{ { "a@x.example", "news", ALLOWED, 0 }, { "a@x.example", "shop", A, 0 } },
		MEANING_SUPPRESSED, 1 },
	{ "allowed in the only one", "a@x.example", NULL, { { "a@x.example", "news", ALLOWED, 0 } },
		MEANING_ALLOWED, 0 },
	{ "allowed everywhere", "a@x.example", NULL,
		{ { "a@x.example", "", ALLOWED, 0 }, { "a@x.example", "shop", A, 0 } },
		MEANING_ALLOWED, 0 },
	{ "allowed for a time that is over", "a@x.example", "news",
		{ { "a@x.example", "", A, 0 }, { "@x.example", "", ALLOWED, NOW } },
		MEANING_SUPPRESSED, 0 },
	{ "a domain itself", "@x.example", NULL, { { "@x.example", "", A, 0 } }, MEANING_SUPPRESSED,
		0 },
};

static size_t make_rows(const struct entry *entries, struct store_suppression *rows)
{
	size_t n = 0;

	for (; n < MAX_ENTRIES && entries[n].address; n++)
		rows[n] = (struct store_suppression){ .address = str_c(entries[n].address),
			.stream = str_c(entries[n].stream),
			.state = entries[n].state,
			.expires_at_us = entries[n].expires_at_us ? entries[n].expires_at_us
								  : TIMESTAMP_NONE };
	return n;
}

/* In the order given and in the other: an answer does not depend on it. */
START_TEST(an_address_has_one_meaning)
{
	const struct question *q = &questions[_i];
	struct store_suppression rows[MAX_ENTRIES], turned[MAX_ENTRIES];
	const struct str stream = str_c(q->stream), address = str_c(q->address);
	const struct str *asked = q->stream ? &stream : NULL;
	size_t n = make_rows(q->entries, rows), at;

	ck_assert_msg(
		meaning_choose(rows, n, address, asked, NOW, &at) == q->wanted, "%s", q->name);
	ck_assert_msg(at == (q->at < 0 ? n : (size_t)q->at), "%s: entry %zu", q->name, at);
	for (size_t i = 0; i < n; i++)
		turned[i] = rows[n - 1 - i];
	ck_assert_msg(
		meaning_choose(turned, n, address, asked, NOW, &at) == q->wanted, "%s", q->name);
	ck_assert_msg(at == (q->at < 0 ? n : n - 1 - (size_t)q->at), "%s: entry %zu", q->name, at);
}
END_TEST

START_TEST(notes_stay_within_their_stream)
{
	const struct str news = STR("news"), shop = STR("shop");
	const struct store_suppression of_news = { .stream = news }, of_all = { .count = 0 };

	ck_assert(meaning_shows(&of_news, NULL) && meaning_shows(&of_all, NULL));
	ck_assert(meaning_shows(&of_news, &news));
	ck_assert(!meaning_shows(&of_news, &shop));
	ck_assert(!meaning_shows(&of_all, &shop));
}
END_TEST

START_TEST(each_meaning_has_a_name)
{
	for (int i = 0; i < MEANING_COUNT; i++)
		for (int j = 0; j < i; j++)
			ck_assert(meaning_name((enum meaning)i).n &&
				  !str_eq(meaning_name((enum meaning)i),
					  meaning_name((enum meaning)j)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("suppress_meaning");
	TCase *tcase = tcase_create("meaning");

	tcase_add_loop_test(tcase, an_address_has_one_meaning, 0, ARRAY_LEN(questions));
	tcase_add_test(tcase, notes_stay_within_their_stream);
	tcase_add_test(tcase, each_meaning_has_a_name);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
