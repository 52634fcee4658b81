/* api/http_deadlines_priv.h -- absolute deadlines of connections, kept by a thread of their own.
 * Knows: descriptors and the monotonic clock. libmicrohttpd's timeout is an idle timer, which a sender
 * of one byte a second never meets; here a connection that is late is shut down, and libmicrohttpd then
 * finds it closed. Safe to call from every thread. A deadline belongs to its list until deadline_free,
 * which must come before the descriptor is closed. */
#pragma once

enum deadline_phase { DEADLINE_NONE, DEADLINE_HEADER, DEADLINE_BODY };

struct deadlines;
struct deadline;

/* Of connections that never sent a whole header at most `strangers` stay: those that wait longest are shut down, so that who
 * only connects, however often, leaves the other slots to peers that ask. */
struct deadlines *deadlines_start(unsigned header_ms, unsigned body_ms, unsigned strangers);
/* All deadlines must be free by now. */
void deadlines_stop(struct deadlines *deadlines);

/* Starts in DEADLINE_HEADER. */
struct deadline *deadline_new(struct deadlines *deadlines, int fd);
/* Takes NULL. */
void deadline_free(struct deadlines *deadlines, struct deadline *deadline);
/* Starts the time of a phase anew. Takes NULL. */
void deadline_set(
	struct deadlines *deadlines, struct deadline *deadline, enum deadline_phase phase);
