#include "core/frame.h"

#include "core/limits.h"

enum { FRAME_HEADER_BYTES = 5 };

size_t frame_begin(struct buf *out, enum frame_type type)
{
	size_t place = out->n;

	buf_put_u32(out, 0);
	buf_put_u8(out, (uint8_t)type);
	return place;
}

enum err frame_end(struct buf *out, size_t place)
{
	size_t n;

	if (out->failed)
		return ERR_LIMIT;
	n = out->n - place - FRAME_HEADER_BYTES;
	if (n > LIMIT_FRAME_BYTES)
		return ERR_LIMIT;
	for (size_t i = 0; i < 4; i++)
		out->p[place + i] = (char)(n >> (8 * i));
	return ERR_OK;
}

enum step frame_next(
	struct str bytes, enum frame_type *ret_type, struct str *ret_body, size_t *ret_bytes)
{
	uint32_t n;
	uint8_t type;

	if (!str_take_u32(&bytes, &n) || !str_take_u8(&bytes, &type))
		return STEP_MORE;
	if (n > LIMIT_FRAME_BYTES || !type || type >= FRAME_TYPE_COUNT)
		return STEP_BAD;
	if (n > bytes.n)
		return STEP_MORE;
	*ret_type = (enum frame_type)type;
	*ret_body = str_head(bytes, n);
	*ret_bytes = FRAME_HEADER_BYTES + (size_t)n;
	return STEP_DONE;
}
