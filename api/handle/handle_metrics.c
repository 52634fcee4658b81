/* api/handle/handle_metrics.c -- GET /metrics, in the text format of Prometheus 0.0.4. */
#include "api/handle/handle.h"
#include "api/handle/metrics_text_priv.h"
#include "api/request/metrics.h"
#include "core/timestamp.h"
#include "store/overview.h"
#include "store/store_amend.h"
#include "store/store_export.h"
#include "store/store_suppress.h"

#include <inttypes.h>
#include <string.h>

enum { METRICS_BYTES = 4 << 20, MAX_SPOOLS = 1000 };
#define SUPPRESSIONS_AGE_US TIMESTAMP_MINUTE_US

struct spools {
	struct store_spool_row rows[MAX_SPOOLS];
	size_t n;
	struct arena *arena;
};

static bool add_spool(void *context, const struct store_spool_row *row)
{
	struct spools *spools = context;

	spools->rows[spools->n] = *row;
	spools->rows[spools->n].spool_id = arena_dup(spools->arena, row->spool_id);
	return ++spools->n < MAX_SPOOLS;
}

/* Spool ids are printable ASCII; a quote or a backslash would need an escape and is left out. */
static struct str label(struct arena *arena, struct str text)
{
	return str_cspan(text, "\"\\\n") == text.n ? text : arena_printf(arena, "unprintable");
}

static void put_spools(struct arena *arena, const struct spools *spools, struct buf *out)
{
	static const struct {
		const char *name, *type, *help;
		size_t offset;
	} families[] = {
		{ "bounced_spool_position", "gauge", "Next record to load of a spool.",
			offsetof(struct store_spool_row, sequence) },
		{ "bounced_messages_stored_total", "counter", "Messages stored from a spool.",
			offsetof(struct store_spool_row, messages) },
		{ "bounced_events_stored_total", "counter", "Events stored from a spool.",
			offsetof(struct store_spool_row, events) },
		{ "bounced_second_deliveries_total", "counter",
			"Messages of a spool that were known and not stored again.",
			offsetof(struct store_spool_row, second_deliveries) },
	};

	for (size_t f = 0; f < ARRAY_LEN(families); f++) {
		metrics_family(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < spools->n; i++) {
			const char *row = (const char *)&spools->rows[i];

			buf_printf(out, "%s{spool=\"%.*s\"} %" PRIu64 "\n", families[f].name,
				STR_ARG(label(arena, spools->rows[i].spool_id)),
				*(const uint64_t *)(const void *)(row + families[f].offset));
		}
	}
}

enum { METRICS_EXPORTS = 64 };

struct exports {
	struct arena *arena;
	struct store_export rows[METRICS_EXPORTS];
	size_t n;
};

static bool put_job(void *context, const struct store_export *job)
{
	struct exports *exports = context;

	if (exports->n == ARRAY_LEN(exports->rows))
		return false;
	exports->rows[exports->n] = *job;
	exports->rows[exports->n++].name = arena_dup(exports->arena, job->name);
	return true;
}

static double seconds(int64_t at_us)
{
	return at_us == TIMESTAMP_NONE ? 0 : (double)at_us / (double)TIMESTAMP_SECOND_US;
}

/* Of jobs that have a command. */
static void put_delivery(const struct exports *exports, const char *name, const char *help,
	double (*value)(const struct store_export *job), struct buf *out)
{
	bool any = false;

	for (size_t i = 0; i < exports->n; i++) {
		const struct store_export *job = &exports->rows[i];

		if (!job->to_deliver && job->delivered_us == TIMESTAMP_NONE)
			continue;
		if (!any)
			metrics_family(out, name, "gauge", help);
		any = true;
		buf_printf(out, "%s{job=\"%.*s\"} %.0f\n", name, STR_ARG(job->name), value(job));
	}
}

static double deliveries_waiting(const struct store_export *job)
{
	return (double)job->to_deliver;
}

static double delivery_failures(const struct store_export *job)
{
	return (double)job->delivery_failures;
}

static double delivered(const struct store_export *job)
{
	return seconds(job->delivered_us);
}

/* Lists for others: a job whose list is old is what somebody wants to be woken for. */
static void put_exports(struct arena *arena, struct store *store, struct buf *out)
{
	struct exports *exports = arena_zalloc(arena, sizeof *exports);

	exports->arena = arena;
	if (store_exports(store, put_job, exports) || !exports->n)
		return;
	metrics_family(out, "bounced_export_completed_timestamp_seconds", "gauge",
		"When a job of export.jobs ended well, the last time.");
	for (size_t i = 0; i < exports->n; i++)
		buf_printf(out, "bounced_export_completed_timestamp_seconds{job=\"%.*s\"} %.0f\n",
			STR_ARG(exports->rows[i].name), seconds(exports->rows[i].completed_us));
	metrics_family(out, "bounced_export_failures", "gauge",
		"Runs of a job that failed since the last good one.");
	for (size_t i = 0; i < exports->n; i++)
		buf_printf(out, "bounced_export_failures{job=\"%.*s\"} %" PRIu64 "\n",
			STR_ARG(exports->rows[i].name), exports->rows[i].failures);
	metrics_family(
		out, "bounced_export_rows", "gauge", "Entries in the files of the last good run.");
	for (size_t i = 0; i < exports->n; i++)
		buf_printf(out, "bounced_export_rows{job=\"%.*s\"} %" PRIu64 "\n",
			STR_ARG(exports->rows[i].name), exports->rows[i].rows);
	put_delivery(exports, "bounced_export_deliveries_waiting",
		"Runs of a job whose files its command has not taken yet.", deliveries_waiting,
		out);
	put_delivery(exports, "bounced_export_delivery_failures",
		"Failures of a job's command since it last ended well.", delivery_failures, out);
	put_delivery(exports, "bounced_export_delivered_timestamp_seconds",
		"When a job's command took all files of a run, the last time.", delivered, out);
}

/* A hold that is open waits for a person. */
static void put_holds(struct store *store, struct buf *out)
{
	uint64_t open, events;

	if (store_holds_sum(store, &open, &events))
		return;
	metrics_family(out, "bounced_suppression_holds", "gauge",
		"Providers that are not believed, and wait for a person.");
	buf_printf(out, "bounced_suppression_holds %" PRIu64 "\n", open);
	metrics_family(
		out, "bounced_suppression_held_events", "gauge", "Events that wait with them.");
	buf_printf(out, "bounced_suppression_held_events %" PRIu64 "\n", events);
}

/* The whole list is looked at: once a minute at most, however many scrape. Who comes while another counts tells the numbers of
 * before. */
static void count_suppressions(
	struct store *store, struct metrics *metrics, int64_t now_us, int64_t counted_us)
{
	uint64_t counts[SUPPRESSION_STATE_COUNT];

	if (now_us - counted_us < SUPPRESSIONS_AGE_US && now_us >= counted_us)
		return;
	if (!atomic_compare_exchange_strong(&metrics->suppressions_at_us, &counted_us, now_us))
		return;
	if (store_suppressions_count(store, counts))
		return;
	for (size_t i = 0; i < SUPPRESSION_STATE_COUNT; i++)
		atomic_store(&metrics->suppressions[i], (unsigned long)counts[i]);
}

static void put_suppressions(const struct handle *handle, struct store *store, struct buf *out)
{
	struct metrics *metrics = handle->service->metrics;

	if (!metrics)
		return;
	count_suppressions(
		store, metrics, handle->request->now_us, atomic_load(&metrics->suppressions_at_us));
	metrics_family(out, "bounced_suppressions", "gauge",
		"Entries of the suppression list by state, counted once a minute.");
	for (int i = 0; i < SUPPRESSION_STATE_COUNT; i++)
		buf_printf(out, "bounced_suppressions{state=\"%.*s\"} %lu\n",
			STR_ARG(suppression_state_name((enum suppression_state)i)),
			atomic_load(&metrics->suppressions[i]));
}

static void put_retention(struct store *store, struct buf *out)
{
	struct store_retention retention;

	if (store_retention(store, &retention))
		return;
	metrics_family(out, "bounced_retention_run_timestamp_seconds", "gauge",
		"When the scheduler last looked for what is too old; it stands still while the "
		"clock is not believed.");
	buf_printf(
		out, "bounced_retention_run_timestamp_seconds %.0f\n", seconds(retention.run_us));
	metrics_family(out, "bounced_retention_dropped_before_timestamp_seconds", "gauge",
		"Rows from before this moment were dropped; 0: none.");
	for (int i = 0; i < STORE_KEPT_COUNT; i++)
		buf_printf(out,
			"bounced_retention_dropped_before_timestamp_seconds{of=\"%.*s\"} %.0f\n",
			STR_ARG(store_kept_name((enum store_kept)i)),
			seconds(retention.before_us[i]));
	metrics_family(out, "bounced_retention_dropped_rows_total", "counter",
		"Rows dropped for their age, of all tables of a kind; of a week of over 64 MiB, "
		"which goes as a table, as many as PostgreSQL estimates there were.");
	for (int i = 0; i < STORE_KEPT_COUNT; i++)
		buf_printf(out, "bounced_retention_dropped_rows_total{of=\"%.*s\"} %" PRIu64 "\n",
			STR_ARG(store_kept_name((enum store_kept)i)), retention.rows[i]);
}

static void put_certificate(const struct service *service, struct buf *out)
{
	metrics_family(out, "bounced_http_tls_certificate_expiry_timestamp_seconds", "gauge",
		"When the certificate of the HTTP API ends; 0 without one.");
	buf_printf(out, "bounced_http_tls_certificate_expiry_timestamp_seconds %" PRId64 "\n",
		service->certificate_until_s ? service->certificate_until_s() : 0);
}

/* Answers without the database, too: its absence is what somebody may want to see. */
enum err handle_metrics(struct handle *handle)
{
	const struct service *service = handle->service;
	struct spools *spools = arena_zalloc(handle->arena, sizeof *spools);
	struct buf out = BUF_INIT(METRICS_BYTES);
	struct store *store;
	bool up;

	if (handle->grant.streams.n) {
		answer_problem(handle->answer, PROBLEM_FORBIDDEN,
			STR("the key is bound to streams, these numbers are of all"), NULL,
			STR_EMPTY);
		return ERR_OK;
	}
	spools->arena = handle->arena;
	up = !service->store(service->store_context, false, &store) &&
	     !store_spools(store, add_spool, spools);
	metrics_put_build(&out);
	put_certificate(service, &out);
	metrics_family(&out, "bounced_database_up", "gauge", "1 while the database answers.");
	buf_printf(&out, "bounced_database_up %d\n", up);
	if (up) {
		put_spools(handle->arena, spools, &out);
		put_exports(handle->arena, store, &out);
		put_holds(store, &out);
		put_suppressions(handle, store, &out);
		put_retention(store, &out);
	}
	metrics_put_lanes(handle, &out);
	metrics_put_node(service->node, &out);
	metrics_put_requests(service->metrics, &out);
	answer_bytes(
		handle->answer, 200, "text/plain; version=0.0.4; charset=utf-8", buf_str(&out));
	buf_release(&out);
	return ERR_OK;
}

enum err handle_openapi(struct handle *handle)
{
	answer_bytes(handle->answer, 200, "application/json", STR_EMPTY);
	router_openapi(&handle->answer->body);
	return ERR_OK;
}
