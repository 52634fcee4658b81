/* store/form/store_options.h -- how a connection to the database is made. */
#pragma once
#include "core/str.h"

enum {
	STORE_IDLE_ROLE_MS =
		8000, /* of a role, none of which waits for anybody then: others go on after ten seconds */
	STORE_IDLE_COMMAND_MS = 60000, /* of a command: a person may have stopped it for a moment */
};

struct store_options {
	const char *application_name;  /* NULL: "bounced"; shown in pg_stat_activity */
	unsigned statement_timeout_ms; /* 0: none */
	unsigned connect_timeout_s;    /* 0: 5 */
	/* The server ends a transaction that waits for us so long, for others wait for it; 0: never. What waits on purpose says so there. */
	unsigned idle_timeout_ms;
	struct str providers; /* whose mailboxes domains have: "corp.example=google, ..."; copied */
	bool mx_lookups; /* domains that nobody knows are asked for in the DNS: what is stored waits for no answer */
};
