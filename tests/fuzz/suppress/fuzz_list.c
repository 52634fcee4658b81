// links: suppress/list store
// Any bytes as a list, the first one naming the format: every entry is local@domain within its bounds, and cut in two at any
// place the same entries and flaws come in the same order.
#include "core/limits.h"
#include "suppress/list/list_reader.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static void mix(uint64_t *hash, struct str text)
{
	for (size_t i = 0; i < text.n; i++)
		*hash = (*hash ^ (unsigned char)text.p[i]) * 0x100000001b3u;
}

static bool check(void *context, const struct list_entry *entry)
{
	struct str address = entry->row.address;

	assert(address.n <= LIMIT_ADDRESS_BYTES && str_chr(address, '@') != STR_NPOS);
	assert(str_rchr(address, '@') + 1 < address.n && !memchr(address.p, 0, address.n));
	assert(str_cspan(address, "\r\n\t") == address.n && entry->line > 0);
	mix(context, address);
	mix(context, entry->row.diagnostic);
	mix(context, str_from((const char *)&entry->line, sizeof entry->line));
	return true;
}

static void flaw(void *context, uint64_t line, enum list_flaw why)
{
	assert(why != LINE_GOOD && why < LINE_FLAW_COUNT && line > 0);
	mix(context, str_from((const char *)&line, sizeof line));
	mix(context, list_flaw_name(why));
}

static uint64_t read_all(enum list_source format, struct str text, size_t cut)
{
	uint64_t hash = 1;
	const struct list_sink sink = { check, flaw, &hash };
	struct list_reader *reader = list_reader_new(&sink, format);

	if (list_reader_feed(reader, str_head(text, cut)))
		list_reader_feed(reader, str_skip(text, cut));
	list_reader_finish(reader);
	list_reader_free(reader);
	return hash;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str text = str_from((const char *)bytes + 1, n ? n - 1 : 0);
	enum list_source format;

	if (!n)
		return 0;
	format = (enum list_source)(bytes[0] % (LIST_SOURCE_COUNT + 1));
	assert(read_all(format, text, 0) == read_all(format, text, text.n / 2));
	assert(read_all(format, text, 0) == read_all(format, text, text.n / 3));
	return 0;
}
