#include "core/log.h"

#include "core/buf.h"
#include "core/err.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/random.h>
#include <unistd.h>

enum { LOG_VALUE_BYTES = 256, LOG_LINE_BYTES = 4096 };

static const char *const level_names[LOG_LEVEL_COUNT] = { "debug", "info", "warn", "error" };
static enum log_level log_min_level = LOG_INFO;
static const char *log_role = "bounced";
static enum log_form log_now = LOG_AS_TEXT;

void log_setup(enum log_level level, const char *role)
{
	log_min_level = level;
	log_role = role;
}

void log_set_form(enum log_form form)
{
	log_now = form;
}

bool log_form_from_name(struct str name, enum log_form *ret_form)
{
	bool json = str_eq(name, STR("json"));

	if (!json && !str_eq(name, STR("text")))
		return false;
	*ret_form = json ? LOG_AS_JSON : LOG_AS_TEXT;
	return true;
}

bool log_level_from_name(struct str name, enum log_level *ret_level)
{
	for (size_t i = 0; i < LOG_LEVEL_COUNT; i++) {
		if (!str_eq(name, str_c(level_names[i])))
			continue;
		*ret_level = (enum log_level)i;
		return true;
	}
	return false;
}

static bool plain(char c)
{
	return c > ' ' && c < 0x7F && c != '"' && c != '\\' && c != '=';
}

static void put_text(struct buf *line, struct str text)
{
	bool quote = !text.n;

	text = str_head(text, LOG_VALUE_BYTES);
	for (size_t i = 0; i < text.n; i++)
		quote |= !plain(text.p[i]);
	if (!quote) {
		buf_put(line, text);
		return;
	}
	buf_putc(line, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (plain(c) || c == ' ' || c == '=')
			buf_putc(line, c);
		else
			buf_printf(line, "\\x%02X", (unsigned)(unsigned char)c);
	}
	buf_putc(line, '"');
}

/* In JSON a byte that is escaped reads as in text: a backslash, an x, two digits. */
static void put_json_text(struct buf *line, struct str text)
{
	text = str_head(text, LOG_VALUE_BYTES);
	buf_putc(line, '"');
	for (size_t i = 0; i < text.n; i++) {
		char c = text.p[i];

		if (plain(c) || c == ' ' || c == '=')
			buf_putc(line, c);
		else if (c == '"')
			buf_put(line, STR("\\\""));
		else
			buf_printf(line, "\\\\x%02X", (unsigned)(unsigned char)c);
	}
	buf_putc(line, '"');
}

static void put_key(struct buf *line, const char *key)
{
	if (log_now == LOG_AS_JSON)
		buf_printf(line, "%s\"%s\":", line->n > 1 ? "," : "", key);
	else
		buf_printf(line, "%s%s=", line->n ? " " : "", key);
}

static void put_word(struct buf *line, const char *key, struct str text)
{
	put_key(line, key);
	if (log_now == LOG_AS_JSON)
		put_json_text(line, text);
	else
		put_text(line, text);
}

static void put_field(struct buf *line, const struct log_field *field)
{
	if (field->shape == LOG_SHAPE_ERR && field->number == ERR_OK)
		return;
	if (field->shape == LOG_SHAPE_STR || field->shape == LOG_SHAPE_ERR) {
		put_word(line, field->key, field->text);
		return;
	}
	put_key(line, field->key);
	if (field->shape == LOG_SHAPE_U64)
		buf_printf(line, "%" PRIu64, field->number);
	else
		buf_printf(line, "%" PRId64, (int64_t)field->number);
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	struct buf line = BUF_INIT(LOG_LINE_BYTES);
	int saved = errno;

	if (level < log_min_level)
		return;
	if (log_now == LOG_AS_JSON)
		buf_putc(&line, '{');
	put_word(&line, "level", str_c(level_names[level]));
	put_word(&line, "role", str_c(log_role));
	put_word(&line, "event", str_c(event));
	for (; fields->shape != LOG_SHAPE_END; fields++)
		put_field(&line, fields);
	line.failed = false;
	line.max += 2;
	if (log_now == LOG_AS_JSON)
		buf_putc(&line, '}');
	buf_putc(&line, '\n');
	if (write(STDERR_FILENO, line.p, line.n) < 0) {
		/* Nobody is left to tell. */
	}
	buf_release(&line);
	errno = saved;
}

void log_id_make(char room[static LOG_ID_BYTES + 1])
{
	static const char digits[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[LOG_ID_BYTES];

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes)
		abort(); /* cannot happen for so few bytes, getrandom(2) */
	for (size_t i = 0; i < LOG_ID_BYTES; i++)
		room[i] = digits[bytes[i] % 32];
	room[LOG_ID_BYTES] = '\0';
}
