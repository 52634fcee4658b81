/* parser/notice/format_webmail.c -- the large mailbox providers and their own notices: Google, Yahoo, AOL,
 * GMX and 1&1, mail.ru, Yandex, Zoho, Sina, NetEase, QQ. */
#include "parser/notice/format.h"

#define GOOGLE(shape, pattern)                                                                     \
	{                                                                                          \
		STR_INIT("google"), FORMAT_##shape, STR_INIT(pattern)                              \
	}
#define OTHER(name, shape, pattern)                                                                \
	{                                                                                          \
		STR_INIT(name), FORMAT_##shape, STR_INIT(pattern)                                  \
	}

static const struct format_anchor anchors[] = {
	GOOGLE(BELOW, "delivery to the following recipients? failed permanently:"),
	GOOGLE(BELOW, "delivery to the following recipients? has been delayed:"),
	GOOGLE(BELOW, "delevery to the following recipients (failed permanently|was aborted after "
		      "[^:\\n]*):"),
	GOOGLE(BELOW, "delivery to the following recipients was aborted after [^:\\n]*:"),
	GOOGLE(DELAY, "delivery to the following recipients? has been delayed:"),
	GOOGLE(DELAY, "this is a warning message only"),
	GOOGLE(DELAY, "message will be retried for [0-9]+ more"),
	GOOGLE(INLINE, "your message wasn't delivered to "),
	GOOGLE(DELAY, "there was a temporary problem (while )?delivering your message"),
	GOOGLE(DELAY, "gmail will retry for"),
	GOOGLE(INLINE, "there was a (temporary )?problem (while )?delivering your message to "),
	GOOGLE(INLINE, "ihre nachricht (wurde nicht|konnte nicht) an "),
	GOOGLE(INLINE, "votre message n'a pas \xC3\xA9t\xC3\xA9 "
		       "(distribu\xC3\xA9|remis|livr\xC3\xA9) \xC3\xA0 "),
	GOOGLE(INLINE, "no se ha entregado (el|tu) mensaje a "),
	GOOGLE(INLINE, "(su|tu) mensaje no se ha (entregado|podido entregar) a "),
	GOOGLE(INLINE, "(sua|a sua) mensagem n\xC3\xA3o (foi|p\xC3\xB4"
		       "de ser) entregue (a|para) "),
	GOOGLE(INLINE, "il (tuo )?messaggio non \xC3\xA8 stato (recapitato|consegnato) a "),
	GOOGLE(INLINE, "(je|uw) bericht is niet (bezorgd|afgeleverd) (bij|aan|op) "),
	GOOGLE(INLINE, "wiadomo\xC5\x9B\xC4\x87 nie zosta\xC5\x82"
		       "a dostarczona (do|na adres) "),
	GOOGLE(INLINE, "ditt meddelande (levererades|kunde) inte (till|levereras till) "),

	{ STR_INIT("yahoo"), FORMAT_BELOW,
		STR_INIT("unable to deliver message to the following address\\(es\\)\\.") },
	{ STR_INIT("yahoo"), FORMAT_BELOW,
		STR_INIT("we were unable to deliver your message to the following "
			 "address(\\(es\\)|es)?\\.") },
	OTHER("yahoo", INLINE,
		"wasn't able to deliver the following message\\. this is a permanent error; i've "
		"given up\\. sorry it didn't work out\\. +subject: [^\\n]*\\n ?to: "),
	OTHER("aol", LOCAL,
		"your mail to the following recipients could not be delivered because [^:]*:"),
	OTHER("aol", BELOW,
		"your mail to the following recipients could not be delivered because [^:]*:"),

	OTHER("gmx", BELOW,
		"this is a permanent error\\. the following address(es)?( have)? failed:"),
	OTHER("1und1", BELOW,
		"(konnte nicht zugestellt werden|nicht "
		"zustellbar)[^:\\n]*(adressen?|empf\xC3\xA4nger)"),
	OTHER("mxlogic", BELOW,
		"you have sent could not be delivered to one or more recipients\\. this is a "
		"permanent error\\. the following address(es)? failed:"),

	/* mail.ru: "your letter cannot be delivered to one or more recipients:" */
	OTHER("mailru", BELOW,
		"\xD0\xBE\xD0\xB4\xD0\xBD\xD0\xBE\xD0\xBC\xD1\x83 \xD0\xB8\xD0\xBB\xD0\xB8 "
		"\xD0\xBD\xD0\xB5\xD1\x81\xD0\xBA\xD0\xBE\xD0\xBB\xD1\x8C\xD0\xBA\xD0\xB8\xD0\xBC "
		"\xD0\xBF\xD0\xBE\xD0\xBB\xD1\x83\xD1\x87\xD0\xB0\xD1\x82\xD0\xB5\xD0\xBB\xD1\x8F"
		"\xD0\xBC:"),
	OTHER("zoho", BELOW,
		"could not be delivered to one or more of its recipients\\. this is a permanent "
		"error\\. *\\r?\\n\\s*\\r?\\n"),
	OTHER("zoho", INLINE, "\\[status: error, address: <"),

	/* Sina: "the mail cannot be sent to the address that you gave." */
	OTHER("sina", BELOW,
		"\xE9\x82\xAE\xE4\xBB\xB6\xE6\x97\xA0\xE6\xB3\x95\xE5\x8F\x91\xE9\x80\x81\xE5\x88"
		"\xB0\xE6\x82\xA8\xE6\x8C\x87\xE5\xAE\x9A\xE7\x9A\x84\xE5\x9C\xB0\xE5\x9D\x80"),
	OTHER("netease", BELOW, "(收件人|对方)(地址|邮箱|邮件地址)?(:|：|[ \\t])"),
	OTHER("eim", BELOW, "^hi\\. this is the deliver program at "),
	OTHER("workmail", BELOW,
		"an error occurred while trying to deliver the mail to the following recipients:"),
};

const struct format_family format_webmail = { anchors, ARRAY_LEN(anchors), FORMAT_OWN };
