/* cli/command/import_progress.h -- how far a command that takes in mail has come: a bar on a terminal, else nothing.
 * Knows: standard error and whether it is a terminal; the clock, so that the bar is drawn ten times a second
 * and no oftener. */
#pragma once
#include "core/str.h"

#include <stdint.h>

struct import_progress {
	bool terminal;
	bool drawn;
	int64_t started_ms, drawn_ms;
};

void import_progress_init(struct import_progress *progress);
/* "[########            ]  40 %  NAME  TEXT"; without a total the text alone. Draws only when it is time. */
void import_progress_show(struct import_progress *progress, uint64_t done, uint64_t total,
	struct str name, struct str text);
/* Clears the line, before something else is said. */
void import_progress_clear(struct import_progress *progress);
double import_progress_seconds(const struct import_progress *progress);

/* The line itself: at most 79 columns of printable ASCII, the name's other bytes as '?'. Pure. */
enum { IMPORT_PROGRESS_LINE_BYTES = 80 };
struct str import_progress_line(uint64_t done, uint64_t total, struct str name, struct str text,
	char room[static IMPORT_PROGRESS_LINE_BYTES]);
