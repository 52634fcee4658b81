/* parser/notice/format_original.c -- where in a notice the returned message starts. */
#include "parser/notice/format.h"

#define ORIGINAL(pattern)                                                                          \
	{                                                                                          \
		STR_INIT(""), FORMAT_ORIGINAL, STR_INIT(pattern)                                   \
	}

static const struct format_anchor anchors[] = {
	/* qmail and what was made of it */
	ORIGINAL("^-{2,3} ?(below|enclosed|attached|attachment)[^\\n]* (copy|headers|message)"),
	ORIGINAL("^-{2,3} ?mensaje original"),
	ORIGINAL("^-{2,3} ?original message follows"),
	ORIGINAL(
		"^-{2,3} ?[^\\n]*\xE5\x8E\x9F\xE4\xBF\xA1\xE4\xBB\xB6"), /* Chinese: original letter */
	ORIGINAL("^-{3} the header of the original message"),
	ORIGINAL("^-{3} original message"),
	/* Exim */
	ORIGINAL("^-{4,6} ?this is a copy of"),
	ORIGINAL("^here is a copy of the first part of the message"),
	ORIGINAL("^-{3,} start of returned message"),
	/* sendmail */
	ORIGINAL("^ *-{3,} *(unsent )?message (header )?(follows|text follows)"),
	ORIGINAL("^ *-{3,} *(original|returned|unsent) (message|mail)( "
		 "?(header|info|follows|below))?"),
	ORIGINAL("^ *-{3,} *message (header|body) (follows|suppressed)"),
	ORIGINAL("^\\|?-{3,} *message text follows"),
	ORIGINAL("^-{3,} *returned mail"),
	ORIGINAL("^-{3,} *unsent message below"),
	/* Google */
	ORIGINAL("^ *-{3,} *original message *-{3,}"),
	/* others */
	ORIGINAL("^ *(original message|message headers?|the original message|original headers) "
		 "(follows?|is attached)"),
	ORIGINAL("^included is a copy of the message header"),
	ORIGINAL("^ *below is a copy of the original message"),
	ORIGINAL("^original message:? *\\r?$"),
	ORIGINAL("^the attachment contains the original mail"),
	ORIGINAL("^\\*+ ?original message"),
	ORIGINAL("^begin forwarded message"),
	/* a header that stands there without a word */
	ORIGINAL("^received: ?(from|by|\\() ?"),
	ORIGINAL("^return-path: ?<"),
	ORIGINAL("^dkim-signature: ?v=1"),
	ORIGINAL("^content-type: message/rfc822"),
	ORIGINAL("^from mailer-daemon +"),
	ORIGINAL("^the first [0-9]+ lines of your original message follow"),
};

const struct format_family format_original = { anchors, ARRAY_LEN(anchors), FORMAT_OWN };
