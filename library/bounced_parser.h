/* bounced_parser.h -- what a bounce says: the parser of bounced as a C library, libbounced-parser.
 *
 * Knows: mails as bytes (delivery reports of RFC 3464, complaints of RFC 5965, and the free text of many mail systems),
 * bare SMTP replies, and mailboxes as files. Does not know: networks, databases, the clock, the configuration of the
 * server. Nothing is written anywhere; only bounced_mailbox_* reads files, but for the modules of iconv, which the C
 * library loads when a charset is met. The same bytes and rules give the same result, always, whatever the locale.
 *
 *     struct bounced_rules *rules;
 *     char trouble[200];
 *     if (bounced_rules_new(NULL, 0, NULL, &rules, trouble, sizeof trouble)) die(trouble);
 *     struct bounced_parser *parser = bounced_parser_new(rules);
 *     struct bounced_report *report = bounced_parse(parser, mail, mail_bytes, NULL);
 *     for (size_t i = 0; i < bounced_report_events(report); i++) {
 *             const struct bounced_event *event = bounced_report_event(report, i);
 *             if (bounced_event_outcome(event) == BOUNCED_FAILED)
 *                     puts(bounced_event_text(event, BOUNCED_EVENT_RECIPIENT));
 *     }
 *     bounced_report_free(report);
 *
 * Texts. All that comes out is valid UTF-8, ends with a NUL and has none inside; control characters of the mail are
 * still in it, so escape it before it goes to a terminal. What is not known is the empty text: no function here
 * returns NULL for a text. A mail is written by whoever likes: an address or an id out of it proves nothing.
 *
 * Ownership. What a function of the name _new, _open, bounced_parse or bounced_classify gives belongs to the caller, who
 * hands it to the _free of its type; each _free takes NULL. Texts and events borrow from their report and live as
 * long as it. A report borrows from nothing: parser, rules and mail may be gone before it.
 *
 * Threads. Rules may be used by many threads at once, a report and its events be read by many. A parser or a mailbox
 * serves one thread at a time: make a parser for each thread from the same rules. Functions that make things may be
 * called at once from any thread. No function may be called in a handler of a signal. A program that uses GMime itself calls
 * g_mime_init before it makes threads.
 *
 * Failure. What can fail returns an enum bounced_error and leaves its results alone unless that is BOUNCED_OK. No mail
 * can make a function fail: what cannot be read is a report of kind BOUNCED_KIND_UNKNOWN or BOUNCED_KIND_NOT_BOUNCE. Out of
 * memory ends the process by abort(), as GLib does, on which this stands. So the sizes that a mail decides are bounded:
 * 2 MiB of it are read, 1000 recipients, 4096 bytes of each diagnostic text, 1024 of an id or a subject, 320 of an address.
 * A misuse, such as NULL where an object is asked for, is undefined.
 *
 * What may change. Within libbounced-parser.so.0 no function is taken away or gets another meaning, no enumerator gets another
 * number, and no structure is ever shown. Enumerators and functions are added: a switch has a default, and a program that
 * needs what is new asks pkg-config for that version. Rules are not part of this promise: a later version may give a
 * refusal a better reason, or a mail more events. */
#ifndef BOUNCED_PARSER_H
#define BOUNCED_PARSER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BOUNCED_PUBLIC __attribute__((visibility("default")))
#else
#define BOUNCED_PUBLIC
#endif

/* "0.1.0": of the library that runs, which may be later than this header. */
BOUNCED_PUBLIC const char *bounced_parser_version(void);

enum bounced_error {
	BOUNCED_OK = 0,
	BOUNCED_SYNTAX = 1,      /* rules that are malformed */
	BOUNCED_LIMIT = 2,       /* more than is taken */
	BOUNCED_NOT_FOUND = 3,   /* no such file */
	BOUNCED_DENIED = 4,      /* no right to read it */
	BOUNCED_UNSUPPORTED = 5, /* a folder that is no maildir, a device */
	BOUNCED_IO = 6,          /* a file that can not be read */
	BOUNCED_DAMAGED = 7,     /* of the library itself */
	BOUNCED_END = 8          /* there is no further message */
};
/* A few words in English for a log; never NULL. */
BOUNCED_PUBLIC const char *bounced_error_text(enum bounced_error error);

/* ---- rules: which words mean which reason ---- */

struct bounced_rules; /* 12 MB, made in 20 ms or so; once for a process */

/* The built-in rules, and before them those of `text`, n_bytes long, which then decide first (rules.md has their
 * grammar); NULL: none. `name` stands in front of what is said of a wrong rule; NULL: "rules". Nothing is kept of either.
 * BOUNCED_SYNTAX, BOUNCED_LIMIT (over 4 MiB, or 20,000 rules): *ret_rules is not set, and `trouble`, a text of at most
 * trouble_bytes with its NUL, says where and why: "rules:12: unknown reason \"x\"". It may be NULL. */
BOUNCED_PUBLIC enum bounced_error bounced_rules_new(const char *text, size_t n_bytes,
	const char *name, struct bounced_rules **ret_rules, char *trouble, size_t trouble_bytes);
/* Behind the last parser that was made from them. */
BOUNCED_PUBLIC void bounced_rules_free(struct bounced_rules *rules);

/* ---- a parser: what one thread needs ---- */

struct bounced_parser; /* 1 MB or so after some mails; used again for one mail after the other */

/* `rules` must outlive it. Never NULL. */
BOUNCED_PUBLIC struct bounced_parser *bounced_parser_new(const struct bounced_rules *rules);
BOUNCED_PUBLIC void bounced_parser_free(struct bounced_parser *parser);

struct bounced_report; /* what a mail says */
struct bounced_event;  /* what it says of one recipient */

/* One mail, header and body, line ends of either kind; it is not changed. Where it is known to which address the mail came,
 * the return path of the mail that failed, `came_to` says so ("bounces+b1.xyz@example.org"): a token may stand in it, and it is no
 * recipient that failed. NULL: not known. Never NULL, never fails. */
BOUNCED_PUBLIC struct bounced_report *bounced_parse(
	struct bounced_parser *parser, const void *mail, size_t n_bytes, const char *came_to);
/* One reply of an SMTP server, "550 5.1.1 no such user", of one line or several; `remote_mta` is the name of the server that
 * gave it, for rules that hold for one provider, or NULL. The report has one event, whose recipient is not known. */
BOUNCED_PUBLIC struct bounced_report *bounced_classify(
	struct bounced_parser *parser, const char *reply, size_t n_bytes, const char *remote_mta);
BOUNCED_PUBLIC void bounced_report_free(struct bounced_report *report);

/* ---- a report ---- */

enum bounced_kind {
	BOUNCED_KIND_UNKNOWN = 0,    /* could not be told; of bounced_classify always */
	BOUNCED_KIND_BOUNCE = 1,     /* also one of a delay, or of success: its events say so */
	BOUNCED_KIND_COMPLAINT = 2,  /* a feedback report */
	BOUNCED_KIND_AUTO_REPLY = 3, /* on holiday and the like */
	BOUNCED_KIND_CHALLENGE = 4,  /* asks the sender to prove to be a person */
	BOUNCED_KIND_MDN = 5,        /* read, or deleted unread: RFC 8098 */
	BOUNCED_KIND_DMARC_REPORT = 6,
	BOUNCED_KIND_TLS_REPORT = 7,
	BOUNCED_KIND_UNSUBSCRIBE = 8, /* asks to be taken off a list */
	BOUNCED_KIND_NOT_BOUNCE = 9   /* ordinary mail */
};
BOUNCED_PUBLIC enum bounced_kind bounced_report_kind(const struct bounced_report *report);

enum bounced_report_field {
	BOUNCED_REPORT_KIND = 0,                /* the kind as a word: "bounce", "auto_reply" */
	BOUNCED_REPORT_FORMAT = 1,              /* family of the bounce: "rfc3464", "qmail" */
	BOUNCED_REPORT_ORIGINAL_MESSAGE_ID = 2, /* of the mail that came back; no angle brackets */
	BOUNCED_REPORT_ORIGINAL_FROM = 3,       /* the address alone */
	BOUNCED_REPORT_ORIGINAL_SUBJECT = 4,
	BOUNCED_REPORT_ORIGINAL_LIST_ID = 5,
	BOUNCED_REPORT_ENVELOPE_ID = 6, /* ENVID of RFC 3461, decoded */
	BOUNCED_REPORT_TOKEN = 7,       /* of a signed return path of bounced, not verified */
	BOUNCED_REPORT_FLAWS = 8 /* what a strict reader would refuse: "no_status,bad_line" */
};
/* Empty for what is not known, and for a field that this version does not have. */
BOUNCED_PUBLIC const char *bounced_report_text(
	const struct bounced_report *report, enum bounced_report_field field);
/* Microseconds since 1970 UTC of the Date of the mail that came back; BOUNCED_NO_DATE: not known. */
#define BOUNCED_NO_DATE INT64_MIN
BOUNCED_PUBLIC int64_t bounced_report_original_date_us(const struct bounced_report *report);

/* How many recipients it speaks of; 0 to 1000. */
BOUNCED_PUBLIC size_t bounced_report_events(const struct bounced_report *report);
/* number < bounced_report_events(report). */
BOUNCED_PUBLIC const struct bounced_event *bounced_report_event(
	const struct bounced_report *report, size_t number);

/* The report as one JSON object, without a line feed, as `bounced parse` prints it and report-schema.md describes it; that
 * of bounced_classify as `bounced classify` does. The caller's, for bounced_text_free. *ret_bytes, unless it is NULL, is
 * its length. Never NULL. */
BOUNCED_PUBLIC char *bounced_report_json(const struct bounced_report *report, size_t *ret_bytes);
BOUNCED_PUBLIC void bounced_text_free(char *text);

/* ---- an event ---- */

enum bounced_outcome {
	BOUNCED_FAILED = 0,    /* given up: the only failure */
	BOUNCED_DELAYED = 1,   /* still being tried */
	BOUNCED_DELIVERED = 2, /* in the mailbox */
	BOUNCED_RELAYED = 3,   /* handed to a system that reports nothing */
	BOUNCED_EXPANDED = 4,  /* handed on to the members of a list */
	BOUNCED_COMPLAINT = 5  /* the recipient complained */
};
BOUNCED_PUBLIC enum bounced_outcome bounced_event_outcome(const struct bounced_event *event);

/* What to do about it. */
enum bounced_class {
	BOUNCED_CLASS_NONE = 0, /* nothing failed */
	BOUNCED_HARD = 1,       /* stop mailing the address at once */
	BOUNCED_SOFT = 2,       /* counts: stop when it happens again and again */
	BOUNCED_BLOCK = 3 /* sender or content was refused: never hold it against the recipient */
};
BOUNCED_PUBLIC enum bounced_class bounced_event_class(const struct bounced_event *event);

enum bounced_event_field {
	BOUNCED_EVENT_RECIPIENT = 0,       /* that the mail was sent to; its domain in lower case */
	BOUNCED_EVENT_FINAL_RECIPIENT = 1, /* that failed; another one behind a forward */
	BOUNCED_EVENT_ORIGINAL_RECIPIENT = 2, /* ORCPT, as the report gave it */
	BOUNCED_EVENT_DOMAIN = 3,             /* of the recipient, in lower case and ASCII */
	BOUNCED_EVENT_OUTCOME = 4,            /* the outcome as a word */
	BOUNCED_EVENT_CLASS = 5,            /* the class as a word; empty for BOUNCED_CLASS_NONE */
	BOUNCED_EVENT_REASON = 6,           /* "recipient.unknown"; reasons.md lists them */
	BOUNCED_EVENT_STATUS = 7,           /* best enhanced code that was written, "5.1.1" */
	BOUNCED_EVENT_STATUS_FIELD = 8,     /* that of the field Status */
	BOUNCED_EVENT_DIAGNOSTIC = 9,       /* the words of the server that refused */
	BOUNCED_EVENT_DIAGNOSTIC_TYPE = 10, /* "smtp" */
	BOUNCED_EVENT_COMMAND = 11,         /* which SMTP command was refused: "RCPT" */
	BOUNCED_EVENT_REPORTING_MTA = 12,
	BOUNCED_EVENT_REMOTE_MTA = 13,
	BOUNCED_EVENT_RULE = 14, /* id of the rule that decided: the evidence for the reason */
	BOUNCED_EVENT_LAYER = 15 /* what kind of evidence: "provider", "text", "status" */
};
/* Empty for what is not known, and for a field that this version does not have. */
BOUNCED_PUBLIC const char *bounced_event_text(
	const struct bounced_event *event, enum bounced_event_field field);

enum bounced_event_number {
	BOUNCED_EVENT_REPLY_CODE = 0, /* 200 to 599; 0: not known */
	BOUNCED_EVENT_RULE_FROM = 1,  /* first byte of the diagnostic that the rule matched, */
	BOUNCED_EVENT_RULE_TO = 2,    /* and behind the last; both 0 where it matched no words */
	BOUNCED_EVENT_ARRIVAL_US = 3, /* moments in microseconds since 1970 UTC; BOUNCED_NO_DATE */
	BOUNCED_EVENT_LAST_ATTEMPT_US = 4,
	BOUNCED_EVENT_WILL_RETRY_UNTIL_US = 5
};
/* 0 for a number that this version does not have. */
BOUNCED_PUBLIC int64_t bounced_event_number(
	const struct bounced_event *event, enum bounced_event_number number);
/* 0 to 1: how sure the reason is. */
BOUNCED_PUBLIC double bounced_event_confidence(const struct bounced_event *event);

/* ---- mailboxes: from files to mails ---- */

struct bounced_mailbox;

/* A mail in a file (.eml), an mbox of any of its variants, or a maildir, told by what it is; "-" is standard input. The files
 * are read, not locked and not changed. BOUNCED_NOT_FOUND, BOUNCED_DENIED, BOUNCED_UNSUPPORTED, BOUNCED_IO. */
BOUNCED_PUBLIC enum bounced_error bounced_mailbox_open(
	const char *path, struct bounced_mailbox **ret_mailbox);
/* The next mail, for bounced_parse; valid until the next call with this mailbox. One over 64 MiB is cut there. BOUNCED_END: no
 * more. Another error is one of this file of a maildir: the call after it goes on with the next. */
BOUNCED_PUBLIC enum bounced_error bounced_mailbox_next(
	struct bounced_mailbox *mailbox, const void **ret_mail, size_t *ret_bytes);
BOUNCED_PUBLIC void bounced_mailbox_free(struct bounced_mailbox *mailbox);

#ifdef __cplusplus
}
#endif
#endif
