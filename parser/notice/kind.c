#include "parser/notice/kind.h"

#include "parser/mail/address.h"
#include "parser/notice/challenge.h"
#include "parser/text/sieve.h"

static bool starts(struct str s, const struct str *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_istarts(s, words[i]))
			return true;
	return false;
}

#define OCCURS(s, words) sieve_any((s), (words), ARRAY_LEN(words))
#define STARTS(s, words) starts((s), (words), ARRAY_LEN(words))

/* What a notice says is said in its first lines. */
enum { CLAIM_BYTES = 400, NOTICE_BYTES = 4096 };

static bool has(const struct notice *notice, struct str name)
{
	return notice_header(notice, name).n > 0;
}

/* ---- senders and subjects of mail systems ---- */

static const struct str daemons[] = { STR_INIT("mailer-daemon"), STR_INIT("mailer_daemon"),
	STR_INIT("postmaster"), STR_INIT("mail delivery s"), STR_INIT("mail-daemon"),
	STR_INIT("maildaemon"), STR_INIT("mdaemon@"), STR_INIT("post_master"),
	STR_INIT("delivery subsystem"), STR_INIT("mailerdaemon"), STR_INIT("microsoftexchange"),
	STR_INIT("mail administrator"), STR_INIT("mail.delivery.system"), STR_INIT("mailsweeper"),
	STR_INIT("mail delivery subsystem"), STR_INIT("mmsc ndr"), STR_INIT("mmdf"),
	STR_INIT("ndr@"), STR_INIT("smtp@"), STR_INIT("mail delivery "), STR_INIT("mail system") };
static const struct str failure_subjects[] = { STR_INIT("undeliver"), STR_INIT("returned mail"),
	STR_INIT("mail delivery"), STR_INIT("delivery status"), STR_INIT("delivery fail"),
	STR_INIT("failure notice"), STR_INIT("mail failure"), STR_INIT("failure delivery"),
	STR_INIT("delivery notification"), STR_INIT("delivery problem"), STR_INIT("delivery error"),
	STR_INIT("delivery report"), STR_INIT("failed delivery"), STR_INIT("delivery has failed"),
	STR_INIT("could not be delivered"), STR_INIT("message delivery"), STR_INIT("not delivered"),
	STR_INIT("mail could not"), STR_INIT("mail system error"), STR_INIT("non delivery"),
	STR_INIT("non-delivery"), STR_INIT("nondeliverable"), STR_INIT("warning: message"),
	STR_INIT("warning: could not send"), STR_INIT("delivery delayed"), STR_INIT("delayed mail"),
	STR_INIT("mail failed"), STR_INIT("error sending your mail"), STR_INIT("message status"),
	STR_INIT("processing error"), STR_INIT("rejected:"), STR_INIT("returned to sender"),
	STR_INIT("returned email"), STR_INIT("bounced"), STR_INIT("unzustellbar"),
	STR_INIT("nicht zustellbar"), STR_INIT("zustellung"), STR_INIT("non remis"),
	STR_INIT("non distribu"), STR_INIT("no se puede entregar"), STR_INIT("no entregado"),
	STR_INIT("no se pudo entregar"), STR_INIT("n\xC3\xA3o entreg"),
	STR_INIT("n\xC3\xA3o \xC3\xA9 poss\xC3\xADvel"), STR_INIT("mancato recapito"),
	STR_INIT("non recapitabile"), STR_INIT("onbestelbaar"), STR_INIT("niet bezorgd"),
	STR_INIT("nie dostarczono"), STR_INIT("niedostarcz"), STR_INIT("kunde inte levereras"),
	STR_INIT("olevererbart"), STR_INIT("ikke leveres"), STR_INIT("teslim edilemedi"),
	STR_INIT("\xD0\xBD\xD0\xB5\xD0\xB4\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2\xD0\xBB\xD0\xB5"
		 "\xD0\xBD"),
	STR_INIT(
		"\xD0\xBD\xD0\xB5 "
		"\xD0\xB4\xD0\xBE\xD1\x81\xD1\x82\xD0\xB0\xD0\xB2\xD0\xBB\xD0\xB5\xD0\xBD\xD0\xBE"),
	STR_INIT("\xE9\x85\x8D\xE4\xBF\xA1\xE4\xB8\x8D\xE8\x83\xBD"), /* Japanese: undeliverable */
	STR_INIT("\xE9\x80\x80\xE4\xBF\xA1"),
	STR_INIT("\xE6\x8A\x95\xE9\x80\x92\xE5\xA4\xB1\xE8\xB4\xA5"), /* Chinese */
	STR_INIT("\xE6\x97\xA0\xE6\xB3\x95\xE6\x8A\x95\xE9\x80\x92"),
	STR_INIT("\xEB\xB0\x98\xEC\x86\xA1"), /* Korean: returned */
	STR_INIT(
		"\xE3\x82\xA8\xE3\x83\xA9\xE3\x83\xBC\xE9\x80\x9A\xE7\x9F\xA5"), /* Japanese: error notice */
	STR_INIT("\xE9\x85\x8D\xE4\xBF\xA1\xE3\x82\xA8\xE3\x83\xA9\xE3\x83\xBC"),
	STR_INIT("\xE9\x80\x81\xE4\xBF\xA1\xE3\x82\xA8\xE3\x83\xA9\xE3\x83\xBC"),
	STR_INIT("are not member"), STR_INIT("automatically rejected mail"),
	STR_INIT("correo devuelto"), STR_INIT("mensagem devolvida"), STR_INIT("messaggio respinto"),
	STR_INIT("zwrot wiadomo"), STR_INIT("failed mail"), STR_INIT("waiting mail"),
	STR_INIT("bounce notification"), STR_INIT("bounce action notification"),
	STR_INIT("refusé pour la liste"), STR_INIT("rejected for list"),
	STR_INIT("message you sent blocked"), STR_INIT("error sending mail"),
	STR_INIT("error sending message"), STR_INIT("delivery warning"),
	/* Exchange puts one word before the subject; its case is always the same. */
	STR_INIT("não é possível entregar"), STR_INIT("falha na entrega"),
	STR_INIT("Недоставленное"), STR_INIT("Не доставлено"), STR_INIT("не доставлено"),
	STR_INIT("未传递"), STR_INIT("未送达"), STR_INIT("无法传递"), STR_INIT("退信"),
	STR_INIT("無法傳遞"), STR_INIT("無法傳送"), STR_INIT("未傳遞"), STR_INIT("배달되지 않음"),
	STR_INIT("배달할 수 없"), STR_INIT("배달 실패"), STR_INIT("전송 실패"),
	STR_INIT("配信不能"), STR_INIT("配信できません"), STR_INIT("配信失敗"),
	STR_INIT("送信できません"), STR_INIT("teslim edilemeyen"), STR_INIT("ei voitu toimittaa"),
	STR_INIT("toimittamaton"), STR_INIT("nedoručiteln"), STR_INIT("nedoručiteľn"),
	STR_INIT("nedoručen"), STR_INIT("kézbesíthetetlen"), STR_INIT("kézbesítési hiba"),
	STR_INIT("Δεν παραδόθηκε"), STR_INIT("imposibil de livrat"), STR_INIT("nelivrabil"),
	STR_INIT("kan ikke lever"), STR_INIT("ikke levert"), STR_INIT("ikke leveret"),
	STR_INIT("kan inte leverera"), STR_INIT("nie można dostarczyć"),
	STR_INIT("niet bestelbaar"), STR_INIT("non consegnat"), STR_INIT("échec de la remise"),
	STR_INIT("échec d'envoi"), STR_INIT("error de entrega"), STR_INIT("nicht zugestellt"),
	STR_INIT("chec de remise"), STR_INIT("niet afgeleverd"), STR_INIT("ikke aflever"),
	STR_INIT("nebyla doruč"), STR_INIT("nem sikerült kézbes"), STR_INIT("putut fi livrat"),
	STR_INIT("không gửi được"), STR_INIT("không thể gửi"), STR_INIT("לא נמסר"),
	STR_INIT("ส่งไม่ได้"), STR_INIT("ไม่สามารถส่ง"), STR_INIT("تعذر تسليم"), STR_INIT("تعذر إرسال"),
	STR_INIT("لم يتم تسليم"), STR_INIT("nepristatyt"), STR_INIT("nav piegādāt"),
	STR_INIT("ei toimetatud"), STR_INIT("toimetamine ebaõnnestus"), STR_INIT("ni dostavljen"),
	STR_INIT("ni bilo dostavljen"), STR_INIT("nije isporučen"), STR_INIT("neisporučen"),
	STR_INIT("nije dostavljen"), STR_INIT("недоставен"), STR_INIT("не е доставен"),
	STR_INIT("неиспоруч"), STR_INIT("није испоручен"), STR_INIT("no s'ha pogut lliurar"),
	STR_INIT("no lliurat"), STR_INIT("ekki afhent"), STR_INIT("tidak terkirim"),
	STR_INIT("gagal terkirim"), STR_INIT("gagal dikirim"), STR_INIT("無法送達") };
static const struct str delay_subjects[] = { STR_INIT("delayed"), STR_INIT("(delay)"),
	STR_INIT("warning: could not send"), STR_INIT("notification: warning"),
	STR_INIT("still undelivered"), STR_INIT("not yet been delivered"),
	STR_INIT("verz\xC3\xB6gert"), STR_INIT("retard\xC3\xA9"), STR_INIT("retrasad"),
	STR_INIT("being retried"), STR_INIT("deferral notice"), STR_INIT("delivery incomplete"),
	STR_INIT("recapito in ritardo"), STR_INIT("entrega atrasada"),
	STR_INIT("bezorging vertraagd"), STR_INIT("opóźnion"), STR_INIT("доставка отложена"),
	STR_INIT("Доставка отложена"), STR_INIT("försenad leverans"), STR_INIT("leverans försenad"),
	STR_INIT("levering forsinket"), STR_INIT("forsinket levering"),
	STR_INIT("zpožděné doručení"), STR_INIT("teslimat gecik"), STR_INIT("配信遅延"),
	STR_INIT("配信の遅延"), STR_INIT("延迟传递"), STR_INIT("传递延迟"), STR_INIT("延遲傳遞"),
	STR_INIT("배달 지연"), STR_INIT("延遲通知"), STR_INIT("延迟通知"), STR_INIT("郵件延遲"),
	STR_INIT("邮件延迟"), STR_INIT("vėluoja"), STR_INIT("aizkavē"),
	STR_INIT("kohaletoimetamine viibi"), STR_INIT("kašnjenj"), STR_INIT("zakasnjen"),
	STR_INIT("endarreri"), STR_INIT("seinka"), STR_INIT("tertunda") };
static const struct str person_prefixes[] = { STR_INIT("fwd:"), STR_INIT("fw:"), STR_INIT("wg:"),
	STR_INIT("tr:"), STR_INIT("rv:") };
static const struct str reply_prefixes[] = { STR_INIT("re:"), STR_INIT("aw:"), STR_INIT("antw:"),
	STR_INIT("sv:"), STR_INIT("odp:") };

/* A rule of a mailbox forwards as people do, and says that it is none (RFC 3834 5). */
static bool forwarded_by_person(const struct notice *notice)
{
	return STARTS(str_trim(notice->subject), person_prefixes) &&
	       !str_istarts(notice_header(notice, STR("Auto-Submitted")), STR("auto-forwarded"));
}

/* A person who answers or forwards a bounce keeps its subject. */
static bool subject_says_failure(const struct notice *notice)
{
	struct str s = str_trim(notice->subject);
	bool reply = STARTS(s, reply_prefixes);

	if (forwarded_by_person(notice))
		return false;
	if (!reply)
		return OCCURS(s, failure_subjects);
	s = str_trim(str_skip(s, str_chr(s, ':') + 1));
	return OCCURS(s, failure_subjects) && !STARTS(s, failure_subjects);
}

/* "<>", "Mail System <>": nobody but a mail system writes so. */
static bool null_sender(const struct notice *notice)
{
	struct str raw = notice_header(notice, STR("From"));

	return str_eq(raw, STR("<>")) || str_iends(raw, STR(" <>"));
}

static bool from_daemon(const struct notice *notice)
{
	return null_sender(notice) || OCCURS(notice->from, daemons);
}

/* "Warning: mail still not sent after 5 hours", where nothing tells of an end. */
static bool warns_of_time(const struct notice *notice)
{
	static const struct str warnings[] = { STR_INIT("warning"), STR_INIT("warnung"),
		STR_INIT("avertissement"), STR_INIT("advertencia"), STR_INIT("avviso") };
	static const struct str times[] = { STR_INIT("still"), STR_INIT("hour"), STR_INIT("yet"),
		STR_INIT("minutes"), STR_INIT("delay"), STR_INIT("queue"), STR_INIT("retr"),
		STR_INIT("stunden"), STR_INIT("noch nicht"), STR_INIT("heures"),
		STR_INIT("horas") };
	static const struct str ends[] = { STR_INIT("giving up"), STR_INIT("given up"),
		STR_INIT("gave up"), STR_INIT("permanent"), STR_INIT("fatal"), STR_INIT("expired"),
		STR_INIT("returned to"), STR_INIT("is returned"), STR_INIT("was returned"),
		STR_INIT("no further"), STR_INIT("not be retried"), STR_INIT("too long"),
		STR_INIT("deleted from"), STR_INIT("removed from"), STR_INIT("virus"),
		STR_INIT("rejected") };

	return STARTS(str_trim(notice->subject), warnings) && OCCURS(notice->subject, times) &&
	       !OCCURS(notice->subject, ends) &&
	       !OCCURS(str_head(notice->text, NOTICE_BYTES), ends);
}

bool kind_is_delay(const struct notice *notice)
{
	return OCCURS(notice->subject, delay_subjects) || warns_of_time(notice);
}

/* ---- other kinds ---- */

static const struct str reply_subjects[] = { STR_INIT("automatic reply"), STR_INIT("auto reply"),
	STR_INIT("autoreply"), STR_INIT("auto-reply"), STR_INIT("auto response"),
	STR_INIT("auto-response"), STR_INIT("autoresponse"), STR_INIT("autosvar"),
	STR_INIT("auto:"), STR_INIT("out of office"), STR_INIT("out of the office"),
	STR_INIT("automatic response"), STR_INIT("vacation"), STR_INIT("away from my mail"),
	STR_INIT("abwesenheit"), STR_INIT("automatische antwort"), STR_INIT("automatisch antwoord"),
	STR_INIT("afwezig"), STR_INIT("r\xC3\xA9ponse automatique"), STR_INIT("absence du bureau"),
	STR_INIT("respuesta autom"), STR_INIT("fuera de la oficina"), STR_INIT("resposta autom"),
	STR_INIT("fora do escrit"), STR_INIT("risposta automatica"), STR_INIT("fuori sede"),
	STR_INIT("autosvar"), STR_INIT("automatiskt svar"), STR_INIT("automaattinen vastaus"),
	STR_INIT("odpowied\xC5\xBA automatyczna"), STR_INIT("autoodpowied\xC5\xBA"),
	STR_INIT("automatick\xC3\xA1 odpov"), STR_INIT("otomatik yan\xC4\xB1t"),
	STR_INIT("automatiska atbilde"),
	STR_INIT("\xD0\xB0\xD0\xB2\xD1\x82\xD0\xBE\xD0\xBE\xD1\x82\xD0\xB2\xD0\xB5\xD1\x82"),
	STR_INIT("\xD0\xB0\xD0\xB2\xD1\x82\xD0\xBE\xD0\xBC\xD0\xB0\xD1\x82\xD0\xB8\xD1\x87\xD0\xB5"
		 "\xD1\x81\xD0\xBA\xD0\xB8\xD0\xB9 \xD0\xBE\xD1\x82\xD0\xB2\xD0\xB5\xD1\x82"),
	STR_INIT("\xE8\x87\xAA\xE5\x8B\x95\xE5\xBF\x9C\xE7\xAD\x94"),
	STR_INIT("\xE8\x87\xAA\xE5\x8B\x95\xE8\xBF\x94\xE4\xBF\xA1"),
	STR_INIT("\xE8\x87\xAA\xE5\x8A\xA8\xE5\x9B\x9E\xE5\xA4\x8D"),
	STR_INIT("\xE8\x87\xAA\xE5\x8A\xA8\xE7\xAD\x94\xE5\xA4\x8D"),
	STR_INIT("\xEB\xB6\x80\xEC\x9E\xAC"), STR_INIT("thank you for your e-mail"),
	STR_INIT("Автоматический ответ"), STR_INIT("Автоответ"), STR_INIT("Автоматична відповідь"),
	STR_INIT("automatisk svar"), STR_INIT("automatikus válasz"),
	STR_INIT("automatinis atsakymas"), STR_INIT("răspuns automat"), STR_INIT("자동 회신"),
	STR_INIT("자동 응답"), STR_INIT("Αυτόματη απάντηση"), STR_INIT("自動回覆"),
	STR_INIT("不在通知"),
	/* the same words the other way round, and further languages */
	STR_INIT("automatyczna odpowied"), STR_INIT("antwort: automat"),
	STR_INIT("odpověď automat"), STR_INIT("automatická odpoveď"),
	STR_INIT("automatski odgovor"), STR_INIT("automatizirani odgovor"),
	STR_INIT("samodejni odgovor"), STR_INIT("automātiskā atbilde"), STR_INIT("automaatvastus"),
	STR_INIT("automaatne vastus"), STR_INIT("automatické odpov"), STR_INIT("réponse d'absence"),
	STR_INIT("message d'absence"), STR_INIT("respuesta de ausencia"),
	STR_INIT("risposta di assenza"), STR_INIT("sjálfvirkt svar"), STR_INIT("fraværsmelding"),
	STR_INIT("frånvaro"), STR_INIT("poissaolo"), STR_INIT("autoreply:"), STR_INIT("abwesend"),
	STR_INIT("poza biurem"), STR_INIT("nieobecno"), STR_INIT("házon kívül"),
	STR_INIT("trả lời tự động"), STR_INIT("balasan otomatis"), STR_INIT("automatische reactie"),
	STR_INIT("Автоматичен отговор"), STR_INIT("Аутоматски одговор"),
	STR_INIT("автоматична відповідь"), STR_INIT("αυτόματη απάντηση"), STR_INIT("رد تلقائي"),
	STR_INIT("מענה אוטומטי"), STR_INIT("תשובה אוטומטית"), STR_INIT("ตอบกลับอัตโนมัติ") };

/* Fields that only automatic answers carry. */
static const struct str reply_fields[] = { STR_INIT("X-Autoreply"), STR_INIT("X-Autorespond"),
	STR_INIT("X-Auto-Reply-From"), STR_INIT("X-Autoreply-From"), STR_INIT("X-Mail-Autoreply"),
	STR_INIT("X-AutoReply-From"), STR_INIT("X-Vacation") };

static bool is_auto_reply(const struct notice *notice)
{
	struct str precedence = notice_header(notice, STR("Precedence"));
	struct str submitted = notice_header(notice, STR("Auto-Submitted"));

	if (OCCURS(notice->subject, reply_subjects) || str_ieq(precedence, STR("auto_reply")) ||
		str_ieq(precedence, STR("auto-reply")))
		return true;
	for (size_t i = 0; i < ARRAY_LEN(reply_fields); i++)
		if (has(notice, reply_fields[i]))
			return true;
	return str_istarts(submitted, STR("auto-replied")) ||
	       str_ieq(notice_header(notice, STR("X-Auto-Response-Suppress")), STR("All")) ||
	       str_istarts(notice_header(notice, STR("X-MS-Exchange-Inbox-Rules-Loop")), STR("@"));
}

static bool is_unsubscribe(const struct notice *notice)
{
	return str_istarts(str_trim(notice->subject), STR("unsubscribe")) ||
	       str_istarts(str_trim(notice->text), STR("unsubscribe"));
}

/* RFC 7489 7.2.1.1: the subject says whose report it is; the file is named by the rules there. */
static bool is_dmarc(const struct notice *notice)
{
	const struct mime_tree *tree = notice->tree;

	if (str_istarts(str_trim(notice->subject), STR("report domain:")) ||
		str_ifind(notice->subject, STR("dmarc aggregate report")) != STR_NPOS)
		return true;
	for (size_t i = 0; i < tree->n_parts; i++) {
		struct str name = tree->parts[i].name, rest = name, word;
		size_t marks = 0;

		while (str_cut(rest, '!', &word, &rest))
			marks++;
		if (marks >= 3 &&
			(str_iends(name, STR(".xml")) || str_iends(name, STR(".xml.gz")) ||
				str_iends(name, STR(".zip")) || str_iends(name, STR(".gz"))))
			return true;
	}
	return false;
}

static bool is_tls_report(const struct notice *notice)
{
	return notice->has_tls_report || str_eq(notice->tree->report_type, STR("tlsrpt")) ||
	       has(notice, STR("TLS-Report-Domain"));
}

/* Outlook.com's feedback loop sends the mail itself. */
static bool is_jmrp(const struct notice *notice)
{
	return has(notice, STR("X-HmXmrOriginalRecipient")) ||
	       headers_get(&notice->returned, STR("X-HmXmrOriginalRecipient")).n ||
	       str_istarts(notice->subject, STR("complaint about message from "));
}

static bool null_path(const struct notice *notice)
{
	struct str path = notice_header(notice, STR("Return-Path"));

	if (notice->envelope && notice->envelope->source == SOURCE_SMTP)
		return !notice->envelope->reverse_path.n;
	return str_eq(path, STR("<>"));
}

/* What machines put beside a subject, and people do not. */
static bool machine_made(const struct notice *notice)
{
	struct str submitted = notice_header(notice, STR("Auto-Submitted"));

	return null_path(notice) || str_istarts(submitted, STR("auto-")) || notice->returned.n ||
	       notice->has_status || !notice->from.n ||
	       str_eq(notice->tree->type, STR("multipart/report"));
}

/* A newsletter or a list may speak of bounces to its readers. */
static bool from_list(const struct notice *notice)
{
	return has(notice, STR("List-Id")) || has(notice, STR("List-Unsubscribe")) ||
	       has(notice, STR("List-Post"));
}

/* A list adds its fields to the reports that pass through its own return path as well. Those have the
 * subject of a report in front of all else; a letter to readers has not. */
static bool plain_failure(const struct notice *notice)
{
	bool post = has(notice, STR("List-Unsubscribe")) || has(notice, STR("List-Post"));

	return STARTS(str_trim(notice->subject), failure_subjects) &&
	       (!post || str_ifind(notice_header(notice, STR("To")), STR("bounce")) != STR_NPOS);
}

/* "[#42] Mail delivery failed": about a bounce, within a program that keeps cases or a list. */
static bool is_ticket(const struct notice *notice)
{
	return str_starts(str_trim(notice->subject), STR("["));
}

/* A null return path says little: out-of-office notes have one, and quote addresses too. */
enum notice_trust kind_notice_trust(const struct notice *notice)
{
	if (from_daemon(notice) || has(notice, STR("X-Failed-Recipients")))
		return NOTICE_FULL;
	if (forwarded_by_person(notice))
		return NOTICE_NONE;
	if (str_eq(notice->tree->type, STR("multipart/report")))
		return NOTICE_FULL;
	if (subject_says_failure(notice) && machine_made(notice))
		return NOTICE_FULL;
	if (subject_says_failure(notice))
		return is_ticket(notice) || (from_list(notice) && !plain_failure(notice))
			       ? NOTICE_NONE
			       : NOTICE_CLAIMED;
	return null_path(notice) && !is_auto_reply(notice) ? NOTICE_WEAK : NOTICE_NONE;
}

enum kind kind_by_shape(const struct notice *notice)
{
	struct str type = notice->tree->report_type;

	if (notice->has_feedback || str_eq(type, STR("feedback-report")) || is_jmrp(notice))
		return KIND_COMPLAINT;
	if (!from_daemon(notice) && challenge_is(notice))
		return KIND_CHALLENGE;
	if (notice->has_status || str_eq(type, STR("delivery-status")))
		return KIND_BOUNCE;
	/* Sieve's "reject" answers with a disposition, RFC 5429 2.2; it is a refusal all the same. */
	if (notice->has_mdn && str_ifind(notice->text, STR("automatically rejected")) != STR_NPOS)
		return KIND_BOUNCE;
	if (notice->has_mdn)
		return KIND_MDN;
	if (is_tls_report(notice))
		return KIND_TLS_REPORT;
	if (is_dmarc(notice))
		return KIND_DMARC_REPORT;
	if (!from_daemon(notice) && !has(notice, STR("X-Failed-Recipients")) &&
		OCCURS(notice->subject, reply_subjects))
		return KIND_AUTO_REPLY;
	return KIND_UNKNOWN;
}

/* A mail system whose subject says nothing says at once that a message did not arrive. */
static bool text_says_failure(const struct notice *notice)
{
	static const struct str words[] = { STR_INIT("cannot deliver"), STR_INIT("can not deliver"),
		STR_INIT("could not deliver"), STR_INIT("couldn't deliver"),
		STR_INIT("unable to deliver"), STR_INIT("failed to deliver"),
		STR_INIT("cannot be delivered"), STR_INIT("can not be delivered"),
		STR_INIT("could not be delivered"), STR_INIT("couldn't be delivered"),
		STR_INIT("not been delivered"), STR_INIT("was not delivered"),
		STR_INIT("wasn't delivered"), STR_INIT("undeliverable"),
		STR_INIT("nicht zugestellt werden"), STR_INIT("non è stato possibile consegnare"),
		STR_INIT("pas pu être remis"), STR_INIT("no se pudo entregar") };

	return null_sender(notice) && OCCURS(str_head(notice->text, CLAIM_BYTES), words);
}

enum kind kind_by_words(const struct notice *notice)
{
	bool failure = subject_says_failure(notice) || text_says_failure(notice);

	if (from_daemon(notice) || (failure && machine_made(notice)))
		return failure ? KIND_BOUNCE : KIND_UNKNOWN;
	if (is_unsubscribe(notice))
		return KIND_UNSUBSCRIBE;
	if (is_auto_reply(notice))
		return KIND_AUTO_REPLY;
	return KIND_NOT_BOUNCE;
}
