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

void log_setup(enum log_level level, const char *role)
{
	log_min_level = level;
	log_role = role;
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

static void put_field(struct buf *line, const struct log_field *field)
{
	if (field->shape == LOG_SHAPE_ERR && field->number == ERR_OK)
		return;
	buf_printf(line, " %s=", field->key);
	switch (field->shape) {
	case LOG_SHAPE_STR:
	case LOG_SHAPE_ERR:
		put_text(line, field->text);
		break;
	case LOG_SHAPE_U64:
		buf_printf(line, "%" PRIu64, field->number);
		break;
	case LOG_SHAPE_I64:
		buf_printf(line, "%" PRId64, (int64_t)field->number);
		break;
	case LOG_SHAPE_END:
		break;
	}
}

void log_write(enum log_level level, const char *event, const struct log_field *fields)
{
	struct buf line = BUF_INIT(LOG_LINE_BYTES);
	int saved = errno;

	if (level < log_min_level)
		return;
	buf_printf(&line, "level=%s role=%s event=%s", level_names[level], log_role, event);
	for (; fields->shape != LOG_SHAPE_END; fields++)
		put_field(&line, fields);
	line.failed = false;
	line.max++;
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
