#include "api/handle/metrics_text_priv.h"
#include "api/request/metrics.h"
#include "core/timestamp.h"
#include "spool/backlog.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { LABELS_BYTES = 256 };

void metrics_family(struct buf *out, const char *name, const char *type, const char *help)
{
	buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

void metrics_put_build(struct buf *out)
{
	metrics_family(out, "bounced_build_info", "gauge", "1, labelled with the version.");
	buf_printf(out, "bounced_build_info{version=\"%s\"} 1\n", BOUNCED_VERSION);
}

static double us_to_s(uint64_t us)
{
	return (double)us / (double)TIMESTAMP_SECOND_US;
}

/* One histogram: `labels` are those of all its lines, without braces. */
static void put_times(struct buf *out, const char *name, const char *labels,
	const uint64_t counts[static METER_BOUNDS + 1], uint64_t sum_us)
{
	const int64_t *bounds = meter_bounds_us();
	const char *comma = *labels ? "," : "";
	uint64_t n = 0;

	for (size_t i = 0; i < METER_BOUNDS; i++) {
		n += counts[i];
		buf_printf(out, "%s_bucket{%s%sle=\"%g\"} %" PRIu64 "\n", name, labels, comma,
			us_to_s((uint64_t)bounds[i]), n);
	}
	n += counts[METER_BOUNDS];
	buf_printf(out, "%s_bucket{%s%sle=\"+Inf\"} %" PRIu64 "\n", name, labels, comma, n);
	buf_printf(out, "%s_sum{%s} %.6f\n", name, labels, us_to_s(sum_us));
	buf_printf(out, "%s_count{%s} %" PRIu64 "\n", name, labels, n);
}

/* ---- lanes ---- */

struct lane_now {
	const char *name;
	struct spool_backlog now;
};

static void put_lane_meter(struct buf *out, enum meter meter, const struct lane_now *lane)
{
	bool reads = meter_side(meter) == METER_OF_READER;
	const uint64_t *words = reads ? lane->now.read : lane->now.written;
	uint64_t counts[METER_BOUNDS + 1] = { 0 }, n;
	char label[METER_LABEL_BYTES], labels[LABELS_BYTES];

	snprintf(labels, sizeof labels, "lane=\"%s\"", lane->name);
	if (!reads)
		labels[0] = '\0';
	for (size_t row = 0; row < meter_rows(meter); row++) {
		if (!meter_get(words, meter, row, &n, label))
			continue;
		if (meter_is_time(meter))
			counts[row] = n;
		else
			buf_printf(out, "%s{%s%s%s} %" PRIu64 "\n", meter_name(meter), labels,
				*labels && *label ? "," : "", label, n);
	}
	if (meter_is_time(meter))
		put_times(out, meter_name(meter), labels, counts, meter_sum_us(words, meter));
}

/* What the smtp role counts stands in its own lane, what the loader counts in every one. */
static void put_meters(const struct lane_now *lanes, size_t n, struct buf *out)
{
	for (int i = 0; i < METER_COUNT; i++) {
		enum meter meter = (enum meter)i;

		metrics_family(out, meter_name(meter),
			meter_is_time(meter) ? "histogram" : "counter", meter_help(meter));
		for (size_t k = 0; k < n; k++)
			if (meter_side(meter) == METER_OF_READER || !strcmp(lanes[k].name, "smtp"))
				put_lane_meter(out, meter, &lanes[k]);
	}
}

static void put_smtp(const struct lane_now *lanes, size_t n, struct buf *out)
{
	for (size_t k = 0; k < n; k++) {
		if (strcmp(lanes[k].name, "smtp"))
			continue;
		for (int i = 0; i < COUNTER_COUNT; i++) {
			const struct counter_row *row = counter_row((enum counter)i);

			metrics_family(out, row->name, row->type, row->help);
			buf_printf(out, "%s %" PRIu64 "\n", row->name, lanes[k].now.counters[i]);
		}
	}
}

static double age_s(const struct spool_backlog *lane, int64_t now_us)
{
	int64_t age_us = lane->oldest_us ? now_us - lane->oldest_us : 0;

	return age_us > 0 ? us_to_s((uint64_t)age_us) : 0;
}

/* From the spool itself: what waits is told while the database is away, too. */
static void put_spool(
	const struct handle *handle, const struct lane_now *lanes, size_t n, struct buf *out)
{
	static const struct {
		const char *name, *type, *help;
	} families[] = {
		{ "bounced_spool_records_total", "counter",
			"Last record of a lane of this node that is on stable storage." },
		{ "bounced_spool_backlog", "gauge",
			"Records of a lane of this node that are not in the database yet." },
		{ "bounced_spool_oldest_seconds", "gauge",
			"Age of the oldest of them, or since when some wait; 0 where none does." },
		{ "bounced_spool_used_bytes", "gauge", "Bytes of a lane's files." },
		{ "bounced_spool_quota_bytes", "gauge", "Bytes that they may have." },
		{ "bounced_spool_free_bytes", "gauge",
			"Free bytes on the disk that a lane is on." },
	};

	for (size_t f = 0; f < ARRAY_LEN(families); f++) {
		metrics_family(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < n; i++) {
			const struct spool_backlog *lane = &lanes[i].now;
			const double values[ARRAY_LEN(families)] = { (double)lane->durable,
				(double)lane->waiting, age_s(lane, handle->request->now_us),
				(double)lane->used_bytes, (double)handle->service->lane_quota_bytes,
				(double)lane->free_bytes };

			buf_printf(out, "%s{lane=\"%s\",spool=\"%016" PRIx64 "\"} %.15g\n",
				families[f].name, lanes[i].name, lane->id, values[f]);
		}
	}
}

void metrics_put_lanes(const struct handle *handle, struct buf *out)
{
	const struct service *service = handle->service;
	struct lane_now *lanes = arena_calloc(handle->arena, service->n_lanes, sizeof *lanes);
	size_t n = 0;

	for (size_t i = 0; i < service->n_lanes; i++) {
		lanes[n].name = service->lanes[i].name;
		n += spool_backlog(service->lanes[i].folder, &lanes[n].now) == ERR_OK;
	}
	put_spool(handle, lanes, n, out);
	put_smtp(lanes, n, out);
	put_meters(lanes, n, out);
}

/* ---- processes ---- */

static double node_value(const struct node_role *role, size_t family)
{
	switch (family) {
	case 0:
		return (double)atomic_load(&role->processes);
	case 1:
		return (double)atomic_load(&role->restarts);
	case 2:
		return (double)atomic_load(&role->cpu_ms) / 1000;
	case 3:
		return (double)atomic_load(&role->resident_bytes);
	case 4:
		return (double)atomic_load(&role->virtual_bytes);
	case 5:
		return (double)atomic_load(&role->open_fds);
	default:
		return (double)atomic_load(&role->started_ms) / 1000;
	}
}

void metrics_put_node(const struct node_page *node, struct buf *out)
{
	static const struct {
		const char *name, *type, *help;
	} families[] = {
		{ "bounced_role_processes", "gauge", "Processes of a role that run." },
		{ "bounced_role_restarts_total", "counter",
			"Processes of a role that ended though they were not told to." },
		{ "process_cpu_seconds_total", "counter",
			"Time that the processes of a role which run now have computed." },
		{ "process_resident_memory_bytes", "gauge", "Memory of the processes of a role." },
		{ "process_virtual_memory_bytes", "gauge",
			"Address space of the processes of a role." },
		{ "process_open_fds", "gauge", "Open descriptors of the processes of a role." },
		{ "process_start_time_seconds", "gauge",
			"When the newest process of a role was started." },
	};

	for (size_t f = 0; node && f < ARRAY_LEN(families); f++) {
		metrics_family(out, families[f].name, families[f].type, families[f].help);
		for (size_t i = 0; i < NODE_ROLES && node->roles[i].name[0]; i++)
			if (f < 2 || atomic_load(&node->roles[i].processes))
				buf_printf(out, "%s{role=\"%s\"} %.15g\n", families[f].name,
					node->roles[i].name, node_value(&node->roles[i], f));
	}
}

/* ---- HTTP ---- */

static const char *route_labels(int route, char room[static LABELS_BYTES])
{
	bool known = route < ROUTE_COUNT;
	struct str method = known ? router_method((enum route)route) : STR("");
	struct str path = known ? router_path((enum route)route) : STR("none");

	snprintf(room, LABELS_BYTES, "method=\"%.*s\",route=\"%.*s\"", STR_ARG(method),
		STR_ARG(path));
	return room;
}

static void put_route_times(const struct metrics *metrics, int route, struct buf *out)
{
	uint64_t counts[METER_BOUNDS + 1], n = 0;
	char labels[LABELS_BYTES];

	for (size_t i = 0; i <= METER_BOUNDS; i++)
		n += counts[i] = atomic_load(&metrics->times[route][i]);
	if (n)
		put_times(out, "bounced_http_request_seconds", route_labels(route, labels), counts,
			atomic_load(&metrics->sum_us[route]));
}

void metrics_put_requests(const struct metrics *metrics, struct buf *out)
{
	char labels[LABELS_BYTES];

	metrics_family(out, "bounced_http_requests_total", "counter",
		"Requests that were answered, by route and status.");
	for (int route = 0; route <= ROUTE_COUNT; route++)
		for (int i = 0; i < METRICS_STATUS_TO - METRICS_STATUS_FROM; i++) {
			unsigned long n = atomic_load(&metrics->requests[route][i]);

			if (n)
				buf_printf(out,
					"bounced_http_requests_total{%s,status=\"%d\"} %lu\n",
					route_labels(route, labels), METRICS_STATUS_FROM + i, n);
		}
	metrics_family(out, "bounced_http_request_seconds", "histogram",
		"From the end of a request to its answer, by route.");
	for (int route = 0; route <= ROUTE_COUNT; route++)
		put_route_times(metrics, route, out);
	metrics_family(out, "bounced_database_connections", "gauge",
		"Connections of the api role to the database that are open.");
	buf_printf(out, "bounced_database_connections %u\n", atomic_load(&metrics->connections));
}
