/* api/http_server_desk_priv.h -- questions that wait for each other: while one lot is asked, the next gathers, and is then asked at
 * once, as the spool does with syncs. A connection sleeps meanwhile, and holds no thread.
 * Knows: libmicrohttpd's suspended connections, a thread of its own. Does not know: what is asked. */
#pragma once
#include "api/request/answer.h"
#include "api/service.h"

#include <microhttpd.h>

struct desk;

/* A request that waits; its owner keeps it until it is answered. */
struct desk_question {
	struct MHD_Connection *connection;
	struct api_request request; /* what it borrows lives until then */
	struct answer answer;       /* is init */
	enum err err;
	bool answered; /* said before the connection is resumed */
	struct desk_question *next;
};

/* `service` is borrowed. NULL: no thread is left. */
struct desk *desk_start(const struct service *service);
/* The connection is suspended, and resumed when the answer is there. False: the desk is closed, and nothing was done. */
bool desk_put(struct desk *desk, struct desk_question *question);
/* Answers all that wait and takes no more. What was put is resumed when it returns. */
void desk_close(struct desk *desk);
void desk_free(struct desk *desk);
