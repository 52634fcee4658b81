/* store/form/store_options.h -- how a connection to the database is made. */
#pragma once
#include "core/str.h"

struct store_options {
	const char *application_name;  /* NULL: "bounced"; shown in pg_stat_activity */
	unsigned statement_timeout_ms; /* 0: none */
	unsigned connect_timeout_s;    /* 0: 5 */
	struct str providers; /* whose mailboxes domains have: "corp.example=google, ..."; copied */
	bool mx_lookups; /* domains that nobody knows are asked for in the DNS: what is stored waits for no answer */
};
