/* serve/role_hook.c -- the hook role: tells other systems by HTTP. Many may run; the one that holds the database's lock sends. */
#define _GNU_SOURCE
#include "core/log.h"
#include "serve/database.h"
#include "core/err.h"
#include "serve/presence.h"
#include "serve/roles.h"
#include "store/store_hook.h"
#include "suppress/hook/hook_round.h"

#include <time.h>

enum { HOOK_PAUSE_MS = 1000, HOOK_STANDBY_MS = 2000, HOOK_FAILED_MS = 10000 };

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

static void said(struct str target, int64_t id, struct str problem, bool dead)
{
	if (!problem.n)
		log_event(LOG_DEBUG, "webhook_taken", LOG_STR("target", target), LOG_I64("id", id));
	else
		log_event(dead ? LOG_ERROR : LOG_WARN,
			dead ? "webhook_given_up" : "webhook_not_taken", LOG_STR("target", target),
			LOG_I64("id", id), LOG_STR("reason", problem));
}

/* One round, if it is ours; the time until the next. */
static int run_round(const struct hook_round *round, struct store *store)
{
	bool acting = false, busy = false;
	enum err err = store_connected(store) ? ERR_OK : store_reopen(store);

	if (!err)
		err = store_act(store, STORE_ACTOR_HOOK, &acting);
	if (!err && !acting)
		return HOOK_STANDBY_MS;
	if (!err)
		err = hook_round_run(round, store, &busy);
	if (!err)
		return busy ? 0 : HOOK_PAUSE_MS;
	log_event(LOG_WARN, "webhooks_wait", LOG_ERR(err), LOG_STR("reason", store_error(store)));
	return HOOK_FAILED_MS;
}

int role_hook(struct role *role)
{
	struct arena *arena = arena_new();
	struct hook_target *targets = arena_calloc(arena, HOOK_TARGETS, sizeof *targets);
	struct hook_round round = { .targets = targets, .now_us = now_us, .said = said };
	struct presence presence = { .role = role };
	struct store *store = NULL;
	struct str trouble = STR_EMPTY;
	enum err err = hook_targets_read(arena, config_str(role->config, CONFIG_WEBHOOK_TARGETS),
		targets, &round.n, &trouble);

	if (err)
		log_event(LOG_ERROR, "settings_refused", LOG_STR("reason", trouble));
	if (!err)
		err = database_open(role, "bounced hook", &store);
	if (!err) {
		role_ready(role);
		do
			presence_tell(&presence, store);
		while (!role_wait_stop(role, run_round(&round, store)));
	}
	store_close(store);
	arena_free(arena);
	return database_exit_code(err);
}
