/* dns/dns_lookup_priv.h -- the inside of a struct dns, which the ways of asking share. */
#pragma once
#include "dns/dns_lookup.h"

/* 1.28 and later call deprecated what 1.18, Debian 12's, has alone. */
#define CARES_NO_DEPRECATED
#include <ares.h>
#include <poll.h>

/* One for each question under way, and one for TCP, which an answer that was cut asks for, to each of as many servers. */
enum { DNS_SOCKETS = 2 * DNS_QUESTIONS };

struct dns {
	ares_channel channel;
	struct pollfd polled[DNS_SOCKETS];
	size_t n;
};

/* Waits for the first socket that has something, or the first time-out, and lets c-ares see to it. */
void dns_turn(struct dns *dns);
