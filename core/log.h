/* core/log.h -- one event per line on standard error, key=value, peer bytes escaped.
 * Knows: levels and quoting. Does not know who reads it. The one thing of core that writes outside
 * the process. One line is one write(2), so lines of several processes do not mix. */
#pragma once
#include "core/str.h"

#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR, LOG_LEVEL_COUNT };

enum log_shape { LOG_SHAPE_END, LOG_SHAPE_STR, LOG_SHAPE_U64, LOG_SHAPE_I64, LOG_SHAPE_ERR };
struct log_field {
	const char *key;
	enum log_shape shape;
	struct str text;
	uint64_t number;
};

#define LOG_STR(key, s)                                                                            \
	{                                                                                          \
		(key), LOG_SHAPE_STR, (s), 0                                                       \
	}
#define LOG_C(key, c)                                                                              \
	{                                                                                          \
		(key), LOG_SHAPE_STR, str_c(c), 0                                                  \
	}
#define LOG_U64(key, v)                                                                            \
	{                                                                                          \
		(key), LOG_SHAPE_U64, { "", 0 }, (uint64_t)(v)                                     \
	}
#define LOG_I64(key, v)                                                                            \
	{                                                                                          \
		(key), LOG_SHAPE_I64, { "", 0 }, (uint64_t)(int64_t)(v)                            \
	}
/* Nothing is written where there was no error. */
#define LOG_ERR(err)                                                                               \
	{                                                                                          \
		"error", LOG_SHAPE_ERR, str_c(err_text(err)), (uint64_t)(err)                      \
	}
#define LOG_END                                                                                    \
	{                                                                                          \
		NULL, LOG_SHAPE_END, { "", 0 }, 0                                                  \
	}

/* log_event(LOG_INFO, "report_stored", LOG_STR("id", id), LOG_U64("events", n));
 * Prints `level=info role=loader event=report_stored id=... events=2`. Text is cut at 256 bytes; a value
 * with a space, quote, control or non-ASCII byte is quoted, such bytes as \xNN. */
#define log_event(level, event, ...)                                                               \
	log_write((level), (event),                                                                \
		(const struct log_field[]){ __VA_ARGS__ __VA_OPT__(, ) LOG_END })
void log_write(enum log_level level, const char *event, const struct log_field *fields);

/* An id of a session, a request, a run of a command: random, lower-case letters and digits, so that no two of a site meet. */
enum { LOG_ID_BYTES = 8 };
void log_id_make(char room[static LOG_ID_BYTES + 1]);

/* Lines below `level` are not written. The role's name stands on every line. Neither is thread-safe:
 * called once, at the start. `role` must live as long as the process. */
void log_setup(enum log_level level, const char *role);
/* LOG_AS_JSON: the same line as an object, numbers as numbers, the same bytes of a text escaped. At the start, too. */
enum log_form { LOG_AS_TEXT, LOG_AS_JSON };
void log_set_form(enum log_form form);
bool log_form_from_name(struct str name, enum log_form *ret_form);
bool log_level_from_name(struct str name, enum log_level *ret_level);
