/* cli/demo_month.h -- what the demo's sender met in the days before: mails, refusals, a few bad days.
 * Knows: invented domains, people and servers (RFC 2606, RFC 5737). All of it follows from the day alone, so that a
 * second run says the same again. Does not know: mail, SMTP, HTTP. Pure. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum demo_stream { DEMO_NEWS, DEMO_SHOP, DEMO_STREAM_COUNT };

struct demo_bounce {
	int64_t at_us;
	enum demo_stream stream;
	char recipient[96];
	const char *domain, *action, *status, *said;
};

struct demo_volume {
	int64_t at_us;
	enum demo_stream stream;
	const char *domain;
	unsigned attempted;
};

/* How many were written, at most n_room; `day` is days since 1970, and not before. */
size_t demo_month_bounces(int64_t day, size_t n_room, struct demo_bounce *ret_bounces);
size_t demo_month_volumes(int64_t day, size_t n_room, struct demo_volume *ret_volumes);
