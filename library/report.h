/* library/report.h -- a report that outlives parser, rules and mail: one piece of memory.
 * Knows: which public field is which of ours. Pure. The caller owns what is made. */
#pragma once
#include "core/report.h"
#include "library/bounced_parser.h"

/* Copies all that `report` tells; its texts end with a NUL from now on. */
struct bounced_report *report_copy(const struct report *report);
/* The same of one event alone, which is also what its JSON is. */
struct bounced_report *report_copy_event(const struct event *event);
