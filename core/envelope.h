/* core/envelope.h -- what SMTP said about a message, beside its bytes.
 * Knows: the envelope (RFC 5321 2.3.1) and its binary form in the spool and between roles.
 * Pure. Texts are raw peer bytes, bounded by limits.h; they borrow from whoever made the envelope. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum envelope_source { SOURCE_SMTP, SOURCE_HTTP, SOURCE_IMPORT, SOURCE_LOG, SOURCE_COUNT };
enum envelope_flag {
	ENVELOPE_SMTPUTF8 = 1u << 0, /* RFC 6531 */
	ENVELOPE_8BITMIME = 1u << 1, /* RFC 6152 */
	ENVELOPE_TLS = 1u << 2,
};
/* RFC 3461 4.1 and 4.3: what the peer asked to be told, and kept for whoever reads the envelope. */
enum envelope_notify {
	NOTIFY_NEVER = 1u << 0,
	NOTIFY_SUCCESS = 1u << 1,
	NOTIFY_FAILURE = 1u << 2,
	NOTIFY_DELAY = 1u << 3,
};
enum envelope_ret { RET_UNSAID, RET_FULL, RET_HDRS, RET_COUNT };
struct envelope_dsn {
	uint32_t notify;     /* enum envelope_notify; 0: not said */
	struct str original; /* ORCPT, "rfc822;ann@example.com", decoded; empty: none */
};

struct envelope {
	enum envelope_source source;
	uint32_t flags;
	int64_t received_at_us;
	int64_t delivered_at_us; /* to where it was imported from, by its trace; 0: not known, or not imported */
	struct str session_id; /* the id on every log line of the connection: printable ASCII */
	struct str peer;       /* address in text form, without port */
	struct str helo;
	struct str reverse_path;   /* without angle brackets; empty: the null reverse-path */
	struct str envelope_id;    /* ENVID, RFC 3461 4.4, decoded; empty: none */
	struct str *forward_paths; /* the recipients, without angle brackets */
	size_t n_forward_paths;
	enum envelope_ret ret;    /* RET */
	struct envelope_dsn *dsn; /* one for each forward path; NULL: nothing was said of any */
	struct str stream;        /* the configured stream of the first forward-path */
};

/* Appends the binary form: a version octet, then length-prefixed fields. Where nothing of RFC 3461 was
 * said it is version 1, which older programs read, else version 2; with the time of an older delivery 3. */
void envelope_encode(const struct envelope *envelope, struct buf *out);
/* Reads the whole of `bytes`. Texts borrow from `bytes`, the array of paths from `arena`.
 * ERR_SYNTAX: not what envelope_encode writes; ERR_NEWER: another version. */
MUST_CHECK enum err envelope_decode(
	struct arena *arena, struct str bytes, struct envelope *ret_envelope);
