#include "parser/notice/transcript.h"

#include "parser/mail/address.h"
#include "parser/notice/entry_line.h"

/* What sendmail makes of any reply that it knows no better word for. */
static bool only_sums_up(struct str words)
{
	static const struct str sums[] = { STR_INIT("Remote protocol error"),
		STR_INIT("Service unavailable"), STR_INIT("Remote error") };

	for (size_t i = 0; i < ARRAY_LEN(sums); i++)
		if (str_istarts(words, sums[i]))
			return true;
	return false;
}

void transcript_lines(struct entry_source *source)
{
	struct str rest = source->region, line, address, words, reply = STR_EMPTY;

	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (str_starts(line, STR("<<<"))) {
			reply = str_trim(str_skip(line, 3));
			continue;
		}
		if (!entry_line_reply(line, &address, &words) ||
			event_list_find(source->list, address))
			continue;
		if (reply.n && only_sums_up(words))
			words = reply;
		else if (reply.n)
			words = arena_printf(
				source->arena, "%.*s %.*s", STR_ARG(reply), STR_ARG(line));
		else if (!words.n || !ascii_digit(words.p[0]))
			words = line; /* else the reply is quoted in it */
		if (!entry_add(source, address, words))
			return;
		reply = STR_EMPTY;
	}
}

/* ---- sessions ---- */

struct session {
	struct entry_source *source;
	struct str asked;        /* the recipient of the RCPT that has no answer yet */
	struct event_list taken; /* those that were taken before the data */
};

static bool asks(struct str line, struct str *ret_address)
{
	size_t at = str_ifind(line, STR("RCPT TO:")), n;
	struct str s;

	if (at == STR_NPOS)
		return false;
	s = str_skip(line, at + 8);
	s = str_skip(s, str_span(s, " <"));
	n = address_prefix(s);
	*ret_address = str_head(s, n);
	return n > 0;
}

static void answer(struct session *session, struct str reply)
{
	bool refusal = reply.p[0] == '4' || reply.p[0] == '5';
	struct event_list *taken = &session->taken;

	if (session->asked.n && refusal) {
		entry_add(session->source, session->asked, reply);
	} else if (session->asked.n) {
		struct event *event = event_list_add(session->source->arena, taken);

		if (event)
			event->recipient = session->asked;
	} else if (refusal) {
		for (size_t i = 0; i < taken->n; i++)
			entry_add(session->source, taken->items[i].recipient, reply);
		taken->n = 0;
	}
	session->asked = STR_EMPTY;
}

void transcript_session(struct entry_source *source)
{
	struct session session = { .source = source };
	struct str rest = source->region, line, address;
	uint64_t code;

	while (str_next_line(&rest, &line)) {
		struct str reply = entry_line_said(line);

		if (!reply.n)
			reply = str_trim(line);
		if (asks(line, &address)) {
			session.asked = address;
			continue;
		}
		if (reply.n > 3 && str_to_u64(str_head(reply, 3), 599, &code) && code >= 200 &&
			str_span(str_skip(reply, 3), " -") && (session.asked.n || session.taken.n))
			answer(&session, reply);
	}
}
