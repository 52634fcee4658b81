/* cli/tools/manual.h -- docs/bounced.1 and docs/bounced-tools.1, made from the table of commands: the page of the program that
 * runs (command_table.h). Pure. */
#pragma once
#include "core/buf.h"

void manual_write(struct buf *out);
/* In a few words. */
const char *manual_purpose(void);
