#include "api/access_log.h"

#include "core/log.h"

/* Whoever asks every second fills no log, be the answer "not yet": what is not ready says so itself. */
static bool is_probe(int route, unsigned status)
{
	return (route == ROUTE_HEALTHZ || route == ROUTE_READYZ || route == ROUTE_METRICS) &&
	       (status < 400 || status == 503);
}

void access_log(
	const struct api_request *request, const struct answer *answer, int64_t us, bool addresses)
{
	bool known = answer->route >= 0 && answer->route < ROUTE_COUNT;
	struct str route = known ? router_path((enum route)answer->route) : STR("none");
	struct str who = answer->who[0] ? str_c(answer->who) : STR("-");
	struct str action = answer->action ? str_c(answer->action) : STR("-");

	log_event(known && is_probe(answer->route, answer->status) ? LOG_DEBUG : LOG_INFO,
		"request", LOG_STR("method", request->method),
		LOG_STR("path", addresses ? request->path : route),
		LOG_U64("status", answer->status),
		LOG_U64("ms", (uint64_t)(us > 0 ? us : 0) / 1000), LOG_U64("bytes", answer->body.n),
		LOG_STR("who", who), LOG_STR("action", action),
		LOG_U64("changed", answer->n_changed),
		LOG_STR("peer", addresses ? request->peer : STR("-")));
}
