/* parser/notice/format_gateway.c -- filters and gateways in front of mail servers, and group ware. */
#include "parser/notice/format.h"

#define ROW(name, shape, pattern)                                                                  \
	{                                                                                          \
		STR_INIT(name), FORMAT_##shape, STR_INIT(pattern)                                  \
	}

static const struct format_anchor anchors[] = {
	ROW("mimecast", BELOW, "an email you addressed to email address ?:"),
	ROW("mimecast", BELOW, "the email (was|you sent) [^:\\n]*to (the following )?recipients?:"),
	ROW("trendmicro", INLINE, "unable to deliver message to <"),
	ROW("trendmicro", INLINE, "sent <<< rcpt to:<"),
	ROW("mailmarshal", BELOW, "the following recipients were affected:"),
	ROW("mailfoundry", INLINE, "unable to deliver message to: <"),
	ROW("symantec", BELOW, "could not be delivered to the following recipients:"),
	ROW("symantec", DELAY, "delivery attempts will continue to be made for"),
	ROW("messagelabs", BELOW,
		"your message (was|could) not (be )?delivered to the following "
		"(recipients|addresses):"),
	ROW("mcafee", BELOW, "-{3,} *the following addresses had delivery problems *-{3,}"),
	ROW("surfcontrol", INLINE, "^ *addressed to: "),
	ROW("surfcontrol", MARK, "a transcript of the attempts to send the message follows"),
	ROW("barracuda", BELOW, "could not be delivered to:"),
	ROW("caiwireless", BELOW, "the following recipients did not receive this message:"),
	ROW("usanet", INLINE, "^ *intended recipient:"),
	ROW("ironport", BELOW, "the following message to <"),
	ROW("ironport", INLINE, "the following message to <"),
	ROW("proofpoint", BELOW,
		"your message to the following recipients? (was|could) not (be )?delivered:"),
	ROW("notes", BELOW, "-{3,} *failure reasons *-{3,}"),
	ROW("domino", BELOW, "was not delivered to:"),
	ROW("groupwise", BELOW, "the message that you sent was undeliverable to the following:"),
	ROW("messagingserver", BELOW,
		"your message cannot be delivered to the following recipients:"),
	ROW("messagingserver", BELOW, "your message has been (enqueued|delayed)[^:]*recipients:"),
	ROW("messagingserver", DELAY, "your message has been enqueued and undeliverable for"),
	ROW("messagingserver", INLINE, "^ *recipient address: "),
	ROW("amavis", INLINE, "the message [^:\\n]* could not be delivered to:?"),
	ROW("amavis", BELOW, "could not be delivered to( the following recipients)?:"),
	ROW("james", BELOW, "permanent exceptions? (delivering|delivering mail)[^\\n]*\\("),
	ROW("james", BELOW,
		"i couldn't deliver it|i wasn't able to deliver your message to the following "
		"addresses"),
	ROW("james", INLINE, "^ *rcpt to: "),
	ROW("kerio", BELOW, "your message could not be delivered to the following recipients:"),
	ROW("zimbra", BELOW,
		"this is the mail system at host [^\\n]*\\n+i'm sorry[^<]*the mail system"),
	ROW("sendgrid", INLINE, "your email (to|was not delivered to) <?"),
	ROW("mailmarshal", BELOW, "mailmarshal[^:]*recipients?:"),
	ROW("interchange", INLINE, "the user\\(s\\) account is (disabled|temporarily)"),
	ROW("challenge", MARK, "has been waitlisted"),
};

const struct format_family format_gateway = { anchors, ARRAY_LEN(anchors), FORMAT_OWN };
