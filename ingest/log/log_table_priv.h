/* ingest/log/log_table_priv.h -- logs of named values (CSV, JSON lines) -> deliveries.
 * Knows: the fields, what formats call them, what a row of them means. Does not know CSV or JSON. */
#pragma once
#include "ingest/log/log_line_priv.h"

enum log_field {
#define LOG_FIELD(id, ours, powermta, kumomta) LOG_FIELD_##id,
#include "ingest/log/log_field.def"
	LOG_FIELD_COUNT
};
struct log_row {
	struct str value[LOG_FIELD_COUNT];
};

enum log_names { LOG_NAMES_OURS, LOG_NAMES_POWERMTA, LOG_NAMES_KUMOMTA, LOG_NAMES_COUNT };
/* -1: none of these. Case does not matter. */
int log_field_find(enum log_names names, struct str name);
/* Handed the values of one line, says what they mean. */
enum log_line log_row_deliver(struct log_reader *reader, enum log_names names, struct log_row *row);
