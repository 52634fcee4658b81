// links: suppress_proof
// Any return path: a token and the fields of templates lie within it, and a recipient is an address or nothing.
#include "core/return_path.h"
#include "core/suppression.h"
#include "suppress/proof/verp.h"

#include <assert.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str text = str_from((const char *)data, size), token, domain,
		   fields[VERP_FIELD_COUNT];
	struct arena *arena = arena_new();
	struct verp verp = { .n = 0 };
	struct str recipient, address;

	if (return_path_token(text, &token, &domain))
		assert(token.n == RETURN_PATH_TOKEN_BYTES && token.p >= text.p &&
			token.p + token.n <= text.p + text.n);
	if (verp_add(&verp, STR("bounce+{local}={domain}@")) ||
		verp_add(&verp, STR("{stream}-{campaign}-{id}@")))
		__builtin_trap();
	if (verp_add(&verp, str_head(text, size / 2)) == ERR_OK)
		assert(verp.n == 3);
	if (verp_read(&verp, text, fields)) {
		recipient = verp_recipient(arena, fields);
		assert(!recipient.n || suppression_address(arena, recipient, &address));
	}
	arena_free(arena);
	return 0;
}
