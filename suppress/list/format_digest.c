/* suppress/list/format_digest.c -- digests of addresses, for who may not see them. The address is trimmed, all letters
 * in lower case, its domain as A-labels; nothing else is taken from it. */
#include "suppress/list/digest.h"
#include "suppress/list/format_rows_priv.h"

#include <glib.h>

static void put_digest(GChecksumType type, struct str key, struct buf *out)
{
	char *lower = g_utf8_strdown(key.p, (gssize)key.n);
	char *digest = g_compute_checksum_for_string(type, lower, -1);

	buf_put(out, str_c(digest));
	buf_putc(out, '\n');
	g_free(digest);
	g_free(lower);
}

void format_sha256_row(const struct format_entry *entry, struct buf *out)
{
	if (!entry->is_digest) {
		put_digest(G_CHECKSUM_SHA256, entry->key, out);
		return;
	}
	buf_put(out, digest_text(entry->key));
	buf_putc(out, '\n');
}

/* No proof of anything: some takers compare by nothing else. */
void format_md5_row(const struct format_entry *entry, struct buf *out)
{
	put_digest(G_CHECKSUM_MD5, entry->key, out);
}
