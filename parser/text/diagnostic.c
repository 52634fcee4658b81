#include "parser/text/diagnostic.h"

#include "core/status_code.h"
#include "parser/text/sieve.h"

#include <string.h>

/* Subjects of RFC 3463 go to 7; what is beyond is a version number or part of an address. */
enum { SUBJECT_MAX = 7 };

/* True where a code may start at s[i]: at the front of a word. "-" is for "550-5.1.1". */
static bool code_may_start(struct str s, size_t i)
{
	char before;

	if (!i)
		return true;
	before = s.p[i - 1];
	return ascii_space(before) || (before && strchr("#([<\"':;,->|", before)) ||
	       (unsigned char)before >= 0x80;
}

static size_t status_at(struct str s)
{
	struct status_code code;
	size_t n;

	if (s.n < 5 || s.p[1] != '.' || !strchr("245", s.p[0]))
		return 0;
	return status_code_prefix(s, &code, &n) && code.subject <= SUBJECT_MAX ? n : 0;
}

struct str diagnostic_status(struct str text)
{
	for (size_t i = 0; i + 4 < text.n; i++) {
		size_t n = text.p[i + 1] == '.' && code_may_start(text, i)
				   ? status_at(str_skip(text, i))
				   : 0;

		if (n && text.p[i] != '2')
			return str_slice(text, i, i + n);
	}
	return STR_EMPTY;
}

/* Numbers of three digits that are no reply: what follows them is a unit. */
static bool unit_follows(struct str s)
{
	static const struct str units[] = { STR_INIT("s"), STR_INIT("sec"), STR_INIT("secs"),
		STR_INIT("second"), STR_INIT("seconds"), STR_INIT("byte"), STR_INIT("bytes"),
		STR_INIT("kb"), STR_INIT("mb"), STR_INIT("hour"), STR_INIT("hours"),
		STR_INIT("minute"), STR_INIT("minutes"), STR_INIT("day"), STR_INIT("days"),
		STR_INIT("attempts"), STR_INIT("ms") };
	struct str word = STR_EMPTY;

	if (!str_next_word(&s, " \t\r\n.,;:()", &word))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++)
		if (str_ieq(word, units[i]))
			return true;
	return false;
}

bool diagnostic_refuses(struct str text)
{
	uint64_t code;

	return str_to_u64(str_head(text, 3), 599, &code) && code >= 400 &&
	       str_span(str_skip(text, 3), " -");
}

/* Replies in use: 4xx, and 500 to 559 and 571 to 577; a number beyond is a port or a count. */
static bool reply_in_use(unsigned code)
{
	return (code >= 400 && code < 500) || (code >= 500 && code < 560) ||
	       (code > 570 && code < 578);
}

/* The reply code at the start of s, 0 without one. */
static unsigned reply_at(struct str s)
{
	uint64_t code;
	char next;

	if (!str_to_u64(str_head(s, 3), 599, &code) || s.n < 3 || code < 400)
		return 0;
	next = s.n > 3 ? s.p[3] : ' ';
	if (next && !strchr(" -:;,.)]'\"\t\r\n<#_", next))
		return 0;
	if ((next == '.' || next == ',') && s.n > 4 && ascii_digit(s.p[4]))
		return 0; /* an IP address, a decimal */
	if (next == '-' && s.n > 4 && ascii_digit(s.p[4]) && !status_at(str_skip(s, 4)) &&
		!reply_at(str_skip(s, 4)))
		return 0; /* "450-1234" is a phone number */
	if (!reply_in_use((unsigned)code) || unit_follows(str_skip(s, 3)))
		return 0;
	return (unsigned)code;
}

/* "(state 14)", "port 587", "line 450": the word in front says that the number is none. */
static bool counted_before(struct str s, size_t at)
{
	static const struct str words[] = { STR_INIT("state"), STR_INIT("port"), STR_INIT("line"),
		STR_INIT("after"), STR_INIT("than"), STR_INIT("of"), STR_INIT("max"),
		STR_INIT("limit"), STR_INIT("last") };
	struct str before = str_trim(str_head(s, at));

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_iends(before, words[i]) &&
			(before.n == words[i].n ||
				!ascii_alpha(before.p[before.n - words[i].n - 1])))
			return true;
	return false;
}

static unsigned find_reply(struct str text)
{
	for (size_t i = 0; i + 2 < text.n; i++) {
		unsigned code;

		if ((text.p[i] != '4' && text.p[i] != '5') || !code_may_start(text, i))
			continue;
		code = reply_at(str_skip(text, i));
		if (code && !counted_before(text, i))
			return code;
	}
	return 0;
}

/* What servers call the step at which they were refused; the first that occurs decides. */
static const struct {
	struct str words, command;
} steps[] = {
	{ STR_INIT("end of DATA"), STR_INIT("DATA") },
	{ STR_INIT("end of data"), STR_INIT("DATA") },
	{ STR_INIT("our final DATA"), STR_INIT("DATA") },
	{ STR_INIT("after I sent the message"), STR_INIT("DATA") },
	{ STR_INIT("RCPT TO"), STR_INIT("RCPT") },
	{ STR_INIT("RCPT_TO"), STR_INIT("RCPT") },
	{ STR_INIT("does not like recipient"), STR_INIT("RCPT") },
	{ STR_INIT("MAIL FROM"), STR_INIT("MAIL") },
	{ STR_INIT("sender was rejected"), STR_INIT("MAIL") },
	{ STR_INIT("DATA command"), STR_INIT("DATA") },
	{ STR_INIT(">>> DATA"), STR_INIT("DATA") },
	{ STR_INIT("in reply to EHLO"), STR_INIT("EHLO") },
	{ STR_INIT("in reply to HELO"), STR_INIT("HELO") },
	{ STR_INIT("STARTTLS command"), STR_INIT("STARTTLS") },
	{ STR_INIT("initial connection"), STR_INIT("CONN") },
	{ STR_INIT("refused to talk to me"), STR_INIT("CONN") },
	{ STR_INIT("my name was rejected"), STR_INIT("HELO") },
};

static struct str find_command(struct str text, const struct sieve *sieve)
{
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (sieve_passes(sieve, steps[i].words) &&
			str_ifind(text, steps[i].words) != STR_NPOS)
			return steps[i].command;
	return STR_EMPTY;
}

struct str diagnostic_command(struct str text)
{
	const struct sieve sieve = sieve_of(text);

	return find_command(text, &sieve);
}

static bool host_byte(char c)
{
	return ascii_alpha(c) || ascii_digit(c) || c == '.' || c == '-' || c == '_';
}

/* "host mx.example.com[192.0.2.1] said", "by mx.example.com. [192.0.2.1]", "while talking to ...". */
static struct str find_host(struct str text, const struct sieve *sieve)
{
	static const struct str leads[] = { STR_INIT("host "), STR_INIT("while talking to "),
		STR_INIT("connect to "), STR_INIT("conversation with "),
		STR_INIT("lost connection with "),
		STR_INIT("rejected by the server for the recipient domain "),
		STR_INIT("Remote server at "), STR_INIT("Connected to ") };

	for (size_t i = 0; i < ARRAY_LEN(leads); i++) {
		size_t at = sieve_passes(sieve, leads[i]) ? str_ifind(text, leads[i]) : STR_NPOS,
		       n = 0;
		struct str host;

		if (at == STR_NPOS || (at && ascii_alpha(text.p[at - 1])))
			continue;
		host = str_skip(text, at + leads[i].n);
		while (n < host.n && host_byte(host.p[n]))
			n++;
		while (n && host.p[n - 1] == '.')
			n--;
		host = str_head(host, n);
		if (str_chr(host, '.') != STR_NPOS)
			return host;
	}
	return STR_EMPTY;
}

void diagnostic_read(struct str text, struct diagnostic *ret_diagnostic)
{
	const struct sieve sieve = sieve_of(text);

	*ret_diagnostic = (struct diagnostic){ .reply_code = find_reply(text),
		.status = diagnostic_status(text),
		.command = find_command(text, &sieve),
		.host = find_host(text, &sieve) };
}

/* Cisco's gateways wrap the reply: "5.1.0 - Unknown address error 550-'5.7.1 denied' (delivery
 * attempts: 0)". The words in front are theirs, made from the code alone. */
struct str diagnostic_unwrap(struct str text)
{
	size_t dash = str_find(text, STR(" - ")), quote = str_find(text, STR("-'")), word;
	struct status_code code;

	if (dash == STR_NPOS || quote == STR_NPOS || quote < dash + 6)
		return text;
	word = str_rchr(str_head(text, dash), ' ');
	word = word == STR_NPOS ? 0 : word + 1;
	if (!status_code_parse(str_slice(text, word, dash), &code) ||
		str_span(str_slice(text, quote - 3, quote), "0123456789") != 3)
		return text;
	return str_skip(text, quote - 3);
}
