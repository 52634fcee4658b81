// links: parser
/* Fuzz target of parser/text/diagnostic, parser/mail/address and parser/text/date: facts lie inside their text. */
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/text/date.h"
#include "parser/text/diagnostic.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	struct str text = str_from((const char *)bytes, n), address;
	struct diagnostic d;
	int64_t at_us;

	diagnostic_read(text, &d);
	assert(d.reply_code < 600 && d.status.n <= n && d.host.n <= n);
	if (utf8_valid(text))
		assert(utf8_valid(diagnostic_unwrap(text)));
	if (address_typed(arena, STR("utf-8"), text, true, &address))
		assert(address.n && address_domain(arena, address).n);
	(void)!date_parse(text, &at_us);
	return 0;
}
