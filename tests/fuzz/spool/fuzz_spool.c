// links: spool
// Any bytes as a segment: a record that reads as whole lies within them. Where the input asks for it
// the header's checksum is made right first, so that the lengths behind it are tried.
#include "spool/crc32c.h"
#include "spool/record.h"

#include <assert.h>
#include <string.h>

enum { CRC_AT = 36 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct buf copy = BUF_INIT(1 << 20);
	uint32_t seed = record_seed(1, 1);
	struct record record;
	struct str all;

	buf_put(&copy, str_from((const char *)bytes, n));
	if (n >= RECORD_HEADER_BYTES && bytes[n - 1] & 1) {
		uint32_t crc = crc32c(seed, str_head(buf_str(&copy), CRC_AT));

		memcpy(copy.p + CRC_AT, &crc, sizeof crc);
	}
	all = buf_str(&copy);
	for (size_t at = record_next_magic(all, 0); at < all.n;
		at = record_next_magic(all, at + 8)) {
		struct str rest = str_skip(all, at);

		if (record_read(rest, seed, &record) != RECORD_WHOLE)
			continue;
		assert(record.whole.n <= rest.n);
		assert(record.envelope.n + record.message.n + RECORD_HEADER_BYTES <=
			record.whole.n);
	}
	buf_release(&copy);
	return 0;
}
