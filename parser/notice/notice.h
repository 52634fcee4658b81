/* parser/notice/notice.h -- a mail as its readers want it: who, about what, and the words for a person.
 * Knows: which parts hold the notice, the report and the returned message. Does not know formats.
 * Pure; borrows from the tree and lives in the same arena. */
#pragma once
#include "core/arena.h"
#include "core/envelope.h"
#include "parser/mail/mime_tree.h"

struct notice {
	const struct mime_tree *tree;
	const struct envelope *envelope; /* may be NULL */
	struct str from;                 /* From, decoded; the address is in it */
	struct str from_address;         /* empty for "<>" or none */
	struct str subject;              /* decoded */
	struct str text;                 /* what is written for a person, without HTML */
	struct str status_text;          /* all delivery-status parts */
	struct str feedback_text;        /* the feedback-report part */
	bool has_status, has_feedback, has_mdn, has_tls_report;
	bool status_encoded;
	struct header_list returned; /* header of the returned message */
};

void notice_read(struct arena *arena, const struct mime_tree *tree, const struct envelope *envelope,
	struct notice *ret_notice);
/* What the HTML parts say where there are text parts, too: a gateway may have added the only text. Empty
 * where the HTML is what notice.text was made of. */
struct str notice_twin(struct arena *arena, const struct notice *notice);
/* A field of the mail's own header. */
struct str notice_header(const struct notice *notice, struct str name);
