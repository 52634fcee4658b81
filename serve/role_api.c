/* serve/role_api.c -- the api role: the HTTP server, its spool lane, and its way to a parser. */
#include "api/http_server.h"
#include "api/http_tls.h"
#include "core/err.h"
#include "core/log.h"
#include "core/timestamp.h"
#include "serve/parse_desk.h"
#include "serve/presence.h"
#include "serve/roles.h"
#include "serve/tls_files.h"
#include "spool/lanes.h"
#include "store/database_settings.h"
#include "suppress/suppress_settings.h"

#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
	API_PROBLEM_BYTES = 4096,
	API_LARGE_BYTES = 128 << 10,
	API_OTHER_FDS = 48 /* beside two of each thread */
};

static void read_options(const struct config *config, struct api_options *options)
{
	options->listen = config_str(config, CONFIG_API_LISTEN);
	options->access = config_bool(config, CONFIG_API_LOOPBACK_WITHOUT_KEY) ? API_ACCESS_LOOPBACK
									       : API_ACCESS_KEYS;
	options->cors_origins = config_str(config, CONFIG_API_CORS_ORIGINS);
	options->log_addresses = config_bool(config, CONFIG_SERVER_LOG_ADDRESSES);
	options->threads = (unsigned)config_int(config, CONFIG_API_THREADS);
	options->max_connections =
		role_connections((uint32_t)config_int(config, CONFIG_API_MAX_CONNECTIONS),
			API_OTHER_FDS + 2 * options->threads);
	options->max_per_address =
		(unsigned)config_int(config, CONFIG_API_MAX_CONNECTIONS_PER_ADDRESS);
	options->key_requests_per_minute =
		(unsigned)config_int(config, CONFIG_API_KEY_REQUESTS_PER_MINUTE);
	options->answer_age_us = config_int(config, CONFIG_API_ANSWER_AGE_S) * TIMESTAMP_SECOND_US;
	options->providers = config_str(config, CONFIG_DOMAIN_PROVIDERS);
	options->mx_lookups = config_bool(config, CONFIG_DOMAIN_MX_LOOKUPS);
	options->statement_timeout_ms =
		(unsigned)config_int(config, CONFIG_DATABASE_STATEMENT_TIMEOUT_MS);
}

/* Without a spool all but POST /v1/messages is served. */
static struct spool_writer *open_spool(const struct config *config, struct arena *arena)
{
	struct spool_writer *writer = NULL;
	enum err err = lanes_open(config, arena, "api", SPOOL_PREPARE_AHEAD, &writer);

	if (err)
		log_event(LOG_ERROR, "spool_not_opened", LOG_C("lane", "api"), LOG_ERR(err));
	return writer;
}

static const struct api_lane *name_lanes(const struct config *config, struct arena *arena)
{
	struct api_lane *lanes = arena_calloc(arena, LANES, sizeof *lanes);

	for (size_t i = 0; i < LANES; i++)
		lanes[i] = (struct api_lane){ lanes_names[i],
			lanes_path(config, arena, lanes_names[i]) };
	return lanes;
}

/* Who judges entries anew. The settings were checked before the role was started. */
struct bench {
	struct suppress_settings settings;
	struct judge judge;
	struct store_judge store_judge;
};

static const struct store_judge *seat_judge(const struct config *config, struct arena *arena)
{
	struct bench *bench = arena_zalloc(arena, sizeof *bench);
	struct str trouble;

	if (suppress_settings_load(config, arena, &bench->settings, &trouble)) {
		log_event(LOG_ERROR, "settings_refused", LOG_STR("reason", trouble));
		return NULL;
	}
	suppress_judge(&bench->settings, &bench->judge, &bench->store_judge);
	return &bench->store_judge;
}

/* ---- descriptors: its socket; certificate and key, if there are any; the page of the node, where there is one ---- */

static bool has_tls(const struct role *role)
{
	return role->n_fds > TLS_FILES;
}

static const struct node_page *map_node(const struct role *role)
{
	const size_t bytes = sizeof(struct node_page), at = 1 + (has_tls(role) ? TLS_FILES : 0);
	void *page = role->n_fds > at ? mmap(NULL, bytes, PROT_READ, MAP_SHARED, role->fds[at], 0)
				      : MAP_FAILED;

	return page == MAP_FAILED ? NULL : page;
}

static enum err use_tls(const int fds[static TLS_FILES], struct buf *problem)
{
	struct arena *arena = arena_new();
	struct str pem[TLS_FILES] = { { NULL, 0 }, { NULL, 0 } };
	enum err err = tls_files_read(arena, fds, pem);

	if (err)
		buf_put(problem, STR("certificate and key cannot be read"));
	else
		err = http_tls_use(pem[TLS_CERTIFICATE], pem[TLS_KEY], problem);
	/* The library has a copy of its own. */
	if (pem[TLS_KEY].n)
		explicit_bzero((void *)(uintptr_t)pem[TLS_KEY].p, pem[TLS_KEY].n);
	arena_free(arena);
	return err;
}

static void take_fds(void *context, enum control packet, const int *fds, size_t n)
{
	struct buf problem = BUF_INIT(API_PROBLEM_BYTES);

	(void)context;
	if (packet == CONTROL_TLS && n == TLS_FILES) {
		if (use_tls(fds, &problem))
			log_event(LOG_ERROR, "tls_not_loaded", LOG_STR("why", buf_str(&problem)));
		else
			log_event(LOG_INFO, "tls_reloaded");
	}
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	buf_release(&problem);
}

/* Columns of days that are kept, and answers of the database, are large and come and go in any order. malloc would learn from the first
 * of them to take all from its heaps, which would keep half as much again. */
static void give_large_memory_back(void)
{
	mallopt(M_MMAP_THRESHOLD, API_LARGE_BYTES);
}

int role_api(struct role *role)
{
	struct buf problem = BUF_INIT(API_PROBLEM_BYTES);
	struct arena *arena = arena_new();
	struct parse_desk *desk = parse_desk_new();
	struct api_options options = { .spool = open_spool(role->config, arena),
		.listening_fd = role->n_fds ? role->fds[0] : 0,
		.lanes = name_lanes(role->config, arena),
		.n_lanes = LANES,
		.lane_quota_bytes = (uint64_t)config_int(role->config, CONFIG_SPOOL_QUOTA_BYTES),
		.node = map_node(role),
		.parse = parse_desk_ask,
		.classify = parse_desk_classify,
		.parse_context = desk };
	struct api_server *server = NULL;
	enum err err = database_conninfo(role->config, arena, &options.conninfo);

	give_large_memory_back();
	read_options(role->config, &options);
	options.judge = seat_judge(role->config, arena);
	options.tls = has_tls(role);
	if (!err && options.tls)
		err = use_tls(role->fds + 1, &problem);
	if (!err)
		err = api_server_start(&options, &problem, &server);
	if (err) {
		log_event(LOG_ERROR, "api_not_served", LOG_ERR(err),
			LOG_STR("reason", buf_str(&problem)));
	} else {
		struct presence_thread *presence = presence_start(role);

		role_ready(role);
		parse_desk_run(desk, role, take_fds, NULL);
		presence_stop(presence);
	}
	api_server_stop(server);
	parse_desk_free(desk);
	spool_writer_close(options.spool);
	buf_release(&problem);
	arena_free(arena);
	return err ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}
