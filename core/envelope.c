#include "core/envelope.h"

#include "core/limits.h"

enum { ENVELOPE_PLAIN = 1, ENVELOPE_WITH_DSN = 2, ENVELOPE_DELIVERED = 3 };

static void encode_dsn(const struct envelope *envelope, struct buf *out)
{
	static const struct envelope_dsn nothing = { 0, STR_INIT("") };

	buf_put_u8(out, (uint8_t)envelope->ret);
	for (size_t i = 0; i < envelope->n_forward_paths; i++) {
		const struct envelope_dsn *dsn = envelope->dsn ? &envelope->dsn[i] : &nothing;

		buf_put_u32(out, dsn->notify);
		buf_put_str32(out, dsn->original);
	}
}

void envelope_encode(const struct envelope *envelope, struct buf *out)
{
	bool dsn = envelope->ret || envelope->dsn;

	buf_put_u8(out, envelope->delivered_at_us ? ENVELOPE_DELIVERED
			: dsn                     ? ENVELOPE_WITH_DSN
						  : ENVELOPE_PLAIN);
	buf_put_u8(out, (uint8_t)envelope->source);
	buf_put_u32(out, envelope->flags);
	buf_put_u64(out, (uint64_t)envelope->received_at_us);
	buf_put_str32(out, envelope->session_id);
	buf_put_str32(out, envelope->peer);
	buf_put_str32(out, envelope->helo);
	buf_put_str32(out, envelope->reverse_path);
	buf_put_str32(out, envelope->envelope_id);
	buf_put_str32(out, envelope->stream);
	buf_put_u32(out, (uint32_t)envelope->n_forward_paths);
	for (size_t i = 0; i < envelope->n_forward_paths; i++)
		buf_put_str32(out, envelope->forward_paths[i]);
	if (dsn || envelope->delivered_at_us)
		encode_dsn(envelope, out);
	if (envelope->delivered_at_us)
		buf_put_u64(out, (uint64_t)envelope->delivered_at_us);
}

static bool take_fixed(struct str *rest, struct envelope *envelope)
{
	uint64_t at;
	uint8_t source;

	if (!str_take_u8(rest, &source) || source >= SOURCE_COUNT ||
		!str_take_u32(rest, &envelope->flags) || !str_take_u64(rest, &at))
		return false;
	envelope->source = (enum envelope_source)source;
	envelope->received_at_us = (int64_t)at;
	return str_take_str32(rest, &envelope->session_id) &&
	       str_take_str32(rest, &envelope->peer) && str_take_str32(rest, &envelope->helo) &&
	       str_take_str32(rest, &envelope->reverse_path) &&
	       str_take_str32(rest, &envelope->envelope_id) &&
	       str_take_str32(rest, &envelope->stream);
}

static bool take_dsn(struct arena *arena, struct str *rest, struct envelope *envelope)
{
	uint8_t ret;

	if (!str_take_u8(rest, &ret) || ret >= RET_COUNT)
		return false;
	envelope->ret = (enum envelope_ret)ret;
	envelope->dsn = arena_calloc(arena, envelope->n_forward_paths, sizeof *envelope->dsn);
	for (size_t i = 0; i < envelope->n_forward_paths; i++)
		if (!str_take_u32(rest, &envelope->dsn[i].notify) ||
			!str_take_str32(rest, &envelope->dsn[i].original))
			return false;
	return true;
}

static bool take_delivered(struct str *rest, struct envelope *envelope)
{
	uint64_t at;

	if (!str_take_u64(rest, &at))
		return false;
	envelope->delivered_at_us = (int64_t)at;
	return true;
}

enum err envelope_decode(struct arena *arena, struct str bytes, struct envelope *ret_envelope)
{
	struct envelope envelope = { 0 };
	uint8_t version;
	uint32_t n;

	if (!str_take_u8(&bytes, &version))
		return ERR_SYNTAX;
	if (version < ENVELOPE_PLAIN || version > ENVELOPE_DELIVERED)
		return ERR_NEWER;
	if (!take_fixed(&bytes, &envelope) || !str_take_u32(&bytes, &n) || n > LIMIT_FORWARD_PATHS)
		return ERR_SYNTAX;
	envelope.forward_paths = arena_calloc(arena, n, sizeof *envelope.forward_paths);
	envelope.n_forward_paths = n;
	for (uint32_t i = 0; i < n; i++)
		if (!str_take_str32(&bytes, &envelope.forward_paths[i]))
			return ERR_SYNTAX;
	if (version != ENVELOPE_PLAIN && !take_dsn(arena, &bytes, &envelope))
		return ERR_SYNTAX;
	if (version == ENVELOPE_DELIVERED && !take_delivered(&bytes, &envelope))
		return ERR_SYNTAX;
	if (bytes.n)
		return ERR_SYNTAX;
	*ret_envelope = envelope;
	return ERR_OK;
}
