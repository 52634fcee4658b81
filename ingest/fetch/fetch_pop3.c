#include "core/limits.h"
#include "ingest/fetch/fetch.h"
#include "ingest/text/smtp_dot.h"

#include <inttypes.h>
#include <stdlib.h>

/* Sends a line and reads the status line. ERR_DENIED: -ERR. */
static enum err ask(struct fetch *fetch, const char *verb, uint64_t number)
{
	char room[64];
	struct buf line = BUF_INIT(sizeof room);
	struct str status;
	enum err err;

	buf_printf(&line, number ? "%s %" PRIu64 "\r\n" : "%s\r\n", verb, number);
	err = fetch->wire->send(fetch->wire->context, buf_str(&line));
	buf_release(&line);
	if (!err)
		err = fetch_wire_line(fetch->wire, &status);
	if (err)
		return err;
	if (str_starts(status, STR("+OK")))
		return ERR_OK;
	buf_reset(&fetch->said);
	buf_put(&fetch->said, str_head(status, fetch->said.max));
	return str_starts(status, STR("-ERR")) ? ERR_DENIED : ERR_SYNTAX;
}

/* The numbers of the messages that there are, RFC 1939 LIST. */
static enum err list(struct fetch *fetch, struct buf *numbers)
{
	enum err err = ask(fetch, "LIST", 0);
	struct str line, word;
	uint64_t number;

	while (!err && !(err = fetch_wire_line(fetch->wire, &line)) && !str_eq(line, STR("."))) {
		if (!str_next_word(&line, " ", &word) || !str_to_u64(word, UINT32_MAX, &number) ||
			!number)
			return ERR_SYNTAX;
		fetch->found++;
		if (numbers->n / sizeof(uint32_t) < fetch->limit)
			buf_put_u32(numbers, (uint32_t)number);
	}
	return err;
}

static enum err retrieve(struct fetch *fetch, uint64_t number, struct buf *message)
{
	enum err err = ask(fetch, "RETR", number);
	enum step step = STEP_MORE;
	struct smtp_dot dot;

	smtp_dot_reset(&dot);
	while (!err && step == STEP_MORE) {
		struct str chunk, rest;

		err = fetch_wire_chunk(fetch->wire, &chunk);
		if (err)
			break;
		rest = chunk;
		step = smtp_dot_take(&dot, &rest, message);
		fetch_wire_use(fetch->wire, chunk.n - rest.n);
	}
	return err;
}

static enum err mark(void *conversation, uint32_t number)
{
	return ask(conversation, "DELE", number);
}

static enum err take_message(struct fetch *fetch, uint32_t number, struct buf *message)
{
	enum err err;

	buf_reset(message);
	err = retrieve(fetch, number, message);
	if (err == ERR_DENIED) { /* gone, or locked: the others can still be had */
		fetch->gone++;
		return ERR_OK;
	}
	if (err)
		return err;
	return fetch_take(fetch, number, buf_str(message), message->failed, mark, fetch);
}

/* Only QUIT makes the deletions true; it is due also where the spool took no more. */
static enum err quit(struct fetch *fetch, enum err before)
{
	enum err err = before;

	if (before != ERR_CLOSED && before != ERR_TIMEOUT)
		err = ask(fetch, "QUIT", 0);
	if (err) {
		fetch->unmarked += fetch->marked;
		fetch->marked = 0;
	}
	return before ? before : err;
}

enum err fetch_pop3(struct fetch *fetch)
{
	struct buf numbers = BUF_INIT(LIMIT_FETCH_MESSAGES * sizeof(uint32_t));
	struct buf message = BUF_INIT(LIMIT_MESSAGE_BYTES);
	enum err err = list(fetch, &numbers);
	struct str rest = numbers.n ? buf_str(&numbers) : STR_EMPTY;
	uint32_t number;

	while (!err && !fetch->stopped(fetch->context) && str_take_u32(&rest, &number))
		err = take_message(fetch, number, &message);
	err = fetch_settle(fetch, err, mark, fetch);
	buf_release(&numbers);
	buf_release(&message);
	return quit(fetch, err);
}
