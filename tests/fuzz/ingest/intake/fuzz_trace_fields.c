// links: ingest/intake
// Any bytes as the header of a stored mail, and as an address of a command line: what is found lies within the mail,
// keeps smtp_path's limit, and is itself such an address.
#include "core/limits.h"
#include "ingest/intake/trace_fields.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void check(struct str text, enum trace_kind kind, struct str address)
{
	struct str again;

	assert(address.n <= LIMIT_PATH_BYTES && (address.n || kind == TRACE_SENDER));
	if (!address.n)
		return;
	assert(address.p >= text.p && address.n <= (size_t)(text.p + text.n - address.p));
	assert(trace_address(address, kind, &again) && str_eq(again, address));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str mail = str_from((const char *)bytes, n), address;
	struct trace_reader reader;
	struct trace_field field;
	size_t left;

	trace_start(&reader, mail);
	for (left = reader.rest.n; trace_next(&reader, &field); left = reader.rest.n) {
		assert(reader.rest.n < left);
		check(mail, field.kind, field.address);
	}
	for (int kind = TRACE_SENDER; kind <= TRACE_RECIPIENT; kind++)
		if (trace_address(mail, (enum trace_kind)kind, &address))
			check(mail, (enum trace_kind)kind, address);
	return 0;
}
