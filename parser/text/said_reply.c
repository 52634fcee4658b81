#include "parser/text/said_reply.h"

#include "parser/text/diagnostic.h"

enum { LABEL_BYTES = 64 };

/* A refusal behind a few words and a colon: "The answer of the server: 550 no". */
static struct str behind_label(struct str line)
{
	struct str label, s;

	if (!str_cut(line, ':', &label, &s) || label.n > LABEL_BYTES)
		return STR_EMPTY;
	s = str_trim(s);
	return diagnostic_refuses(s) ? s : STR_EMPTY;
}

/* The reply at the front of a line of a transcript: "<<< 550 no", "- 554 no", "returned '550 no'". */
static struct str reply_in(struct str line)
{
	static const struct str leads[] = { STR_INIT("returned '"), STR_INIT("returned \"") };
	struct diagnostic d;
	struct str s = str_skip(line, str_span(line, " \t<>*-'\"(#"));

	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		size_t at = str_ifind(line, leads[i]);

		if (at != STR_NPOS)
			s = str_skip(line, at + leads[i].n);
	}
	if (s.n && !ascii_digit(s.p[0]))
		s = behind_label(s);
	if (!s.n || !ascii_digit(s.p[0]))
		return STR_EMPTY;
	diagnostic_read(str_head(s, 24), &d);
	return d.reply_code || d.status.n ? s : STR_EMPTY;
}

struct str said_reply(struct str text)
{
	struct str rest = text, line, reply;

	while (str_next_line(&rest, &line)) {
		reply = reply_in(line);
		if (reply.n)
			return reply;
	}
	return STR_EMPTY;
}

/* Steps by the words that events use for them; others are not kept. */
static struct str known_step(struct str step)
{
	static const struct str steps[] = { STR_INIT("RCPT"), STR_INIT("DATA"), STR_INIT("MAIL"),
		STR_INIT("EHLO"), STR_INIT("HELO"), STR_INIT("STARTTLS"), STR_INIT("CONN"),
		STR_INIT("QUIT") };

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (str_ieq(step, steps[i]))
			return steps[i];
	return STR_EMPTY;
}

/* The step of the transcript that was answered with a refusal: the last ">>> " before it. */
struct str said_step(struct str text)
{
	struct str rest = text, line, step = STR_EMPTY;

	while (str_next_line(&rest, &line)) {
		line = str_trim(line);
		if (str_starts(line, STR(">>> ")))
			step = str_trim(str_skip(line, 4));
		else if (step.n && reply_in(line).n)
			break;
	}
	step = str_head(step, str_cspan(step, " :"));
	return known_step(step.n ? step : diagnostic_command(text));
}
