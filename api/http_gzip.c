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

/* One member, or what of it there is. */
static enum err unpack_member(z_stream *stream, struct buf *out)
{
	char room[16384];
	int got;

	do {
		stream->next_out = (Bytef *)room;
		stream->avail_out = sizeof room;
		got = inflate(stream, Z_NO_FLUSH);
		if (got != Z_OK && got != Z_STREAM_END)
			return ERR_SYNTAX;
		buf_put(out, str_from(room, sizeof room - stream->avail_out));
		if (out->failed)
			return ERR_LIMIT;
	} while (got != Z_STREAM_END);
	return ERR_OK;
}

enum err http_gunzip(struct str packed, struct buf *out)
{
	z_stream stream = { .avail_in = (uInt)packed.n };
	enum err err = packed.n && packed.n <= INT_MAX ? ERR_OK : ERR_SYNTAX;

	if (err || inflateInit2(&stream, WINDOW_BITS) != Z_OK)
		return err ? err : ERR_LIMIT;
	stream.next_in = (z_const Bytef *)packed.p;
	while (!err && stream.avail_in) {
		err = unpack_member(&stream, out);
		if (!err && inflateReset(&stream) != Z_OK)
			err = ERR_SYNTAX;
	}
	inflateEnd(&stream);
	return err;
}
