#include "parser/notice/lone.h"

#include "core/limits.h"
#include "parser/text/sieve.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/mail/text_address.h"
#include "parser/notice/entry_line.h"
#include "parser/notice/kind.h"
#include "parser/text/unfold.h"

/* A sentence longer than this is none; a notice longer than that, or with more addresses, is not one about
 * a few recipients. */
enum {
	SENTENCE_BYTES = 600,
	NOTICE_BYTES = 16384,
	ADDRESSES = 32,
	FIELD_BYTES = 4096,
	SHARED = 16
};

/* What a notice says of a message. */
static const struct str failures[] = { STR_INIT("undeliver"), STR_INIT("fail"), STR_INIT("bounce"),
	STR_INIT("reject"), STR_INIT("refused"), STR_INIT("returned"), STR_INIT("unable to"),
	STR_INIT("cannot"), STR_INIT("can not"), STR_INIT("could not"), STR_INIT("couldn't"),
	STR_INIT("couldn\xE2\x80\x99t"), STR_INIT("wasn't"), STR_INIT("wasn\xE2\x80\x99t"),
	STR_INIT("not deliver"), STR_INIT("not be deliver"), STR_INIT("not been deliver"),
	STR_INIT("not be sent"), STR_INIT("not sent"), STR_INIT("not get through"),
	STR_INIT("not reach"), STR_INIT("does not exist"), STR_INIT("doesn't exist"),
	STR_INIT("unknown"), STR_INIT("no such"), STR_INIT("not known"), STR_INIT("not found"),
	STR_INIT("error sending"), STR_INIT("not accept"), STR_INIT("still trying"),
	STR_INIT("nobody"), STR_INIT("no one"), STR_INIT("not a valid"), STR_INIT("not valid"),
	STR_INIT("no longer"), STR_INIT("did not match"), STR_INIT("doesn't match"),
	STR_INIT("not exist"), STR_INIT("not get"), STR_INIT("no user"), STR_INIT("no mailbox"),
	STR_INIT("no account"), STR_INIT("not registered"), STR_INIT("not one of our"),
	/* other languages, Latin letters first */
	STR_INIT("nicht zu"), STR_INIT("nicht ge"), STR_INIT("nicht an"), STR_INIT("unzustellbar"),
	STR_INIT("remis"), STR_INIT("pas pu"), STR_INIT("impossi"), STR_INIT("échec"),
	STR_INIT("échoué"), STR_INIT("no se "), STR_INIT("no existe"), STR_INIT("no ha "),
	STR_INIT("no pudo"), STR_INIT("devuelto"), STR_INIT("devolvid"), STR_INIT("não "),
	STR_INIT("falh"), STR_INIT("non è"), STR_INIT("non pu"), STR_INIT("mancat"),
	STR_INIT("respinto"), STR_INIT("niet "), STR_INIT("mislukt"), STR_INIT("nie udał"),
	STR_INIT("nie został"), STR_INIT("nie mo"), STR_INIT("niedost"), STR_INIT("inte lev"),
	STR_INIT("ikke lev"), STR_INIT("ei voi"), STR_INIT("nelze"), STR_INIT("nebyl"),
	STR_INIT("nem sik"), STR_INIT("edilemedi"), STR_INIT("δεν "), STR_INIT("nu a "),
	STR_INIT("не достав"), STR_INIT("не удал"), STR_INIT("вернул"), STR_INIT("ошибк"),
	STR_INIT("できません"), STR_INIT("ませんでした"), STR_INIT("エラー"), STR_INIT("失敗"),
	STR_INIT("失败"), STR_INIT("无法"), STR_INIT("無法"), STR_INIT("退"), STR_INIT("未能"),
	STR_INIT("실패"), STR_INIT("않"), STR_INIT("없") };
/* The same of a mailbox, where the mail is a notice in any case. */
static const struct str troubles[] = { STR_INIT("error"), STR_INIT("invalid"), STR_INIT("blocked"),
	STR_INIT("stopped"), STR_INIT("sorry"), STR_INIT("virus"), STR_INIT("banned"),
	STR_INIT("full"), STR_INIT("quota"), STR_INIT("pending"), STR_INIT("waiting"),
	STR_INIT("not "), STR_INIT("no longer"), STR_INIT("has left"), STR_INIT("came back"),
	STR_INIT("gave up"), STR_INIT("give up"), STR_INIT("voll"), STR_INIT("nicht"),
	STR_INIT("fehler"), STR_INIT("plein"), STR_INIT("erreur"), STR_INIT("llen"),
	STR_INIT("lleno"), STR_INIT("cheia"), STR_INIT("erro"), STR_INIT("pien"), STR_INIT("vol"),
	STR_INIT("pełna"), STR_INIT("не "), STR_INIT("満"), STR_INIT("满") };

/* Words in front of an address that is there for questions. */
static const struct str contacts[] = { STR_INIT("contact"), STR_INIT("please"),
	STR_INIT("questions"), STR_INIT("assistance"), STR_INIT("help"), STR_INIT("support"),
	STR_INIT("write to"), STR_INIT("reply to"), STR_INIT("report"), STR_INIT("address to"),
	STR_INIT("instead"), STR_INIT("new address"), STR_INIT("return address"),
	STR_INIT("sender"), STR_INIT("from"), STR_INIT("send a"), STR_INIT("moderator"),
	STR_INIT("owner"), STR_INIT("administrator"), STR_INIT("bitte"), STR_INIT("fragen"),
	STR_INIT("kontakt"), STR_INIT("absender"), STR_INIT("veuillez"), STR_INIT("expéditeur"),
	STR_INIT("contacte"), STR_INIT("por favor"), STR_INIT("remitente"), STR_INIT("remetente"),
	STR_INIT("mittente"), STR_INIT("contatt"), STR_INIT("afzender"), STR_INIT("nadawc"),
	STR_INIT("отправител"), STR_INIT("обратит"), STR_INIT("差出人"), STR_INIT("发件人"),
	STR_INIT("寄件") };
/* Of these, what asks for something. */
static const struct str asks[] = { STR_INIT("contact"), STR_INIT("please"), STR_INIT("should be"),
	STR_INIT("must be"), STR_INIT("reply to"), STR_INIT("write to"), STR_INIT("can be sent"),
	STR_INIT("may be sent"), STR_INIT("from"), STR_INIT("questions"), STR_INIT("instead"),
	STR_INIT("new address"), STR_INIT("was sent to"), STR_INIT("been sent to"),
	STR_INIT("copy"), STR_INIT("send a"), STR_INIT("send your"), STR_INIT("to be ") };
/* The same behind it. */
static const struct str contacts_behind[] = { STR_INIT("連絡"), STR_INIT("問い合"),
	STR_INIT("問合"), STR_INIT("联系"), STR_INIT("聯絡"), STR_INIT("聯繫"), STR_INIT("문의"),
	STR_INIT("wenden"), STR_INIT("for help"), STR_INIT("for assistance"),
	STR_INIT("with questions"), STR_INIT("for more information") };

/* Mailboxes that a mail system gives as its own. */
static const struct str roles[] = { STR_INIT("postmaster"), STR_INIT("mailer-daemon"),
	STR_INIT("abuse"), STR_INIT("support"), STR_INIT("help"), STR_INIT("helpdesk"),
	STR_INIT("service"), STR_INIT("servicedesk"), STR_INIT("admin"), STR_INIT("administrator"),
	STR_INIT("hostmaster"), STR_INIT("webmaster"), STR_INIT("security"), STR_INIT("noreply"),
	STR_INIT("no-reply"), STR_INIT("root"), STR_INIT("mailadmin"), STR_INIT("mailmaster") };

/* What the sender did, in front of the address that he wrote to. */
static const struct str addressed[] = { STR_INIT("you wrote"), STR_INIT("you sent"),
	STR_INIT("you mailed"), STR_INIT("you tried to"), STR_INIT("you are trying to"),
	STR_INIT("sent to"), STR_INIT("addressed to"), STR_INIT("message to"), STR_INIT("mail to"),
	STR_INIT("message for"), STR_INIT("mail for"), STR_INIT("message was for"),
	STR_INIT("original recipient"), STR_INIT("originally for"), STR_INIT("written to"),
	STR_INIT("your letter to") };

#define OCCURS(s, words) sieve_any((s), (words), ARRAY_LEN(words))

/* The domain, without its first label where it has three: mx1.example.net and example.net are one. */
static bool same_site(struct str a, struct str b)
{
	struct str x, y;

	if (!str_cut(a, '@', &x, &a) || !str_cut(b, '@', &y, &b) || !a.n || !b.n)
		return false;
	return str_iends(a, b) || str_iends(b, a);
}

static bool is_role(struct str address)
{
	struct str local = str_head(address, str_cspan(address, "@"));

	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (str_ieq(local, roles[i]))
			return true;
	return false;
}

/* The mail system that writes, those for whom it speaks, and the sender whom it writes to. */
static bool is_party(const struct notice *notice, struct str address)
{
	static const struct str fields[] = { STR_INIT("To"), STR_INIT("Cc"), STR_INIT("From"),
		STR_INIT("Reply-To"), STR_INIT("Sender"), STR_INIT("Return-Path"),
		STR_INIT("Errors-To"), STR_INIT("Delivered-To"), STR_INIT("X-Original-To") };
	const struct envelope *envelope = notice->envelope;

	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (str_ifind(str_head(notice_header(notice, fields[i]), FIELD_BYTES), address) !=
			STR_NPOS)
			return true;
	for (size_t i = 0; envelope && i < envelope->n_forward_paths; i++)
		if (str_ieq(envelope->forward_paths[i], address))
			return true;
	return is_role(address) && (same_site(address, notice->from_address) ||
					   str_istarts(address, STR("postmaster@")) ||
					   str_istarts(address, STR("mailer-daemon@")));
}

/* ---- an address on a line of its own ---- */

/* Where in `rest` the first list of recipients starts, by lines. */
static size_t find_line(const struct notice *notice, struct str text)
{
	struct str rest = text, line, ahead = STR_EMPTY;
	struct entry entry;

	while (str_next_line(&rest, &line)) {
		if (!str_trim(line).n)
			continue;
		if (entry_line_read(line, &entry) && entry.address.n &&
			!is_party(notice, entry.address) && !OCCURS(ahead, contacts))
			return (size_t)(line.p - text.p);
		/* A label of the sender in front says nothing of the recipient behind it. */
		ahead = str_chr(line, '@') == STR_NPOS ? line : STR_EMPTY;
	}
	return STR_NPOS;
}

static void drop_parties(const struct notice *notice, struct event_list *list)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!is_party(notice, list->items[i].final_recipient))
			list->items[n++] = list->items[i];
	list->n = n;
}

/* Recipients without words of their own take all that is said; a long list would multiply it. */
static void share_notice(const struct entry_source *source)
{
	struct str words =
		text_squeeze(source->arena, utf8_head(source->rest, LIMIT_DIAGNOSTIC_BYTES));

	for (size_t i = 0; i < source->list->n; i++)
		if (!source->list->items[i].diagnostic.n)
			source->list->items[i].diagnostic = words;
}

static void read_lines(struct entry_source *source, const struct notice *notice)
{
	size_t at = find_line(notice, source->rest);
	struct entry_source below = *source;

	if (at == STR_NPOS)
		return;
	below.rest = below.region = str_skip(source->rest, at);
	entries_below(&below, ENTRY_ADDRESS);
	drop_parties(notice, source->list);
	if (source->list->n <= SHARED)
		share_notice(source);
}

/* ---- an address in a sentence ---- */

static size_t address_start(struct str text, size_t at)
{
	while (at && text_address_byte(text.p[at - 1]))
		at--;
	at += str_span(str_skip(text, at), "`'|{}*");
	return at + entry_key_bytes(str_skip(text, at));
}

/* Where the sentence around text[at] starts: behind a full stop, a colon, an empty line. */
static size_t sentence_start(struct str text, size_t at)
{
	size_t least = at > SENTENCE_BYTES ? at - SENTENCE_BYTES : 0;

	for (; at > least; at--) {
		char c = text.p[at - 1];

		if (at < text.n && ascii_space(text.p[at]) && (c == '.' || c == '!' || c == '?'))
			return at;
		if (c == '\n' && at > 1 && (text.p[at - 2] == '\n' || text.p[at - 2] == '\r'))
			return at;
	}
	return at;
}

static size_t sentence_end(struct str text, size_t at)
{
	size_t most = at + SENTENCE_BYTES < text.n ? at + SENTENCE_BYTES : text.n;

	for (; at + 1 < most; at++) {
		char c = text.p[at];

		if (ascii_space(text.p[at + 1]) && (c == '.' || c == '!' || c == '?'))
			return at;
		if (c == '\n' && (text.p[at + 1] == '\n' || text.p[at + 1] == '\r'))
			return at;
	}
	return most;
}

struct found {
	struct str address;
	size_t n; /* different ones */
};

/* A sentence, and how much of it stands in front of the address that it was found by. */
struct sentence {
	struct str text, front;
};

static struct sentence sentence_of(struct str text, struct str address)
{
	size_t at = (size_t)(address.p - text.p), start = sentence_start(text, at);
	size_t end = sentence_end(text, at + address.n);

	return (struct sentence){ str_slice(text, start, end), str_slice(text, start, at) };
}

/* "You sent a message to ann@shop.example. Nobody has that name here.": what became of it is said next. */
static struct str with_the_next(
	struct str text, struct str address, const struct sentence *sentence)
{
	size_t end = sentence_end(text, (size_t)(address.p - text.p) + address.n);

	if (!OCCURS(sentence->front, addressed))
		return STR_EMPTY;
	while (end < text.n && (ascii_space(text.p[end]) || text.p[end] == '.'))
		end++;
	return str_slice(text, end, sentence_end(text, end));
}

static bool is_contact(const struct sentence *sentence)
{
	if (OCCURS(sentence->front, addressed) && !OCCURS(sentence->front, asks))
		return false;
	return OCCURS(sentence->front, contacts) || OCCURS(sentence->text, contacts_behind);
}

/* The next address of the text, from *at on. */
static bool next_address(struct str text, size_t *at, struct str *ret_address)
{
	for (;; *at += 1) {
		size_t next = str_chr(str_skip(text, *at), '@'), from, n;

		if (next == STR_NPOS)
			return false;
		*at += next;
		from = address_start(text, *at);
		n = text_address_prefix(str_skip(text, from));
		if (from + n <= *at)
			continue;
		*ret_address = str_slice(text, from, from + n);
		*at = from + n;
		return true;
	}
}

/* Is the address one for questions wherever else it stands? */
static bool is_contact_elsewhere(struct str text, struct str address)
{
	struct sentence sentence;
	struct str other;

	for (size_t at = 0, n = 0; n < ADDRESSES && next_address(text, &at, &other); n++) {
		if (!str_ieq(other, address))
			continue;
		sentence = sentence_of(text, other);
		if (is_contact(&sentence))
			return true;
	}
	return false;
}

static bool tells_trouble(struct str sentence)
{
	return OCCURS(sentence, failures) || OCCURS(sentence, troubles);
}

/* The addresses of sentences that say that something failed and ask for nothing. */
static void find_in_sentences(
	const struct notice *notice, struct str text, bool failing, struct found *found)
{
	struct str address;
	struct sentence sentence;

	for (size_t at = 0, n = 0; n < ADDRESSES && next_address(text, &at, &address); n++) {
		if (is_party(notice, address) || str_ieq(address, found->address))
			continue;
		sentence = sentence_of(text, address);
		if (is_contact(&sentence) ||
			(failing && !tells_trouble(sentence.text) &&
				!tells_trouble(with_the_next(text, address, &sentence))) ||
			is_contact_elsewhere(text, address))
			continue;
		found->address = address;
		found->n++;
	}
}

static void read_sentences(struct entry_source *source, const struct notice *notice)
{
	struct found found = { .n = 0 };

	find_in_sentences(notice, source->rest, true, &found);
	if (!found.n)
		find_in_sentences(notice, notice->subject, false, &found);
	if (found.n == 1)
		entry_add(source, found.address, source->rest);
}

void lone_read(struct entry_source *source, const struct notice *notice)
{
	if (source->rest.n > NOTICE_BYTES ||
		!(kind_by_words(notice) == KIND_BOUNCE || OCCURS(source->rest, failures)))
		return;
	read_lines(source, notice);
	if (!source->list->n)
		read_sentences(source, notice);
}
