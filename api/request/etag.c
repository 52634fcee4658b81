#include "api/request/etag.h"

#include <glib.h>
#include <stdio.h>

enum { TAG_DIGITS = 32 };

static void add(GChecksum *sum, struct str s)
{
	if (s.n)
		g_checksum_update(sum, (const guchar *)s.p, (gssize)s.n);
}

struct str etag_make(struct str body, char room[static ETAG_BYTES])
{
	const struct str moment = STR("\"as_of\":\"");
	GChecksum *sum = g_checksum_new(G_CHECKSUM_SHA256);
	size_t at = str_find(body, moment);
	int n;

	if (at != STR_NPOS) {
		add(sum, str_head(body, at));
		body = str_skip(body, at + moment.n);
		body = str_skip(body, str_cspan(body, "\""));
	}
	add(sum, body);
	n = snprintf(room, ETAG_BYTES, "W/\"%.*s\"", TAG_DIGITS, g_checksum_get_string(sum));
	g_checksum_free(sum);
	return str_from(room, (size_t)n);
}

static struct str opaque(struct str tag)
{
	return str_starts(tag, STR("W/")) ? str_skip(tag, 2) : tag;
}

bool etag_is_among(struct str if_none_match, struct str etag)
{
	struct str item;

	while (str_next_word(&if_none_match, ",", &item)) {
		item = str_trim(item);
		if (str_eq(item, STR("*")) || str_eq(opaque(item), opaque(etag)))
			return true;
	}
	return false;
}
