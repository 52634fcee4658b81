// links: suppress_policy store
// What somebody can do who forges bounces of a stream that does not sign: simulated, before strikes were hours and hands
// apart and bounded, and since. Prints a table; the figures are in docs/suppression.md.
#include "core/limits.h"
#include "suppress/policy/judge.h"
#include "suppress/policy/origin.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define HOUR (3600 * TIMESTAMP_SECOND_US)
/* Four in the morning: 20 hours later it is midnight, so that a window of 24 hours has two days of strikes. */
#define START ((int64_t)1795046400 * TIMESTAMP_SECOND_US + 4 * HOUR)

enum {
	KNOWN = 1000000, /* addresses that the attacker knows */
	PER_DAY = 100,   /* suppress.network_strikes */
	MAX_HOSTS = 100
};

/* He knows the rules, and says in each mail what helps him most. */
struct attacker {
	unsigned hosts; /* each in a network of its own */
	bool claims;    /* to have the reply of a host that serves the recipient's domain */
	int64_t hours;
};

/* ---- before: a strike was a calendar day, and a mail had a thousand ---- */

/* Two mails for each thousand addresses, one on either side of midnight; 3,000 mails a minute may come in. */
static size_t before(const struct attacker *a)
{
	size_t mails = (size_t)a->hours * 60 * 3000 * a->hosts, victims = mails / 2 * LIMIT_EVENTS;

	return victims < KNOWN ? victims : KNOWN;
}

/* ---- since ---- */

struct budget {
	int64_t day;
	unsigned used;
};

static bool spend(struct budget *budget, int64_t at_us)
{
	int64_t day = timestamp_floor(at_us, TIMESTAMP_DAY_US);

	if (budget->day != day)
		*budget = (struct budget){ .day = day };
	return ++budget->used <= PER_DAY;
}

static bool falls(const struct attacker *a, const int64_t at_us[static 2],
	const unsigned host[static 2], const struct judge *judge)
{
	static const struct store_suppression entry = { .state = SUPPRESSION_STRIKES };
	struct store_strike strikes[2];
	struct store_case item = { .entry = &entry,
		.forgiven_us = TIMESTAMP_NONE,
		.delivered_us = TIMESTAMP_NONE,
		.strikes = strikes,
		.n_strikes = 2 };
	struct arena *arena = arena_new();
	struct store_verdict verdict;

	for (int i = 0; i < 2; i++) {
		struct str peer = arena_printf(arena, "10.0.%u.7", host[i]);

		strikes[i] = (struct store_strike){ .at_us = at_us[i],
			.network = origin_network(arena, peer),
			.reason = REASON_RECIPIENT_UNKNOWN,
			.class = CLASS_HARD,
			.decision = DECISION_STRIKE,
			.serves = a->claims };
		strikes[i].event_id.bytes[15] = (uint8_t)i;
	}
	judge_case(judge, &item, &verdict);
	arena_free(arena);
	return verdict.state == SUPPRESSION_ACTIVE;
}

/* Each 20 hours every host sends what its network may, first the second strikes of those that have one. A victim's second
 * strike comes from the next host. */
static size_t since(const struct attacker *a, const struct judge *judge)
{
	static struct budget budgets[MAX_HOSTS];
	static int64_t first_at[MAX_HOSTS][PER_DAY];
	size_t fallen = 0, waiting[MAX_HOSTS] = { 0 };

	for (unsigned i = 0; i < a->hosts; i++)
		budgets[i] = (struct budget){ .day = -1 };
	for (int64_t at = START; at < START + a->hours * HOUR; at += 20 * HOUR) {
		size_t next[MAX_HOSTS] = { 0 };

		for (unsigned i = 0; i < a->hosts; i++) {
			unsigned other = (i + 1) % a->hosts;

			for (; waiting[i] && spend(&budgets[other], at); waiting[i]--) {
				const int64_t when[2] = { first_at[i][waiting[i] - 1], at };
				const unsigned host[2] = { i, other };

				fallen += falls(a, when, host, judge);
			}
		}
		for (unsigned i = 0; i < a->hosts; i++)
			while (waiting[i] + next[i] < PER_DAY && spend(&budgets[i], at))
				first_at[i][waiting[i] + next[i]++] = at;
		for (unsigned i = 0; i < a->hosts; i++)
			waiting[i] += next[i];
	}
	return fallen < KNOWN ? fallen : KNOWN;
}

static const struct {
	struct attacker attacker;
	size_t before, since;
} cases[] = {
	{ { 1, false, 24 }, KNOWN, 0 },
	{ { 1, true, 24 }, KNOWN, 100 },
	{ { 1, false, 720 }, KNOWN, 0 },
	{ { 1, true, 720 }, KNOWN, 1500 },
	{ { 100, false, 24 }, KNOWN, 10000 },
	{ { 100, true, 24 }, KNOWN, 10000 },
	{ { 100, false, 720 }, KNOWN, 150000 },
	{ { 100, true, 720 }, KNOWN, 150000 },
};

START_TEST(what_an_attacker_can_do)
{
	struct policy_rules rules;
	const struct judge judge = { &rules, 2, 90 };

	policy_rules_init(&rules);
	printf("hosts  claims  hours  before   since\n");
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		const struct attacker *a = &cases[i].attacker;
		size_t old = before(a), now = since(a, &judge);

		printf("%5u  %6s  %5lld  %7zu  %6zu\n", a->hosts, a->claims ? "yes" : "no",
			(long long)a->hours, old, now);
		ck_assert_uint_eq(old, cases[i].before);
		ck_assert_uint_eq(now, cases[i].since);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("forgery");
	TCase *tcase = tcase_create("forgery");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, what_an_attacker_can_do);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
