/* ingest/session/smtp_chunk_priv.h -- BDAT (RFC 3030 2): the command, and the octets behind it. */
#pragma once
#include "ingest/session/smtp_state_priv.h"

enum smtp_reply smtp_chunk_check(
	const struct smtp_session *session, struct str text, struct smtp_args *ret_args);
enum smtp_reply smtp_chunk_apply(struct smtp_session *session, const struct smtp_args *args);
enum smtp_action smtp_chunk_feed(struct smtp_session *session, struct str *rest);
