#define _GNU_SOURCE
#include "core/log.h"
#include "serve/supervisor_parts_priv.h"
#include "serve/systemd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* ---- new rules: one parser tries them, then all get them ---- */

/* Ends by itself when its message is answered, and is started again at once. */
static void recycle(const struct child *parser)
{
	if (parser->pid)
		kill(parser->pid, SIGTERM);
}

static struct child *any_parser(struct supervisor *s)
{
	for (size_t i = 0; i < s->n_children; i++)
		if (s->children[i].role == ROLE_PARSER && s->children[i].state == CHILD_READY)
			return &s->children[i];
	return NULL;
}

static bool has_tls(const struct supervisor *s)
{
	return s->tls[TLS_OF_SMTP].fds[TLS_KEY] >= 0 || s->tls[TLS_OF_API].fds[TLS_KEY] >= 0;
}

static void begin_rules(struct supervisor *s)
{
	struct str setting = config_str(s->config, CONFIG_PARSER_RULES_FILE);
	struct arena *arena = arena_new();
	struct child *trial = any_parser(s);
	int fd = setting.n ? open(arena_c(arena, setting), O_RDONLY | O_CLOEXEC) : -1;

	if (!setting.n && has_tls(s)) {
		; /* the signal was for the certificate */
	} else if (fd < 0 || !trial || s->trial || s->stopping) {
		log_event(setting.n ? LOG_WARN : LOG_INFO, "rules_not_reloaded",
			LOG_STR("file", setting),
			LOG_C("reason", !setting.n ? "no parser.rules_file is set"
					: fd < 0   ? strerror(errno)
						   : "not now"));
		if (fd >= 0)
			close(fd);
	} else {
		s->candidate_fd = fd;
		s->trial = trial;
		s->trial_started = false;
		recycle(trial);
	}
	arena_free(arena);
}

void supervisor_end_rules(struct supervisor *s, bool accepted)
{
	int unused_fd = accepted ? s->rules_fd : s->candidate_fd;

	log_event(accepted ? LOG_INFO : LOG_ERROR, accepted ? "rules_reloaded" : "rules_kept",
		LOG_C("why", accepted ? "a parser has read them"
				      : "the parser that tried the new ones refused"));
	if (accepted)
		s->rules_fd = s->candidate_fd;
	if (unused_fd >= 0)
		close(unused_fd);
	s->candidate_fd = -1;
	for (size_t i = 0; i < s->n_children && accepted; i++)
		if (s->children[i].role == ROLE_PARSER && &s->children[i] != s->trial)
			recycle(&s->children[i]);
	s->trial = NULL;
	systemd_say(SYSTEMD_READY);
}

/* ---- a new certificate ---- */

static void reload_tls(struct supervisor *s, enum tls_use use)
{
	static const enum role_id users[TLS_USES] = {
		[TLS_OF_SMTP] = ROLE_SMTP, [TLS_OF_API] = ROLE_API
	};
	struct tls_files *tls = &s->tls[use];
	struct arena *arena = arena_new();
	struct str trouble = STR_EMPTY;

	if (tls->fds[TLS_KEY] < 0) {
		arena_free(arena);
		return;
	}
	if (tls_files_reload(tls, arena, &trouble))
		log_event(LOG_ERROR, "tls_kept", LOG_STR("why", trouble));
	for (size_t i = 0; i < s->n_children && !trouble.n; i++)
		if (s->children[i].role == users[use] && s->children[i].pid &&
			!child_send_fds(&s->children[i], CONTROL_TLS, tls->fds, TLS_FILES))
			log_event(LOG_ERROR, "tls_not_handed_over",
				LOG_I64("pid", s->children[i].pid));
	arena_free(arena);
}

void supervisor_reload(struct supervisor *s)
{
	systemd_say(SYSTEMD_RELOADING);
	reload_tls(s, TLS_OF_SMTP);
	reload_tls(s, TLS_OF_API);
	begin_rules(s);
	if (!s->trial)
		systemd_say(SYSTEMD_READY);
}
