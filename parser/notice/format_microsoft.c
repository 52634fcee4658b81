/* parser/notice/format_microsoft.c -- Exchange 5.5 to 2019 and Microsoft 365, in the languages that they speak;
 * the Windows servers that imitate them. */
#include "parser/notice/format.h"

#define EXCHANGE(shape, pattern)                                                                   \
	{                                                                                          \
		STR_INIT("exchange"), FORMAT_##shape, STR_INIT(pattern)                            \
	}
#define OTHER(name, shape, pattern)                                                                \
	{                                                                                          \
		STR_INIT(name), FORMAT_##shape, STR_INIT(pattern)                                  \
	}

static const struct format_anchor anchors[] = {
	/* 5.5 to 2003 */
	EXCHANGE(BELOW, "did not reach the following recipient(\\(s\\)|s)?:"),
	EXCHANGE(BELOW, "the following recipient\\(s\\) (could not be reached|cannot be reached):"),
	EXCHANGE(BELOW, "the following recipient\\(s\\) could not be reached:"),
	EXCHANGE(BELOW, "hat den folgenden empf\xC3\xA4nger( |\\(|n)[^:\\n]*nicht erreicht:"),
	EXCHANGE(BELOW, "konnte(n)? (folgende empf\xC3\xA4nger|der folgende empf\xC3\xA4nger)"),
	EXCHANGE(BELOW, "folgende\\(r\\) empf\xC3\xA4nger kann nicht erreicht werden:"),
	EXCHANGE(BELOW, "n'est pas parvenu aux? destinataires? suivants?"),
	EXCHANGE(BELOW, "impossible de joindre le\\(s\\) destinataire\\(s\\) suivant\\(s\\)"),
	EXCHANGE(BELOW, "no se (ha )?p[ou]d(o|ido) (entregar|localizar)[^:\\n]*destinatarios?"),
	EXCHANGE(BELOW, "non ha raggiunto (i|il) seguent[ie] destinatar[io]+"),

	/* 2007 and later */
	EXCHANGE(BELOW, "delivery has failed to these recipients or (groups|distribution lists):"),
	EXCHANGE(BELOW, "your message (couldn't|could not) be delivered to (the following|these) "
			"recipients?( or groups)?:"),
	EXCHANGE(BELOW, "your message wasn't delivered to anyone because"),
	EXCHANGE(BELOW, "rejected your message to the following e-?mail addresses:"),
	EXCHANGE(BELOW, "(fehler bei der nachrichtenzustellung an folgende empf\xC3\xA4nger|die "
			"nachricht konnte nicht an (die )?folgenden? empf\xC3\xA4nger)"),
	EXCHANGE(BELOW, "chec de la remise (pour|\xC3\xA0) ces destinataires"),
	EXCHANGE(BELOW, "(error de entrega a estos destinatarios|no se pudo entregar[^:\\n]* a "
			"(estos|los siguientes) destinatarios)"),
	EXCHANGE(BELOW, "(falha na entrega a (estes|esses) destinat\xC3\xA1rios|n\xC3\xA3o foi "
			"poss\xC3\xADvel entregar[^:\\n]*destinat\xC3\xA1rios)"),
	EXCHANGE(BELOW, "(recapito non riuscito a questi destinatari|impossibile "
			"recapitare[^:\\n]*destinatari)"),
	EXCHANGE(BELOW, "(kan niet worden bezorgd bij de volgende geadresseerden|bezorging is "
			"mislukt bij de(ze)? (volgende )?geadresseerden)"),
	EXCHANGE(BELOW, "(nie mo\xC5\xBCna dostarczy\xC4\x87|dostarczanie nie powiod\xC5\x82o "
			"si\xC4\x99)[^:\\n]*adresat"),
	EXCHANGE(BELOW, "(leveransen till f\xC3\xB6ljande mottagare|det gick inte att "
			"leverera[^:\\n]*mottagare)"),
	EXCHANGE(BELOW,
		"(levering til disse modtagere|leveringen til disse mottakerne|levering mislyk)"),
	EXCHANGE(BELOW, "(toimitus ep\xC3\xA4onnistui|viestin toimittaminen)"),
	EXCHANGE(BELOW, "(\xC5\x9Fu al\xC4\xB1"
			"c\xC4\xB1|bu al\xC4\xB1"
			"c\xC4\xB1lara)"),
	EXCHANGE(BELOW, "\xD0\xB5 \xD1\x83\xD0\xB4\xD0\xB0\xD0\xBB\xD0\xBE\xD1\x81\xD1\x8C "
			"\xD0\xB4\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2\xD0\xB8\xD1\x82\xD1\x8C"),
	EXCHANGE(BELOW, "\xE6\xAC\xA1\xE3\x81\xAE\xE5\x8F\x97\xE4\xBF\xA1\xE8\x80\x85[^:\\n]*("
			"\xE9\x85\x8D\xE4\xBF\xA1|\xE9\x80\x81\xE4\xBF\xA1)"),
	EXCHANGE(BELOW, "(\xE6\x97\xA0\xE6\xB3\x95\xE5\xB0\x86\xE9\x82\xAE\xE4\xBB\xB6|"
			"\xE4\xBC\xA0\xE9\x80\x92\xE5\xA4\xB1\xE8\xB4\xA5|"
			"\xE5\x82\xB3\xE9\x80\x81\xE5\xA4\xB1\xE6\x95\x97)"),
	EXCHANGE(DELAY, "delivery to (these|the following) recipients? (or groups )?(is|has "
			"been|was) delayed"),
	EXCHANGE(DELAY,
		"this message hasn't been delivered yet\\. delivery will continue to be attempted"),
	EXCHANGE(MARK, "diagnostic information for administrators:"),

	/* Windows SMTP service and others */
	{ STR_INIT("iis"), FORMAT_BELOW,
		STR_INIT("delivery to the following recipients failed\\.") },
	{ STR_INIT("iis"), FORMAT_BELOW,
		STR_INIT("delivery to the following recipients has been delayed\\.") },
	{ STR_INIT("iis"), FORMAT_DELAY,
		STR_INIT("delivery to the following recipients has been delayed\\.") },
	OTHER("hmailserver", BELOW,
		"your message did not reach some or all of the intended recipients\\."),
	OTHER("hmailserver", BELOW, "the following recipient\\(s\\) could not be reached:"),
	OTHER("mailenable", INLINE, "recipient: \\[smtp:"),
	OTHER("mimesweeper", BELOW, "did not reach the following recipient: "),
	OTHER("exchange", INLINE, "did not reach the following recipient: "),
	OTHER("x400", INLINE, "message was not delivered to: "),
};

const struct format_family format_microsoft = { anchors, ARRAY_LEN(anchors), FORMAT_OWN };
