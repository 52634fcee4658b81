#include "parser/notice/claim.h"

#include "parser/text/sieve.h"

/* How soon a notice says what it is about. A sentence that only one family writes may have an
 * introduction in front of it. */
enum { CLAIM_BYTES = 200, OWN_BYTES = 700, GREETING_BYTES = 40, FIELD_BYTES = 4096 };

/* Parcels are not delivered, either. */
static const struct str messages[] = { STR_INIT("mail"), STR_INIT("message"), STR_INIT("nachricht"),
	STR_INIT("mensaje"), STR_INIT("correo"), STR_INIT("mensagem"), STR_INIT("messaggio"),
	STR_INIT("bericht"), STR_INIT("meddelande"), STR_INIT("meddelelse"), STR_INIT("melding"),
	STR_INIT("viesti"), STR_INIT("wiadomo"), STR_INIT("ообщени"), STR_INIT("исьмо"),
	STR_INIT("メール"), STR_INIT("メッセージ"), STR_INIT("邮件"), STR_INIT("郵件"),
	STR_INIT("메일"), STR_INIT("메시지"), STR_INIT("courriel"), STR_INIT("mesaj"),
	STR_INIT("ileti"), STR_INIT("zpráv"), STR_INIT("správ"), STR_INIT("levele"),
	STR_INIT("овідомлення"), STR_INIT("ήνυμα"), STR_INIT("thư"), STR_INIT("อีเมล"),
	STR_INIT("הודעה"), STR_INIT("رسال"), STR_INIT("بريد") };

/* "Hi Bob,": from somebody to somebody. */
static bool greets(struct str front)
{
	struct str line = str_trim(str_head(front, str_cspan(front, "\r\n")));

	return line.n && line.n <= GREETING_BYTES && line.p[line.n - 1] == ',';
}

static bool quotes(struct str front)
{
	return str_find(front, STR("\n>")) != STR_NPOS ||
	       str_find(front, STR("wrote:")) != STR_NPOS;
}

/* The first sentence says that a message was not delivered, or a family's sentence stands above the
 * returned message. */
static bool speaks_as_notice(const struct format_reading *reading)
{
	struct str front = str_trim(str_head(reading->notice, reading->named_at));
	bool own = !str_eq(reading->format, STR("generic"));

	if (greets(front) || quotes(front))
		return false;
	if (reading->original.n && own)
		return true;
	return front.n <= (own ? OWN_BYTES : CLAIM_BYTES) &&
	       sieve_any(front, messages, ARRAY_LEN(messages));
}

bool claim_names_reader(const struct notice *notice, const struct event_list *list)
{
	struct str to = str_head(notice_header(notice, STR("To")), FIELD_BYTES);

	for (size_t i = 0; i < list->n; i++)
		if (str_ifind(to, list->items[i].final_recipient) != STR_NPOS)
			return true;
	return false;
}

void claim_read(const struct formats *formats, struct matcher_scratch *scratch, struct arena *arena,
	const struct notice *notice, struct format_reading *ret_reading)
{
	format_read(formats, scratch, arena, notice, FORMAT_GENERIC, ret_reading);
	if (!ret_reading->list.n || !speaks_as_notice(ret_reading) ||
		claim_names_reader(notice, &ret_reading->list))
		*ret_reading = (struct format_reading){ .notice = ret_reading->notice,
			.original = ret_reading->original };
}
