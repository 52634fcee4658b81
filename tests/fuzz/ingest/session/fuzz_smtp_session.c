// links: ingest/session
// Any bytes to a session: no crash, and the same answers and messages however the bytes are cut.
// The first byte says where, and whether it is LMTP. A store always succeeds, a delay is over at once.
#include "ingest/session/smtp_session.h"

#include <assert.h>
#include <stdlib.h>

static void run(struct str input, bool lmtp, size_t cut, struct buf *out)
{
	static const struct smtp_domain any = { STR_INIT("*"), STR_INIT("s") };
	const struct smtp_session_options options = { STR("mx"), &any, 1, 4096, 10, 20, 50, 0,
		1000000, 1000, 1000, 1000000, 1000000, 1000000, 500,
		lmtp ? SMTP_PROTOCOL_LMTP : SMTP_PROTOCOL_SMTP, SMTP_TLS_OFFERED, 1000000,
		SMTP_SAY_NOTHING, SMTP_REFUSE_BARE_LINE_ENDS, NULL, 0, NULL, NULL };
	struct smtp_now now = { .at_us = 1, .memory_left = 1 << 20 };
	struct smtp_session *session = smtp_session_new(&options, STR("id"), STR("::1"), &now);
	struct str pieces[] = { str_head(input, cut), str_skip(input, cut) };
	enum smtp_action action = SMTP_READ;

	smtp_session_start(session);
	for (size_t i = 0; i < ARRAY_LEN(pieces) && action != SMTP_CLOSE; i++)
		do {
			action = smtp_session_feed(session, &now, &pieces[i]);
			if (action == SMTP_STORE) {
				buf_put(out, smtp_session_message(session));
				action = smtp_session_stored(session, &now, ERR_OK);
			}
			if (action == SMTP_STARTTLS)
				action = smtp_session_tls_started(session, &now, STR("TLS"));
			if (action == SMTP_DELAY) {
				now.at_us = smtp_session_deadline(session);
				action = smtp_session_tick(session, &now);
			}
		} while (action != SMTP_CLOSE && pieces[i].n);
	buf_put(out, buf_str(smtp_session_output(session)));
	smtp_session_free(session);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	struct str input = str_from((const char *)bytes, n);
	struct buf whole = BUF_INIT(1 << 24), cut = BUF_INIT(1 << 24);

	if (!n || n > 1 << 16)
		return 0;
	run(str_skip(input, 1), bytes[0] & 1, 0, &whole);
	run(str_skip(input, 1), bytes[0] & 1, bytes[0] * n / 256, &cut);
	/* What is pipelined behind these is told by its arrival: only then may they differ. */
	if (str_ifind(input, STR("DATA")) == STR_NPOS &&
		str_ifind(input, STR("STARTTLS")) == STR_NPOS)
		assert(str_eq(buf_str(&whole), buf_str(&cut)));
	buf_release(&whole);
	buf_release(&cut);
	return 0;
}
