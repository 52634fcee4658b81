/* tests/support/api_fixture.h -- an API server over real HTTP and a real database, for test programs.
 * The database is filled once, before Check forks, and no test changes what another one asks for. */
#pragma once
#include "api/http_server.h"
#include "core/limits.h"
#include "tests/support/cluster_fixture.h"
#include "tests/support/http_client.h"

#include <check.h>

#define HOUR TIMESTAMP_HOUR_US
#define NOON ((int64_t)1795003200 * TIMESTAMP_SECOND_US) /* 2026-11-18T12:00:00Z */

static char conninfo[700];
static struct api_server *server;
static unsigned port;

#define ck_status(reply, wanted)                                                                   \
	do {                                                                                       \
		const struct http_reply *reply_ = (reply);                                         \
		ck_assert_msg(                                                                     \
			reply_->status == (wanted), "%d: %.600s", reply_->status, reply_->text);   \
	} while (0)
#define ck_has(reply, wanted)                                                                      \
	ck_assert_msg(strstr((reply)->text, (wanted)) != NULL, "no %s in: %.3000s", (wanted),      \
		(reply)->text)

static inline void start_server(struct api_options options)
{
	struct buf problem = BUF_INIT(1024);

	if (!options.listen.n)
		options.listen = STR("127.0.0.1:0");
	if (!options.conninfo)
		options.conninfo = conninfo;
	ck_assert_msg(api_server_start(&options, &problem, &server) == ERR_OK, "%.*s",
		STR_ARG(buf_str(&problem)));
	port = api_server_port(server);
	ck_assert_uint_gt(port, 0);
}

static inline void add_event(
	struct store_batch *batch, uint64_t sequence, const char *domain, enum reason reason)
{
	struct envelope envelope = {
		.received_at_us = NOON, .stream = STR("news"), .peer = STR("192.0.2.1")
	};
	struct report report;
	struct event event;
	struct store_message message = {
		.sequence = sequence, .envelope = &envelope, .report = &report
	};

	event_init(&event);
	report_init(&report);
	event.domain = str_c(domain);
	event.recipient = STR("ann+news@example.com");
	event.diagnostic = STR("550 5.1.1 <ann@example.com>: \"unknown\"\n");
	event.reason = reason;
	event.class = reason_class(reason);
	report.kind = KIND_BOUNCE;
	report.events = &event;
	report.n_events = 1;
	report.flaws = FLAW_BIT(FLAW_NO_STATUS);
	memcpy(message.digest, &sequence, sizeof sequence);
	assert(store_batch_add(batch, &message) == ERR_OK);
}

/* a.example: 5 of 100 failed; b.example: 2 failed, no volume. Runs outside of every test. */
static inline void fill_database(void)
{
	const struct store_volume volume =
		VOLUME(NOON, STR("news"), STR_EMPTY, STR("a.example"), STR_EMPTY, 100);
	struct store_migration migration;
	struct store_batch_result result;
	struct store_batch *batch;
	struct store *store;

	assert(fixture_open(conninfo, &store) == ERR_OK);
	assert(store_migrate(store, NOON, 1000, &migration) == ERR_OK);
	batch = store_batch_new(store, STR("s1"));
	for (uint64_t i = 0; i < 7; i++)
		add_event(batch, i, i < 5 ? "a.example" : "b.example",
			i < 3 ? REASON_RECIPIENT_UNKNOWN : REASON_CONTENT_SPAM);
	assert(store_batch_commit(batch, 0, 7, &result) == ERR_OK);
	assert(store_volume_put(store, &volume, 1) == ERR_OK);
	store_batch_free(batch);
	store_close(store);
}

static inline void setup(void)
{
	start_server((struct api_options){ .access = API_ACCESS_LOOPBACK });
}

static inline void teardown(void)
{
	api_server_stop(server);
}

#define WINDOW "from=2026-11-18T00:00:00Z&to=2026-11-19T00:00:00Z"

/* Follows next_cursor from page to page and returns how often `mark` stood in them. */
static inline unsigned count_in_pages(const char *target, const char *mark, unsigned *ret_pages)
{
	char next[2000];
	unsigned pages = 0, marks = 0;
	const char *at;

	snprintf(next, sizeof next, "%s", target);
	for (;;) {
		struct http_reply *reply = http_get(port, next);

		ck_status(reply, 200);
		pages++;
		for (at = reply->text; (at = strstr(at, mark)); at++)
			marks++;
		at = strstr(reply->text, "\"next_cursor\":\"");
		if (!at)
			break;
		at += strlen("\"next_cursor\":\"");
		snprintf(next, sizeof next, "%s&cursor=%.*s", target, (int)strcspn(at, "\""), at);
	}
	*ret_pages = pages;
	return marks;
}

/* Runs the suite on a database that is filled. The exit code. */
static inline int run_api_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	fixture_start();
	snprintf(conninfo, sizeof conninfo, "%s", fixture_database());
	fill_database();
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	fixture_stop();
	return failed ? 1 : 0;
}
