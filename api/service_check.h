/* api/service_check.h -- the order of the checks that a request passes before its handler, and what a client is told where
 * the store failed. Knows: routes, access, keys. Does not know: handlers. */
#pragma once
#include "api/handle/handle.h"

/* False: an answer was made. The handle's route is ROUTE_COUNT until it is known. */
bool service_check(struct handle *handle);
void service_store_error(struct answer *answer, enum err err);
/* The key of "Authorization: Bearer KEY", RFC 6750 2.1. False: another scheme, or no key. */
bool service_bearer_key(struct str authorization, struct str *ret_key);
/* True for localhost, 127.0.0.0/8 and [::1], with or without a port. */
bool service_host_is_loopback(struct str host);
