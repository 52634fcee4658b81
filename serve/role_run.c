#define _GNU_SOURCE
#include "core/err.h"
#include "core/limits.h"
#include "core/log.h"
#include "ingest/smtp/smtp_tls.h"
#include "serve/roles.h"
#include "serve/sandbox/sandbox_right.h"
#include "serve/settings/config_load.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

static int (*const functions[ROLE_COUNT])(struct role *role) = {
#define ROLE(id, name, settings, flags, rights, stop_order, function) [ROLE_##id] = function,
#include "serve/role.def"
};

static struct config *read_settings(void)
{
	struct arena *arena = arena_new();
	struct config *config = config_new();
	char *text = arena_alloc(arena, LIMIT_CONFIG_BYTES);
	struct str trouble = STR_EMPTY;
	ssize_t n = pread(ROLE_CONFIG_FD, text, LIMIT_CONFIG_BYTES, 0);

	if (n < 0 ||
		config_load_text(config, str_from(text, (size_t)n), "settings", arena, &trouble)) {
		log_event(LOG_ERROR, "settings_unreadable", LOG_STR("trouble", trouble));
		config_free(config);
		config = NULL;
	}
	explicit_bzero(text, n > 0 ? (size_t)n : 0);
	close(ROLE_CONFIG_FD);
	arena_free(arena);
	return config;
}

/* SIGTERM becomes readable bytes, so that each role's loop meets it where it can stop. */
static int make_stop_fd(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* "node=ID@HOST" or "drain" (role.h). */
static bool read_word(struct role *role, struct str word)
{
	const struct str prefix = STR("node=");

	role->drains = str_eq(word, STR("drain"));
	return role->drains || (str_starts(word, prefix) && str_cut(str_skip(word, prefix.n), '@',
								    &role->node, &role->host));
}

/* What top and the service manager's journal say; without it that of what was executed: "exe". The kernel keeps 15 bytes. */
static void name_process(enum role_id id)
{
	char name[16];

	snprintf(name, sizeof name, "bounced-%s", role_name(id));
	prctl(PR_SET_NAME, name);
}

int role_run(int argc, char **argv)
{
	struct role role = { .id = ROLE_COUNT };
	enum log_level level = LOG_INFO;
	enum log_form form;
	uint64_t n_fds = 0;
	int code;

	if (argc < 3 || argc > 4 || !role_from_name(str_c(argv[1]), &role.id) ||
		!str_to_u64(str_c(argv[2]), ROLE_MAX_FDS, &n_fds) ||
		(argc == 4 && !read_word(&role, str_c(argv[3]))) ||
		fcntl(ROLE_CONFIG_FD, F_GETFD) < 0) {
		fputs("bounced: \"bounced role\" is how bounced serve starts its processes\n",
			stderr);
		return EXIT_CODE_FAILED;
	}
	log_setup(LOG_INFO, role_name(role.id));
	name_process(role.id);
	for (role.n_fds = 0; role.n_fds < n_fds; role.n_fds++) {
		role.fds[role.n_fds] = ROLE_FIRST_FD + (int)role.n_fds;
		fcntl(role.fds[role.n_fds], F_SETFD, FD_CLOEXEC);
	}
	fcntl(ROLE_CONTROL_FD, F_SETFD, FD_CLOEXEC);
	role.config = read_settings();
	if (!role.config)
		return EXIT_CODE_USAGE;
	if (log_level_from_name(config_str(role.config, CONFIG_SERVER_LOG_LEVEL), &level))
		log_setup(level, role_name(role.id));
	if (log_form_from_name(config_str(role.config, CONFIG_SERVER_LOG_FORMAT), &form))
		log_set_form(form);
	role.stop_fd = make_stop_fd();
	if (role.id == ROLE_SMTP)
		smtp_tls_prepare(); /* reads a file of the machine's, which the sandbox would hide */
	if (config_bool(role.config, CONFIG_SERVER_SANDBOX) &&
		(role_rights(role.id) & (SANDBOX_ON | SANDBOX_BARE)) == SANDBOX_ON)
		role_enter_sandbox(&role);
	code = functions[role.id](&role);
	config_free(role.config);
	return code;
}
