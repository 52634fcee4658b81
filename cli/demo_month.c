#include "cli/demo_month.h"

#include "core/str.h"
#include "core/timestamp.h"

#include <stdio.h>

enum { SHOP_STEPS = 6, NEWS_HOUR = 8, NEWS_HOURS = 7 };

/* ---- what servers say ---- */

enum answer {
	UNKNOWN,
	DISABLED,
	FULL,
	SPAM,
	LISTED,
	UNSIGNED,
	BUSY,
	NO_HOST,
	ODD,
	ODDER,
	ANSWER_COUNT
};

static const struct {
	const char *action, *status, *said;
} answers[ANSWER_COUNT] = {
	[UNKNOWN] = { "failed", "5.1.1", "550 5.1.1 No such user here" },
	[DISABLED] = { "failed", "5.2.1", "550 5.2.1 This mailbox is disabled" },
	[FULL] = { "failed", "5.2.2", "552 5.2.2 Mailbox full" },
	[SPAM] = { "failed", "5.7.1", "554 5.7.1 Message rejected as spam" },
	[LISTED] = { "failed", "5.7.1",
		"554 5.7.1 Client host [192.0.2.25] blocked using dnsbl.example" },
	[UNSIGNED] = { "failed", "5.7.26",
		"550 5.7.26 Mail from sender.example is not authenticated: DMARC policy" },
	[BUSY] = { "delayed", "4.7.1",
		"451 4.7.1 Too many messages from your network, try again later" },
	[NO_HOST] = { "delayed", "4.4.1", "connect to mx.example: Connection timed out" },
	[ODD] = { "failed", "5.0.0", "554 5.0.0 Relation unclear, see form 7731" },
	[ODDER] = { "failed", "5.0.0", "550 The oracle has spoken against it (ref 4c1f)" },
};

/* ---- where mail goes ---- */

/* A day's mails of each stream, bounces among them, and how many of 100 bounces are of which answer. */
static const struct place {
	const char *domain;
	unsigned news, shop, bounces;
	unsigned share[ANSWER_COUNT];
} places[] = {
	{ "northmail.example", 5200, 900, 8, { 46, 10, 18, 6, 0, 4, 12, 0, 4, 0 } },
	{ "harbour.example", 3900, 640, 6, { 52, 6, 22, 8, 2, 2, 8, 0, 0, 0 } },
	{ "citypost.example", 2600, 410, 5, { 38, 8, 30, 12, 0, 0, 12, 0, 0, 0 } },
	{ "post.harbour.example", 1700, 220, 3, { 58, 8, 20, 4, 0, 2, 8, 0, 0, 0 } },
	{ "northmail.test", 1400, 260, 3, { 48, 12, 16, 10, 0, 6, 8, 0, 0, 0 } },
	{ "university.example", 820, 60, 3, { 70, 14, 4, 4, 4, 0, 4, 0, 0, 0 } },
	{ "kontor.example", 640, 180, 2, { 36, 4, 10, 20, 16, 8, 0, 0, 6, 0 } },
	{ "clinic.example", 310, 40, 2, { 40, 10, 10, 10, 0, 10, 0, 0, 10, 10 } },
	{ "museum.example", 220, 20, 1, { 60, 10, 20, 0, 0, 0, 0, 10, 0, 0 } },
	{ "shipyard.example", 180, 70, 1, { 40, 0, 10, 20, 20, 0, 0, 10, 0, 0 } },
	{ "bakery.example", 120, 90, 1, { 50, 0, 30, 0, 0, 0, 0, 20, 0, 0 } },
	{ "old-isp.example", 90, 5, 2, { 68, 22, 8, 0, 0, 0, 0, 2, 0, 0 } },
};

/* Days on which something is wrong somewhere: every so many days, so many more of one answer. */
static const struct {
	unsigned place, every, on;
	enum answer answer;
	unsigned more;
} troubles[] = {
	{ 0, 13, 4, BUSY, 18 },
	{ 1, 17, 9, SPAM, 34 },
	{ 1, 17, 10, SPAM, 12 },
	{ 6, 11, 2, LISTED, 14 },
	{ 5, 29, 6, UNKNOWN, 16 },
	{ 7, 7, 1, ODDER, 3 },
};

/* ---- chance that is the same every time ---- */

static uint64_t next_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u; /* splitmix64 */

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

static unsigned below(uint64_t *state, unsigned n)
{
	return (unsigned)(next_random(state) % n);
}

static uint64_t seed_of(int64_t day, size_t place)
{
	return (uint64_t)day * 1009 + place;
}

static void name_recipient(uint64_t *state, const char *domain, size_t n, char *room)
{
	static const char *const first[] = { "ada", "bruno", "chiara", "david", "elif", "farid",
		"greta", "hugo", "ines", "jonas", "kaja", "louis", "mira", "nils", "olga", "paul" };
	static const char *const last[] = { "adler", "berg", "costa", "dahl", "ekman", "fischer",
		"grant", "holm", "ivanov", "jensen", "keller", "lopez", "moreau", "novak", "otto" };
	const char *one = first[below(state, ARRAY_LEN(first))];
	const char *other = last[below(state, ARRAY_LEN(last))];

	snprintf(room, n, "%s.%s%u@%s", one, other, below(state, 100), domain);
}

/* ---- a day ---- */

static int64_t moment(uint64_t *state, int64_t day, enum demo_stream stream)
{
	int64_t at_us = day * TIMESTAMP_DAY_US;
	unsigned hours = stream == DEMO_NEWS ? NEWS_HOURS : 24;

	if (stream == DEMO_NEWS)
		at_us += NEWS_HOUR * TIMESTAMP_HOUR_US;
	return at_us + below(state, hours * 3600) * TIMESTAMP_SECOND_US;
}

static enum answer choose(uint64_t *state, const struct place *place)
{
	unsigned roll = below(state, 100), answer = 0;

	while (answer + 1 < ANSWER_COUNT && roll >= place->share[answer])
		roll -= place->share[answer++];
	return (enum answer)answer;
}

static struct demo_bounce bounce_of(
	uint64_t *state, int64_t day, const struct place *place, enum answer answer)
{
	struct demo_bounce bounce = { .stream = below(state, 6) ? DEMO_NEWS : DEMO_SHOP,
		.domain = place->domain,
		.action = answers[answer].action,
		.status = answers[answer].status,
		.said = answers[answer].said };

	bounce.at_us = moment(state, day, bounce.stream);
	name_recipient(state, place->domain, sizeof bounce.recipient, bounce.recipient);
	return bounce;
}

/* How many more of what are bounced today. */
static unsigned trouble_at(int64_t day, size_t place, enum answer *ret_answer)
{
	for (size_t i = 0; i < ARRAY_LEN(troubles); i++) {
		if (troubles[i].place != place || day % troubles[i].every != troubles[i].on)
			continue;
		*ret_answer = troubles[i].answer;
		return troubles[i].more;
	}
	return 0;
}

size_t demo_month_bounces(int64_t day, size_t n_room, struct demo_bounce *ret_bounces)
{
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		uint64_t state = seed_of(day, i);
		enum answer answer = UNKNOWN;
		unsigned usual = places[i].bounces / 2 + below(&state, places[i].bounces + 1);
		unsigned more = trouble_at(day, i, &answer);

		for (unsigned j = 0; j < usual && n < n_room; j++)
			ret_bounces[n++] =
				bounce_of(&state, day, &places[i], choose(&state, &places[i]));
		for (unsigned j = 0; j < more && n < n_room; j++)
			ret_bounces[n++] = bounce_of(&state, day, &places[i], answer);
	}
	return n;
}

/* A tenth more or less, and half of it from Friday to Sunday: 1970 began on a Thursday. */
static unsigned about(uint64_t *state, int64_t day, unsigned n)
{
	unsigned mean = day % 7 >= 1 && day % 7 <= 3 ? n / 2 : n;

	return mean - mean / 10 + below(state, mean / 5 + 1);
}

size_t demo_month_volumes(int64_t day, size_t n_room, struct demo_volume *ret_volumes)
{
	const int64_t start_us = day * TIMESTAMP_DAY_US;
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(places) && n + SHOP_STEPS < n_room; i++) {
		uint64_t state = seed_of(-day, i);

		ret_volumes[n++] =
			(struct demo_volume){ .at_us = start_us + NEWS_HOUR * TIMESTAMP_HOUR_US,
				.stream = DEMO_NEWS,
				.domain = places[i].domain,
				.attempted = about(&state, day, places[i].news) };
		for (unsigned j = 0; j < SHOP_STEPS; j++)
			ret_volumes[n++] = (struct demo_volume){
				.at_us = start_us + j * (24 / SHOP_STEPS) * TIMESTAMP_HOUR_US,
				.stream = DEMO_SHOP,
				.domain = places[i].domain,
				.attempted = about(&state, day, places[i].shop / SHOP_STEPS) + 1,
			};
	}
	return n;
}
