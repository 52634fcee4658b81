#define _GNU_SOURCE
#include "serve/presence.h"

#include "serve/child.h"
#include "serve/sandbox/sandbox_right.h"
#include "spool/backlog.h"
#include "spool/folder.h"
#include "spool/lanes.h"
#include "store/database_settings.h"
#include "store/overview.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

enum {
	PRESENCE_STOP_S = 3,
	PRESENCE_RETRY_MS = 1000,
	PRESENCE_HOST_BYTES = 65 /* HOST_NAME_MAX of Linux, and a NUL */
};

/* ---- who the node is ---- */

static bool is_id(struct str text)
{
	size_t n = 0;

	while (n < text.n && strchr("0123456789abcdef", text.p[n]) && text.p[n])
		n++;
	return n == PRESENCE_ID_BYTES && text.n == n;
}

enum err presence_read_id(struct arena *arena, const char *data_dir, struct str *ret_id)
{
	const char *path = arena_printf(arena, "%s/node.id", data_dir).p;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char room[PRESENCE_ID_BYTES + 2];
	ssize_t n;

	if (fd < 0)
		return err_from_errno(errno);
	n = read(fd, room, sizeof room);
	close(fd);
	if (n != PRESENCE_ID_BYTES + 1 || room[PRESENCE_ID_BYTES] != '\n' ||
		!is_id(str_from(room, PRESENCE_ID_BYTES)))
		return ERR_CORRUPT;
	*ret_id = arena_dup(arena, str_from(room, PRESENCE_ID_BYTES));
	return ERR_OK;
}

/* Whole or not at all, and the first of two that make it wins: servers of other roles may share the folder. */
static enum err make_id(struct arena *arena, const char *data_dir)
{
	const char *path = arena_printf(arena, "%s/node.id", data_dir).p;
	const char *half = arena_printf(arena, "%s/node.id.%ld", data_dir, (long)getpid()).p;
	int fd = open(half, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	char text[PRESENCE_ID_BYTES + 2];
	enum err err = ERR_OK;
	uint64_t id;

	if (fd < 0)
		return err_from_errno(errno);
	if (getrandom(&id, sizeof id, 0) != sizeof id)
		err = ERR_IO;
	snprintf(text, sizeof text, "%016" PRIx64 "\n", id);
	if (!err && (write(fd, text, PRESENCE_ID_BYTES + 1) != PRESENCE_ID_BYTES + 1 || fsync(fd)))
		err = ERR_IO;
	close(fd);
	if (!err && link(half, path) && errno != EEXIST)
		err = err_from_errno(errno);
	unlink(half);
	return err;
}

enum err presence_id(struct arena *arena, const char *data_dir, struct str *ret_id)
{
	enum err err = presence_read_id(arena, data_dir, ret_id);

	if (err != ERR_NOT_FOUND)
		return err;
	err = make_id(arena, data_dir);
	return err ? err : presence_read_id(arena, data_dir, ret_id);
}

const char *presence_word(struct arena *arena, const char *data_dir)
{
	char host[PRESENCE_HOST_BYTES] = "";
	struct str id = STR_EMPTY;

	if (presence_id(arena, data_dir, &id))
		id = STR_EMPTY;
	if (gethostname(host, sizeof host - 1) || !*host)
		*host = '?';
	for (char *p = host; *p; p++)
		if (*p <= ' ' || *p > '~')
			*p = '?';
	return arena_printf(arena, "node=%.*s@%s", STR_ARG(id), host).p;
}

/* ---- what it tells ---- */

static int64_t waiting_s(const struct spool_backlog *backlog)
{
	struct timespec now;
	int64_t waits_us;

	clock_gettime(CLOCK_REALTIME, &now);
	waits_us = (int64_t)now.tv_sec * TIMESTAMP_SECOND_US - backlog->oldest_us;
	if (!backlog->waiting || !backlog->oldest_us)
		return -1;
	return waits_us > 0 ? waits_us / TIMESTAMP_SECOND_US : 0;
}

static enum err tell_lane(
	struct store *store, const struct role *role, struct arena *arena, const char *name)
{
	struct spool_backlog backlog;

	if (spool_backlog(lanes_path(role->config, arena, name), &backlog))
		return ERR_OK; /* nobody writes it here, or it cannot be read, which its loader says */
	return store_lane_tell(store, &(struct store_lane_told){ .spool_id = arena_printf(arena,
									 "%016" PRIx64, backlog.id),
					      .node_id = role->node,
					      .lane = str_c(name),
					      .durable = backlog.durable,
					      .waiting_s = waiting_s(&backlog) });
}

static void tell(const struct role *role, struct store *store)
{
	struct arena *arena = arena_new();
	enum err err = store_node_tell(store, &(struct store_node_told){ .node_id = role->node,
						      .role = str_c(role_name(role->id)),
						      .host = role->host,
						      .version = STR(BOUNCED_VERSION) });

	for (size_t i = 0; i < LANES && !err && role_rights(role->id) & SANDBOX_SPOOL; i++)
		err = tell_lane(store, role, arena, lanes_names[i]);
	ERR_IGNORE(err, "told again after PRESENCE_MS");
	arena_free(arena);
}

void presence_tell(struct presence *presence, struct store *store)
{
	int64_t now_ms = child_now_ms();

	if (!presence->role->node.n || now_ms < presence->due_ms || !store_connected(store))
		return;
	presence->due_ms = now_ms + PRESENCE_MS;
	tell(presence->role, store);
}

/* ---- by a thread ---- */

struct presence_thread {
	struct role role; /* what it needs of it: the id, rights, settings and when to stop */
	const char *conninfo;
	struct arena *arena;
	pthread_t thread;
};

static void *run(void *context)
{
	struct presence_thread *thread = context;
	const struct store_options options = { .application_name = "bounced presence",
		.idle_timeout_ms = STORE_IDLE_ROLE_MS };
	struct store *store = NULL;
	bool ready =
		false; /* the tables are there; before that each try is an error in the server's log */
	enum err err;

	do {
		err = store ? ERR_OK : store_open(thread->conninfo, &options, NULL, &store);
		if (!err && !store_connected(store))
			err = store_reopen(store);
		ready = ready || (!err && !store_ready(store));
		if (!err && ready)
			tell(&thread->role, store);
	} while (!role_wait_stop(&thread->role, ready ? PRESENCE_MS : PRESENCE_RETRY_MS));
	store_close(store);
	return NULL;
}

struct presence_thread *presence_start(const struct role *role)
{
	struct arena *arena = arena_new();
	struct presence_thread *thread = arena_zalloc(arena, sizeof *thread);

	thread->arena = arena;
	thread->role = *role;
	if (!role->node.n || database_conninfo(role->config, arena, &thread->conninfo) ||
		pthread_create(&thread->thread, NULL, run, thread)) {
		arena_free(arena);
		return NULL;
	}
	return thread;
}

void presence_stop(struct presence_thread *thread)
{
	struct timespec until;

	if (!thread)
		return;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PRESENCE_STOP_S;
	if (!pthread_timedjoin_np(thread->thread, NULL, &until))
		arena_free(thread->arena); /* else it goes with the process, which ends now */
}
