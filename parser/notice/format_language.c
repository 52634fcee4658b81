/* parser/notice/format_language.c -- what Exchange, Microsoft 365, Google and their like say in languages other
 * than English, and the sentences that any server may have in them. The rows of a language stand
 * together; "A" is where an address must stand. */
#include "parser/notice/format.h"

/* Patterns are bytes: a first letter beyond ASCII, which may be large, is left out. */
#define A        "[^\\n]*@[^\\n]* "
#define TO_COLON "[^:\\n]*(:|：)"
#define GROUPS(list)                                                                               \
	{                                                                                          \
		STR_INIT("exchange"), FORMAT_BELOW, STR_INIT(list TO_COLON)                        \
	}
#define LATE(list)                                                                                 \
	{                                                                                          \
		STR_INIT("exchange"), FORMAT_DELAY, STR_INIT(list)                                 \
	}

/* "Delivery has failed to these recipients or groups:" has one pair of words in each language that
 * nothing else has. Where delivery is only late, the same pair is used. */
static const struct format_anchor own_anchors[] = {
	GROUPS("\\brecipients or (groups|distribution lists)"),
	GROUPS("empfänger oder (gruppen|verteilerlisten)"),
	GROUPS("destinataires ou (groupes|listes de distribution)"),
	GROUPS("destinatarios o (grupos|listas de distribución)"),
	GROUPS("destinatários ou (grupos|listas de distribuição)"),
	GROUPS("destinatari o (gruppi|liste di distribuzione|elenchi)"),
	GROUPS("geadresseerden of (groepen|distributielijsten)"),
	GROUPS("(adresatów|adresatom|odbiorców) lub (grup|list)"),
	GROUPS("получателям или (группам|спискам)"),
	GROUPS("mottagare(n|na)? eller (grupper|distributionslistor)"),
	GROUPS("modtagere eller (grupper|distributionslister)"),
	GROUPS("mottakerne eller (gruppene|distribusjonslistene)"),
	GROUPS("vastaanottaj(ille|ia) tai (ryhmi|jakeluluettelo)"),
	GROUPS("příjemcům nebo (skupinám|distribučním)"),
	GROUPS("príjemcom alebo (skupinám|distribučným)"),
	GROUPS("címzettek(nek)? vagy (csoport|terjesztési)"),
	GROUPS("(alıcılar|alıcılara) veya (grup|dağıtım)"),
	GROUPS("受信者または(グループ|配布)"),
	GROUPS("收件人或(组|通讯组|群组)"),
	GROUPS("收件者或(群組|通訊群組)"),
	GROUPS("(받는 사람|수신자) 또는 (그룹|메일 그룹)"),
	GROUPS("παραλήπτες ή (ομάδες|λίστες)"),
	GROUPS("destinatari sau (grupuri|liste)"),
	GROUPS("одержувачам або (групам|спискам)"),
	LATE("empfänger oder (gruppen|verteilerlisten)[^\\n]*verzögert"),
	LATE("retard[^\\n]*destinataires ou (groupes|listes)"),
	LATE("retras[^\\n]*destinatarios o (grupos|listas)"),
	LATE("atrasad[^\\n]*destinatários ou (grupos|listas)"),
	LATE("destinatari o (gruppi|liste|elenchi)[^\\n]*ritard"),
	LATE("geadresseerden of (groepen|distributielijsten)[^\\n]*vertraagd"),
	LATE("adresatów lub (grup|list)[^\\n]*opóźni"),
	LATE("получателям или (группам|спискам)[^\\n]*(отложен|задерж)"),
	LATE("受信者または(グループ|配布)[^\\n]*(遅れ|遅延)"),
	LATE("收件人或(组|通讯组|群组)[^\\n]*延迟"),
	LATE("收件者或(群組|通訊群組)[^\\n]*延遲"),
};

#define BELOW(pattern)                                                                             \
	{                                                                                          \
		STR_INIT("generic"), FORMAT_BELOW, STR_INIT(pattern)                               \
	}
#define INLINE(pattern)                                                                            \
	{                                                                                          \
		STR_INIT("generic"), FORMAT_INLINE, STR_INIT(pattern)                              \
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
	/* German */
	BELOW("(folgende[nr]?|diese[nr]?)(\\(r\\))? (e-?mail-?)?(adress|empf(ä|ae)nger)" TO_COLON),
	BEFORE("nicht an " A "(zugestellt|gesendet|übermittelt|ausgeliefert)"),
	BEFORE("\\ban " A "(konnte )?nicht (zugestellt|gesendet|übermittelt|ausgeliefert)"),
	DELAY("(wurde|konnte) (bisher |bislang )?noch nicht zugestellt"),
	/* French */
	BELOW("(destinataires?|adresses?)(\\(s\\))? (suivant|ci-dessous|en erreur)" TO_COLON),
	INLINE("n('|’)a pas (pu être|été) (remis|délivré|distribué|livré|transmis) (à|aux?) "),
	BEFORE("à " A "n('|’)a pas (pu être|été) (remis|délivré|distribué|livré|transmis)"),
	DELAY("n('|’)a pas encore (pu être|été) (remis|délivré|distribué|livré)"),
	/* Spanish */
	BELOW("(siguientes? (destinatari|direcci)|(destinatari|direcci)[^ \\n]* "
	      "siguientes?)" TO_COLON),
	INLINE("no se (ha entregado|entregó|pudo entregar|puede entregar|ha podido entregar) "
	       "((el|tu|su) "
	       "(mensaje|correo) )?a "),
	BEFORE("(mensaje|correo) (a|para) " A "no se (ha|pudo|puede|entregó)"),
	DELAY("(aún|todavía) no se ha (podido )?entrega"),
	/* Portuguese */
	BELOW("seguintes?(\\(s\\))? (destinatári|endereço)" TO_COLON),
	INLINE("não (foi possível entregar|pôde ser entregue|foi entregue) ((a )?sua mensagem "
	       ")?(a|para|ao) "),
	BEFORE("(mensagem|e-?mail) (a|para) " A "não (foi|pôde|pode)"),
	DELAY("ainda não foi entregue"),
	/* Italian */
	BELOW("seguent[ei] (destinatar|indirizz)" TO_COLON),
	INLINE("(impossibile|non è stato possibile) (recapitare|consegnare) (il |questo "
	       ")?((tuo|suo) "
	       ")?messaggio (a|per) "),
	BEFORE("messaggio (a|per) " A "non (è stato|può essere) (recapitat|consegnat)"),
	DELAY("non è (stato )?ancora stato (recapitato|consegnato)"),
	/* Dutch */
	BELOW("(volgende|deze) (geadresseerde|ontvanger|adres|e-?mailadres)" TO_COLON),
	BEFORE("bericht (aan|naar|voor) " A "(kan|kon|is) niet "),
	DELAY("(is|werd) nog niet (bezorgd|afgeleverd)"),
	/* Polish */
	BELOW("następując[^ \\n]* (adres|odbiorc)" TO_COLON),
	INLINE("(nie można|nie udało się) dostarczyć (twojej )?wiadomości (do|na adres) "
	       "((adresata|odbiorcy|"
	       "użytkownika) )?"),
	INLINE("nie została dostarczona (do|na adres) ((adresata|odbiorcy|użytkownika) )?"),
	BEFORE("wiadomość (do|na adres) " A "nie (została|mogła)"),
	DELAY("nie została jeszcze dostarczona"),
	/* Russian */
	BELOW("(ледующ[^ \\n]*|этим) (получател|адрес)" TO_COLON),
	INLINE("(не|Не) (удалось доставить|может быть доставлено|доставлено) ((ваше "
	       ")?(сообщение|письмо) )?((для|на|по|"
	       "пользователю|получателю|адресату|адрес|адресу|вашему) )*"),
	BEFORE("(ообщение|исьмо) " A "не (доставлено|удалось|может быть)"),
	DELAY("(ещё|еще) не (было )?доставлено"),
	/* Ukrainian */
	BELOW("(такими|цим|наступн[^ \\n]*) (одержувач|адрес)" TO_COLON),
	INLINE("(не|Не) вдалося доставити (ваше )?(повідомлення|лист) "
	       "((користувачу|одержувачу|адресату|на адресу) )?"),
	/* Swedish, Danish, Norwegian */
	BELOW("följande (mottagare|adress)" TO_COLON),
	INLINE("(det gick inte att leverera|kunde inte leverera) (ditt meddelande|meddelandet) "
	       "till "),
	INLINE("(levererades inte|kunde inte levereras) till "),
	DELAY("har ännu inte levererats"),
	BELOW("følgende (modtager|mottaker|adresse)" TO_COLON),
	INLINE("(blev ikke leveret|ble ikke levert|kunne ikke leveres) til "),
	BEFORE("(meddelelse|melding)[^ \\n]*( din)? til " A "(kunne|kan|blev|ble) ikke lever"),
	DELAY("er (endnu|ennå) ikke (blevet )?lever"),
	/* Finnish */
	BELOW("seuraav[^ \\n]* (vastaanottaj|osoit)" TO_COLON),
	INLINE("ei (voitu toimittaa|toimitettu) (vastaanottajalle|osoitteeseen) "),
	DELAY("ei ole vielä toimitettu"),
	/* Czech, Slovak */
	BELOW("(následující|nasledujúc|těmto|týmto)[^ \\n]* (příjem|príjem|adres)" TO_COLON),
	INLINE("nebyla doručena ((na adresu|příjemci|uživateli) )?"),
	BEFORE("(zprávu|správu) (pro|pre) " A
	       "(se|sa) (nepodařilo|nepovedlo|nepodarilo) doruči(t|ť)"),
	DELAY("(dosud|ještě) nebyla doručena"),
	/* Hungarian */
	BELOW("következő (címzett|cím)" TO_COLON),
	INLINE("nem sikerült kézbesíteni[^:\\n@]*: "),
	/* Turkish */
	BELOW("(aşağıdaki|şu|bu) (alıcı|adres)" TO_COLON),
	BEFORE("@[^\\n]*teslim edilemedi"),
	DELAY("henüz teslim edilmedi"),
	/* Greek, Romanian */
	BELOW("(παρακάτω|ακόλουθους|εξής) (παραλήπτες|διευθύνσεις)" TO_COLON),
	INLINE("(παράδοση του μηνύματός σας|δεν παραδόθηκε) (στον|στην|στο|σε|προς) "),
	BELOW("următori[^ \\n]* destinatari" TO_COLON),
	BEFORE("(către|la) " A "nu a (putut|fost)( fi)? livrat"),
	/* Japanese, Chinese, Korean: words are not set apart */
	BELOW("(次|以下|下記)の(受信者|宛先|あて先|送信先|ユーザー|メールアドレス|アドレス)[^:\\n]"
	      "*"),
	BEFORE("[^ "
	       "\\n]+@[^\\n]*(配信(でき|され)ませんでした|送信できませんでした|届きませんでした)"),
	INLINE("^[ \\t]*(宛先|あて先|送信先|受信者)(メール)?(アドレス)?[ \\t]*(:|：)[ \\t]*"),
	DELAY("まだ配信されていません"),
	BELOW("(下列|以下|这些|這些|下述)(收件人|收件者|地址|邮箱|用户|郵件地址)" TO_COLON),
	INLINE("(无法|未能|無法)[^\\n@]*(传递|发送|投递|傳遞|傳送|寄送)(给|到|至|給) ?"),
	INLINE("(邮件|郵件)(未送达|未能送达|未送達) ?"),
	BEFORE("@[^\\n]*(无法送达|投递失败|发送失败|無法送達)"),
	DELAY("(邮件|郵件)尚未(传递|送达|投递|傳遞|送達)"),
	BELOW("다음 (받는 사람|수신자|주소)" TO_COLON),
	BEFORE("@[^\\n]*(전송되지 않았|전송할 수 없|배달할 수 없|배달되지 않|배달하지 못)"),
};

const struct format_family format_language_own = { own_anchors, ARRAY_LEN(own_anchors),
	FORMAT_OWN };
const struct format_family format_language = { anchors, ARRAY_LEN(anchors), FORMAT_GENERIC };
