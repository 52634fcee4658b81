/* spool/node_page.h -- what the supervisor tells of its processes to whoever shows it: a page of shared memory, which it
 * makes, writes, and hands to the api role, who may only read it.
 * Knows: numbers. One process writes. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

enum { NODE_ROLES = 16, NODE_NAME_BYTES = 16 };

/* Of all processes of a role together. */
struct node_role {
	char name[NODE_NAME_BYTES]; /* empty: no more roles; written once */
	_Atomic uint64_t processes, restarts;
	_Atomic uint64_t cpu_ms, resident_bytes, virtual_bytes, open_fds;
	_Atomic uint64_t started_ms; /* of the newest, since 1970; 0: none runs */
};

struct node_page {
	struct node_role roles[NODE_ROLES];
};
