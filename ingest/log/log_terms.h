/* ingest/log/log_terms.h -- the names of the formats, and of what is counted.
 * Knows: log_format.def, log_count.def. Pure. */
#pragma once
#include "core/str.h"

enum log_format {
#define LOG_FORMAT(id, name, line, meaning) LOG_FORMAT_##id,
#include "ingest/log/log_format.def"
	LOG_FORMAT_COUNT
};
struct str log_format_name(enum log_format format);
bool log_format_from_name(struct str name, enum log_format *ret_format);

enum log_count {
#define LOG_COUNT(id, sentence) LOG_COUNT_##id,
#include "ingest/log/log_count.def"
	LOG_COUNT_COUNT
};
const char *log_count_sentence(enum log_count count);
