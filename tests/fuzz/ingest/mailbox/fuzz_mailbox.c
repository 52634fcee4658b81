// links: ingest/mailbox
// Any bytes as an mbox of any format: it ends, and messages lie within what was given or restored.
#include "ingest/mailbox/mailbox.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct arena *arena = arena_new();

	for (int format = MAILBOX_AUTO; format < MAILBOX_MAILDIR; format++) {
		struct str rest = str_from((const char *)bytes, n), message;
		size_t left = rest.n, total = 0;

		while (mbox_next(arena, (enum mailbox_format)format, &rest, &message)) {
			assert(rest.n < left);
			left = rest.n;
			total += message.n;
		}
		assert(total <= n);
	}
	arena_free(arena);
	return 0;
}
