/* serve/supervisor_parts_priv.h -- the inside of the supervisor, which its files share: supervisor.c starts, watches and stops
 * processes, supervisor_reload.c hands them new rules and certificates. */
#pragma once
#include "core/buf.h"
#include "serve/child.h"
#include "serve/node_status.h"
#include "serve/tls_files.h"

enum { SUPERVISOR_MAX_CHILDREN = 300 /* six roles and parser.workers at its ceiling */ };

struct supervisor {
	const struct supervisor_options *options; /* supervisor.h */
	struct config *config;
	struct child children[SUPERVISOR_MAX_CHILDREN];
	size_t n_children;
	int signal_fd;
	int exit_code;
	int postgres_fd; /* what PostgreSQL writes to its standard error; -1: none */
	struct buf postgres_text;
	bool schema_ready, stopping, told_manager, announced;
	unsigned stop_order; /* of the roles that are being stopped now */
	/* The operator's rules in force (-1: none), and those that one parser tries after a SIGHUP. */
	int rules_fd, candidate_fd;
	struct tls_files tls[TLS_USES];
	struct node_status *status;
	struct child *trial;
	bool trial_started;
	int64_t stop_due_ms;          /* then those are killed */
	int64_t beat_ms, beat_due_ms; /* of the service manager's watchdog; 0: there is none */
};

/* SIGHUP. The service manager hears that it is over when a parser has tried the rules, or at once without any. */
void supervisor_reload(struct supervisor *s);
/* The parser that tried new rules has read them, or ended. */
void supervisor_end_rules(struct supervisor *s, bool accepted);
