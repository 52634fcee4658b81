#include "cli/doctor/doctor_node.h"

#include "core/timestamp.h"
#include "ingest/smtp/smtp_tls.h"
#include "serve/folder_lock.h"
#include "serve/node_status.h"
#include "serve/tls_files.h"
#include "spool/backlog.h"
#include "spool/lanes.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* docs/operating.md has alerts at the same marks. */
enum { ROLES_FILE_BYTES = 4096, BEHIND_MINUTES = 15, FULL_PERCENT = 80, LOW_PERCENT = 10 };
#define EXPIRES_US (14 * TIMESTAMP_DAY_US)

/* ---- roles ---- */

static void check_role(struct checkup *checkup, const struct node_line *line)
{
	struct arena *arena = checkup->arena;
	char room[TIMESTAMP_TEXT_BYTES];
	struct str name = arena_dup(arena, line->name), began;

	if (line->running < line->meant) {
		checkup_find(checkup, AILMENT_ROLE_DOWN, name,
			arena_printf(arena, "%" PRIu64 " of %" PRIu64 " processes run",
				line->running, line->meant));
		return;
	}
	began = timestamp_format((int64_t)(line->started_ms / 1000) * TIMESTAMP_SECOND_US, room);
	if (line->restarts)
		checkup_find(checkup, AILMENT_ROLE_RESTARTED, name,
			arena_printf(arena,
				"started again %" PRIu64 " times since the server began, the last "
				"time %.*s",
				line->restarts, STR_ARG(began)));
	else
		checkup_pass(checkup, "role", name,
			arena_printf(arena, "runs since %.*s", STR_ARG(began)));
}

/* A server that starts has not told anything yet. */
static void check_roles(struct checkup *checkup, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	char text[ROLES_FILE_BYTES];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	struct str rest = str_from(text, n > 0 ? (size_t)n : 0);
	struct node_line line;

	if (fd >= 0)
		close(fd);
	while (node_status_next(&rest, &line))
		check_role(checkup, &line);
}

unsigned doctor_node_roles(struct checkup *checkup)
{
	struct str dir = config_str(checkup->config, CONFIG_SERVER_DATA_DIR);
	struct arena *arena = checkup->arena;
	unsigned held = folder_lock_held(arena, arena_c(arena, dir));

	if (!held)
		checkup_find(checkup, AILMENT_SERVER_STOPPED, dir,
			STR("no server runs with this data folder"));
	for (enum role_id role = 0; role < ROLE_COUNT; role++)
		if (held & 1u << role)
			check_roles(checkup,
				arena_printf(arena, "%.*s/roles.%s", STR_ARG(dir), role_name(role))
					.p);
	return held;
}

/* ---- the spool ---- */

static void check_certificate(struct checkup *checkup, struct str subject, int64_t until_s)
{
	int64_t left_us = until_s * TIMESTAMP_SECOND_US - checkup->now_us;

	if (!until_s)
		return;
	if (left_us < 0)
		checkup_find(checkup, AILMENT_TLS_EXPIRED, subject,
			arena_printf(checkup->arena, "the certificate ended %.*s ago",
				STR_ARG(checkup_age(checkup->arena, -left_us))));
	else if (left_us < EXPIRES_US)
		checkup_find(checkup, AILMENT_TLS_EXPIRES, subject,
			arena_printf(checkup->arena, "the certificate ends in %.*s",
				STR_ARG(checkup_age(checkup->arena, left_us))));
	else
		checkup_pass(checkup, "tls", subject,
			arena_printf(checkup->arena, "the certificate is good for %.*s",
				STR_ARG(checkup_age(checkup->arena, left_us))));
}

static void check_backlog(
	struct checkup *checkup, struct str name, const struct spool_backlog *lane)
{
	struct arena *arena = checkup->arena;
	int64_t age_us = lane->oldest_us ? checkup->now_us - lane->oldest_us : 0;
	struct str what = arena_printf(arena, "%" PRIu64 " records wait, the oldest for %.*s",
		lane->waiting, STR_ARG(checkup_age(arena, age_us > 0 ? age_us : 0)));

	if (age_us > BEHIND_MINUTES * TIMESTAMP_MINUTE_US)
		checkup_find(checkup, AILMENT_SPOOL_BEHIND, name, what);
	else
		checkup_pass(checkup, "spool", name, what);
}

static void check_lane(struct checkup *checkup, struct str name, const struct spool_backlog *lane)
{
	uint64_t quota = (uint64_t)config_int(checkup->config, CONFIG_SPOOL_QUOTA_BYTES);

	check_backlog(checkup, name, lane);
	if (lane->used_bytes / FULL_PERCENT > quota / 100)
		checkup_find(checkup, AILMENT_SPOOL_FULL, name,
			arena_printf(checkup->arena, "%" PRIu64 " MiB of %" PRIu64 " are used",
				lane->used_bytes >> 20, quota >> 20));
	if (lane->counters[COUNTER_NO_ROOM])
		checkup_find(checkup, AILMENT_SPOOL_REFUSES, name,
			STR("MAIL is refused for want of room"));
	check_certificate(checkup, STR("smtp"), (int64_t)lane->counters[COUNTER_TLS_UNTIL]);
}

/* The spool takes nothing below so much: spool.min_free_bytes, else as spool/spool.h has it. */
static uint64_t least_free(const struct config *config, const struct statvfs *fs)
{
	uint64_t said = (uint64_t)config_int(config, CONFIG_SPOOL_MIN_FREE_BYTES);
	uint64_t files = 2 * (uint64_t)config_int(config, CONFIG_SPOOL_SEGMENT_BYTES);
	uint64_t share = (uint64_t)fs->f_blocks * fs->f_frsize / 20;

	return said ? said : files > share ? files : share;
}

static void check_disk(struct checkup *checkup)
{
	struct str dir = config_str(checkup->config, CONFIG_SERVER_DATA_DIR);
	struct arena *arena = checkup->arena;
	struct statvfs fs;
	uint64_t free_bytes, all_bytes, least;
	struct str what;

	if (statvfs(arena_c(arena, dir), &fs) || !fs.f_blocks)
		return;
	free_bytes = (uint64_t)fs.f_bavail * fs.f_frsize;
	all_bytes = (uint64_t)fs.f_blocks * fs.f_frsize;
	least = least_free(checkup->config, &fs);
	what = arena_printf(arena,
		"%" PRIu64 " MiB of %" PRIu64 " are free, and mail is refused below %" PRIu64,
		free_bytes >> 20, all_bytes >> 20, least >> 20);
	if (free_bytes / 2 < least || free_bytes / LOW_PERCENT < all_bytes / 100)
		checkup_find(checkup, AILMENT_DISK_LOW, dir, what);
	else
		checkup_pass(checkup, "disk", dir, what);
}

void doctor_node_spool(struct checkup *checkup)
{
	for (size_t i = 0; i < LANES; i++) {
		const char *folder = lanes_path(checkup->config, checkup->arena, lanes_names[i]);
		struct spool_backlog lane;

		if (!spool_backlog(folder, &lane))
			check_lane(checkup, str_c(lanes_names[i]), &lane);
	}
	if (!config_str(checkup->config, CONFIG_SMTP_TLS_CERTIFICATE).n)
		checkup_find(checkup, AILMENT_TLS_NONE, STR("smtp"), STR("no certificate is set"));
	check_disk(checkup);
}

/* A pair that cannot be read was told of with the settings. */
void doctor_node_api(struct checkup *checkup)
{
	struct tls_files files = { .reader_fd = -1, .fds = { -1, -1 } };
	char why[SMTP_TLS_TROUBLE_BYTES];
	struct smtp_tls *tls = NULL;
	struct str trouble;

	if (tls_files_open(checkup->config, TLS_OF_API, checkup->arena, &files, &trouble) ||
		files.fds[TLS_KEY] < 0)
		return;
	if (!smtp_tls_load(files.fds[TLS_CERTIFICATE], files.fds[TLS_KEY], why, &tls))
		check_certificate(checkup, STR("api"), smtp_tls_until_s(tls));
	smtp_tls_free(tls);
	for (size_t i = 0; i < TLS_FILES; i++)
		close(files.fds[i]);
	if (files.reader_fd >= 0)
		close(files.reader_fd);
}
