/* The loader of `bounced serve`, on the other node's folder: each lane under its own spool id, whose position in the database
 * says what is there already. So nothing counts twice, and a run that was killed is run again. */
#define _GNU_SOURCE
#include "cli/node_adopt.h"

#include "cli/command/command_line.h"
#include "cli/command/import_progress.h"
#include "cli/node_list.h"
#include "cli/server/command_audit.h"
#include "cli/server/command_config.h"
#include "cli/tools/rules_load.h"
#include "core/attr.h"
#include "core/log.h"
#include "serve/folder_lock.h"
#include "serve/presence.h"
#include "serve/sandbox/privilege.h"
#include "serve/supervisor.h"
#include "spool/backlog.h"
#include "spool/lanes.h"
#include "store/database_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ADOPT_LOOK_US = 200000 };

struct adopted_lane {
	const char *name, *folder;
	bool there;
	struct str spool_id;
	uint64_t before, after,
		durable; /* positions in the database; the last record of the folder */
};

struct adopt {
	struct arena *arena;
	const struct config *config; /* this node's */
	struct config *other;        /* the same for the other folder */
	const char *dir;
	struct str node; /* empty: of a folder that never had an id */
	struct adopted_lane lanes[LANES];
	int rules_fd;
};

/* The only global: a signal handler has no other way to say it. */
static volatile sig_atomic_t adopt_stopped;

static void stop_adopt(int number)
{
	adopt_stopped = number;
}

/* ---- the folder ---- */

/* Nothing may be deleted of a folder that is about to be loaded, whatever its own words say is loaded. */
static bool set_up(struct adopt *a)
{
	const char *conninfo;
	struct str trouble = STR_EMPTY;
	enum err err = database_conninfo(a->config, a->arena, &conninfo);
	const struct {
		enum config_id id;
		struct str value;
	} changed[] = { { CONFIG_SERVER_DATA_DIR, str_c(a->dir) },
		{ CONFIG_DATABASE_URL, str_c(err ? "" : conninfo) },
		{ CONFIG_SERVER_LOG_LEVEL, STR("warn") },
		{ CONFIG_SERVER_QUICKSTART_HINTS, STR("false") },
		{ CONFIG_SPOOL_RETENTION_S,
			arena_printf(a->arena, "%" PRId64,
				config_row(CONFIG_SPOOL_RETENTION_S)->highest) },
		{ CONFIG_SPOOL_QUOTA_BYTES,
			arena_printf(a->arena, "%" PRId64,
				config_row(CONFIG_SPOOL_QUOTA_BYTES)->highest) } };

	a->other = config_new();
	for (int i = 0; i < CONFIG_COUNT && !err; i++)
		err = config_set(a->other, (enum config_id)i,
			config_str(a->config, (enum config_id)i), a->arena, &trouble);
	for (size_t i = 0; i < ARRAY_LEN(changed) && !err; i++)
		err = config_set(a->other, changed[i].id, changed[i].value, a->arena, &trouble);
	if (err)
		command_failed("%.*s", STR_ARG(trouble.n ? trouble : str_c(err_text(err))));
	return !err;
}

/* Its own user, and no other server on it. */
static bool take_folder(struct adopt *a, const char *user)
{
	struct str trouble = STR_EMPTY;
	enum err err = rules_setting_open(a->config, a->arena, &a->rules_fd, &trouble);

	if (!*user)
		user = arena_c(a->arena, config_str(a->config, CONFIG_SERVER_USER));
	if (!err)
		err = privilege_drop(a->arena, user, a->dir, &trouble);
	if (!err)
		err = folder_lock(a->arena, a->dir, (1u << ROLE_COUNT) - 1, &trouble);
	if (!err) {
		err = presence_read_id(a->arena, a->dir, &a->node);
		trouble = arena_printf(a->arena, "%s/node.id: %s", a->dir, err_text(err));
		if (err == ERR_NOT_FOUND)
			err = ERR_OK;
	}
	if (err)
		command_failed("%.*s", STR_ARG(trouble));
	return !err;
}

/* What a power cut left above the watermark was acknowledged, and the reader waits for a writer to say so: it is opened once. */
static bool recover_lane(struct adopt *a, struct adopted_lane *lane)
{
	struct spool_backlog backlog;
	struct spool_writer *writer = NULL;
	struct stat st;
	enum err err;

	if (stat(lane->folder, &st) && errno == ENOENT)
		return true;
	err = spool_backlog(lane->folder, &backlog);
	if (err == ERR_NOT_FOUND) {
		command_failed("%s/lane.id is missing: copy the whole folder", lane->folder);
		return false;
	}
	if (!err)
		err = lanes_open(a->other, a->arena, lane->name, SPOOL_PREPARE_ON_NEED, &writer);
	spool_writer_close(writer);
	if (!err)
		err = spool_backlog(lane->folder, &backlog);
	if (err) {
		command_failed("%s: %s", lane->folder,
			err == ERR_CONFLICT ? "another process writes to it" : err_text(err));
		return false;
	}
	lane->there = true;
	lane->durable = backlog.durable;
	lane->spool_id = arena_printf(a->arena, "%016" PRIx64, backlog.id);
	return true;
}

static bool recover_lanes(struct adopt *a)
{
	size_t n = 0;

	for (size_t i = 0; i < LANES; i++) {
		struct adopted_lane *lane = &a->lanes[i];

		lane->name = lanes_names[i];
		lane->folder = lanes_path(a->other, a->arena, lane->name);
		if (!recover_lane(a, lane))
			return false;
		n += lane->there;
	}
	if (!n)
		command_failed("%s: there is no lane in its spool", a->dir);
	return n;
}

/* ---- the database ---- */

static int refused(struct store *store, enum err err)
{
	return command_failed("%s: %.*s", err_text(err), STR_ARG(store_error(store)));
}

/* Of two loaders of one lane each would take the other's batches for a faulty database. */
static bool is_gone(struct adopt *a, struct store *store)
{
	struct node_told *nodes = NULL;
	const struct node_told *node;
	enum err err = node_list_read(store, a->arena, &nodes);

	if (err) {
		refused(store, err);
		return false;
	}
	node = node_list_find(nodes, a->node);
	if (!node || !node_is_up(node))
		return true;
	command_failed("node %.*s was seen %" PRId64
		       " s ago: stop it, and wait until it is away (--force: it is gone for sure)",
		STR_ARG(a->node), node->newest->age_s);
	return false;
}

static enum err read_positions(struct adopt *a, struct store *store, bool after)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < LANES && !err; i++) {
		struct adopted_lane *lane = &a->lanes[i];

		if (lane->there)
			err = store_position(
				store, lane->spool_id, after ? &lane->after : &lane->before);
	}
	return err;
}

static bool look_first(struct adopt *a, bool force)
{
	struct store *store = command_store(a->config, a->arena, "bounced node");
	enum err err = store ? store_ready(store) : ERR_OK;
	bool right = store && !err;

	if (err == ERR_NOT_FOUND)
		command_failed("the database is older than this program: bounced migrate");
	else if (err)
		refused(store, err);
	right = right && (force || is_gone(a, store)) && recover_lanes(a);
	err = right ? read_positions(a, store, false) : ERR_OK;
	if (err)
		refused(store, err);
	store_close(store);
	return right && !err;
}

/* ---- loading ---- */

NORETURN static void become_loader(const struct adopt *a, pid_t parent)
{
	const struct supervisor_options options = { .config = a->other,
		.roles = 1u << ROLE_LOADER,
		.http_fd = -1,
		.tls = { { .reader_fd = -1, .fds = { -1, -1 } },
			{ .reader_fd = -1, .fds = { -1, -1 } } },
		.rules_fd = a->rules_fd,
		.word = "drain",
		.drains = true };

	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(EXIT_CODE_FAILED);
	log_setup(LOG_WARN, "adopt");
	_exit(supervisor_run(&options));
}

static void show_progress(const struct adopt *a, struct import_progress *progress)
{
	uint64_t done = 0, total = 0;
	char text[64];

	for (size_t i = 0; i < LANES; i++) {
		const struct adopted_lane *lane = &a->lanes[i];
		struct spool_backlog backlog;
		uint64_t from = lane->before ? lane->before - 1 : 0;

		if (!lane->there || lane->durable <= from || spool_backlog(lane->folder, &backlog))
			continue;
		total += lane->durable - from;
		done += backlog.committed > from ? backlog.committed - from : 0;
	}
	snprintf(text, sizeof text, "%" PRIu64 " of %" PRIu64 " loaded", done, total);
	import_progress_show(progress, done, total, STR("spool"), str_c(text));
}

/* Returns when the loader has ended: true where nothing was left to it. */
static bool wait_for_loader(const struct adopt *a, pid_t loader)
{
	struct import_progress progress;
	bool told = false;
	int status = 0;
	pid_t ended;

	import_progress_init(&progress);
	while (!(ended = waitpid(loader, &status, WNOHANG))) {
		if (adopt_stopped && !told)
			kill(loader, SIGTERM);
		told |= adopt_stopped;
		show_progress(a, &progress);
		usleep(ADOPT_LOOK_US);
	}
	import_progress_clear(&progress);
	return ended == loader && WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool run_loader(const struct adopt *a)
{
	const struct sigaction action = { .sa_handler = stop_adopt };
	pid_t parent = getpid(), loader;

	fflush(NULL);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	loader = fork();
	if (!loader)
		become_loader(a, parent);
	if (loader < 0) {
		command_failed("fork: %s", strerror(errno));
		return false;
	}
	return wait_for_loader(a, loader);
}

/* ---- what was done ---- */

static uint64_t sum_up(const struct adopt *a)
{
	uint64_t left = 0;

	for (size_t i = 0; i < LANES; i++) {
		const struct adopted_lane *lane = &a->lanes[i];
		uint64_t from = lane->before ? lane->before : 1, to = lane->after ? lane->after : 1;

		if (!lane->there)
			continue;
		printf("lane %s, spool %.*s: ", lane->name, STR_ARG(lane->spool_id));
		if (to > from)
			printf("records %" PRIu64 " to %" PRIu64 " were loaded\n", from, to - 1);
		else
			puts("the database had it all");
		left += lane->durable >= to ? lane->durable - to + 1 : 0;
	}
	return left;
}

static enum err note(struct adopt *a, struct store *store)
{
	enum err err = a->node.n ? store_node_adopted(store, a->node) : ERR_OK;

	return err ? err
		   : command_audit(store, "node.adopt", a->node.n ? a->node : str_c(a->dir),
			     STR_EMPTY, 1);
}

static int tell(struct adopt *a, bool drained)
{
	struct store *store = command_store(a->config, a->arena, "bounced node");
	enum err err = store ? read_positions(a, store, true) : ERR_OK;
	uint64_t left = 0;
	int code = EXIT_CODE_FAILED;

	if (!store)
		return code;
	if (!err)
		left = sum_up(a);
	if (!err && drained && !left && !adopt_stopped)
		err = note(a, store);
	if (err)
		refused(store, err);
	else if (adopt_stopped)
		command_failed(
			"stopped by a signal: run it again for the rest; nothing counts twice");
	else if (left || !drained)
		command_failed("%" PRIu64
			       " records are not loaded; what was logged above says why. Run "
			       "it again: nothing counts twice",
			left);
	else
		code = EXIT_CODE_OK;
	if (!code)
		printf("All that %s had is in the database; it is not needed any more.\n", a->dir);
	store_close(store);
	return code;
}

int node_adopt(const struct config *config, struct arena *arena, const char *dir, const char *user,
	bool force)
{
	struct adopt a = { .arena = arena, .config = config, .rules_fd = -1 };
	char path[PATH_MAX];
	int code = EXIT_CODE_FAILED;

	if (!realpath(dir, path))
		return command_failed("%s: %s", dir, strerror(errno));
	a.dir = path;
	if (access(arena_printf(arena, "%s/spool", path).p, F_OK))
		return command_failed(
			"%s: it has no folder `spool`, so it is no data folder", path);
	if (rules_setting_or_say(config, arena) && set_up(&a) && take_folder(&a, user) &&
		look_first(&a, force))
		code = tell(&a, run_loader(&a));
	config_free(a.other);
	return code;
}
