/* api/access_log.h -- one line of the log for each request that was answered.
 * Knows: routes, answers. A path may hold an address, which is personal data: without `addresses` the route's own stands for it, and
 * no peer. Probes of machines are told at level debug. */
#pragma once
#include "api/request/answer.h"
#include "api/request/request.h"

void access_log(
	const struct api_request *request, const struct answer *answer, int64_t us, bool addresses);
