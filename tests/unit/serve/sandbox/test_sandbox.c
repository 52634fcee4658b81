// links: serve
// Check program of serve/sandbox/sandbox: what each role of role.def can still do, tried in a process of its own.
#define _GNU_SOURCE
#include "serve/role.h"
#include "serve/sandbox/sandbox.h"
#include "tests/support/suite.h"

#include <arpa/inet.h>
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static char root[] = "/tmp/bounced-sandbox-XXXXXX";
static char spool[64], exports[64], config[64], sock[64], data[64], elsewhere[64];
static int listening; /* inherited, as the smtp role's is */

/* ---- what is tried: 0 if it can be done ---- */

static int tried(int result)
{
	return result < 0 ? errno : 0;
}

static int open_in(const char *folder, const char *name, int flags)
{
	char path[128];

	snprintf(path, sizeof path, "%s/%s", folder, name);
	return tried(open(path, flags | O_CLOEXEC, 0600));
}

static int write_spool(void)
{
	return open_in(spool, "new", O_RDWR | O_CREAT | O_TRUNC);
}

static int write_export(void)
{
	return open_in(exports, "new", O_RDWR | O_CREAT);
}

static int read_config(void)
{
	return tried(open(config, O_RDONLY | O_CLOEXEC));
}

static int read_system(void)
{
	return tried(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static int read_data(void)
{
	return open_in(data, "secret", O_RDONLY);
}

static int write_elsewhere(void)
{
	return open_in(elsewhere, "new", O_RDWR | O_CREAT);
}

/* What a setuid program would do with its bit. */
static int gain_privileges(void)
{
	return tried(setgid(getgid()));
}

static int open_socket(void)
{
	return tried(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

/* The database's socket: that nobody answers there tells that it could be tried. */
static int connect_database(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), failed = fd < 0 ? errno : 0;

	memcpy(address.sun_path, sock, strlen(sock) + 1);
	if (!failed)
		failed = tried(connect(fd, (struct sockaddr *)&address, sizeof address));
	return failed;
}

static int listen_somewhere(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), failed = fd < 0 ? errno : 0;

	if (!failed)
		failed = tried(bind(fd, (struct sockaddr *)&address, sizeof address));
	return failed ? failed : tried(listen(fd, 1));
}

static int take_connection(void)
{
	int failed = tried(accept4(listening, NULL, NULL, SOCK_CLOEXEC));

	return failed == EAGAIN ? 0 : failed;
}

static int run_program(void)
{
	char name[] = "true", *argv[] = { name, NULL }, *envp[] = { NULL };

	return tried(execve("/bin/true", argv, envp));
}

static int map_code(void)
{
	void *page = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return page == MAP_FAILED ? errno : 0;
}

static int compute(void)
{
	char *bytes = malloc(1 << 22);

	if (!bytes)
		return ENOMEM;
	memset(bytes, 1, 1 << 22);
	free(bytes);
	return write(STDOUT_FILENO, "", 0) < 0 ? errno : 0;
}

/* ---- who may do what ---- */

#define MAY(role) (1u << ROLE_##role)
#define SANDBOXED                                                                                  \
	(MAY(SMTP) | MAY(API) | MAY(LOADER) | MAY(SCHEDULER) | MAY(PARSER) | MAY(MIGRATE) |        \
		MAY(LOG) | MAY(HOOK) | MAY(RESOLVER) | MAY(DELIVER))
#define WITH_DATABASE                                                                              \
	(MAY(API) | MAY(LOADER) | MAY(SCHEDULER) | MAY(MIGRATE) | MAY(LOG) | MAY(HOOK) |           \
		MAY(RESOLVER))
static const struct {
	const char *name;
	int (*try)(void);
	unsigned allowed;
} attempts[] = {
	{ "write the spool", write_spool, MAY(SMTP) | MAY(API) | MAY(LOADER) },
	{ "write the export folder", write_export, MAY(SCHEDULER) | MAY(DELIVER) },
	{ "read the data folder", read_data, MAY(LOG) | MAY(HOOK) | MAY(RESOLVER) },
	{ "write elsewhere", write_elsewhere, MAY(DELIVER) },
	{ "read the configuration", read_config,
		MAY(LOG) | MAY(HOOK) | MAY(DELIVER) |
			MAY(RESOLVER) }, /* logs, certificates and lists of resolvers may lie anywhere */
	{ "read the names of users", read_system, WITH_DATABASE | MAY(DELIVER) },
	{ "open a socket", open_socket, WITH_DATABASE | MAY(DELIVER) },
	{ "connect to a socket of this user", connect_database, WITH_DATABASE | MAY(DELIVER) },
	{ "listen", listen_somewhere, MAY(API) | MAY(DELIVER) },
	{ "take a connection", take_connection, SANDBOXED & ~MAY(PARSER) },
	{ "run a program", run_program, MAY(DELIVER) },
	{ "become a program that becomes root", gain_privileges, 0 },
	{ "map code", map_code, SANDBOXED & ~MAY(PARSER) },
	{ "compute", compute, SANDBOXED },
};

static int attempt(enum role_id role, int (*try)(void))
{
	const char *const folders[] = { exports };
	const struct sandbox sandbox = { role_rights(role), spool, folders, 1, data };
	struct sandbox_report report;
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (!pid) {
		sandbox_enter(&sandbox, &report);
		/* A kernel without Landlock or seccomp cannot be tested; 255 says so. */
		_exit(report.files && report.calls ? try() : 255);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_msg(WIFEXITED(status), "ended by signal %d", WTERMSIG(status));
	return WEXITSTATUS(status);
}

START_TEST(each_role_has_its_rights_and_no_others)
{
	for (int role = 0; role < ROLE_COUNT; role++) {
		int failed;
		bool may = attempts[_i].allowed & (1u << role);

		if (!(role_rights((enum role_id)role) & SANDBOX_ON))
			continue;
		failed = attempt((enum role_id)role, attempts[_i].try);
		if (failed == 255) {
			fprintf(stderr, "skipped: this kernel lacks Landlock or seccomp\n");
			return;
		}
		if (may)
			ck_assert_msg(!failed, "%s cannot %s: %s", role_name((enum role_id)role),
				attempts[_i].name, strerror(failed));
		else
			ck_assert_msg(failed == EPERM || failed == EACCES, "%s can %s (%s)",
				role_name((enum role_id)role), attempts[_i].name, strerror(failed));
	}
}
END_TEST

START_TEST(every_role_is_in_a_sandbox_but_postgresql)
{
	for (int role = 0; role < ROLE_COUNT; role++)
		ck_assert_int_eq(
			!!(role_rights((enum role_id)role) & SANDBOX_ON), role != ROLE_POSTGRES);
}
END_TEST

static void make_world(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct sockaddr_in loopback = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int database = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_ptr_nonnull(mkdtemp(root));
	snprintf(spool, sizeof spool, "%s/data/spool", root);
	snprintf(exports, sizeof exports, "%s/data/export", root);
	snprintf(config, sizeof config, "%s/bounced.conf", root);
	snprintf(sock, sizeof sock, "%s/sock", root);
	snprintf(data, sizeof data, "%s/data", root);
	snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", root);
	ck_assert_int_eq(mkdir(data, 0700) | mkdir(elsewhere, 0700), 0);
	ck_assert_int_eq(mkdir(spool, 0700) | mkdir(exports, 0700), 0);
	ck_assert_int_eq(open_in(data, "secret", O_CREAT | O_WRONLY), 0);
	close(open(config, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	memcpy(address.sun_path, sock, strlen(sock) + 1);
	ck_assert_int_eq(bind(database, (struct sockaddr *)&address, sizeof address), 0);
	ck_assert_int_eq(listen(database, 64), 0);
	listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&loopback, sizeof loopback), 0);
	ck_assert_int_eq(listen(listening, 1), 0);
}

static void remove_world(void)
{
	char path[128];

	snprintf(path, sizeof path, "%s/new", spool);
	unlink(path);
	snprintf(path, sizeof path, "%s/new", exports);
	unlink(path);
	unlink(config);
	unlink(sock);
	rmdir(spool);
	rmdir(exports);
	snprintf(path, sizeof path, "%s/secret", data);
	unlink(path);
	snprintf(path, sizeof path, "%s/new", elsewhere);
	unlink(path);
	rmdir(data);
	rmdir(elsewhere);
	rmdir(root);
}

int main(void)
{
	Suite *suite = suite_create("sandbox");
	TCase *tc = tcase_create("all");

	tcase_add_unchecked_fixture(tc, make_world, remove_world);
	tcase_add_loop_test(tc, each_role_has_its_rights_and_no_others, 0, ARRAY_LEN(attempts));
	tcase_add_test(tc, every_role_is_in_a_sandbox_but_postgresql);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}
