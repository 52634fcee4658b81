/* api/service.h -- one request in, one answer out.
 * Knows: routes, access, keys, the order of the checks, which store error is which problem. Does not
 * know: sockets, libmicrohttpd, the clock, the log. Not pure: handlers use the store that comes in.
 * One service_answer per thread at a time; nothing is kept between requests. */
#pragma once
#include "api/request/answer.h"
#include "api/request/request.h"

/* Most bytes that the route of this request takes as its body. */
size_t service_body_bytes(const struct api_request *request);

/* Checks that need no body, so that one that will not be taken is not read: target, method, host, access,
 * query, content type. *ret_admitted: go on to service_answer with the body; else an answer is made.
 * Returns the store's error, for the log. */
MUST_CHECK enum err service_admit(const struct service *service, const struct api_request *request,
	struct answer *answer, bool *ret_admitted);
/* Always makes an answer. Returns the store's error, for the log; ERR_OK for all that is the client's. */
enum err service_answer(
	const struct service *service, const struct api_request *request, struct answer *answer);

/* Questions about few addresses that wait at the same time are one look into the database: a statement costs it ten times
 * what an address in one does. So many of so many bytes hold no more addresses than one question may (LIMIT_SUPPRESSION_ROWS). */
enum { SERVICE_JOIN_MOST = 64, SERVICE_JOIN_BODY_BYTES = 450 };
struct service_question {
	const struct api_request *request;
	struct answer *answer;
	enum err err; /* of the store, for the log */
};
/* Is it such a question? */
bool service_joins(const struct api_request *request);
/* As service_answer of each; n is at most SERVICE_JOIN_MOST, and each is one that joins. */
void service_answer_joined(
	const struct service *service, struct service_question *questions, size_t n);
