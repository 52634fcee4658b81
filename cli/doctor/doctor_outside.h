/* cli/doctor/doctor_outside.h -- the server as others meet it: MX records of the return paths, port 25, TLS, names and addresses.
 * Knows: the DNS by dns_ask, a server by smtp_probe. Does not know the data folder, the database.
 * Whether a host is this server is told by the name in its greeting: behind a router no address tells.
 * Bounds: OUTSIDE_DOMAINS, OUTSIDE_ADDRESSES; the others are not looked at. */
#pragma once
#include "cli/doctor/checkup.h"

enum { OUTSIDE_DOMAINS = 32, OUTSIDE_ADDRESSES = 64, OUTSIDE_PORT = 25 };

void doctor_outside(struct checkup *checkup, uint16_t port);
