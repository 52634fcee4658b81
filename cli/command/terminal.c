#include "cli/command/terminal.h"

#include "core/sink.h"

#include <stdio.h>

void terminal_print(struct str text)
{
	struct buf out = BUF_INIT(text.n + 1);

	sink_put(&out, SINK_TERMINAL, text);
	fwrite(out.p, 1, out.n, stdout);
	buf_release(&out);
}
