#include "ingest/log/log_terms.h"

static const struct str format_names[LOG_FORMAT_COUNT] = {
#define LOG_FORMAT(id, name, line, meaning) [LOG_FORMAT_##id] = STR_INIT(name),
#include "ingest/log/log_format.def"
};

static const char *const sentences[LOG_COUNT_COUNT] = {
#define LOG_COUNT(id, sentence) [LOG_COUNT_##id] = sentence,
#include "ingest/log/log_count.def"
};

struct str log_format_name(enum log_format format)
{
	return format_names[format];
}

bool log_format_from_name(struct str name, enum log_format *ret_format)
{
	for (int i = 0; i < LOG_FORMAT_COUNT; i++)
		if (str_eq(format_names[i], name)) {
			*ret_format = (enum log_format)i;
			return true;
		}
	return false;
}

const char *log_count_sentence(enum log_count count)
{
	return sentences[count];
}
