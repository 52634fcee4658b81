// links: suppress_policy
// The outage guard on simulated data: calm weeks, a list import full of dead addresses, a provider that lies for a day, a slow
// decay. Prints what it did; the figures are in docs/suppression.md.
#include "core/attr.h"
#include "suppress/policy/guard.h"
#include "tests/support/suite.h"

#include <check.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* A million mails a day to ten providers, in two campaigns of four hours and a trickle; two in a thousand addresses are dead.
 * Each campaign has its own mix of providers. */
enum { PROVIDERS = 10, QUARTERS = 96, YEAR = 365, LEARN = 28, CAMPAIGN = 16, SEEDS = 4 };
static const double shares[PROVIDERS] = { 0.35, 0.2, 0.12, 0.1, 0.08, 0.05, 0.04, 0.03, 0.02,
	0.01 };

enum story { CALM, DEAD_LIST, LIAR, DECAY };

static uint64_t seed;

static double chance(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(seed >> 11) / 9007199254740992.0;
}

/* Box and Muller. */
static double normal(void)
{
	return sqrt(-2 * log(1 - chance())) * cos(2 * M_PI * chance());
}

static unsigned poisson(double mean)
{
	double limit = exp(-mean), product = 1;
	unsigned n = 0;

	if (mean > 30) {
		double value = mean + sqrt(mean) * normal() + 0.5;

		return value > 0 ? (unsigned)value : 0;
	}
	for (product = chance(); product > limit; product *= chance())
		n++;
	return n;
}

struct world {
	enum story story;
	unsigned counts[LEARN + YEAR][PROVIDERS]; /* by day */
	unsigned alarms,
		suppressed; /* alarms of a provider-day; false ones believed before the liar was caught */
};

/* Mails of a quarter: the campaigns run from 8 to 12 and from 16 to 20. */
static double mails_in(unsigned quarter)
{
	bool campaign = (quarter >= 32 && quarter < 32 + CAMPAIGN) ||
			(quarter >= 64 && quarter < 64 + CAMPAIGN);

	return campaign ? 900000.0 / (2 * CAMPAIGN) : 100000.0 / (QUARTERS - 2 * CAMPAIGN);
}

static double dead_share(const struct world *world, unsigned day, unsigned provider)
{
	double share = 0.002;

	if (world->story == DEAD_LIST && day == LEARN + 100)
		share = 0.1; /* a list of which a tenth is dead */
	if (world->story == LIAR && day == LEARN + 100 && provider == 0)
		share = 0.5;
	if (world->story == DECAY && provider == 0 && day > LEARN)
		share *= 1 + 9.0 * (day - LEARN) / YEAR; /* ten times as many within a year */
	return share;
}

static struct guard_past past_of(const struct world *world, unsigned day, unsigned provider)
{
	struct guard_past past = { .days = day < GUARD_WEEKS_DAYS ? day : GUARD_WEEKS_DAYS };

	for (unsigned i = day - past.days; i < day; i++)
		for (unsigned p = 0; p < PROVIDERS; p++)
			*(p == provider ? &past.own : &past.others) += world->counts[i][p];
	return past;
}

static void run_quarter(struct world *world, unsigned day, unsigned quarter,
	const double mix[static PROVIDERS], const struct guard_past past[static PROVIDERS],
	bool alarmed[static PROVIDERS])
{
	unsigned counts[PROVIDERS], all = 0;

	for (unsigned p = 0; p < PROVIDERS; p++) {
		counts[p] = poisson(mails_in(quarter) * mix[p] * dead_share(world, day, p));
		all += counts[p];
	}
	for (unsigned p = 0; p < PROVIDERS; p++) {
		uint64_t limit = guard_limit(&past[p], all - counts[p]);
		bool over = counts[p] > limit;

		if (world->story == LIAR && day == LEARN + 100 && !p && !alarmed[p])
			world->suppressed += over ? (unsigned)limit : counts[p];
		if (over && !alarmed[p]) {
			alarmed[p] = true;
			world->alarms++;
		}
		world->counts[day][p] += over ? 0 : counts[p]; /* what was held is no past */
	}
}

static void run_day(struct world *world, unsigned day)
{
	struct guard_past past[PROVIDERS];
	bool alarmed[PROVIDERS] = { false };
	double mix[PROVIDERS], sum;

	for (unsigned p = 0; p < PROVIDERS; p++)
		past[p] = past_of(world, day, p);
	for (unsigned quarter = 0; quarter < QUARTERS; quarter++) {
		sum = 0;
		for (unsigned p = 0; p < PROVIDERS && quarter % 32 == 0; p++)
			sum += mix[p] = shares[p] * exp(0.25 * normal());
		for (unsigned p = 0; p < PROVIDERS && quarter % 32 == 0; p++)
			mix[p] /= sum;
		run_quarter(world, day, quarter, mix, past, alarmed);
	}
}

static struct world *run(enum story story, unsigned lot)
{
	struct world *world = calloc(1, sizeof *world);

	ck_assert_ptr_nonnull(world);
	seed = 4711 + 1000003 * (uint64_t)lot;
	world->story = story;
	for (unsigned day = 0; day < LEARN + YEAR; day++)
		run_day(world, day);
	return world;
}

/* So many worlds of each story: GUARD_SEEDS of the environment, else SEEDS. */
static unsigned n_seeds(void)
{
	const char *text = getenv("GUARD_SEEDS");
	long n = text ? strtol(text, NULL, 10) : 0;

	return n >= 1 && n <= 1000 ? (unsigned)n : SEEDS;
}

struct tally {
	unsigned alarms, most_alarms, most_believed;
	bool missed; /* some world had no alarm at all */
};

static struct tally tell(enum story story, unsigned seeds)
{
	struct tally tally = { 0 };

	for (unsigned lot = 0; lot < seeds; lot++) {
		struct world *world = run(story, lot);

		tally.alarms += world->alarms;
		tally.missed |= !world->alarms;
		if (world->alarms > tally.most_alarms)
			tally.most_alarms = world->alarms;
		if (world->suppressed > tally.most_believed)
			tally.most_believed = world->suppressed;
		free(world);
	}
	return tally;
}

/* At most one false alarm in a provider-year: ten providers have ten. In every world the liar is caught. */
START_TEST(the_four_stories)
{
	static const struct {
		enum story story;
		const char *name;
		unsigned least, most; /* alarms in ten provider-years */
	} stories[] = {
		{ CALM, "calm weeks", 0, PROVIDERS },
		{ DEAD_LIST, "a dead list", 0, PROVIDERS },
		{ LIAR, "a liar", 1, 1 + PROVIDERS },
		{ DECAY, "a slow decay", 0, PROVIDERS },
	};
	unsigned seeds = n_seeds();

	for (size_t i = 0; i < ARRAY_LEN(stories); i++) {
		struct tally tally = tell(stories[i].story, seeds);

		printf("%-13s %u worlds of 10 provider-years: %u alarms, at most %u in one; "
		       "believed of the liar at most %u\n",
			stories[i].name, seeds, tally.alarms, tally.most_alarms,
			tally.most_believed);
		ck_assert(!stories[i].least || !tally.missed);
		ck_assert_uint_le(tally.most_alarms, stories[i].most);
		if (stories[i].story == LIAR)
			ck_assert(tally.most_believed && tally.most_believed < 200);
	}
}
END_TEST

START_TEST(it_learns_first)
{
	struct guard_past past = { .own = 100, .others = 1000, .days = GUARD_LEARN_DAYS - 1 };

	ck_assert_uint_eq(guard_limit(&past, 0), UINT64_MAX);
	past.days++;
	ck_assert_uint_eq(guard_limit(&past, 0), 31);
	ck_assert_uint_ge(guard_limit(&past, 1000), 300);
	past = (struct guard_past){ .days = GUARD_LEARN_DAYS };
	ck_assert_uint_eq(guard_limit(&past, 0), 30);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("guard");
	TCase *tcase = tcase_create("guard");

	tcase_set_timeout(tcase, 300);
	tcase_add_test(tcase, the_four_stories);
	tcase_add_test(tcase, it_learns_first);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
