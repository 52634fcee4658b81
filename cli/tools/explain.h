/* cli/tools/explain.h -- a report in words, for a person: what, about whom, and the words that decided. Pure. */
#pragma once
#include "core/buf.h"
#include "core/report.h"

/* Appends some lines about each event; `file` heads them. Control bytes of the mail become "?". */
void explain_write(const struct report *report, struct str file, struct buf *out);
/* The lines of one event, without a head. */
void explain_event(const struct event *event, struct buf *out);
