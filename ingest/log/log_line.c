/* ingest/log/log_line.c -- pieces of lines that several formats have. */
#include "ingest/log/log_line_priv.h"

/* How long the program's name is, up to its "[123]" or ": ". Byte by byte: names are short. */
static size_t tag_bytes(struct str rest)
{
	size_t n = 0, max = rest.n < LIMIT_LOG_TAG_BYTES ? rest.n : LIMIT_LOG_TAG_BYTES;

	while (n < max && rest.p[n] != '[' && rest.p[n] != ':' && rest.p[n] != ' ')
		n++;
	return n < max ? n : 0;
}

void log_take_prefix(
	struct log_reader *reader, struct str *line, int64_t *ret_at_us, struct str *ret_tag)
{
	struct str rest = *line, host;
	size_t end, text;

	*ret_at_us = TIMESTAMP_NONE;
	*ret_tag = STR_EMPTY;
	if (!log_time_take(&reader->time, &rest, ret_at_us))
		return;
	*line = rest;
	if (!str_cut(rest, ' ', &host, &rest))
		return;
	end = tag_bytes(rest);
	if (!end || rest.p[end] == ' ')
		return;
	*ret_tag = str_head(rest, end);
	text = rest.p[end] == '[' ? str_chr(str_skip(rest, end), ']') + 1 + end : end;
	if (text + 1 < rest.n && rest.p[text] == ':' && rest.p[text + 1] == ' ')
		*line = str_skip(rest, text + 2);
}

bool log_take_angle(struct str *rest, struct str end, struct str *ret_address)
{
	size_t at;

	if (!rest->n || rest->p[0] != '<')
		return false;
	at = str_find(*rest, end);
	if (at == STR_NPOS)
		return false;
	*ret_address = str_slice(*rest, 1, at);
	*rest = str_skip(*rest, at + end.n);
	return true;
}

struct str log_host(struct str text)
{
	size_t open = str_chr(text, '[');
	struct str name = str_trim(open == STR_NPOS ? text : str_head(text, open)), address;

	if (name.n)
		return name;
	address = str_skip(text, open + 1);
	return str_head(address, str_cspan(address, "]"));
}

static size_t digits(struct str text)
{
	size_t n = 0;

	while (n < text.n && ascii_digit(text.p[n]))
		n++;
	return n;
}

struct str log_reply_status(struct str reply)
{
	struct str at;
	size_t n = 1;

	if (digits(str_head(reply, 4)) != 3 || reply.n < 9)
		return STR_EMPTY;
	at = str_skip(reply, 4);
	for (int part = 0; part < 2; part++) {
		size_t more =
			n < at.n && at.p[n] == '.' ? digits(str_head(str_skip(at, n + 1), 3)) : 0;

		if (!more)
			return STR_EMPTY;
		n += 1 + more;
	}
	if (!ascii_digit(at.p[0]) || (n < at.n && at.p[n] != ' '))
		return STR_EMPTY;
	return str_head(at, n);
}

struct str log_strip_angles(struct str text)
{
	if (text.n >= 2 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		return str_slice(text, 1, text.n - 1);
	return text;
}

static int64_t unit_us(char c)
{
	switch (c) {
	case 'd':
	case '+':
		return TIMESTAMP_DAY_US;
	case 'h':
		return TIMESTAMP_HOUR_US;
	case 'm':
		return TIMESTAMP_MINUTE_US;
	default:
		return TIMESTAMP_SECOND_US;
	}
}

/* What stands before a ':' counts sixty times as much as what is behind it. */
int64_t log_duration_us(struct str text)
{
	int64_t sum_us = 0, clock_s = 0;

	while (text.n) {
		size_t n = digits(text);
		uint64_t value;
		char unit;

		if (!n || n > 9 || !str_to_u64(str_head(text, n), 999999999, &value))
			return 0;
		unit = n < text.n ? text.p[n] : 's';
		text = str_skip(text, n + 1);
		if (unit == ':') {
			clock_s = (clock_s + (int64_t)value) * 60;
			continue;
		}
		sum_us += (clock_s + (int64_t)value) * unit_us(unit);
		clock_s = 0;
		if (unit == '.')
			text = str_skip(text, digits(text) + 1);
	}
	return sum_us < 3650 * TIMESTAMP_DAY_US ? sum_us : 0;
}
