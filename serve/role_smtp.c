/* serve/role_smtp.c -- the smtp role: a spool lane and the server in front of it. */
#define _GNU_SOURCE
#include "core/log.h"
#include "ingest/smtp/smtp_server.h"
#include "ingest/smtp/smtp_settings.h"
#include "core/err.h"
#include "serve/roles.h"
#include "serve/tls_files.h"
#include "spool/lanes.h"
#include "suppress/proof/token_keys.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

/* Listening sockets, segments and pages of the spool, the event loop: a session must never take the descriptor that the
 * next segment needs. */
enum { SMTP_OTHER_FDS = ROLE_MAX_FDS + 32 };

/* Waits for SIGTERM and for new certificates beside the server's loop, which knows neither. */
struct stopper {
	const struct role *role;
	struct smtp_server *server;
};

static enum err load_tls(const int fds[static TLS_FILES], struct smtp_tls **ret_tls)
{
	char why[SMTP_TLS_TROUBLE_BYTES];
	enum err err = smtp_tls_load(fds[TLS_CERTIFICATE], fds[TLS_KEY], why, ret_tls);

	close(fds[TLS_CERTIFICATE]);
	close(fds[TLS_KEY]);
	if (err)
		log_event(LOG_ERROR, "tls_not_loaded", LOG_C("why", why));
	return err;
}

/* False: the supervisor is gone. */
static bool take_certificate(const struct stopper *stopper)
{
	struct smtp_tls *tls;
	int fds[TLS_FILES];
	bool gone;

	if (role_take_fds(CONTROL_TLS, fds, TLS_FILES, &gone) && !load_tls(fds, &tls)) {
		smtp_server_set_tls(stopper->server, tls);
		log_event(LOG_INFO, "tls_reloaded");
	}
	return !gone;
}

static void *wait_and_stop(void *argument)
{
	const struct stopper *stopper = argument;
	struct pollfd fds[] = { { stopper->role->stop_fd, POLLIN, 0 },
		{ ROLE_CONTROL_FD, POLLIN, 0 } };

	while (!fds[0].revents) {
		if (poll(fds, ARRAY_LEN(fds), -1) > 0 && fds[1].revents &&
			!take_certificate(stopper))
			fds[1].fd = -1;
	}
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

static void read_domains(
	const struct config *config, struct arena *arena, struct smtp_server_options *options)
{
	struct str *items;
	size_t n = read_list(config, CONFIG_SMTP_RETURN_PATH_DOMAINS, arena, &items);
	struct smtp_domain *domains = arena_calloc(arena, n, sizeof *domains);

	for (size_t i = 0; i < n; i++)
		ERR_IGNORE(
			smtp_domain_parse(items[i], &domains[i]), "bounced serve has checked them");
	options->domains = domains;
	options->n_domains = n;
}

static void read_limits(const struct config *config, struct smtp_server_options *options)
{
	options->max_message_bytes = (uint64_t)config_int(config, CONFIG_SMTP_MAX_MESSAGE_BYTES);
	options->max_recipients = (uint32_t)config_int(config, CONFIG_SMTP_MAX_RECIPIENTS);
	options->max_errors = (uint32_t)config_int(config, CONFIG_SMTP_MAX_ERRORS);
	options->max_idle_commands = (uint32_t)config_int(config, CONFIG_SMTP_MAX_IDLE_COMMANDS);
	options->max_sessions = role_connections(
		(uint32_t)config_int(config, CONFIG_SMTP_MAX_SESSIONS), SMTP_OTHER_FDS);
	options->max_sessions_per_address =
		(uint32_t)config_int(config, CONFIG_SMTP_MAX_SESSIONS_PER_NETWORK);
	options->max_new_per_minute =
		(uint32_t)config_int(config, CONFIG_SMTP_MAX_CONNECTIONS_PER_MINUTE);
	options->max_messages_per_minute =
		(uint32_t)config_int(config, CONFIG_SMTP_MAX_MESSAGES_PER_MINUTE);
	options->site_factor = (uint32_t)config_int(config, CONFIG_SMTP_IPV6_SITE_FACTOR);
	options->max_memory_bytes = (uint64_t)config_int(config, CONFIG_SMTP_MAX_BUFFERED_BYTES);
	options->banner_delay_ms = config_int(config, CONFIG_SMTP_BANNER_DELAY_MS);
	options->idle_timeout_ms = 1000 * config_int(config, CONFIG_SMTP_IDLE_TIMEOUT_S);
	options->command_timeout_ms = 1000 * config_int(config, CONFIG_SMTP_COMMAND_TIMEOUT_S);
	options->data_grace_ms = 1000 * config_int(config, CONFIG_SMTP_DATA_TIMEOUT_S);
	options->data_bytes_per_s = (uint32_t)config_int(config, CONFIG_SMTP_DATA_BYTES_PER_S);
	options->session_timeout_ms = 1000 * config_int(config, CONFIG_SMTP_SESSION_TIMEOUT_S);
	options->tls_timeout_ms = 1000 * config_int(config, CONFIG_SMTP_TLS_TIMEOUT_S);
	options->proxy_timeout_ms = 1000 * config_int(config, CONFIG_SMTP_PROXY_TIMEOUT_S);
}

static void read_options(const struct role *role, struct arena *arena,
	const struct token_keys *keys, struct smtp_server_options *options)
{
	const struct config *config = role->config;
	struct str *exempt, *proxies, *listen, *streams;

	smtp_server_options_init(options);
	options->n_listen = read_list(config, CONFIG_SMTP_LISTEN, arena, &listen);
	options->listen = listen;
	options->listen_fds = role->fds;
	options->hostname = smtp_settings_hostname(config, arena);
	read_domains(config, arena, options);
	options->n_exempt = read_list(config, CONFIG_SMTP_EXEMPT_NETWORKS, arena, &exempt);
	options->exempt = exempt;
	options->n_proxies = read_list(config, CONFIG_SMTP_PROXY_NETWORKS, arena, &proxies);
	options->proxies = proxies;
	options->n_token_streams = read_list(config, CONFIG_SMTP_REQUIRE_TOKEN, arena, &streams);
	options->token_streams = streams;
	options->proves = token_proves;
	options->proves_context = keys;
	options->refusal = smtp_settings_refusal(config);
	options->bare_line_ends = smtp_settings_bare_line_ends(config);
	read_limits(config, options);
	options->log_addresses = config_bool(config, CONFIG_SERVER_LOG_ADDRESSES);
}

static enum err load_keys(
	const struct config *config, struct arena *arena, struct token_keys *ret_keys)
{
	struct str trouble;
	enum err err = token_keys_load(config, arena, ret_keys, &trouble);

	if (err)
		log_event(LOG_ERROR, "settings_refused", LOG_STR("reason", trouble));
	return err;
}

static enum err serve(struct role *role, struct arena *arena, struct spool_writer *writer,
	const struct token_keys *keys)
{
	struct smtp_server_options options;
	struct smtp_server *server;
	struct stopper stopper = { .role = role };
	pthread_t thread;
	enum err err;

	read_options(role, arena, keys, &options);
	if (role->n_fds < options.n_listen)
		return ERR_RANGE;
	if (role->n_fds >= options.n_listen + TLS_FILES &&
		(err = load_tls(role->fds + options.n_listen, &options.tls)))
		return err;
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
	struct token_keys keys = { 0 };
	enum err err = lanes_open(role->config, arena, "smtp", SPOOL_PREPARE_AHEAD, &writer);

	if (err)
		log_event(LOG_ERROR, "spool_not_opened", LOG_ERR(err));
	else if (!(err = load_keys(role->config, arena, &keys)) &&
		 (err = serve(role, arena, writer, &keys)))
		log_event(LOG_ERROR, "smtp_not_served", LOG_ERR(err));
	token_keys_release(&keys);
	spool_writer_close(writer);
	arena_free(arena);
	return err ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}
