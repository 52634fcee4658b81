/* serve/role.h -- one process of `bounced serve`, seen from inside, and the table of them all.
 * Knows: what the supervisor hands to a role (settings, sockets) and how it answers.
 * A role is started as `bounced role NAME N`: descriptor 3 is the control socket (SOCK_SEQPACKET), 4 its
 * settings, 5 and on N more of its own (listening sockets; a parser: its client, the operator's rules). A word behind N says whose
 * node it is (node=ID@HOST, presence.h), or that the loader is to end when nothing is left to load (drain). */
#pragma once
#include "core/attr.h"
#include "core/config.h"

#include <stddef.h>
#include <stdint.h>

enum role_flag {
	ROLE_NEEDS_SCHEMA = 1u << 0,    /* starts when the schema is up to date */
	ROLE_USES_PARSERS = 1u << 1,    /* gets parser sockets over its control socket */
	ROLE_NEEDS_CLIENT = 1u << 2,    /* a parser, deliver: starts when its client runs */
	ROLE_ONE_SHOT = 1u << 3,        /* ends by itself; exit 0 is success */
	ROLE_STOPS_ON_SIGINT = 1u << 4, /* PostgreSQL: SIGINT is the fast shutdown */
	ROLE_SAYS_NOTHING = 1u << 5,    /* has no control socket to say that it is ready */
	ROLE_ONE_PARSER =
		1u
		<< 6, /* of those that use parsers: one is enough, whatever parser.workers says */
	ROLE_USES_DELIVERY =
		1u << 7, /* gets the socket of a deliver role over its control socket */
};
enum role_id {
#define ROLE(id, name, settings, flags, rights, stop_order, function) ROLE_##id,
#include "serve/role.def"
	ROLE_COUNT
};
enum {
	ROLE_CONTROL_FD = 3,
	ROLE_CONFIG_FD = 4,
	ROLE_FIRST_FD = 5,
	ROLE_MAX_FDS = 32,
	ROLE_FDS_AT_ONCE = 2 /* that come with one packet */
};

/* What goes over a control socket: one packet is one octet of these and nothing else; a
 * CONTROL_PARSER brings a parser's socket along (SCM_RIGHTS), CONTROL_DELIVERY that of a deliver role, a CONTROL_TLS a certificate
 * and its key. */
enum control {
	CONTROL_READY = 'R',
	CONTROL_PARSER = 'P',
	CONTROL_TLS = 'T',
	CONTROL_DELIVERY = 'D'
};

struct role {
	enum role_id id;
	struct config *config;
	struct str node, host; /* the id of the data folder, the machine's name; empty: nobody tells of it */
	bool drains;      /* a loader that ends when nothing is left to load */
	int stop_fd; /* a signalfd: readable when the role is to stop */
	int fds[ROLE_MAX_FDS];
	size_t n_fds;
};

const char *role_name(enum role_id id);
bool role_from_name(struct str name, enum role_id *ret_id);
unsigned role_settings(enum role_id id);
unsigned role_flags(enum role_id id);
unsigned role_stop_order(enum role_id id);
unsigned role_rights(enum role_id id); /* enum sandbox_right */

/* Gives up all but the role's rights (sandbox.h), and logs what the kernel could not do. Every role but a parser is in
 * its sandbox from the start; a parser reads its rules first. */
void role_enter_sandbox(const struct role *role);
/* Tells the supervisor that the role does its work from now on. */
void role_ready(const struct role *role);
/* Waits until the role is to stop, or timeout_ms (-1: for ever) are over. True: stop. */
bool role_wait_stop(const struct role *role, int timeout_ms);
/* Connections that may be had at once beside `others` descriptors: `wanted`, or as many as the hard limit of
 * RLIMIT_NOFILE leaves, which is then logged. Raises the soft limit, which is 1024 under most service managers. */
uint32_t role_connections(uint32_t wanted, uint32_t others);
/* The next `n` descriptors that came with a packet of this kind, and true. False: none wait; *ret_gone: the
 * supervisor is gone. The caller closes them. */
bool role_take_fds(enum control packet, int *ret_fds, size_t n, bool *ret_gone);
/* The next packet of either kind that brings descriptors, at most ROLE_FDS_AT_ONCE. False: none waits. */
bool role_take_packet(
	enum control *ret_packet, int ret_fds[static ROLE_FDS_AT_ONCE], size_t *ret_n);
/* The next parser socket that the supervisor hands over, -1 if none waits. The caller closes it. */
int role_take_parser(const struct role *role);
