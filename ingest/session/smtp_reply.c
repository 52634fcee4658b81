#include "ingest/session/smtp_reply.h"

static const struct {
	unsigned code;
	struct str status;
	enum smtp_effect effect;
	struct str text;
} reply_table[SMTP_REPLY_COUNT] = {
	[SMTP_SAY_NOTHING] = { 0, STR_INIT(""), SMTP_EFFECT_FINE, STR_INIT("") },
#define SMTP_REPLY(id, code, status, effect, text)                                                 \
	[SMTP_SAY_##id] = { code, STR_INIT(status), SMTP_EFFECT_##effect, STR_INIT(text) },
#include "ingest/session/smtp_replies.def"
};

unsigned smtp_reply_code(enum smtp_reply reply)
{
	return reply_table[reply].code;
}

struct str smtp_reply_status(enum smtp_reply reply)
{
	return reply_table[reply].status;
}

enum smtp_effect smtp_reply_effect(enum smtp_reply reply)
{
	return reply_table[reply].effect;
}

struct str smtp_reply_text(enum smtp_reply reply)
{
	return reply_table[reply].text;
}

void smtp_reply_put(
	struct buf *out, enum smtp_reply reply, struct str argument, enum smtp_reply_line line)
{
	struct str status = reply_table[reply].status, text = reply_table[reply].text, before;

	buf_printf(out, "%03u%c", reply_table[reply].code, line == SMTP_LINE_LAST ? ' ' : '-');
	if (status.n) {
		buf_put(out, status);
		buf_putc(out, ' ');
	}
	if (str_cut(text, '%', &before, &text)) {
		buf_put(out, before);
		buf_put(out, argument);
	}
	buf_put(out, text);
	buf_put(out, STR("\r\n"));
}
