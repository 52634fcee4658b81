#include "parser/reason/quoted.h"

/* What stands in front of a quoted reply; behind it comes a reply code. */
static const struct str leads[] = {
	STR_INIT(" said: "),
	STR_INIT(" to talk to me: "),
	STR_INIT("server returned was: "),
	STR_INIT("server responded: "),
	STR_INIT("response was: "),
	STR_INIT("server response was: "),
	STR_INIT("response from the remote server: "),
	STR_INIT("server returned: "),
	STR_INIT("Server returned '"),
	STR_INIT("server returned \""),
	STR_INIT("host said: "),
	STR_INIT("Remote host said: "),
	STR_INIT("<<< "),
	STR_INIT("error was: "),
	STR_INIT("reason: "),
	STR_INIT("]: "),
};

/* A reply code and what ends it. */
static bool starts_reply(struct str s)
{
	return s.n > 4 && (s.p[0] == '4' || s.p[0] == '5') && ascii_digit(s.p[1]) &&
	       ascii_digit(s.p[2]) && (s.p[3] == ' ' || s.p[3] == '-');
}

/* Each tail begins with a blank and one of three bytes. */
static struct str without_tail(struct str reply)
{
	static const struct str tails[] = { STR_INIT(" (in reply to "),
		STR_INIT(" (delivery attempts"), STR_INIT(" I'm not going to try again"),
		STR_INIT(" Giving up on ") };

	for (size_t at = 0; at + 2 < reply.n; at++) {
		char next = reply.p[at + 1];

		if (reply.p[at] != ' ' || (next != '(' && next != 'I' && next != 'G'))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(tails); i++)
			if (str_starts(str_skip(reply, at), tails[i]))
				return str_head(reply, at);
	}
	return reply;
}

/* Does one start behind the front? Without it nothing that stands around it has to be looked for. */
static bool has_reply_within(struct str s)
{
	for (size_t at = 1; at + 4 < s.n; at++)
		if ((s.p[at] == '4' || s.p[at] == '5') && starts_reply(str_skip(s, at)))
			return true;
	return false;
}

struct str quoted_reply(struct str text)
{
	if (starts_reply(text))
		return without_tail(text);
	if (!has_reply_within(text))
		return text;
	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		size_t at = str_ifind(text, leads[i]);
		struct str rest;

		if (at == STR_NPOS)
			continue;
		rest = str_skip(text, at + leads[i].n);
		if (starts_reply(rest))
			return without_tail(rest);
	}
	for (size_t at = 3; at + 2 < text.n;
		at++) /* Cisco: "5.1.0 - Unknown address error 550-'...'" */
		if (text.p[at] == '-' && text.p[at + 1] == '\'' &&
			starts_reply(str_skip(text, at - 3)))
			return without_tail(str_skip(text, at - 3));
	for (size_t at = 0; at + 6 < text.n; at++)
		if (text.p[at] == ':' && text.p[at + 1] == ' ' &&
			starts_reply(str_skip(text, at + 2)))
			return without_tail(str_skip(text, at + 2));
	return text;
}
