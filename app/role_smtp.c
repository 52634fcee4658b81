/* app/role_smtp.c -- the smtp role: a spool lane and the server in front of it. */
#define _GNU_SOURCE
#include "app/commands.h"
#include "app/lane.h"
#include "app/role.h"
#include "core/log.h"
#include "ingest/smtp_server.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Waits for SIGTERM beside the server's loop, which knows no signals. */
struct stopper {
	const struct role *role;
	struct smtp_server *server;
};

static void *wait_and_stop(void *argument)
{
	struct stopper *stopper = argument;

	role_wait_stop(stopper->role, -1);
	smtp_server_stop(stopper->server);
	return NULL;
}

static size_t read_list(
	const struct config *config, enum config_id id, struct arena *arena, struct str **ret_items)
{
	struct str item;
	size_t n = 0;

	while (config_item(config, id, n, &item))
		n++;
	*ret_items = arena_calloc(arena, n, sizeof **ret_items);
	for (size_t i = 0; i < n; i++)
		config_item(config, id, i, &(*ret_items)[i]);
	return n;
}

/* "domain" or "domain=stream". */
static void read_domains(
	const struct config *config, struct arena *arena, struct smtp_server_options *options)
{
	struct str *items;
	size_t n = read_list(config, CONFIG_SMTP_RETURN_PATH_DOMAINS, arena, &items);
	struct smtp_domain *domains = arena_calloc(arena, n, sizeof *domains);

	for (size_t i = 0; i < n; i++) {
		domains[i] = (struct smtp_domain){ items[i], STR("default") };
		if (!str_cut(items[i], '=', &domains[i].domain, &domains[i].stream))
			continue;
		domains[i].domain = str_trim(domains[i].domain);
		domains[i].stream = str_trim(domains[i].stream);
	}
	options->domains = domains;
	options->n_domains = n;
}

static struct str machine_name(struct arena *arena)
{
	char name[256] = "localhost";

	gethostname(name, sizeof name - 1);
	return arena_dup(arena, str_c(name));
}

static void read_options(
	const struct role *role, struct arena *arena, struct smtp_server_options *options)
{
	const struct config *config = role->config;
	struct str *exempt;

	smtp_server_options_init(options);
	options->listen_fds = role->fds;
	options->n_listen_fds = role->n_fds;
	options->hostname = config_str(config, CONFIG_SMTP_HOSTNAME);
	if (!options->hostname.n)
		options->hostname = machine_name(arena);
	read_domains(config, arena, options);
	options->n_exempt = read_list(config, CONFIG_SMTP_EXEMPT_NETWORKS, arena, &exempt);
	options->exempt = exempt;
	options->max_message_bytes = (uint64_t)config_int(config, CONFIG_SMTP_MAX_MESSAGE_BYTES);
	options->max_recipients = (uint32_t)config_int(config, CONFIG_SMTP_MAX_RECIPIENTS);
	options->max_sessions = (uint32_t)config_int(config, CONFIG_SMTP_MAX_SESSIONS);
	options->max_sessions_per_address =
		(uint32_t)config_int(config, CONFIG_SMTP_MAX_SESSIONS_PER_NETWORK);
	options->max_new_per_minute =
		(uint32_t)config_int(config, CONFIG_SMTP_MAX_CONNECTIONS_PER_MINUTE);
	options->max_memory_bytes = (uint64_t)config_int(config, CONFIG_SMTP_MAX_BUFFERED_BYTES);
	options->banner_delay_ms = config_int(config, CONFIG_SMTP_BANNER_DELAY_MS);
	options->idle_timeout_ms = 1000 * config_int(config, CONFIG_SMTP_IDLE_TIMEOUT_S);
	options->session_timeout_ms = 1000 * config_int(config, CONFIG_SMTP_SESSION_TIMEOUT_S);
	options->log_addresses = config_bool(config, CONFIG_SERVER_LOG_ADDRESSES);
}

static enum err serve(struct role *role, struct arena *arena, struct spool_writer *writer)
{
	struct smtp_server_options options;
	struct smtp_server *server;
	struct stopper stopper = { .role = role };
	pthread_t thread;
	enum err err;

	read_options(role, arena, &options);
	err = smtp_server_new(&options, writer, &server);
	if (err)
		return err;
	stopper.server = server;
	if (pthread_create(&thread, NULL, wait_and_stop, &stopper))
		abort();
	role_ready(role);
	err = smtp_server_run(server);
	/* A server that ended by itself still has the thread waiting for a signal. */
	pthread_cancel(thread);
	pthread_join(thread, NULL);
	smtp_server_free(server);
	return err;
}

int role_smtp(struct role *role)
{
	struct arena *arena = arena_new();
	struct spool_writer *writer = NULL;
	enum err err = lane_open(role->config, arena, "smtp", &writer);

	if (err)
		log_event(LOG_ERROR, "spool_not_opened", LOG_ERR(err));
	else if ((err = serve(role, arena, writer)))
		log_event(LOG_ERROR, "smtp_not_served", LOG_ERR(err));
	spool_writer_close(writer);
	arena_free(arena);
	return err ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}
