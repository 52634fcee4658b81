/* suppress/hook/hook_send.h -- one message to its target by HTTP.
 * Knows: libcurl. Certificates are verified; redirects are not followed, proxies not asked. What is refused is the
 * address that is connected to, whatever its name said a moment ago: that of this machine, of a private network, of a
 * link, and the like, unless the target allows it. Bounds: HOOK_TIMEOUT_S in all, nothing of the answer is kept. */
#pragma once
#include "suppress/hook/hook_body.h"

struct sockaddr;
enum { HOOK_TIMEOUT_S = 20, HOOK_PROBLEM_BYTES = 256 };

/* ERR_OK: it answered 2xx. Else why not stands in `ret_problem`, without secrets. */
MUST_CHECK enum err hook_send(const struct hook_target *target, int64_t message_id, struct str body,
	int64_t now_us, char ret_problem[static HOOK_PROBLEM_BYTES]);
/* Is the address one that nobody outside is reached by? Unknown families are. */
bool hook_address_is_private(const struct sockaddr *address);
