#include "ingest/intake/trace_fields.h"

#include "core/limits.h"
#include "ingest/text/smtp_path.h"

#include <string.h>

static const struct {
	struct str name;
	enum trace_kind kind;
} fields[] = {
	{ STR_INIT("Return-Path"), TRACE_SENDER },
	{ STR_INIT("X-Original-To"), TRACE_RECIPIENT },
	{ STR_INIT("Delivered-To"), TRACE_RECIPIENT },
	{ STR_INIT("Envelope-To"), TRACE_RECIPIENT },
	{ STR_INIT("X-Envelope-To"), TRACE_RECIPIENT },
};

bool trace_address(struct str text, enum trace_kind kind, struct str *ret_address)
{
	char room[LIMIT_PATH_BYTES + 2];
	struct smtp_path path;
	struct str rest;

	text = str_trim(text);
	if (text.n > 1 && text.p[0] == '<' && text.p[text.n - 1] == '>')
		text = str_slice(text, 1, text.n - 1);
	if (kind == TRACE_SENDER && (!text.n || str_ieq(text, STR("MAILER-DAEMON")))) {
		*ret_address = STR_EMPTY;
		return true;
	}
	if (!text.n || text.n > LIMIT_PATH_BYTES)
		return false;
	room[0] = '<';
	memcpy(room + 1, text.p, text.n);
	room[text.n + 1] = '>';
	rest = str_from(room, text.n + 2);
	/* A source route is no part of it: its bytes stand in front, so the end is what counts. */
	if (smtp_path_take(&rest, SMTP_REVERSE_PATH, &path) || rest.n || !path.mailbox.n)
		return false;
	*ret_address = str_skip(text, text.n - path.mailbox.n);
	return true;
}

void trace_start(struct trace_reader *reader, struct str mail)
{
	reader->rest = str_head(mail, LIMIT_HEADER_BLOCK_BYTES);
}

bool trace_next(struct trace_reader *reader, struct trace_field *ret_field)
{
	struct str line, name, value;

	while (str_next_line(&reader->rest, &line) && line.n) {
		if (!str_cut(line, ':', &name, &value))
			continue;
		for (size_t i = 0; i < ARRAY_LEN(fields); i++) {
			struct trace_field field = { .kind = fields[i].kind };

			if (!str_ieq(str_trim(name), fields[i].name) || ascii_space(*line.p) ||
				!trace_address(value, field.kind, &field.address))
				continue;
			*ret_field = field;
			return true;
		}
	}
	reader->rest = STR_EMPTY;
	return false;
}
