/* serve/role_log.c -- the log role: follows the logs of log.files. */
#include "core/log.h"
#include "logs/log_settings.h"
#include "logs/log_zone.h"
#include "serve/database.h"
#include "core/err.h"
#include "serve/presence.h"
#include "serve/roles.h"
#include "serve/watch.h"

enum { LOG_PAUSE_MAX_MS = 10000 };

struct log_role {
	struct role *role;
	struct arena *arena;
	struct store *store;
	struct parse_rules *rules;
	struct log_context *context;
	struct log_follow *follow;
};

static void say(void *context UNUSED, const char *path, enum log_format format, enum err err)
{
	log_event(err ? LOG_WARN : LOG_INFO, err ? "log_not_read" : "log_followed",
		LOG_C("path", path), LOG_STR("format", err ? STR_EMPTY : log_format_name(format)),
		LOG_ERR(err));
}

static enum err prepare(struct log_role *l)
{
	const struct config *config = l->role->config;
	struct str trouble = STR_EMPTY;
	enum err err = log_settings_check(config, l->arena, &trouble);

	if (!err && log_zone_set(config_str(config, CONFIG_LOG_ZONE))) {
		trouble = STR("log.zone: there is no such zone here");
		err = ERR_NOT_FOUND;
	}
	if (!err)
		err = log_settings_rules(config, l->arena, &l->rules, &trouble);
	if (!err)
		err = log_context_new(config, l->arena, STR_EMPTY, l->rules, &l->context, &trouble);
	if (err)
		log_event(LOG_ERROR, "settings_refused", LOG_STR("reason", trouble));
	return err;
}

static void log_counted(const struct log_role *l, uint64_t bytes)
{
	uint64_t counts[LOG_COUNT_COUNT];

	log_follow_counts(l->follow, counts);
	log_event(LOG_INFO, "log_counted", LOG_U64("bytes", bytes),
		LOG_U64("accepted", counts[LOG_COUNT_ACCEPTED]),
		LOG_U64("failed", counts[LOG_COUNT_FAILED]),
		LOG_U64("deferred", counts[LOG_COUNT_DEFERRED]),
		LOG_U64("no_sender", counts[LOG_COUNT_NO_SENDER]),
		LOG_U64("broken", counts[LOG_COUNT_BROKEN]),
		LOG_U64("foreign", log_context_counts(l->context).foreign));
}

/* Until the role is to stop. What the database refuses or has lost is read again from the last commit. */
static void run(struct log_role *l)
{
	int idle_ms = (int)config_int(l->role->config, CONFIG_LOG_INTERVAL_MS), wait_ms = 0,
	    pause_ms = idle_ms;
	struct presence presence = { .role = l->role };
	struct watch *watch = watch_start(l->role);

	while (!role_wait_stop(l->role, wait_ms)) {
		uint64_t bytes = 0;
		enum err err = store_connected(l->store) ? ERR_OK : store_reopen(l->store);

		if (!err)
			err = log_follow_round(l->follow, &bytes);
		if (bytes)
			log_counted(l, bytes);
		watch_heard(watch);
		presence_tell(&presence, l->store);
		if (err)
			log_event(LOG_WARN, "log_not_stored", LOG_ERR(err),
				LOG_STR("reason", store_error(l->store)));
		pause_ms = !err                              ? idle_ms
			   : pause_ms * 2 < LOG_PAUSE_MAX_MS ? pause_ms * 2
							     : LOG_PAUSE_MAX_MS;
		wait_ms = err ? pause_ms : bytes ? 0 : idle_ms;
	}
	watch_stop(watch);
}

int role_log(struct role *role)
{
	struct log_role l = { .role = role, .arena = arena_new() };
	struct log_follow_options options = { .zone = log_zone, .say = say };
	enum err err = prepare(&l);

	if (!err)
		err = database_open(role, "bounced log", &l.store);
	if (!err) {
		options.context = l.context;
		options.store = l.store;
		l.follow = log_follow_new(&options);
		log_settings_add(role->config, l.follow);
		role_ready(role);
		run(&l);
	}
	log_follow_free(l.follow);
	log_context_free(l.context);
	parse_rules_free(l.rules);
	store_close(l.store);
	arena_free(l.arena);
	return database_exit_code(err);
}
