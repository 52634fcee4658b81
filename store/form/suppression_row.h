/* store/form/suppression_row.h -- an entry of the suppression list, as it is handed out and in. */
#pragma once
#include "core/reason.h"
#include "core/suppression.h"
#include "core/timestamp.h"
#include "store/form/uuid.h"

struct store_suppression {
	struct str address, stream, domain;
	enum suppression_state state;
	enum reason reason;      /* of the event that put it there; REASON_NONE by hand */
	enum reason_class class; /* likewise */
	struct str source;       /* "bounce", "complaint", "manual", "import:NAME" */
	int64_t first_seen_us, last_seen_us, expires_at_us;
	uint64_t count; /* events that were held against it */
	struct str status, diagnostic;
	bool has_evidence;
	struct uuid evidence; /* the newest event */
	uint64_t seq;         /* of its newest numbered change; 0: none yet */
	struct str
		changed_by; /* who put or removed it: "cli:USER", "key:NAME"; empty: events did, or it is not known */
	int64_t changed_at_us;
};
