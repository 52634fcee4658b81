/* store/overview.h -- verbs for the API beside store.h: counts of all domains together, one recipient, the
 * bytes of a message, and what was loaded from each spool.
 * Knows and bounds: as store.h. Series, reasons and streams read rollups, never events. */
#pragma once
#include "store/store.h"

/* ---- counts of a window, over all domains (domain NULL) or of one ---- */

enum store_interval {
	STORE_INTERVAL_15M,
	STORE_INTERVAL_HOUR,
	STORE_INTERVAL_DAY,
	STORE_INTERVAL_WEEK, /* from Monday */
	STORE_INTERVAL_MONTH,
	STORE_INTERVAL_COUNT
};
/* "15m", "hour", "day", "week", "month". */
struct str store_interval_name(enum store_interval interval);
/* Of the shortest there is: a month of 28 days. */
int64_t store_interval_us(enum store_interval interval);

/* ERR_NOT_FOUND: the server knows no time zone of this name. */
MUST_CHECK enum err store_timezone_known(struct store *store, struct str timezone);
/* When each interval of the window begins, the first maybe before it; in `arena`. */
MUST_CHECK enum err store_interval_starts(struct store *store, struct arena *arena,
	const struct store_window *window, enum store_interval interval, struct str timezone,
	int64_t **ret_starts, size_t *ret_n);
/* Intervals that begin when clocks of `timezone` say so; without an event and a volume they are left out. The
 * oldest first. Volumes are of whole hours: none for STORE_INTERVAL_15M. */
MUST_CHECK enum err store_timeseries(struct store *store, const struct store_window *window,
	const struct str *domain, enum store_interval interval, struct str timezone,
	store_series_fn *fn, void *context);
/* The most frequent first. */
MUST_CHECK enum err store_reasons(struct store *store, const struct store_window *window,
	const struct str *domain, store_reason_fn *fn, void *context);
/* How often a reason was that of a failure, in an interval. */
struct store_reason_step {
	struct str reason;
	int64_t at_us;
	uint64_t failed;
};
typedef bool store_reason_step_fn(void *context, const struct store_reason_step *step);
/* Of the `most` most frequent reasons of failures, one after the other, each over time as store_timeseries has it; steps without are
 * left out. Filters of the window are not looked at. */
MUST_CHECK enum err store_reason_series(struct store *store, const struct store_window *window,
	enum store_interval interval, struct str timezone, size_t most, store_reason_step_fn *fn,
	void *context);

struct store_stream_row {
	struct str stream;
	struct store_counts counts;
};
typedef bool store_stream_fn(void *context, const struct store_stream_row *row);
/* By name, at most LIMIT_PAGE_ROWS. */
MUST_CHECK enum err store_streams(struct store *store, const struct store_window *window,
	const struct str *domain, store_stream_fn *fn, void *context);

struct store_diagnostics_query {
	const struct store_window *
		window; /* whole days (UTC) that it touches, by event time; basis and proof are not looked at */
	struct str domain, reason, class; /* empty: any */
	const struct store_diagnostic_row *
		after; /* the last row of the page before, its texts and count; NULL: from the first */
	size_t limit; /* 1 to LIMIT_PAGE_ROWS */
};
struct store_text_row {
	struct store_diagnostic_row diagnostic;
	uint64_t domains;          /* how many said it */
	int64_t first_us, last_us; /* days */
};
typedef bool store_text_fn(void *context, const struct store_text_row *row);
/* What servers said, of all domains or of one: unclassified texts first, then by count. */
MUST_CHECK enum err store_diagnostics(struct store *store,
	const struct store_diagnostics_query *query, store_text_fn *fn, void *context);

/* ---- one recipient, one message ---- */

struct store_recipient {
	uint64_t events, failed, hard, soft, block, delayed, delivered, complaints;
	int64_t first_us, last_us; /* arrival of the oldest and newest event; TIMESTAMP_NONE */
};
/* Of all events that are kept; stream empty: all. Without regard to ASCII case. */
MUST_CHECK enum err store_recipient(struct store *store, struct str address, struct str stream,
	struct store_recipient *ret_recipient);

/* Copied to `arena`. ERR_NOT_FOUND: no such message, or its bytes were not kept. */
MUST_CHECK enum err store_message_raw(struct store *store, struct arena *arena,
	const struct uuid *id, struct str *ret_stream, struct str *ret_raw);

/* ---- what was loaded ---- */

struct store_spool_row {
	struct str spool_id;
	uint64_t sequence; /* of the next record to load */
	uint64_t messages, events, second_deliveries;
};
typedef bool store_spool_fn(void *context, const struct store_spool_row *row);
/* At most LIMIT_PAGE_ROWS. */
MUST_CHECK enum err store_spools(struct store *store, store_spool_fn *fn, void *context);

/* ---- nodes: the data folders whose spools are loaded here ---- */

/* A role of a node is there. Nobody waits for it to be on stable storage. All four not empty. */
struct store_node_told {
	struct str node_id, role, host, version;
};
MUST_CHECK enum err store_node_tell(struct store *store, const struct store_node_told *told);
struct store_lane_told {
	struct str spool_id, node_id, lane;
	uint64_t durable; /* the last record on stable storage */
	int64_t waiting_s; /* for how long the oldest that is not loaded had waited; -1: none does, or not known */
};
MUST_CHECK enum err store_lane_tell(struct store *store, const struct store_lane_told *told);

/* Sessions of ours that hold others up while they wait for their client: what was seen of them, and since when by the caller's clock. All
 * zeros at first, and after a pause of looking. */
enum { STORE_HUNG = 16 };
struct store_hung {
	struct {
		int64_t pid, begun_us, bytes, since_ms;
	} seen[STORE_HUNG];
	size_t n;
};
/* Ends those that have not come on by a byte for `for_ms` of looking: a process that was stopped, a machine that was suspended. */
MUST_CHECK enum err store_end_hung(
	struct store *store, struct store_hung *hung, int64_t now_ms, int64_t for_ms, size_t *ret_n);

struct store_node_row {
	struct str node_id, role, host, version;
	int64_t seen_us, age_s; /* when it told last, by the database's clock, and how long ago */
	bool acts;              /* holds the lock of an actor now */
	bool adopted;           /* what was left of its spool was loaded by another node */
};
typedef void store_node_fn(void *context, const struct store_node_row *row);
/* By node, then role; without those that are forgotten. */
MUST_CHECK enum err store_nodes(struct store *store, store_node_fn *fn, void *context);
struct store_lane_row {
	struct str node_id, lane; /* empty: no node told of it */
	struct str spool_id;
	uint64_t position; /* the next record to load; 0: nothing was loaded yet */
	uint64_t backlog;  /* records that the node had told of and that are not loaded */
	int64_t waiting_s; /* as told */
	bool told;
};
typedef void store_lane_fn(void *context, const struct store_lane_row *row);
/* By node, then lane; without those that are forgotten. */
MUST_CHECK enum err store_node_lanes(struct store *store, store_lane_fn *fn, void *context);
/* Not listed from now on, unless it tells again: a node, or the spool of a node that never told. Positions stay.
 * ERR_NOT_FOUND: neither is known. */
MUST_CHECK enum err store_node_forget(struct store *store, struct str id);
MUST_CHECK enum err store_node_adopted(struct store *store, struct str node_id);

/* ---- who tells how much was sent ---- */

struct store_source_row {
	struct str stream, source;
	int64_t first_us,
		last_us; /* start of the first volume and end of the last, since what was asked for */
	uint64_t times; /* how many different starts */
};
typedef bool store_source_fn(void *context, const struct store_source_row *row);
/* Of volumes since then; who was silent for longest comes first. At most LIMIT_PAGE_ROWS. */
MUST_CHECK enum err store_volume_sources(
	struct store *store, int64_t since_us, store_source_fn *fn, void *context);
/* Nothing came for much longer than is usual: who tells volumes every hour is missed after some hours, who tells them once a
 * week after some weeks. Pure. */
bool store_source_silent(const struct store_source_row *row, int64_t now_us);
/* Sources are looked at so far back. */
#define STORE_SOURCES_US (30 * TIMESTAMP_DAY_US)
