// links: ingest/smtp spool
// Any bytes to the reader of PROXY headers: the same verdict and the same end however they are cut.
#include "ingest/smtp/proxy_header.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct proxy_header whole = { .n = 0 }, cut = { .n = 0 };
	struct str rest = str_from((const char *)bytes + 1, n ? n - 1 : 0), head, tail;
	enum step step = proxy_header_take(&whole, &rest), other;

	tail = str_from((const char *)bytes + 1, n ? n - 1 : 0);
	head = str_head(tail, n ? bytes[0] : 0);
	tail = str_skip(tail, head.n);
	other = proxy_header_take(&cut, &head);
	if (other == STEP_MORE)
		other = proxy_header_take(&cut, &tail);
	assert(step == other && whole.n == cut.n && whole.has_source == cut.has_source);
	assert(!memcmp(&whole.source, &cut.source, sizeof whole.source));
	return 0;
}
