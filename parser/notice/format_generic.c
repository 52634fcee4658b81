/* parser/notice/format_generic.c -- sentences that many servers have in common. They are heard only where no
 * family recognised the notice. */
#include "parser/notice/format.h"

#define BELOW(pattern)                                                                             \
	{                                                                                          \
		STR_INIT("generic"), FORMAT_BELOW, STR_INIT(pattern)                               \
	}
#define INLINE(pattern)                                                                            \
	{                                                                                          \
		STR_INIT("generic"), FORMAT_INLINE, STR_INIT(pattern)                              \
	}
#define HERE(pattern)                                                                              \
	{                                                                                          \
		STR_INIT("generic"), FORMAT_HERE, STR_INIT(pattern)                                \
	}
#define BEFORE(pattern)                                                                            \
	{                                                                                          \
		STR_INIT("generic"), FORMAT_BEFORE, STR_INIT(pattern)                              \
	}
#define DELAY(pattern)                                                                             \
	{                                                                                          \
		STR_INIT(""), FORMAT_DELAY, STR_INIT(pattern)                                      \
	}

static const struct format_anchor anchors[] = {
	BELOW("following (e-?mail )?(address|recipient|user|mailbox|account)(e?s|\\(e?s\\))?"),
	BELOW("(could|can|was|were|did) ?n[o']t (be )?(delivered|reached|sent|received) "
	      "(to|by|for)( "
	      "the following)?( e-?mail)?(( address| recipient| user)(es|s)?\\b)? ?:?"),
	BELOW("failed recipients?:"),
	BELOW("(could|was|were)n\xE2\x80\x99t (be )?(delivered|sent) to"),
	BELOW("delivery to (this|these|the following) [a-z ]*failed:?"),
	BELOW("undeliverable (to|recipients?|address(es)?)( the following)?:?"),
	BELOW("invalid recipients?:"),
	BELOW("^your message to:"),
	BELOW("here is your list of failed recipients"),
	BELOW("mail to the following( recipients?| address(es)?)? (could|was|were|has|have|can)"),
	BELOW("addresses? (could|can) ?not be (reached|delivered to)[^\\n]*:"),
	{ STR_INIT("generic"), FORMAT_TABLE,
		STR_INIT(
			"\\b(recipient|e-?mail|address|mailbox|empfänger|adresse|destinat|"
			"ontvanger|"
			"mottagare|получател|адрес|宛先|受信者|收件人)[^\\n\\t|@:]*(\\t|\\||[ ]{2})"
			"[^\\n@:]*(reason|error|status|detail|diagnos|response|message|code|result|"
			"grund|fehler|raison|erreur|motiv|estado|stato|причин|ошибк|理由|原因|"
			"エラー)") },
	{ STR_INIT("generic"), FORMAT_TABLE,
		STR_INIT("\\b(reason|error|status|code|result|date|time|grund|fehler|datum)[^"
			 "\\n\\t|@:]*"
			 "(\\t|\\||[ ]{2})[^\\n@:]*(recipient|e-?mail|address|empfänger|"
			 "destinat)") },
	INLINE("failed to deliver to ['\"<]?"),
	INLINE("^ *(unknown user|no such user|user unknown|unknown recipient|no such recipient): "),
	INLINE("^ *bounced: "),
	HERE("^<[^<> @]+@[^<> @]+>:"),
	HERE("^[ \\t]*[*-]? ?[^<> @:;,\"()\\n]+@[^<> @:;,\"()\\n]+: [^\\n]"),
	HERE("^[45][0-9]{2}[ -]([45]\\.[0-9]+\\.[0-9]+ )?<[^<> @\\n]+@[^<> @\\n]+>(\\.\\.\\.|:)"),
	INLINE("delivery of e-?mail to this address"),
	INLINE("^[ \\t]*(undelivered|not delivered|could not deliver) to(:| recipient)"),
	INLINE("not been (delivered|sent) to:? "),
	INLINE("(unable|failed|not able) to deliver( it| mail| your message)? to (the )?(recipient|"
	       "address|user|mailbox):? "),
	INLINE("(error|problem|failure) (when |while |in )?(sending|delivering)( (the|your|a) "
	       "(message|mail|e-?mail))? (to|for):? "),
	INLINE("(could|can) ?n[o']t (be )?deliver(ed)? (the |your )?(mail|message|e-?mail)?s? "
	       "?(to|for):? "),
	INLINE("(unable|not able|failed|error|problem) (to )?deliver(ing|y)? (of )?(the |your "
	       ")?(following )?(mail|message|e-?mail)?s? ?(to|for):? "),
	INLINE("user's mailbox is full: <"),
	INLINE("your message to "),
	INLINE("(your|the) (mail|message|e-?mail) (sent )?(to|for) <?"),
	INLINE("^ *(failed|undelivered|intended|original|final|bad|unknown) recipient( "
	       "address)?: "),
	INLINE("delivery (to|for) (the following (recipient|address) )?<?"),
	INLINE("^[ \\t]*recipient[: \\t]+"),
	INLINE("error (for|with) (recipient |address )?<?"),
	BEFORE("\\b(mail|message) to [^\\n]*@[^\\n]* (bounced|was "
	       "(rejected|refused|returned)|failed)"),
	BEFORE("\\b(user|recipient|address|mailbox|account) [^\\n@]*@[^ \\n]+ (does not exist|was "
	       "rejected|was refused|is (unknown|disabled|full)|not found)"),
	BEFORE("^[^\\n@]*[^ \\n@]+@[^ \\n]+ (does not exist|is (not a "
	       "valid|unknown|disabled|full|not "
	       "known|not found|invalid|over quota|not registered)|has exceeded|was not found|"
	       "(could|can) ?(not|n't) be found)"),
	BEFORE("\\bto [^\\n]*@[^\\n]* (could not|cannot|can not|was not|were not) (be )?delivered"),
	{ STR_INIT("generic"), FORMAT_SESSION, STR_INIT("^[^\n]*rcpt to: ?<[^\n]+@") },
	BELOW("n'a pas pu \xC3\xAAtre (d\xC3\xA9livr\xC3\xA9|remis|distribu\xC3\xA9)"),
	BELOW("n'a pas pu etre delivre a"),
	BELOW("konnte(n)? nicht (an |bei )?(folgende|zugestellt)"),
	BELOW("konnte nicht zugestellt werden"),
	BELOW("no (se )?(pudo|ha podido) (ser )?entrega(r|do|da)(se)?"),
	BELOW("n\xC3\xA3o (p\xC3\xB4"
	      "de|foi poss\xC3\xADvel) (ser )?entreg(ue|ar)"),
	BELOW("non (\xC3\xA8 stato possibile|pu\xC3\xB2 essere) (consegna|recapita)"),
	BELOW("kon niet (worden )?(bezorgd|afgeleverd)"),
	BELOW("nie (mo\xC5\xBCna|uda\xC5\x82o si\xC4\x99|zosta\xC5\x82"
	      "a) (dostarczy\xC4\x87|dor\xC4\x99"
	      "czy\xC4\x87|dostarczona)"),
	BELOW("kunde inte levereras"),
	BELOW("teslim edilemedi"),
	BELOW("\xD0\xBD\xD0\xB5 \xD0\xBC\xD0\xBE\xD0\xB6\xD0\xB5\xD1\x82 "
	      "\xD0\xB1\xD1\x8B\xD1\x82\xD1\x8C "
	      "\xD0\xB4\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2\xD0\xBB\xD0\xB5\xD0\xBD\xD0\xBE"),
	BELOW("\xD0\xB5\xD0\xB2\xD0\xBE\xD0\xB7\xD0\xBC\xD0\xBE\xD0\xB6\xD0\xBD\xD0\xBE "
	      "\xD0\xB4\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2\xD0\xB8\xD1\x82\xD1\x8C"),
	{ STR_INIT("generic"), FORMAT_SUCCESS,
		STR_INIT("(has been|was|were) successfully (delivered|relayed)") },
	DELAY("(has|have) not yet been (fully )?delivered"),
	DELAY("(has|have) not been (fully )?delivered yet"),
	DELAY("(the|your) message will be retried"),
	DELAY("\\b(are|is|am) still trying to (deliver|send|reach)"),
	DELAY("\\bwe( will|'ll)? (keep trying|try again|retry)"),
	DELAY("delivery attempts will continue"),
	DELAY("will continue (to )?(attempt|try)[a-z]* (to deliver|delivery)"),
	DELAY("you do not need to (resend|re-send)"),
	DELAY("this is (just |only )?a warning"),
	DELAY("no action is required on your part"),
	DELAY("noch nicht zugestellt werden"),
	DELAY("n'a pas encore (pu )?\xC3\xAAtre"),
	DELAY("todav\xC3\xAD"
	      "a no (se )?ha"),
};

const struct format_family format_generic = { anchors, ARRAY_LEN(anchors), FORMAT_GENERIC };
