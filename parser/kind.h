/* parser/kind.h -- what a mail is: by MIME shape and header first, by words second.
 * Knows: report types, the header fields of automatic mail, the phrases of subjects. Does not know
 * who bounced or why. Pure. */
#pragma once
#include "core/report.h"
#include "parser/notice.h"

/* By shape and header alone; KIND_UNKNOWN where these do not tell. */
enum kind kind_by_shape(const struct notice *notice);
/* True where the mail comes from a mail system about a delivery: such text may be read as a notice. */
bool kind_is_notice(const struct notice *notice);
/* True where the subject of a notice says that the mail is only late. */
bool kind_is_delay(const struct notice *notice);
/* For what no reader took for a report. */
enum kind kind_by_words(const struct notice *notice);
