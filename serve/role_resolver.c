/* serve/role_resolver.c -- the resolver role: asks the DNS who takes the mail of domains that no table knows. Many may run; the one that
 * holds the database's lock asks. */
#define _GNU_SOURCE
#include "core/log.h"
#include "dns/dns_lookup.h"
#include "domain/domain_name.h"
#include "domain/provider.h"
#include "serve/database.h"
#include "core/err.h"
#include "serve/presence.h"
#include "serve/roles.h"
#include "store/store_mx.h"

#include <assert.h>
#include <time.h>

enum {
	RESOLVER_PAUSE_MS = 1000,
	RESOLVER_STANDBY_MS = 2000,
	RESOLVER_FAILED_MS = 10000,
	RESOLVER_DOUBLINGS =
		10 /* of a minute: what nobody answers is asked again after 17 hours at most */
};
#define RESOLVER_GOOD_US (7 * TIMESTAMP_DAY_US)
static_assert((int)STORE_MX_ROWS <= (int)DNS_QUESTIONS, "a round is one call");

struct round {
	struct arena *arena;
	const struct providers *providers;
	int64_t now_us;
	struct str names
		[STORE_MX_ROWS]; /* what is asked for; empty: nothing that the DNS could know */
	uint64_t failures[STORE_MX_ROWS];
	struct store_mx rows[STORE_MX_ROWS];
	size_t n, silent;
};

static int64_t now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * TIMESTAMP_SECOND_US + now.tv_nsec / 1000;
}

/* Domains of events are what peers wrote: an address literal or half a word is no question. */
static void take(void *context, struct str domain, uint64_t failures)
{
	struct round *round = context;
	struct str name = STR_EMPTY;
	size_t i = round->n++;

	if (!domain_name(round->arena, domain, &name) || str_starts(name, STR("[")))
		name = STR_EMPTY;
	round->names[i] = name;
	round->failures[i] = failures;
	round->rows[i] = (struct store_mx){ .domain = arena_dup(round->arena, domain),
		.answered = true,
		.due_us = round->now_us + RESOLVER_GOOD_US };
}

static void told(void *context, size_t i, enum dns_answer answer, struct str host)
{
	struct round *round = context;
	struct store_mx *row = &round->rows[i];
	uint64_t doublings =
		round->failures[i] < RESOLVER_DOUBLINGS ? round->failures[i] : RESOLVER_DOUBLINGS;

	if (answer == DNS_SILENT) {
		row->answered = false;
		row->due_us = round->now_us + (TIMESTAMP_MINUTE_US << doublings);
		round->silent++;
	} else if (answer == DNS_SAYS && domain_name(round->arena, host, &row->host)) {
		row->provider = provider_of_mail_host(row->host);
		if (!row->provider.n)
			row->provider = provider_of(round->providers, row->host);
	}
}

/* What cannot be asked for is answered: it has no mail host. */
static void ask(struct dns *dns, struct round *round)
{
	struct str names[STORE_MX_ROWS];
	struct round asked = {
		.arena = round->arena, .providers = round->providers, .now_us = round->now_us
	};
	size_t places[STORE_MX_ROWS];

	for (size_t i = 0; i < round->n; i++) {
		if (!round->names[i].n)
			continue;
		names[asked.n] = round->names[i];
		asked.failures[asked.n] = round->failures[i];
		asked.rows[asked.n] = round->rows[i];
		places[asked.n++] = i;
	}
	dns_mx(dns, names, asked.n, told, &asked);
	for (size_t i = 0; i < asked.n; i++)
		round->rows[places[i]] = asked.rows[i];
	round->silent = asked.silent;
}

static enum err run_questions(struct dns *dns, struct round *round, struct store *store)
{
	size_t n = 0, moved = 0;
	enum err err = store_mx_due(store, round->now_us, take, round, &n);

	if (err || !round->n)
		return err;
	ask(dns, round);
	err = store_mx_learn(store, round->rows, round->n, round->now_us, &moved);
	if (!err)
		log_event(round->silent == round->n ? LOG_WARN : LOG_DEBUG, "mail_hosts_asked",
			LOG_U64("domains", round->n), LOG_U64("unanswered", round->silent),
			LOG_U64("moved", moved));
	return err;
}

/* One round, if it is ours; the time until the next. */
static int run_round(struct dns *dns, const struct providers *providers, struct store *store)
{
	struct round round = { .arena = arena_new(), .providers = providers, .now_us = now_us() };
	bool acting = false;
	enum err err = store_connected(store) ? ERR_OK : store_reopen(store);
	int pause_ms = RESOLVER_FAILED_MS;

	if (!err)
		err = store_act(store, STORE_ACTOR_RESOLVER, &acting);
	if (!err && acting)
		err = run_questions(dns, &round, store);
	if (err)
		log_event(LOG_WARN, "mail_hosts_wait", LOG_ERR(err),
			LOG_STR("reason", store_error(store)));
	else if (!acting)
		pause_ms = RESOLVER_STANDBY_MS;
	else
		pause_ms = round.n == STORE_MX_ROWS ? 0 : RESOLVER_PAUSE_MS;
	arena_free(round.arena);
	return pause_ms;
}

static enum err set_up(const struct role *role, struct arena *arena, struct dns **ret_dns,
	const struct providers **ret_providers)
{
	struct str bad = STR_EMPTY;
	enum err err = providers_read(
		arena, config_str(role->config, CONFIG_DOMAIN_PROVIDERS), ret_providers, &bad);

	if (!err)
		err = dns_new(config_str(role->config, CONFIG_DOMAIN_DNS_SERVERS), ret_dns);
	if (err)
		log_event(LOG_ERROR, "settings_refused", LOG_ERR(err),
			LOG_STR("reason", STR("domain.providers or domain.dns_servers")));
	return err;
}

int role_resolver(struct role *role)
{
	struct arena *arena = arena_new();
	const struct providers *providers = NULL;
	struct presence presence = { .role = role };
	struct store *store = NULL;
	struct dns *dns = NULL;
	enum err err = set_up(role, arena, &dns, &providers);

	if (!err)
		err = database_open(role, "bounced resolver", &store);
	if (!err) {
		role_ready(role);
		do
			presence_tell(&presence, store);
		while (!role_wait_stop(role, run_round(dns, providers, store)));
	}
	store_close(store);
	dns_free(dns);
	arena_free(arena);
	return database_exit_code(err);
}
