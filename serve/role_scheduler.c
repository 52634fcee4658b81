/* serve/role_scheduler.c -- what is done by the clock: upkeep of the database, exports of the suppression list.
 * Many may run; the one that holds the database's lock acts, the others wait for it to go. */
#define _GNU_SOURCE
#include "core/log.h"
#include "serve/database.h"
#include "serve/deliver_desk.h"
#include "core/err.h"
#include "serve/export_desk.h"
#include "serve/presence.h"
#include "serve/roles.h"
#include "serve/watch.h"
#include "store/ranking.h"
#include "store/store_access.h"
#include "store/store_amend.h"
#include "store/store_log.h"
#include "suppress/export/exporter.h"
#include "suppress/suppress_settings.h"

#include <time.h>

enum {
	SETTINGS_BYTES = 64 << 10,
	UPKEEP_INTERVAL_MS = 3600 * 1000,
	RETENTION_INTERVAL_MS = 3600 * 1000,
	UPKEEP_RETRY_MS = 60 * 1000, /* after a failure, such as a long query in the way */
	EXPORT_RETRY_MS = 60 * 1000, /* after a failure, where the interval is longer */
	EXPIRE_INTERVAL_MS = 10 * 1000,
	PACK_INTERVAL_MS = 2000,
	PACK_DAYS = 8,
	JOIN_INTERVAL_MS = 60 * 1000,
	STANDBY_INTERVAL_MS = 2000, /* how often the lock is tried, or asked for */
	LOG_STATE_DAYS = 8,         /* longer than mail systems keep trying */
};

/* A piece of work, and when it is done next. */
struct scheduler;
struct task {
	/* The time until the next, in milliseconds. */
	int64_t (*run)(struct scheduler *s);
	int64_t due_ms;
};

struct scheduler {
	struct role *role;
	struct presence presence;
	struct watch *watch;
	struct arena *arena;
	struct store *store;
	struct suppress_settings suppress;
	struct judge judge;
	struct store_judge store_judge;
	struct export_options export;
	struct export_desk *jobs;
	struct deliver_desk *deliveries;
	bool deliveries_planned;
	bool acting;
	bool clock_doubted; /* said already */
};

static int64_t clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

/* ---- the clock ---- */

static void log_doubt(struct scheduler *s, const struct store_clock *clock, int64_t now_us)
{
	char now[TIMESTAMP_TEXT_BYTES], last[TIMESTAMP_TEXT_BYTES], newest[TIMESTAMP_TEXT_BYTES];

	if (!s->clock_doubted)
		log_event(LOG_ERROR, "clock_doubted", LOG_STR("now", timestamp_format(now_us, now)),
			LOG_STR("believed", timestamp_format(clock->last_us, last)),
			LOG_STR("newest_message", timestamp_format(clock->newest_us, newest)),
			LOG_C("until", "bounced retention resume"));
	s->clock_doubted = true;
}

/* The moment by which things are old. False: a clock that jumped deletes nothing; somebody must look (docs/operating.md). */
static bool moment(struct scheduler *s, int64_t *ret_us)
{
	int64_t now_us = clock_us(CLOCK_REALTIME);
	struct store_clock clock = { 0 };
	enum err err = store_clock(s->store, now_us, &clock);

	if (err)
		log_event(LOG_WARN, "clock_not_compared", LOG_ERR(err),
			LOG_STR("reason", store_error(s->store)));
	else if (!clock.believed)
		log_doubt(s, &clock, now_us);
	else
		s->clock_doubted = false;
	*ret_us = clock.moment_us;
	return !err && clock.believed;
}

/* ---- upkeep ---- */

struct forgotten {
	size_t digests, strikes, failures;
};

static enum err forget(struct scheduler *s, int64_t now, struct forgotten *forgotten)
{
	int64_t days = config_int(s->role->config, CONFIG_RETENTION_DIGEST_DAYS);
	int64_t strike_days = suppress_memory_days(&s->suppress);
	enum err err =
		store_purge_seen(s->store, now - days * TIMESTAMP_DAY_US, &forgotten->digests);

	if (!err)
		err = store_suppression_purge(
			s->store, now - (strike_days + 1) * TIMESTAMP_DAY_US, &forgotten->strikes);
	if (!err)
		err = store_purge_failures(s->store, now - STORE_FAILURE_US, &forgotten->failures);
	if (!err)
		err = store_log_forget(s->store, now - LOG_STATE_DAYS * TIMESTAMP_DAY_US);
	return err;
}

static int64_t run_upkeep(struct scheduler *s)
{
	struct forgotten forgotten = { 0 };
	int64_t by_us;
	size_t made = 0;
	enum err err = store_make_partitions(s->store, clock_us(CLOCK_REALTIME), &made);

	if (!err && moment(s, &by_us))
		err = forget(s, by_us, &forgotten);
	log_event(err ? LOG_WARN : LOG_INFO, "upkeep", LOG_ERR(err),
		LOG_STR("reason", err ? store_error(s->store) : STR_EMPTY),
		LOG_U64("partitions", made), LOG_U64("digests_forgotten", forgotten.digests),
		LOG_U64("strikes_forgotten", forgotten.strikes),
		LOG_U64("failures_forgotten", forgotten.failures));
	return err ? UPKEEP_RETRY_MS : UPKEEP_INTERVAL_MS;
}

/* ---- settings that decide on addresses ---- */

/* Those of [suppress] and [retention] that are not as built in, on one line. */
static struct str deciding_settings(struct scheduler *s)
{
	struct buf text = BUF_INIT(SETTINGS_BYTES);
	struct str result;

	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_row *row = config_row((enum config_id)i);
		struct str value = config_str(s->role->config, (enum config_id)i);

		if (row->type == CONFIG_SECRET || str_eq(value, row->preset) ||
			!(str_eq(row->section, STR("suppress")) ||
				str_eq(row->section, STR("retention"))))
			continue;
		buf_printf(&text, "%s%.*s.%.*s=%.*s", text.n ? "; " : "", STR_ARG(row->section),
			STR_ARG(row->key), STR_ARG(value));
	}
	result = arena_dup(s->arena, text.n ? buf_str(&text) : STR("all as built in"));
	buf_release(&text);
	return result;
}

/* A file has no name of who changed it: that it was is seen at the next start. */
static void note_settings(struct scheduler *s)
{
	struct store_audit audit = { .at_us = clock_us(CLOCK_REALTIME),
		.who = STR("bounced"),
		.action = STR("settings.set"),
		.subject = deciding_settings(s) };
	struct str last = STR_EMPTY;
	enum err err = store_audit_last(s->store, s->arena, audit.action, &last);

	if (err == ERR_NOT_FOUND || (!err && !str_eq(last, audit.subject)))
		err = store_audit_add(s->store, &audit);
	if (err)
		log_event(LOG_WARN, "settings_not_noted", LOG_ERR(err),
			LOG_STR("reason", store_error(s->store)));
}

/* ---- retention ---- */

static const struct {
	enum store_kept kept;
	enum config_id days;
	const char *name;
} retention[] = {
	{ STORE_KEPT_RAW, CONFIG_RETENTION_RAW_DAYS, "raw" },
	{ STORE_KEPT_RAW_UNCLASSIFIED, CONFIG_RETENTION_RAW_UNCLASSIFIED_DAYS, "raw_unclassified" },
	{ STORE_KEPT_EVENTS, CONFIG_RETENTION_EVENT_DAYS, "events" },
	{ STORE_KEPT_ROLLUPS, CONFIG_RETENTION_ROLLUP_DAYS, "rollups" },
};

static int64_t run_retention(struct scheduler *s)
{
	int64_t by_us, next_ms = RETENTION_INTERVAL_MS;

	if (!moment(s, &by_us))
		return UPKEEP_RETRY_MS;
	for (size_t i = 0; i < ARRAY_LEN(retention); i++) {
		int64_t days = config_int(s->role->config, retention[i].days);
		enum err err = ERR_OK;

		if (days) /* else for ever */
			err = store_drop(
				s->store, retention[i].kept, by_us - days * TIMESTAMP_DAY_US);
		if (!err)
			continue;
		log_event(LOG_WARN, "retention_failed", LOG_C("of", retention[i].name),
			LOG_ERR(err), LOG_STR("reason", store_error(s->store)));
		next_ms = UPKEEP_RETRY_MS;
	}
	ERR_IGNORE(store_audit_purge(s->store,
			   by_us - config_int(s->role->config, CONFIG_RETENTION_EVENT_DAYS) *
					   TIMESTAMP_DAY_US),
		"a day later it is tried again");
	return next_ms;
}

/* ---- what rankings and totals are read from ---- */

/* Packing may take a quarter of the time, however fast mail comes. */
static int64_t run_pack(struct scheduler *s)
{
	int64_t start_us = clock_us(CLOCK_MONOTONIC), pause_ms;
	size_t days = 0;
	enum err err = store_pack(s->store, PACK_DAYS, &days);

	if (err) {
		log_event(LOG_WARN, "pack_failed", LOG_ERR(err),
			LOG_STR("reason", store_error(s->store)));
		return UPKEEP_RETRY_MS;
	}
	pause_ms = 3 * (clock_us(CLOCK_MONOTONIC) - start_us) / 1000;
	return pause_ms > PACK_INTERVAL_MS ? pause_ms : PACK_INTERVAL_MS;
}

static int64_t run_join(struct scheduler *s)
{
	enum err err = store_join_totals(s->store);

	if (err)
		log_event(LOG_WARN, "totals_not_joined", LOG_ERR(err),
			LOG_STR("reason", store_error(s->store)));
	return JOIN_INTERVAL_MS;
}

/* ---- entries whose end has come ---- */

static int64_t run_expire(struct scheduler *s)
{
	size_t expired = 0;
	int64_t by_us;
	enum err err;

	if (!moment(s, &by_us))
		return EXPIRE_INTERVAL_MS;
	err = store_suppressions_expire(s->store, by_us, &expired);
	if (err || expired)
		log_event(err ? LOG_WARN : LOG_INFO, "suppressions_expired", LOG_ERR(err),
			LOG_STR("reason", err ? store_error(s->store) : STR_EMPTY),
			LOG_U64("entries", expired));
	return EXPIRE_INTERVAL_MS;
}

/* ---- providers that are not believed ---- */

static void tell_hold(void *context, const struct store_hold *hold)
{
	struct scheduler *s = context;

	log_event(LOG_WARN, "outage_suspected", LOG_U64("hold", (uint64_t)hold->id),
		LOG_STR("provider", hold->provider), LOG_U64("unknown", hold->n),
		LOG_U64("believed", hold->limit), LOG_U64("entries", hold->entries));
	ERR_IGNORE(store_hold_told(s->store, hold->id), "it is told once more");
}

/* Nobody came: what waited is forgotten, as an address that is really gone says so again. */
static void end_hold(void *context, const struct store_hold *hold)
{
	struct scheduler *s = context;
	struct store_amended amended = { 0 };
	enum err err = store_hold_decide(s->store, &s->store_judge, hold->id, STORE_HOLD_DISCARD,
		STR("scheduler"), clock_us(CLOCK_REALTIME), &amended);

	log_event(LOG_WARN, "hold_discarded", LOG_U64("hold", (uint64_t)hold->id), LOG_ERR(err),
		LOG_STR("provider", hold->provider), LOG_U64("entries", amended.entries));
}

static int64_t run_guard(struct scheduler *s)
{
	int64_t days = config_int(s->role->config, CONFIG_SUPPRESS_HOLD_DAYS);
	int64_t by_us;
	enum err err =
		store_holds(s->store, STORE_HOLDS_UNTOLD, clock_us(CLOCK_REALTIME), tell_hold, s);

	if (!err && moment(s, &by_us))
		err = store_holds(
			s->store, STORE_HOLDS_OVER, by_us - days * TIMESTAMP_DAY_US, end_hold, s);
	if (err)
		log_event(LOG_WARN, "guard_failed", LOG_ERR(err),
			LOG_STR("reason", store_error(s->store)));
	return EXPIRE_INTERVAL_MS;
}

static int64_t run_past(struct scheduler *s)
{
	int64_t by_us;
	enum err err;

	if (!moment(s, &by_us))
		return UPKEEP_RETRY_MS; /* the weeks before would be forgotten */
	err = store_guard_refresh(s->store, by_us);
	if (err)
		log_event(LOG_WARN, "guard_failed", LOG_ERR(err),
			LOG_STR("reason", store_error(s->store)));
	return err ? UPKEEP_RETRY_MS : UPKEEP_INTERVAL_MS;
}

/* ---- export ---- */

static int64_t run_export(struct scheduler *s)
{
	int64_t interval_ms = config_int(s->role->config, CONFIG_EXPORT_INTERVAL_S) * 1000;
	struct export_result result = { 0 };
	enum err err = store_suppressions_number(s->store, &s->export.to_seq);

	s->export.now_us = clock_us(CLOCK_REALTIME);
	if (!err && *s->export.dir)
		err = exporter_run(&s->export, listing_walk, s->store, &result);
	if (err) {
		log_event(LOG_WARN, "export_failed", LOG_ERR(err), LOG_C("dir", s->export.dir),
			LOG_STR("reason", store_error(s->store)));
		return interval_ms < EXPORT_RETRY_MS ? interval_ms : EXPORT_RETRY_MS;
	}
	if (*s->export.dir)
		log_event(LOG_INFO, "exported", LOG_U64("rows", result.rows),
			LOG_U64("changes", result.changes), LOG_U64("from_seq", result.from_seq),
			LOG_U64("to_seq", result.to_seq));
	return interval_ms;
}

static int64_t run_jobs(struct scheduler *s)
{
	return export_desk_run(s->jobs, s->store, clock_us(CLOCK_REALTIME));
}

static int64_t run_deliveries(struct scheduler *s)
{
	if (!s->deliveries_planned && deliver_desk_plan(s->deliveries, s->store))
		return UPKEEP_RETRY_MS;
	s->deliveries_planned = true;
	return deliver_desk_run(s->deliveries, s->store, clock_us(CLOCK_REALTIME));
}

/* ---- the loop ---- */

/* Asks the database before each piece of work: a lock whose connection was lost is somebody else's. */
static bool acts(struct scheduler *s)
{
	bool acting = false;
	enum err err = store_connected(s->store) ? ERR_OK : store_reopen(s->store);

	if (!err)
		err = store_act(s->store, STORE_ACTOR_SCHEDULER, &acting);
	acting = acting && !err;
	if (acting != s->acting)
		log_event(LOG_INFO, acting ? "acting" : "standing_by", LOG_ERR(err));
	if (acting && !s->acting)
		export_desk_forget(s->jobs);
	if (!acting)
		deliver_desk_drop(s->deliveries);
	s->acting = acting;
	return acting;
}

static int run_due(struct scheduler *s, struct task *tasks, size_t n)
{
	int64_t wait_ms = STANDBY_INTERVAL_MS;

	bool acting = acts(s);

	watch_heard(s->watch);
	presence_tell(&s->presence, s->store);
	if (!acting)
		return STANDBY_INTERVAL_MS;
	for (size_t i = 0; i < n; i++) {
		int64_t left_ms = tasks[i].due_ms - clock_us(CLOCK_MONOTONIC) / 1000;

		watch_heard(s->watch);
		if (left_ms <= 0) {
			left_ms = tasks[i].run(s);
			tasks[i].due_ms = clock_us(CLOCK_MONOTONIC) / 1000 + left_ms;
		}
		wait_ms = left_ms < wait_ms ? left_ms : wait_ms;
	}
	return (int)wait_ms;
}

static enum err load_settings(struct scheduler *s)
{
	const struct config *config = s->role->config;
	struct str trouble;
	enum err err = suppress_settings_load(config, s->arena, &s->suppress, &trouble);

	if (!err)
		err = suppress_export_formats(
			config, s->arena, s->export.formats, &s->export.n_formats, &trouble);
	if (err) {
		log_event(LOG_ERROR, "settings_refused", LOG_STR("reason", trouble));
		return err;
	}
	suppress_judge(&s->suppress, &s->judge, &s->store_judge);
	s->export.dir = arena_c(s->arena, config_str(config, CONFIG_EXPORT_DIR));
	s->export.keep_us = config_int(config, CONFIG_EXPORT_KEEP_DAYS) * TIMESTAMP_DAY_US;
	s->export.policy_version = suppress_policy_version(&s->suppress, s->arena);
	s->jobs = export_desk_new(config, s->export.policy_version);
	s->deliveries = deliver_desk_new(config);
	return ERR_OK;
}

int role_scheduler(struct role *role)
{
	struct task tasks[] = { { run_upkeep, 0 }, { run_retention, 0 }, { run_expire, 0 },
		{ run_guard, 0 }, { run_past, 0 }, { run_export, 0 }, { run_jobs, 0 },
		{ run_deliveries, 0 }, { run_pack, 0 }, { run_join, 0 } };
	struct scheduler s = { .role = role, .presence = { .role = role }, .arena = arena_new() };
	enum err err = load_settings(&s);

	if (!err)
		err = database_open(role, "bounced scheduler", &s.store);
	if (!err) {
		s.watch = watch_start(role);
		note_settings(&s);
		role_ready(role);
		while (!role_wait_stop(role, run_due(&s, tasks, ARRAY_LEN(tasks))))
			;
	}
	watch_stop(s.watch);
	store_close(s.store);
	export_desk_free(s.jobs);
	deliver_desk_free(s.deliveries);
	arena_free(s.arena);
	return database_exit_code(err);
}
