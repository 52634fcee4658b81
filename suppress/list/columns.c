#include "suppress/list/columns.h"

#include <inttypes.h>
#include <stdio.h>

static const struct {
	struct str name;
	enum shape shape;
} column_table[COLUMN_COUNT] = {
#define COLUMN(id, name, shape) [COLUMN_##id] = { STR_INIT(name), SHAPE_##shape },
#include "suppress/list/columns.def"
};

struct str column_name(enum column column)
{
	return column_table[column].name;
}

enum shape column_shape(enum column column)
{
	return column_table[column].shape;
}

static struct str number_text(char *room, size_t n, uint64_t number)
{
	int length = snprintf(room, n, "%" PRIu64, number);

	return str_from(room, (size_t)length);
}

static struct str moment_text(char *room, int64_t at_us)
{
	return at_us == TIMESTAMP_NONE ? STR_EMPTY : timestamp_format(at_us, room);
}

static struct str scope_text(char *room, size_t n, struct str stream)
{
	if (!stream.n)
		return STR("global");
	snprintf(room, n, "stream:%.*s", STR_ARG(stream));
	return str_c(room);
}

static void fill_when(struct columns *columns, const struct store_suppression *row)
{
	struct str *value = columns->value;

	value[COLUMN_FIRST_SEEN] = moment_text(columns->first_seen, row->first_seen_us);
	value[COLUMN_LAST_SEEN] = moment_text(columns->last_seen, row->last_seen_us);
	value[COLUMN_EXPIRES_AT] = moment_text(columns->expires_at, row->expires_at_us);
	value[COLUMN_COUNT_SEEN] = number_text(columns->count, sizeof columns->count, row->count);
	value[COLUMN_EVIDENCE_ID] =
		row->has_evidence ? uuid_format(&row->evidence, columns->evidence) : STR_EMPTY;
	value[COLUMN_SEQ] =
		row->seq ? number_text(columns->seq, sizeof columns->seq, row->seq) : STR_EMPTY;
}

void columns_fill(struct columns *columns, const struct store_suppression *row)
{
	struct str *value = columns->value, reason = reason_name(row->reason), family = STR_EMPTY;
	struct str rest;

	str_cut(reason, '.', &family, &rest);
	value[COLUMN_ADDRESS] = row->address;
	value[COLUMN_DOMAIN] = row->domain;
	value[COLUMN_REASON] = reason;
	value[COLUMN_FAMILY] = family;
	value[COLUMN_CLASS_HARD] = row->class == CLASS_HARD ? STR("true") : STR("false");
	value[COLUMN_SCOPE] = scope_text(columns->scope, sizeof columns->scope, row->stream);
	value[COLUMN_SOURCE] = row->source;
	value[COLUMN_STATUS] = row->status;
	value[COLUMN_DIAGNOSTIC] = row->diagnostic;
	value[COLUMN_STATE] = suppression_state_name(
		row->state == SUPPRESSION_ACTIVE ? SUPPRESSION_ACTIVE : SUPPRESSION_REMOVED);
	fill_when(columns, row);
}
