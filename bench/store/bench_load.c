// links: store
/* bench/store/bench_load.c -- rows per second of the loader's batches, without parsers: usage: bench_load CONNINFO
 * MESSAGES [BATCH [judged]]. Each message has one event; domains follow Zipf's law; a tenth of the mails is reported twice. `judged`: each
 * event is evidence against its recipient, one of 100,000, whose entry is judged by its newest. */
#include "core/limits.h"
#include "store/store.h"
#include "store/store_judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BATCH = 2000, DOMAINS = 50000, STREAMS = 4, TEXTS = 40, RECIPIENTS = 100000 };
#define NOW_US ((int64_t)1795003200 * TIMESTAMP_SECOND_US)

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* About Zipf: the rank is the inverse of a uniform number. */
static unsigned domain_of(unsigned long *seed)
{
	*seed = *seed * 6364136223846793005ul + 1442695040888963407ul;
	return (unsigned)(pow(DOMAINS, (double)(*seed >> 11) / 9007199254740992.0)) - 1;
}

/* By the newest, at the second. */
static void judge(const void *context, const struct store_case *item, struct store_verdict *ret)
{
	const struct store_strike *newest = item->strikes + item->n_strikes - (item->n_strikes > 0);

	(void)context;
	*ret = (struct store_verdict){ .state = SUPPRESSION_STRIKES,
		.expires_at_us = TIMESTAMP_NONE };
	if (item->n_strikes)
		*ret = (struct store_verdict){ .state = item->n_strikes > 1 ? SUPPRESSION_ACTIVE
									    : SUPPRESSION_STRIKES,
			.reason = newest->reason,
			.class = newest->class,
			.first_seen_us = item->strikes->at_us,
			.last_seen_us = newest->at_us,
			.expires_at_us = TIMESTAMP_NONE,
			.count = item->n_strikes,
			.has_evidence = true,
			.evidence = newest->event_id,
			.evidence_at_us = newest->at_us };
}

static enum err add(struct store_batch *batch, uint64_t n, unsigned long *seed, bool judged)
{
	static const struct store_weight weight = { .decision = DECISION_SUPPRESS };
	static const char *const streams[STREAMS] = { "news", "shop", "system", "alerts" };
	unsigned domain = domain_of(seed);
	char name[64], who[96], text[160], id[64];
	struct envelope envelope = { .received_at_us = NOW_US + (int64_t)n * 1000,
		.stream = str_c(streams[n % STREAMS]),
		.peer = STR("192.0.2.1"),
		.session_id = STR("bench") };
	struct store_message message = { .sequence = n, .size = 4096 };
	struct report report;
	struct event event;

	snprintf(name, sizeof name, "d%u.example", domain);
	if (judged)
		snprintf(who, sizeof who, "u%llu@example.net",
			(unsigned long long)(n * 7919 % RECIPIENTS));
	else
		snprintf(who, sizeof who, "u%llu@%s", (unsigned long long)(n % 10 ? n : n - 1),
			name);
	snprintf(text, sizeof text, "550 5.1.%llu <%s>: rejected, text %c",
		(unsigned long long)(n % 3), who, 'a' + (char)(domain % 7));
	snprintf(id, sizeof id, "<%llu@sender.example>", (unsigned long long)(n % 10 ? n : n - 1));
	event_init(&event);
	report_init(&report);
	event.domain = str_c(name);
	event.recipient = event.final_recipient = str_c(who);
	event.diagnostic = str_c(text);
	event.reason = n % 3 ? REASON_RECIPIENT_UNKNOWN : REASON_MAILBOX_FULL;
	event.class = n % 3 ? CLASS_HARD : CLASS_SOFT;
	report.kind = KIND_BOUNCE;
	report.events = &event;
	report.n_events = 1;
	report.original.message_id = str_c(id);
	report.original.date_us = envelope.received_at_us - (int64_t)(n % 50) * TIMESTAMP_HOUR_US;
	memcpy(message.digest, &n, sizeof n);
	message.envelope = &envelope;
	message.report = &report;
	message.weights = judged ? &weight : NULL;
	return store_batch_add(batch, &message);
}

int main(int argc, char **argv)
{
	uint64_t n = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;
	uint64_t size = argc > 3 ? strtoull(argv[3], NULL, 10) : BATCH;
	bool judged = argc > 4 && !strcmp(argv[4], "judged");
	const struct store_judge judges = { .judge = judge, .network_strikes = 1000000 };
	struct store_batch_result result;
	struct store_migration migration;
	struct buf problem = BUF_INIT(1000);
	struct store_batch *batch;
	struct store *store;
	unsigned long seed = 1;
	double start;
	enum err err;

	if (argc < 2)
		return 2;
	err = store_open(argv[1], &(struct store_options){ 0 }, &problem, &store);
	if (!err)
		err = store_migrate(store, NOW_US, 10000, &migration);
	if (err) {
		fprintf(stderr, "%s %.*s\n", err_text(err), STR_ARG(buf_str(&problem)));
		return 1;
	}
	batch = store_batch_new(store, STR("bench"));
	store_batch_set_judge(batch, judged ? &judges : NULL);
	start = seconds();
	for (uint64_t i = 0; i < n && !err; i++) {
		err = add(batch, i, &seed, judged);
		if (!err && i % size == size - 1) {
			err = store_batch_commit(batch, i - size + 1, i + 1, &result);
			store_batch_reset(batch);
		}
	}
	if (err)
		fprintf(stderr, "%s %.*s\n", err_text(err), STR_ARG(store_error(store)));
	printf("%.0f rows/s\n", (double)n / (seconds() - start));
	store_batch_free(batch);
	store_close(store);
	return err != ERR_OK;
}
