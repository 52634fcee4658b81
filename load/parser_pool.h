/* load/parser_pool.h -- the client's side of the parser processes: jobs out, reports back.
 * Knows: frames, which job waits at which parser, and that the oldest unanswered job of a parser that
 * died is the one that killed it. Does not know the spool or the database.
 * Never blocks but in poll, which is the caller's. Sockets are non-blocking and owned by the pool. */
#pragma once
#include "core/arena.h"
#include "core/report.h"
#include "core/str.h"

#include <poll.h>

enum {
	POOL_MAX_PARSERS = 256,
	POOL_MAX_CRASHES = 2, /* then the message is set aside */
};

enum job_state {
	JOB_WAITING, /* for a parser that has room */
	JOB_SENT,
	JOB_DONE, /* ->report is there */
};

/* One message. Owned by the caller; stays in place until it is done. */
struct job {
	struct str envelope, message; /* encoded envelope; borrowed while the job is not done */
	struct arena *arena;          /* where the report goes */
	struct report report;
	bool classify; /* `message` is the rest of a FRAME_CLASSIFY, `envelope` its remote MTA */
	struct str account,
		trouble; /* of such a job; trouble: the rules are wrong, there is no event */
	enum job_state state;
	int64_t parse_us; /* that a parser took for it; -1: none has */
	unsigned crashes; /* parsers that died of it */
	struct job *next; /* the pool's */
};

struct parser_pool;

struct parser_pool *parser_pool_new(void);
void parser_pool_free(struct parser_pool *pool);
/* Takes the socket. False (and closed) when the pool is full. */
bool parser_pool_add(struct parser_pool *pool, int take_fd);
size_t parser_pool_count(const struct parser_pool *pool);

/* Queues a job. After POOL_MAX_CRASHES it is done with KIND_UNKNOWN and FLAW_PARSER_CRASHED. */
void parser_pool_submit(struct parser_pool *pool, struct job *job);
/* Hands waiting jobs to parsers and writes what fits. */
void parser_pool_flush(struct parser_pool *pool);
/* Fills in what to poll for, at most `max`; returns how many. */
size_t parser_pool_poll_fds(const struct parser_pool *pool, struct pollfd *fds, size_t max);
/* Reads the answers of the parsers whose `revents` are set, then flushes. Returns jobs that became
 * done. A parser that died or talks nonsense is dropped, its jobs wait again. */
size_t parser_pool_handle(struct parser_pool *pool, const struct pollfd *fds, size_t n);
