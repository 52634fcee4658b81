#include "api/request/list.h"

#include "api/request/accept.h"
#include "core/arena.h"
#include "core/attr.h"
#include "core/sink.h"

#include <assert.h>
#include <string.h>

/* A column of a CSV: its name, and where its value lies: "rule.id", "failure_rate_interval.0". */
struct column {
	const char *name, *path;
};
#define SAME(name)                                                                                 \
	{                                                                                          \
		name, name                                                                         \
	}
#define COUNT_COLUMNS                                                                              \
	SAME("attempted"), SAME("accepted"), SAME("failed"), SAME("hard"), SAME("soft"),           \
		SAME("block"), SAME("delayed"), SAME("complaints"), SAME("unproven")
#define RATE_COLUMNS                                                                               \
	SAME("failure_rate"), { "failure_rate_low", "failure_rate_interval.0" },                   \
		{ "failure_rate_high", "failure_rate_interval.1" }, SAME("hard_rate"),             \
		SAME("soft_rate"), SAME("block_rate"), SAME("coverage"), SAME("flags")

static const struct column domain_columns[] = { SAME("domain"), COUNT_COLUMNS, RATE_COLUMNS,
	{ NULL, NULL } };
static const struct column provider_columns[] = { SAME("provider"), COUNT_COLUMNS, RATE_COLUMNS,
	{ NULL, NULL } };
static const struct column value_columns[] = { SAME("value"), COUNT_COLUMNS, RATE_COLUMNS,
	{ NULL, NULL } };
static const struct column step_columns[] = { SAME("at"), COUNT_COLUMNS, { NULL, NULL } };
static const struct column point_columns[] = { SAME("at"), SAME("mature"), COUNT_COLUMNS,
	RATE_COLUMNS, { NULL, NULL } };
static const struct column stream_columns[] = { SAME("stream"), COUNT_COLUMNS, RATE_COLUMNS,
	{ NULL, NULL } };
static const struct column reason_columns[] = { SAME("outcome"), SAME("reason"), SAME("class"),
	SAME("count"), SAME("about"), SAME("meaning"), { NULL, NULL } };
static const struct column text_columns[] = { SAME("template"), SAME("reason"), SAME("class"),
	SAME("count"), SAME("domains"), SAME("first_day"), SAME("last_day"), SAME("example"),
	{ NULL, NULL } };
static const struct column event_columns[] = { SAME("id"), SAME("message_id"), SAME("received_at"),
	SAME("happened_at"), SAME("sent_at"), SAME("stream"), SAME("source"), SAME("campaign"),
	SAME("proof"), SAME("rated"), SAME("counts"), SAME("kind"), SAME("recipient"),
	SAME("final_recipient"), SAME("domain"), SAME("outcome"), SAME("status"),
	SAME("status_field"), SAME("reply_code"), SAME("reason"), SAME("class"), SAME("diagnostic"),
	SAME("diagnostic_type"), SAME("command"), SAME("reporting_mta"), SAME("remote_mta"),
	SAME("arrival_date"), SAME("last_attempt_date"), { "rule", "rule.id" },
	{ "rule_layer", "rule.layer" }, SAME("confidence"), SAME("token_recipient"),
	{ NULL, NULL } };
static const struct column suppression_columns[] = { SAME("address"), SAME("stream"),
	SAME("domain"), SAME("state"), SAME("reason"), SAME("class"), SAME("source"),
	SAME("first_seen_at"), SAME("last_seen_at"), SAME("expires_at"), SAME("count"),
	SAME("status"), SAME("diagnostic"), SAME("evidence"), SAME("answer"), SAME("note"),
	SAME("changed_at"), SAME("changed_by"), { NULL, NULL } };

static const struct column volume_columns[] = { SAME("at"), SAME("minutes"), SAME("domain"),
	SAME("stream"), SAME("campaign"), SAME("source"), SAME("attempted"), SAME("accepted"),
	SAME("deferred"), { NULL, NULL } };

static const struct column audit_columns[] = { SAME("id"), SAME("at"), SAME("who"), SAME("action"),
	SAME("subject"), SAME("address"), SAME("n"), SAME("note"), { NULL, NULL } };

static const struct {
	const char *rows_key;
	const struct column *columns;
} tables[] = {
	{ "domains", domain_columns },
	{ "providers", provider_columns },
	{ "rows", value_columns },
	{ "points", point_columns },
	{ "series", step_columns },
	{ "streams", stream_columns },
	{ "reasons", reason_columns },
	{ "events", event_columns },
	{ "diagnostics", text_columns },
	{ "suppressions", suppression_columns },
	{ "volumes", volume_columns },
	{ "audit", audit_columns },
};

static const struct str types[LIST_FORMAT_COUNT] = {
	[LIST_JSON] = STR_INIT("application/json"),
	[LIST_NDJSON] = STR_INIT("application/x-ndjson"),
	[LIST_CSV] = STR_INIT("text/csv"),
};

struct str list_format_name(enum list_format format)
{
	static const struct str names[LIST_FORMAT_COUNT] = { [LIST_JSON] = STR_INIT("json"),
		[LIST_NDJSON] = STR_INIT("ndjson"),
		[LIST_CSV] = STR_INIT("csv") };

	return names[format];
}

const char *list_content_type(enum list_format format)
{
	return format == LIST_CSV ? "text/csv; charset=utf-8; header=present" : types[format].p;
}

/* ---- Accept ---- */

bool list_format_choose(struct str accept, enum list_format *ret_format)
{
	int best = 0;

	if (!str_trim(accept).n) {
		*ret_format = LIST_JSON;
		return true;
	}
	for (int format = 0; format < LIST_FORMAT_COUNT; format++) {
		int quality = accept_type(accept, types[format]);

		if (quality <= best)
			continue;
		best = quality;
		*ret_format = (enum list_format)format;
	}
	return best > 0;
}

/* ---- NDJSON ---- */

static int put_bytes(const char *bytes, size_t n, void *context)
{
	struct buf *out = context;

	sink_put(out, SINK_JSON, str_from(bytes, n));
	return out->failed ? -1 : 0;
}

static void write_json(const json_t *json, struct buf *out)
{
	if (json_dump_callback(
		    json, put_bytes, out, JSON_COMPACT | JSON_REAL_PRECISION(6) | JSON_ENCODE_ANY))
		out->failed = true;
}

/* ---- CSV ---- */

/* A spreadsheet runs what begins so, and peers choose such texts. What senders load is not to be changed for it. */
static void put_text(struct arena *arena, bool guarded, struct str text, struct buf *out)
{
	if (guarded && text.n && str_span(str_head(text, 1), "=+-@\t\r"))
		text = arena_printf(arena, "'%.*s", STR_ARG(text));
	sink_put_csv_field(out, text);
}

static const json_t *value_at(const json_t *json, struct str path)
{
	struct str step, rest;

	while (json && path.n) {
		uint64_t index;
		char key[32] = "";

		rest = STR_EMPTY;
		step = path;
		(void)str_cut(path, '.', &step, &rest);
		assert(step.n < sizeof key);
		memcpy(key, step.p, step.n);
		json = str_to_u64(step, SIZE_MAX, &index) ? json_array_get(json, (size_t)index)
							  : json_object_get(json, key);
		path = rest;
	}
	return json;
}

static void put_value(struct arena *arena, bool guarded, const json_t *value, struct buf *out)
{
	struct buf words = BUF_INIT(out->max);
	const json_t *item;
	size_t i;

	if (json_is_string(value)) {
		put_text(arena, guarded,
			str_from(json_string_value(value), json_string_length(value)), out);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, item)
			buf_printf(&words, "%s%s", i ? " " : "", json_string_value(item));
		put_text(arena, guarded, buf_str(&words), out);
	} else if (value && !json_is_null(value)) {
		write_json(value, out);
	}
	buf_release(&words);
}

static const struct column *columns_of(const char *rows_key)
{
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (!strcmp(tables[i].rows_key, rows_key))
			return tables[i].columns;
	return NULL;
}

static void write_csv(const char *rows_key, const json_t *rows, struct buf *out)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	bool guarded = strcmp(rows_key, "suppressions") != 0;
	const struct column *columns = columns_of(rows_key), *column;
	const json_t *row;
	size_t i;

	assert(columns);
	for (column = columns; column->name; column++)
		buf_printf(out, "%s%s", column == columns ? "" : ",", column->name);
	buf_put(out, STR("\r\n"));
	json_array_foreach(rows, i, row)
	{
		for (column = columns; column->name; column++) {
			if (column != columns)
				buf_putc(out, ',');
			put_value(arena, guarded, value_at(row, str_c(column->path)), out);
		}
		buf_put(out, STR("\r\n"));
		arena_reset(arena);
	}
}

void list_write(enum list_format format, const char *rows_key, const json_t *rows, struct buf *out)
{
	const json_t *row;
	size_t i;

	if (format == LIST_CSV) {
		write_csv(rows_key, rows, out);
		return;
	}
	json_array_foreach(rows, i, row)
	{
		write_json(row, out);
		buf_putc(out, '\n');
	}
}
