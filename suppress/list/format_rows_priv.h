/* suppress/list/format_rows_priv.h -- how each format writes a row: the functions of format.def. Pure; the buf's sticky
 * error is the error. */
#pragma once
#include "suppress/list/format_entry.h"

void format_no_head(struct buf *out);
#define FORMAT_HEAD(name) void format_##name##_head(struct buf *out);
#define FORMAT_BODY(name)                                                                          \
	void format_##name##_row(const struct format_entry *entry, struct buf *out);
FORMAT_HEAD(csv)
FORMAT_HEAD(sendgrid)
FORMAT_HEAD(mailgun_bounces)
FORMAT_HEAD(mailgun_complaints)
FORMAT_HEAD(mailgun_unsubscribes)
FORMAT_HEAD(sparkpost)
FORMAT_HEAD(postmark)
FORMAT_HEAD(mailchimp)
FORMAT_HEAD(listmonk)
FORMAT_HEAD(kumomta)
FORMAT_BODY(csv)
FORMAT_BODY(ndjson)
FORMAT_BODY(ses)
FORMAT_BODY(text)
FORMAT_BODY(mailgun_bounces)
FORMAT_BODY(mailgun_complaints)
FORMAT_BODY(mailgun_unsubscribes)
FORMAT_BODY(sparkpost)
FORMAT_BODY(postmark)
FORMAT_BODY(mailchimp)
FORMAT_BODY(listmonk)
FORMAT_BODY(line)
FORMAT_BODY(kumomta)
FORMAT_BODY(postfix)
FORMAT_BODY(exim)
FORMAT_BODY(zonemta)
FORMAT_BODY(sha256)
FORMAT_BODY(md5)
#undef FORMAT_HEAD
#undef FORMAT_BODY
