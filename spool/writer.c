#include "spool/writer_priv.h"

#include <time.h>

enum { MIN_FREE_SHARE = 20 };

int64_t writer_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

enum err writer_check_space(const struct spool_writer *writer, uint64_t more)
{
	uint64_t least = writer->options.min_free_bytes, free_bytes, total;

	if (!least)
		return ERR_OK;
	if (writer->options.ops->space(writer->dir, &free_bytes, &total))
		return ERR_IO;
	if (least == SPOOL_MIN_FREE_AUTO) {
		least = 2 * writer->options.segment_bytes;
		if (least < total / MIN_FREE_SHARE)
			least = total / MIN_FREE_SHARE;
	}
	return free_bytes < least || free_bytes - least < more ? ERR_NO_SPACE : ERR_OK;
}

bool writer_may_grow(const struct spool_writer *writer)
{
	return writer->segment_bytes <= writer->options.quota_bytes &&
	       writer->options.segment_bytes <=
		       writer->options.quota_bytes - writer->segment_bytes &&
	       writer_check_space(writer, 0) == ERR_OK;
}
