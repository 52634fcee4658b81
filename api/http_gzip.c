#include "api/http_gzip.h"

#include <limits.h>
#include <stdlib.h>
#define ZLIB_CONST /* it reads what it is given, and no more */
#include <zlib.h>

/* An answer waits for it, and JSON is small at any level: the fastest (level 1). */
enum { LEVEL = 1, WINDOW_BITS = 15 + 16 /* with the header of gzip */, MEMORY_LEVEL = 8 };

char *http_gzip(struct str bytes, size_t *ret_n)
{
	z_stream stream = { .avail_in = (uInt)bytes.n };
	char *out;

	if (bytes.n < GZIP_MIN_BYTES || bytes.n > INT_MAX)
		return NULL;
	if (deflateInit2(&stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
		    Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	out = malloc(bytes.n);
	if (!out)
		abort();
	stream.next_in = (z_const Bytef *)bytes.p;
	stream.next_out = (Bytef *)out;
	stream.avail_out = (uInt)bytes.n;
	if (deflate(&stream, Z_FINISH) != Z_STREAM_END) {
		free(out);
		out = NULL;
	}
	*ret_n = stream.total_out;
	deflateEnd(&stream);
	return out;
}
