// links: store
// Check program of the private cluster: made once, found again, and never initialised over anything.
#define _GNU_SOURCE
#include "tests/support/cluster_fixture.h"
#include "tests/support/suite.h"

#include <check.h>
#include <fcntl.h>
#include <sys/un.h>

static struct arena *arena;
static struct buf problem;
static char dir[64];

/* PostgreSQL refuses root; each test is a process of its own. */
static void become_user(void)
{
	const struct passwd *user = fixture_user();

	ck_assert_ptr_nonnull(user);
	if (geteuid() == 0)
		ck_assert(setgroups(0, NULL) == 0 && setgid(user->pw_gid) == 0 &&
			  setuid(user->pw_uid) == 0);
}

static void setup(void)
{
	become_user();
	arena = arena_new();
	buf_init(&problem, 4096);
	snprintf(dir, sizeof dir, "/tmp/bounced-cluster-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void teardown(void)
{
	nftw(dir, fixture_remove, 16, FTW_DEPTH | FTW_PHYS);
	buf_release(&problem);
	arena_free(arena);
}

static const char *path(const char *name)
{
	return arena_printf(arena, "%s/%s", dir, name).p;
}

static void write_text(const char *name, const char *text)
{
	FILE *file = fopen(path(name), "w");

	ck_assert_ptr_nonnull(file);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static enum err prepare(const char *data, const char *bin_dir, struct cluster_plan *ret_plan)
{
	const struct cluster_options options = {
		.dir = data, .bin_dir = bin_dir, .durability = CLUSTER_TEST
	};

	buf_reset(&problem);
	return cluster_prepare(arena, &options, &problem, ret_plan);
}

#define ck_refused(err, wanted, words)                                                             \
	do {                                                                                       \
		ck_assert_msg((err) == (wanted), "%.*s", STR_ARG(buf_str(&problem)));              \
		ck_assert_msg(str_find(buf_str(&problem), STR(words)) != STR_NPOS, "%.*s",         \
			STR_ARG(buf_str(&problem)));                                               \
	} while (0)

static pid_t launch(const struct cluster_plan *plan)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGINT);
	if (!freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "w", stdout))
		_exit(2);
	execve(plan->program, plan->argv, plan->envp);
	_exit(2);
}

static struct store *open_store(const char *conninfo)
{
	struct store *store = NULL;

	for (int i = 0; i < 600 && fixture_open(conninfo, &store); i++)
		fixture_sleep_ms(50);
	ck_assert_ptr_nonnull(store);
	return store;
}

static void stop(pid_t pid, int signal_number)
{
	kill(pid, signal_number);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(made_once_and_found_again)
{
	struct store_migration migration;
	struct cluster_plan plan;
	struct store *store;
	pid_t server;

	/* What a crash in the middle of initdb leaves. */
	ck_assert_int_eq(mkdir(path("pg.new"), 0700), 0);
	write_text("pg.new/PG_VERSION", "15\n");
	ck_assert_msg(
		prepare(path("pg"), NULL, &plan) == ERR_OK, "%.*s", STR_ARG(buf_str(&problem)));
	ck_assert_int_ne(access(path("pg.new"), F_OK), 0);
	server = launch(&plan);
	close(plan.lock_fd);
	store = open_store(plan.conninfo);
	ck_assert_int_eq(store_migrate(store, 0, 1000, &migration), ERR_OK);
	store_close(store);
	/* A cluster of tests writes its commits a moment later; one that waits for its own has written those before it. */
	fixture_sql(plan.conninfo, "SET synchronous_commit = on; CREATE TABLE written ()");
	stop(server, SIGKILL);
	fixture_sleep_ms(200); /* its own processes notice that it is gone and let the lock go */
	for (int i = 0; i < 100 && prepare(path("pg"), NULL, &plan) == ERR_CONFLICT; i++)
		fixture_sleep_ms(50);
	server = launch(&plan);
	store = open_store(plan.conninfo);
	ck_assert_int_eq(store_ready(store), ERR_OK);
	store_close(store);
	close(plan.lock_fd);
	stop(server, SIGINT);
}
END_TEST

START_TEST(the_server_holds_the_lock)
{
	struct cluster_plan plan, second;
	pid_t server;

	ck_assert_int_eq(prepare(path("pg"), NULL, &plan), ERR_OK);
	ck_refused(prepare(path("pg"), NULL, &second), ERR_CONFLICT, "in use by another process");
	server = launch(&plan);
	close(plan.lock_fd);
	store_close(open_store(plan.conninfo));
	ck_refused(prepare(path("pg"), NULL, &second), ERR_CONFLICT, "in use by another process");
	stop(server, SIGINT);
	ck_assert_int_eq(prepare(path("pg"), NULL, &second), ERR_OK);
	close(second.lock_fd);
}
END_TEST

static bool has_argument(const struct cluster_plan *plan, const char *wanted)
{
	for (size_t i = 0; plan->argv[i]; i++)
		if (strcmp(plan->argv[i], wanted) == 0)
			return true;
	return false;
}

/* Pages of a domain lie anywhere: they are asked of the disk ahead. */
START_TEST(the_server_reads_ahead)
{
	struct cluster_plan plan;

	ck_assert_int_eq(prepare(path("pg"), NULL, &plan), ERR_OK);
	ck_assert(has_argument(&plan, "effective_io_concurrency=32"));
	close(plan.lock_fd);
}
END_TEST

/* A build without LZ4 would not start with it. */
START_TEST(the_log_is_compressed_as_the_build_can)
{
	struct cluster_plan plan, without;
	struct str bin;

	ck_assert_int_eq(prepare(path("pg"), NULL, &plan), ERR_OK);
	close(plan.lock_fd);
	ck_assert(has_argument(&plan, "wal_compression=lz4"));
	bin = str_head(str_c(plan.program), str_rchr(str_c(plan.program), '/'));
	ck_assert_int_eq(mkdir(path("bin"), 0700), 0);
	ck_assert_int_eq(
		symlink(arena_printf(arena, "%.*s/initdb", STR_ARG(bin)).p, path("bin/initdb")), 0);
	write_text("bin/postgres",
		arena_printf(arena,
			"#!/bin/sh\ncase \"$*\" in *lz4*) exit 1 ;; esac\nexec %s \"$@\"\n",
			plan.program)
			.p);
	ck_assert_int_eq(chmod(path("bin/postgres"), 0700), 0);
	ck_assert_msg(prepare(path("pg"), path("bin"), &without) == ERR_OK, "%.*s",
		STR_ARG(buf_str(&problem)));
	close(without.lock_fd);
	ck_assert(has_argument(&without, "wal_compression=on"));
	ck_assert(!has_argument(&without, "wal_compression=lz4"));
}
END_TEST

START_TEST(what_is_no_cluster_is_left_alone)
{
	struct cluster_plan plan;

	ck_assert_int_eq(mkdir(path("pg"), 0700), 0);
	write_text("pg/letter.txt", "dear");
	ck_refused(prepare(path("pg"), NULL, &plan), ERR_CORRUPT, "no PostgreSQL data folder");
	ck_assert_int_eq(access(path("pg/letter.txt"), F_OK), 0);
	write_text("pg/PG_VERSION", "fifteen\n");
	ck_refused(prepare(path("pg"), NULL, &plan), ERR_CORRUPT, "no PostgreSQL data folder");
}
END_TEST

START_TEST(another_version_is_not_touched)
{
	struct cluster_plan plan;

	ck_assert_int_eq(mkdir(path("pg"), 0700), 0);
	write_text("pg/PG_VERSION", "16384\n");
	ck_refused(prepare(path("pg"), NULL, &plan), ERR_CORRUPT, "PG_VERSION");
	write_text("pg/PG_VERSION", "99\n");
	ck_refused(prepare(path("pg"), NULL, &plan), ERR_UNSUPPORTED, "PostgreSQL 99");
}
END_TEST

START_TEST(a_wrong_program_folder_says_so)
{
	struct cluster_plan plan;

	ck_refused(prepare(path("pg"), "/usr/bin", &plan), ERR_NOT_FOUND, "database.bin_dir");
	ck_refused(prepare(path("pg"), "/nonexistent", &plan), ERR_NOT_FOUND, "database.bin_dir");
	ck_assert_int_ne(access(path("pg"), F_OK), 0);
}
END_TEST

START_TEST(a_missing_parent_says_so)
{
	struct cluster_plan plan;

	ck_refused(prepare(path("no/pg"), NULL, &plan), ERR_NOT_FOUND, "cannot open");
}
END_TEST

/* A socket's path has 107 bytes: one more and the folder is a short one elsewhere. */
START_TEST(long_paths_get_a_short_socket_folder)
{
	const size_t room = sizeof((struct sockaddr_un *)NULL)->sun_path - sizeof "/.s.PGSQL.5432" -
			    strlen(".sock");
	char text[200];
	struct cluster_options options = { .dir = text };
	const char *conninfo;

	memset(text, 'x', sizeof text);
	text[0] = '/';
	text[room] = '\0';
	ck_assert_int_eq(cluster_conninfo(arena, &options, &conninfo), ERR_OK);
	ck_assert_ptr_nonnull(strstr(conninfo, ".sock'"));
	text[room] = 'x';
	text[room + 1] = '\0';
	ck_assert_int_eq(cluster_conninfo(arena, &options, &conninfo), ERR_OK);
	ck_assert_ptr_nonnull(strstr(conninfo, "host='/tmp/bounced-"));
	ck_assert_ptr_null(strstr(conninfo, ".sock"));
}
END_TEST

/* A comma would part two hosts of a connection string, so this one gets the short folder. */
START_TEST(odd_names_come_through)
{
	char short_folder[64] = "";
	const char *odd = path("it's, a \"data\" \\ folder");
	const struct cluster_options options = { .dir = path("x"), .user = "no-such-user" };
	struct cluster_plan plan;
	const char *conninfo;
	pid_t server;

	ck_assert_msg(prepare(odd, NULL, &plan) == ERR_OK, "%.*s", STR_ARG(buf_str(&problem)));
	server = launch(&plan);
	close(plan.lock_fd);
	store_close(open_store(plan.conninfo));
	stop(server, SIGINT);
	ck_assert_int_eq(sscanf(plan.conninfo, "host='%63[^']'", short_folder), 1);
	ck_assert_int_eq(rmdir(short_folder), 0);
	ck_assert_int_eq(cluster_conninfo(arena, &options, &conninfo), ERR_NOT_FOUND);
}
END_TEST

START_TEST(a_socket_folder_of_somebody_else_is_refused)
{
	struct cluster_plan plan;

	ck_assert_int_eq(mkdir(path("pg.sock"), 0777), 0);
	ck_assert_int_eq(chmod(path("pg.sock"), 0777), 0);
	ck_refused(prepare(path("pg"), NULL, &plan), ERR_DENIED, "mode 0700");
}
END_TEST

START_TEST(nothing_of_ours_reaches_the_server)
{
	struct cluster_plan plan;
	static const char *const names[] = { "PATH=", "HOME=", "LC_ALL=", "TZ=" };
	size_t n = 0;

	ck_assert_int_eq(setenv("PGDATA", "/nonexistent", 1), 0);
	ck_assert_int_eq(setenv("BOUNCED_DATABASE_URL", "secret", 1), 0);
	ck_assert_int_eq(prepare(path("pg"), NULL, &plan), ERR_OK);
	for (; plan.envp[n]; n++)
		ck_assert(strncmp(plan.envp[n], names[n], strlen(names[n])) == 0);
	ck_assert_uint_eq(n, ARRAY_LEN(names));
	ck_assert_str_eq(plan.argv[0], plan.program);
	ck_assert_int_eq(plan.program[0], '/');
	close(plan.lock_fd);
}
END_TEST

START_TEST(root_is_refused)
{
	const struct cluster_options options = { .dir = "/tmp/bounced-cluster-of-root" };
	struct buf words = BUF_INIT(1024);
	struct arena *own = arena_new();
	struct cluster_plan plan;

	if (geteuid() == 0) {
		ck_assert_int_eq(cluster_prepare(own, &options, &words, &plan), ERR_DENIED);
		ck_assert_uint_ne(str_find(buf_str(&words), STR("root")), STR_NPOS);
		ck_assert_int_ne(access(options.dir, F_OK), 0);
	}
	buf_release(&words);
	arena_free(own);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store_cluster");
	TCase *tests = tcase_create("cluster"), *root = tcase_create("root");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, made_once_and_found_again);
	tcase_add_test(tests, the_server_holds_the_lock);
	tcase_add_test(tests, the_server_reads_ahead);
	tcase_add_test(tests, the_log_is_compressed_as_the_build_can);
	tcase_add_test(tests, what_is_no_cluster_is_left_alone);
	tcase_add_test(tests, another_version_is_not_touched);
	tcase_add_test(tests, a_wrong_program_folder_says_so);
	tcase_add_test(tests, a_missing_parent_says_so);
	tcase_add_test(tests, long_paths_get_a_short_socket_folder);
	tcase_add_test(tests, odd_names_come_through);
	tcase_add_test(tests, a_socket_folder_of_somebody_else_is_refused);
	tcase_add_test(tests, nothing_of_ours_reaches_the_server);
	tcase_add_test(root, root_is_refused);
	suite_add_tcase(suite, tests);
	suite_add_tcase(suite, root);
	return suite_run(suite);
}
