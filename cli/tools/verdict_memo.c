#include "cli/tools/verdict_memo.h"

#include <stdlib.h>
#include <string.h>

/* Reply, remote MTA and what was written, one behind the other. */
struct slot {
	char *bytes;
	size_t reply_n, remote_mta_n, written_n;
};

struct verdict_memo {
	struct slot slots[VERDICT_MEMO_SLOTS];
};

struct verdict_memo *verdict_memo_new(void)
{
	struct verdict_memo *memo = calloc(1, sizeof *memo);

	if (!memo)
		abort();
	return memo;
}

void verdict_memo_free(struct verdict_memo *memo)
{
	for (size_t i = 0; memo && i < VERDICT_MEMO_SLOTS; i++)
		free(memo->slots[i].bytes);
	free(memo);
}

static size_t place_of(struct str reply, struct str remote_mta)
{
	return (str_ihash(reply) + 31 * str_ihash(remote_mta)) % VERDICT_MEMO_SLOTS;
}

struct str verdict_memo_get(
	const struct verdict_memo *memo, struct str reply, struct str remote_mta)
{
	const struct slot *slot = &memo->slots[place_of(reply, remote_mta)];
	struct str rest =
		str_from(slot->bytes, slot->reply_n + slot->remote_mta_n + slot->written_n);

	if (!slot->bytes || !str_eq(str_head(rest, slot->reply_n), reply) ||
		!str_eq(str_slice(rest, slot->reply_n, slot->reply_n + slot->remote_mta_n),
			remote_mta))
		return STR_EMPTY;
	return str_skip(rest, slot->reply_n + slot->remote_mta_n);
}

void verdict_memo_put(
	struct verdict_memo *memo, struct str reply, struct str remote_mta, struct str written)
{
	struct slot *slot = &memo->slots[place_of(reply, remote_mta)];
	const struct str parts[] = { reply, remote_mta, written };
	size_t left = VERDICT_MEMO_BYTES, n = 0;

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].n > left)
			return;
		left -= parts[i].n;
	}
	free(slot->bytes);
	slot->bytes = malloc(VERDICT_MEMO_BYTES - left + 1);
	if (!slot->bytes)
		abort();
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (parts[i].n)
			memcpy(slot->bytes + n, parts[i].p, parts[i].n);
		n += parts[i].n;
	}
	slot->reply_n = reply.n;
	slot->remote_mta_n = remote_mta.n;
	slot->written_n = written.n;
}
