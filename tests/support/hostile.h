/* tests/support/hostile.h -- mails that are made to hurt a parser, each in any size.
 * Used by the test that bounds hold and by the bench that says what they cost. */
#pragma once
#include "core/buf.h"

/* Appends a mail of about `n` units, whatever the unit of that kind is. */
typedef void hostile_make(struct buf *out, size_t n);

static inline void hostile_repeat(struct buf *out, struct str what, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_put(out, what);
}

static inline void hostile_notice(struct buf *out, struct str type)
{
	buf_printf(out,
		"From: MAILER-DAEMON@example.net\nSubject: Undelivered mail\n"
		"Content-Type: %.*s\n\n",
		STR_ARG(type));
}

static inline void hostile_nesting(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "Content-Type: multipart/mixed; boundary=b%zu\n\n--b%zu\n", i, i);
	buf_put(out, STR("\nx\n"));
}

/* Lines that could be any of the boundaries, behind all of them. */
static inline void hostile_boundaries(struct buf *out, size_t n)
{
	hostile_nesting(out, n);
	for (size_t i = 0; i < n * 400; i++)
		buf_printf(out, "--b%zux\n", i % n);
}

static inline void hostile_headers(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(out, "X-%zu: a\n", i);
	buf_put(out, STR("\nx\n"));
}

static inline void hostile_line(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/plain"));
	hostile_repeat(out, STR("x"), n);
}

static inline void hostile_field(struct buf *out, size_t n)
{
	buf_put(out, STR("From: MAILER-DAEMON@example.net\nSubject: "));
	hostile_repeat(out, STR("=?utf-8?q?=FF?= "), n / 16);
	buf_put(out, STR("\n\nx\n"));
}

static inline void hostile_folds(struct buf *out, size_t n)
{
	buf_put(out, STR("From: MAILER-DAEMON@example.net\nSubject: x\n"));
	hostile_repeat(out, STR(" x\n"), n / 3);
	buf_put(out, STR("\nx\n"));
}

static inline void hostile_message(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/plain"));
	hostile_repeat(out, STR("<ann@example.com>: 550 5.1.1 user unknown\n"), n / 42);
}

static inline void hostile_groups(struct buf *out, size_t n)
{
	hostile_notice(out, STR("message/delivery-status"));
	buf_put(out, STR("Reporting-MTA: dns; x.example\n"));
	for (size_t i = 0; i < n; i++)
		buf_printf(out,
			"\nFinal-Recipient: rfc822; a%zu@example.com\nAction: failed\n"
			"Status: 5.1.1\nDiagnostic-Code: smtp; 550 user unknown\n",
			i);
}

static inline void hostile_addresses(struct buf *out, size_t n)
{
	buf_put(out, STR("From: MAILER-DAEMON@example.net\nX-Failed-Recipients: "));
	hostile_repeat(out, STR("a:"), n / 2);
	buf_put(out, STR("\nTo: "));
	hostile_repeat(out, STR("a:"), n / 2);
	buf_put(out, STR("\n\nx\n"));
}

static inline void hostile_parts(struct buf *out, size_t n)
{
	hostile_notice(out, STR("multipart/mixed; boundary=b"));
	hostile_repeat(out, STR("--b\n\n"), n);
}

static inline void hostile_messages(struct buf *out, size_t n)
{
	hostile_repeat(out, STR("Content-Type: message/rfc822\n\n"), n);
}

/* The same in a spelling that we do not see through, but a MIME library does. */
static inline void hostile_hidden_messages(struct buf *out, size_t n)
{
	hostile_repeat(out, STR("Content-Type: (a)message/(b)rfc822\n\n"), n);
}

static inline void hostile_digests(struct buf *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_printf(
			out, "Content-Type: multipart/digest; boundary=b%zu\n\n--b%zu\n\n", i, i);
}

static inline void hostile_dashes(struct buf *out, size_t n)
{
	hostile_notice(out, STR("multipart/mixed; boundary=-"));
	hostile_repeat(out, STR("-"), n);
}

static inline void hostile_returns(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/plain"));
	hostile_repeat(out, STR("\r"), n);
}

static inline void hostile_html(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/html"));
	hostile_repeat(out, STR("<"), n / 2);
	hostile_repeat(out, STR("&"), n / 2);
}

static inline void hostile_hidden_html(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/html"));
	hostile_repeat(out, STR("<style></x"), n / 10);
}

/* Sentences behind which recipients stand, more of them than are looked at. */
static inline void hostile_anchors(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/plain"));
	for (size_t i = 0; i < n / 100; i++)
		buf_printf(out,
			"The following addresses had permanent fatal errors\n<a%zu@example.com>\n"
			"Your message could not be delivered to: ",
			i);
}

/* Words that patterns wait for, each of them in many, and none of what would have to follow. */
static inline void hostile_words(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/plain"));
	hostile_repeat(out,
		STR("could not be delivered to the message recipient address mailbox user "
		    "unknown error problem reason status delivered to for the following "
		    "original message copy headers transcript of session "),
		n / 180);
}

/* Where an address or a reply is looked for, only what starts one. */
static inline void hostile_brackets(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/plain"));
	buf_put(out, STR("The following addresses had permanent fatal errors\n"));
	hostile_repeat(out, STR("<\"(a@"), n / 10);
	hostile_repeat(out, STR("550-5."), n / 12);
}

static inline void hostile_json(struct buf *out, size_t n)
{
	hostile_notice(out, STR("text/plain"));
	buf_put(out, STR("{\"notificationType\":\"Bounce\",\"bounce\":"));
	hostile_repeat(out, STR("{\"bounce\":["), n / 11);
}

static inline void hostile_controls(struct buf *out, size_t n)
{
	hostile_notice(out, STR("message/delivery-status"));
	for (size_t i = 0; i < n / 64; i++) {
		buf_put(out, STR("Final-Recipient: rfc822; a\0@\x01"));
		buf_printf(out, "%zu.example\nAction: failed\nDiagnostic-Code: smtp; 550 ", i);
		buf_putc(out, (char)(i % 256));
		buf_putc(out, (char)(i / 256 % 256));
		buf_put(out, STR("\0\xC3\n\n"));
	}
}

static inline void hostile_charsets(struct buf *out, size_t n)
{
	static const char *const names[] = { "utf-16", "utf-7", "iso-2022-jp", "utf-8", "gb18030",
		"x-unknown", "us-ascii", "hz", "iso-2022-kr", "ucs-4", "../../etc", "%s%n" };

	hostile_notice(out, STR("multipart/mixed; boundary=b"));
	for (size_t i = 0; i < n; i++) {
		buf_printf(out, "--b\nContent-Type: text/plain; charset=\"%s\"\n\n\x1B$B",
			names[i % ARRAY_LEN(names)]);
		for (size_t k = 0; k < 512; k++)
			buf_putc(out, (char)(k * (i + 7)));
		buf_putc(out, '\n');
	}
}

/* `n` is what the bench takes; the test takes `n_test`, which is beyond the limit all the same. */
static const struct hostile {
	const char *name;
	hostile_make *make;
	size_t n, n_test;
} hostile_mails[] = {
	{ "nested 10,000 deep", hostile_nesting, 10000, 1000 },
	{ "a thousand nested boundaries in 4 MB", hostile_boundaries, 1000, 100 },
	{ "a million headers", hostile_headers, 1000000, 2000 },
	{ "a line of 50 MB", hostile_line, 50000000, 3000000 },
	{ "a field of 50 MB of encoded words", hostile_field, 50000000, 100000 },
	{ "a field of 50 MB in lines of one letter", hostile_folds, 50000000, 100000 },
	{ "a message of 50 MB", hostile_message, 50000000, 3000000 },
	{ "ten thousand groups", hostile_groups, 10000, 1500 },
	{ "an address of 100 kB", hostile_addresses, 100000, 100000 },
	{ "a million empty parts", hostile_parts, 1000000, 2000 },
	{ "messages in messages, 50,000 deep", hostile_messages, 50000, 5000 },
	{ "the same with comments in their types", hostile_hidden_messages, 50000, 5000 },
	{ "digests in digests, 10,000 deep", hostile_digests, 10000, 1000 },
	{ "a boundary of a dash in 2 MB of dashes", hostile_dashes, 2000000, 200000 },
	{ "2 MB of carriage returns", hostile_returns, 2000000, 200000 },
	{ "2 MB of HTML that never closes", hostile_html, 2000000, 200000 },
	{ "2 MB of HTML that is never shown", hostile_hidden_html, 2000000, 200000 },
	{ "2 MB of sentences before recipients", hostile_anchors, 2000000, 100000 },
	{ "2 MB of words of sentences", hostile_words, 2000000, 100000 },
	{ "2 MB of brackets and quotes", hostile_brackets, 2000000, 100000 },
	{ "2 MB of JSON that never closes", hostile_json, 2000000, 200000 },
	{ "2 MB of NUL and control bytes", hostile_controls, 2000000, 100000 },
	{ "a thousand charsets that lie", hostile_charsets, 1000, 100 },
};
