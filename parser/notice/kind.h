/* parser/notice/kind.h -- what a mail is: by MIME shape and header first, by words second.
 * Knows: report types, the header fields of automatic mail, the phrases of subjects. Does not know
 * who bounced or why. Pure. */
#pragma once
#include "core/report.h"
#include "parser/notice/notice.h"

/* By shape and header alone; KIND_UNKNOWN where these do not tell. */
enum kind kind_by_shape(const struct notice *notice);
/* Whether the words of a mail may be read as a notice about a delivery. */
enum notice_trust {
	NOTICE_NONE,
	NOTICE_WEAK, /* nobody sent it, as it seems: only sentences that one family alone writes count */
	NOTICE_CLAIMED, /* its subject says what it is about, and nothing else that a machine sent it: what
			 * it says counts if it says so at once, or above a returned message */
	NOTICE_FULL, /* a mail system sent it */
};
enum notice_trust kind_notice_trust(const struct notice *notice);
/* True where the subject of a notice says that the mail is only late. */
bool kind_is_delay(const struct notice *notice);
/* For what no reader took for a report. */
enum kind kind_by_words(const struct notice *notice);
