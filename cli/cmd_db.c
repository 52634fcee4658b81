/* cli/cmd_db.c -- `bounced db`: the private cluster's database as a file, out of one, and on a newer PostgreSQL. */
#include "cli/server/command_config.h"
#include "cli/command/command_line.h"
#include "cli/command/commands.h"
#include "serve/sandbox/privilege.h"
#include "store/cluster/cluster_dump.h"
#include "store/cluster/cluster_upgrade.h"
#include "store/database_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { PROBLEM_BYTES = 16 << 10 };

struct db {
	const char *user, *from, *to, *by;
	bool drop_old;
	struct arena *arena;
	struct cluster_options options;
	struct buf problem;
};

static int failed(const struct db *db, enum err err)
{
	struct str problem = buf_str(&db->problem);

	return command_failed("%.*s", STR_ARG(problem.n ? problem : str_c(err_text(err))));
}

static bool is_dash(const char *path)
{
	return !strcmp(path, "-");
}

/* ---- dump ---- */

/* A dump that is not whole never has the name. */
static int dump_to(struct db *db, const char *path)
{
	const char *half = arena_printf(db->arena, "%s.new", path).p;
	int fd = open(half, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	enum err err;

	if (fd < 0)
		return command_failed("%s: %s", half, strerror(errno));
	err = cluster_dump(db->arena, &db->options, fd, &db->problem);
	if (!err && fsync(fd))
		err = ERR_IO;
	close(fd);
	if (!err && rename(half, path) == 0)
		return EXIT_CODE_OK;
	if (!err)
		err = err_from_errno(errno);
	unlink(half);
	return failed(db, err);
}

static int dump(struct db *db, const char *path)
{
	enum err err;

	if (!is_dash(path))
		return dump_to(db, path);
	err = cluster_dump(db->arena, &db->options, STDOUT_FILENO, &db->problem);
	return err ? failed(db, err) : EXIT_CODE_OK;
}

/* ---- what changes the data folder is done as its user ---- */

static int become_user(struct db *db, const struct config *config)
{
	const char *data_dir = arena_c(db->arena, config_str(config, CONFIG_SERVER_DATA_DIR));
	struct str trouble = STR_EMPTY;

	if (!*db->user)
		db->user = arena_c(db->arena, config_str(config, CONFIG_SERVER_USER));
	if (privilege_drop(db->arena, db->user, data_dir, &trouble))
		return command_failed("%.*s", STR_ARG(trouble));
	database_cluster_options(config, db->arena, &db->options);
	return EXIT_CODE_OK;
}

/* The file is opened by who asks, for whom it may be readable alone. */
static int restore(struct db *db, const struct config *config, const char *path)
{
	int fd = is_dash(path) ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	int code;
	enum err err;

	if (fd < 0)
		return command_failed("%s: %s", path, strerror(errno));
	code = become_user(db, config);
	if (!code) {
		err = cluster_restore(db->arena, &db->options, fd, &db->problem);
		code = err ? failed(db, err) : EXIT_CODE_OK;
	}
	if (fd != STDIN_FILENO)
		close(fd);
	if (!code)
		printf("The database is in %s; \"bounced serve\" starts on it.\n", db->options.dir);
	return code;
}

static int drop_old(struct db *db)
{
	unsigned n = 0;
	enum err err = cluster_drop_old(db->arena, &db->options, &db->problem, &n);

	if (err)
		return failed(db, err);
	printf("%u old cluster(s) deleted.\n", n);
	return EXIT_CODE_OK;
}

static int upgrade_now(struct db *db, enum cluster_way way)
{
	const struct cluster_upgrade upgrade = { db->from, db->to, way };
	struct cluster_upgraded done;
	enum err err = cluster_upgrade(db->arena, &db->options, &upgrade, &db->problem, &done);

	if (err)
		return failed(db, err);
	if (done.from == done.to) {
		printf("The cluster is of PostgreSQL %u, and no newer one is here.\n", done.from);
		return EXIT_CODE_OK;
	}
	if (done.why)
		fprintf(stderr, "bounced: by a dump, for %s\n", done.why);
	printf("The cluster is of PostgreSQL %u now, by %s.\n"
	       "The one of %u is kept in %s; when all is well: bounced db upgrade --drop-old\n",
		done.to, cluster_way_name(done.way).p, done.from, done.kept);
	return EXIT_CODE_OK;
}

static int upgrade(struct db *db, const struct config *config)
{
	enum cluster_way way;
	int code;

	if (!cluster_way_from_name(str_c(db->by), &way))
		return command_misused("db", "--by %s: neither pg_upgrade nor dump", db->by);
	code = become_user(db, config);
	if (code)
		return code;
	return db->drop_old ? drop_old(db) : upgrade_now(db, way);
}

/* ---- the command ---- */

static int verb(struct db *db, const struct config *config, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	bool has_file = argc == 3;

	if (!strcmp(name, "upgrade") && argc == 2)
		return upgrade(db, config);
	if (!strcmp(name, "dump") && has_file)
		return dump(db, argv[2]);
	if (!strcmp(name, "restore") && has_file)
		return restore(db, config, argv[2]);
	if (!strcmp(name, "dump") || !strcmp(name, "restore"))
		return command_misused("db", "%s takes one FILE, or -", name);
	return command_misused("db", "takes dump FILE, restore FILE or upgrade");
}

static int run(
	void *context, const struct config *config, struct arena *arena, int argc, char **argv)
{
	struct db *db = context;
	int code;

	if (!database_is_private(config)) {
		command_failed("db is for the private cluster, and database.url names another "
			       "server: use that one's pg_dump, pg_restore and pg_upgrade");
		return EXIT_CODE_USAGE; /* the words are right, the settings are others' */
	}
	db->arena = arena;
	buf_init(&db->problem, PROBLEM_BYTES);
	database_cluster_options(config, arena, &db->options);
	code = verb(db, config, argc, argv);
	buf_release(&db->problem);
	return code;
}

int cmd_db(int argc, char **argv)
{
	struct db db = { .user = "", .by = "either" };
	const struct command_option options[] = { { "--user", &db.user, NULL },
		{ "--from", &db.from, NULL }, { "--to", &db.to, NULL }, { "--by", &db.by, NULL },
		{ "--drop-old", NULL, &db.drop_old } };

	return command_configured(argc, argv, options, ARRAY_LEN(options), run, &db);
}
