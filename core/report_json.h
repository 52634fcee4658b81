/* core/report_json.h -- the NDJSON contract, both ways.
 * Knows: the JSON of one report. The one file of core that sees jansson. Pure.
 * Unknown is null; dates are RFC 3339 in UTC; key order is fixed, so the same report gives the same
 * bytes. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/report.h"

enum report_json_style { REPORT_JSON_LINE, REPORT_JSON_PRETTY };

/* Which names `reason` carries: our own, or another product's (enum taxonomy). */
enum { REPORT_JSON_OUR_NAMES = -1 };
struct report_json_options {
	enum report_json_style style;
	int taxonomy; /* REPORT_JSON_OUR_NAMES or an enum taxonomy */
};

/* Appends one object and a line feed. `file` becomes "file"; without one (n == 0) the key is left
 * out. ERR_LIMIT when `out` is full. */
MUST_CHECK enum err report_json_write(const struct report *report, struct str file,
	struct report_json_options options, struct buf *out);
/* Appends one event alone, as in "events". */
MUST_CHECK enum err report_json_write_event(
	const struct event *event, struct report_json_options options, struct buf *out);
/* Reads one object that report_json_write made with our names. Texts are copied to `arena`.
 * ERR_SYNTAX: no JSON, or a field of the wrong type or of no known word. */
MUST_CHECK enum err report_json_read(
	struct arena *arena, struct str json, struct report *ret_report);
