/* cli/tools/reasons_page.h -- docs/reasons.md: the closed list of reasons and its names in other products. Pure. */
#pragma once
#include "core/buf.h"

void reasons_page_write(struct buf *out);
