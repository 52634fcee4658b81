// links: ingest/log
// Any bytes as a log, the first one naming the format: what is told of a delivery is bounded and has what it must; read in two
// pieces with a saved state between them it is the same number of deliveries.
#include "core/limits.h"
#include "ingest/log/log_reader.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static const struct log_clock clock_of_2026 = { .newest_us = INT64_C(1798675200000000) };

static void check(void *context, const struct delivery *delivery)
{
	assert(delivery->sender.n && delivery->domain.n && delivery->at_us != TIMESTAMP_NONE);
	assert(delivery->reply.n <= 2 * LIMIT_LOG_LINE_BYTES &&
		delivery->sender.n <= LIMIT_LOG_LINE_BYTES);
	++*(size_t *)context;
}

static size_t read_all(enum log_format format, struct str log, size_t cut)
{
	struct buf state = BUF_INIT(1u << 24);
	size_t deliveries = 0, taken;
	struct log_reader *first = log_reader_new(format, &clock_of_2026, check, &deliveries);
	struct log_reader *second = log_reader_new(format, &clock_of_2026, check, &deliveries);

	taken = log_reader_feed(first, str_head(log, cut));
	assert(taken <= cut && log_reader_offset(first) == taken);
	log_reader_save(first, 1u << 24, &state);
	assert(!log_reader_load(second, buf_str(&state)));
	log_reader_feed(second, str_skip(log, taken));
	ERR_IGNORE(log_reader_load(second, log), "any bytes may be no state");
	log_reader_free(first);
	log_reader_free(second);
	buf_release(&state);
	return deliveries;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str log = str_from((const char *)bytes + 1, n ? n - 1 : 0);
	enum log_format format;

	if (!n)
		return 0;
	format = (enum log_format)(bytes[0] % LOG_FORMAT_COUNT);
	assert(read_all(format, log, 0) == read_all(format, log, log.n / 2));
	return 0;
}
