/* parser/notice/format_unix.c -- Postfix, Exim, qmail, sendmail, Courier, OpenSMTPD, dma and their kin. */
#include "parser/notice/format.h"

#define EXIM(shape, pattern)                                                                       \
	{                                                                                          \
		STR_INIT("exim"), FORMAT_##shape, STR_INIT(pattern)                                \
	}
#define QMAIL(shape, pattern)                                                                      \
	{                                                                                          \
		STR_INIT("qmail"), FORMAT_##shape, STR_INIT(pattern)                               \
	}
#define POSTFIX(shape, pattern)                                                                    \
	{                                                                                          \
		STR_INIT("postfix"), FORMAT_##shape, STR_INIT(pattern)                             \
	}
#define SENDMAIL(shape, pattern)                                                                   \
	{                                                                                          \
		STR_INIT("sendmail"), FORMAT_##shape, STR_INIT(pattern)                            \
	}
#define OTHER(name, shape, pattern)                                                                \
	{                                                                                          \
		STR_INIT(name), FORMAT_##shape, STR_INIT(pattern)                                  \
	}

static const struct format_anchor anchors[] = {
	/* Postfix: the introduction ends with the name of the mail system, then "<user@host>: words". */
	POSTFIX(BELOW, "^ +the [a-z0-9 ().]*program *\\r?$"),
	POSTFIX(BELOW, "^ +the mail system *\\r?$"),
	POSTFIX(BELOW, "delete your own text from the (attached returned message|message returned "
		       "below)\\."),

	/* Exim. deliver.c writes these sentences; sites change the first one only. */
	EXIM(BELOW, "could not be delivered to (one or more|all|any) of its recipients\\. (this is "
		    "a permanent error\\. )?the following address(\\(es\\)|es)? (have )?failed:?"),
	EXIM(BELOW, "the following address(\\(es\\)|es)? failed:"),
	EXIM(BELOW, "the address(es)? to which the message has not yet been delivered (is|are):"),
	EXIM(DELAY, "has not yet been delivered to (one or more|all|any) of its recipients"),
	EXIM(BELOW, "contained a recipient address that was incorrectly constructed:"),
	EXIM(INLINE, "the following message, addressed to '"),
	EXIM(MARK, "a message that you sent was rejected by the local scanning code"),
	EXIM(MARK, "a message that you sent contained (no recipient addresses|more recipients than "
		   "allowed)"),

	/* qmail-send; sites translate the sentence, the layout stays. */
	QMAIL(BELOW,
		"i'm afraid i wasn't able to deliver your message to the following addresses\\.( "
		"this is a permanent error; i've given up\\. sorry it didn't work out\\.)?"),
	QMAIL(BELOW, "this is a permanent error; i've given up\\. sorry it didn't work out\\."),
	QMAIL(BELOW, "^hi\\. this is the [a-z-]{1,40} program at "),
	QMAIL(BELOW, "(is|was) not delivered to the following address(es)?:"),
	QMAIL(BELOW, "we were not able to deliver your message to the following address"),
	QMAIL(BELOW, "\xD0\xBF\xD0\xBE "
		     "\xD1\x81\xD0\xBB\xD0\xB5\xD0\xB4\xD1\x83\xD1\x8E\xD1\x89\xD0\xB5\xD0\xBC\xD1"
		     "\x83 \xD0\xB0\xD0\xB4\xD1\x80\xD0\xB5\xD1\x81\xD1\x83:"),
	QMAIL(BELOW, "your mail message to the following address(\\(es\\)|es)? could not be "
		     "delivered\\."),
	QMAIL(BELOW, "su mensaje no pudo ser entregado"),
	QMAIL(DELAY, "this is not a permanent error; i'll keep trying"),

	/* sendmail 8; 5 has no list, only its transcript. */
	SENDMAIL(BELOW, "-{3,} *the following addresses (had|have) permanent fatal "
			"(errors|problems) *-{3,}"),
	SENDMAIL(BELOW,
		"-{3,} *the following addresses had transient (non-fatal )?(problems|errors) "
		"*-{3,}"),
	SENDMAIL(LINES, "-{3,} *transcript of session follows *-{3,}"),
	SENDMAIL(DELAY, "-{3,} *the following addresses had transient non-fatal errors"),
	SENDMAIL(BELOW,
		"-{3,} *the following addresses had successful delivery notifications *-{3,}"),
	SENDMAIL(SUCCESS, "-{3,} *the following addresses had successful delivery notifications"),
	SENDMAIL(DELAY, "warning: message still undelivered after"),
	SENDMAIL(DELAY, "warning: could not send message for past"),

	OTHER("opensmtpd", BELOW, "following list of recipients:"),
	OTHER("opensmtpd", BELOW, "the following +list of recipients:"),
	OTHER("opensmtpd", DELAY, "please note that this is only a temporary failure report"),
	OTHER("dma", INLINE, "there was an error delivering your mail to <"),
	OTHER("courier", BELOW,
		"this is a delivery status notification from [^\\n]*, running the courier mail "
		"server"),
	OTHER("courier", BELOW, "unable to deliver your message to the following recipients?:"),
	OTHER("courier", BELOW, "your message to the following recipients cannot be delivered:"),
	OTHER("courier", DELAY, "your message to the following recipients has been delayed"),
	OTHER("netscape", BELOW, "the following destination addresses were unknown"),
	OTHER("netscape", BELOW, "this message was undeliverable due to the following reason:"),
	OTHER("smail", BELOW, "-{3,} *failed addresses follow: *-{3,}\\|?"),
	OTHER("lsmtp", INLINE, "^ *error-for: "),
	OTHER("csmtp", BELOW, "-{3,} *failed recipients *-{3,}"),
	OTHER("phquery", BELOW, "-{3,} *message not delivered to the following( addresses)?:"),
	OTHER("zmailer", BELOW,
		"following is a list of recipients to whom the message could not be delivered:"),
	OTHER("smtp32", INLINE, "^ *delivery failed [0-9]{1,4} attempts:"),
	OTHER("smtp32", INLINE, "^ *undeliverable +to "),
	OTHER("smtp32", INLINE, "^ *invalid final delivery userid:"),
	OTHER("smtp32", INLINE, "^ *user mailbox exceeds allowed size:"),
	OTHER("smtp32", INLINE, "^unknown (user|host|local user):"),
	OTHER("mdaemon", BELOW,
		"the following addresses did not receive a copy of (your|the) message:"),
	OTHER("mdaemon", BELOW, "failed address(es)?: *\\r?$"),
	OTHER("mdaemon", INLINE, "^ *failed address(es)?: "),
	OTHER("mdaemon", DELAY, "had transient non-fatal delivery errors"),
	OTHER("powermta", BELOW, "you will find a list of the affected recipients"),
	OTHER("powermta", DELAY, "delivery delayed; will continue trying"),
	OTHER("x6", INLINE, "rejected recipient <"),
	OTHER("fml", INLINE, "you are not a member of this mailing list <"),
	OTHER("haraka", INLINE, "i'm sorry to have to inform you that your message to <"),
	OTHER("smtp2go", BELOW, "the following recipients? returned permanent errors?:"),
	OTHER("mxhero", INLINE, "the following recipients? returned permanent errors?: "),
	OTHER("surgemail", BELOW,
		"your mail message to the following address\\(es\\) could not be delivered\\."),
};

const struct format_family format_unix = { anchors, ARRAY_LEN(anchors), FORMAT_OWN };
