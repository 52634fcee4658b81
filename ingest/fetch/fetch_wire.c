#include "core/limits.h"
#include "ingest/fetch/fetch.h"

enum { WIRE_READ_BYTES = 16 << 10 };

void fetch_wire_init(struct fetch_wire *wire)
{
	buf_init(&wire->in, LIMIT_FETCH_LINE_BYTES);
	wire->used = 0;
}

void fetch_wire_release(struct fetch_wire *wire)
{
	buf_release(&wire->in);
}

static enum err receive_more(struct fetch_wire *wire)
{
	size_t got = 0;
	char *room;
	enum err err;

	buf_consume(&wire->in, wire->used);
	wire->used = 0;
	room = buf_reserve(&wire->in, WIRE_READ_BYTES);
	if (!room)
		return ERR_LIMIT;
	err = wire->receive(wire->context, room, WIRE_READ_BYTES, &got);
	if (!err && !got)
		err = ERR_CLOSED;
	wire->in.n += got;
	return err;
}

enum err fetch_wire_chunk(struct fetch_wire *wire, struct str *ret_chunk)
{
	enum err err = wire->used < wire->in.n ? ERR_OK : receive_more(wire);

	if (!err)
		*ret_chunk = str_skip(buf_str(&wire->in), wire->used);
	return err;
}

void fetch_wire_use(struct fetch_wire *wire, size_t n)
{
	wire->used += n;
}

enum err fetch_wire_line(struct fetch_wire *wire, struct str *ret_line)
{
	size_t looked = 0, end;
	struct str chunk;
	enum err err = fetch_wire_chunk(wire, &chunk);

	/* What was looked at is not looked at again: a long line that drips would cost its square. */
	while (!err && (end = str_chr(str_skip(chunk, looked), '\n')) == STR_NPOS) {
		looked = chunk.n;
		err = receive_more(wire);
		if (!err)
			chunk = buf_str(&wire->in);
	}
	if (err)
		return err;
	end += looked;
	fetch_wire_use(wire, end + 1);
	if (end && chunk.p[end - 1] == '\r')
		end--;
	*ret_line = str_head(chunk, end);
	return ERR_OK;
}

enum err fetch_wire_bytes(struct fetch_wire *wire, uint64_t n, struct buf *out)
{
	while (n) {
		struct str chunk;
		enum err err = fetch_wire_chunk(wire, &chunk);

		if (err)
			return err;
		if (chunk.n > n)
			chunk.n = (size_t)n;
		if (out)
			buf_put(out, chunk);
		fetch_wire_use(wire, chunk.n);
		n -= chunk.n;
	}
	return ERR_OK;
}
