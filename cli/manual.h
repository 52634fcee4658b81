/* cli/manual.h -- docs/bounced.1, made from the table of commands. Pure. */
#pragma once
#include "core/buf.h"

void manual_write(struct buf *out);
