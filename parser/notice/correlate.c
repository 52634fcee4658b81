#include "parser/notice/correlate.h"

#include "core/limits.h"
#include "core/return_path.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/text/date.h"

enum { FIELD_BYTES = 4096 };

/* Fields in which a delivery agent notes the recipient of the mail at hand. */
static const struct str recipient_fields[] = { STR_INIT("X-Original-To"), STR_INIT("Delivered-To"),
	STR_INIT("Envelope-To"), STR_INIT("To") };

/* The token in `address`, in lower case, since some servers do not keep it; empty without one. */
static struct str token_of(struct arena *arena, struct str address)
{
	struct str token, domain;

	return return_path_token(address, &token, &domain) ? arena_lower(arena, token) : STR_EMPTY;
}

static struct str token_in_headers(
	struct arena *arena, const struct header_list *list, const struct str *fields, size_t n)
{
	struct str address, token;

	for (size_t i = 0; i < list->n; i++)
		for (size_t k = 0; k < n; k++) {
			if (!str_ieq(list->items[i].name, fields[k]) ||
				!address_take(arena, list->items[i].value, &address))
				continue;
			token = token_of(arena, address);
			if (token.n)
				return token;
		}
	return STR_EMPTY;
}

static struct str find_token(struct arena *arena, const struct notice *notice)
{
	static const struct str return_path = STR_INIT("Return-Path");
	const struct envelope *envelope = notice->envelope;
	struct str token;

	for (size_t i = 0; envelope && i < envelope->n_forward_paths; i++) {
		token = token_of(arena, envelope->forward_paths[i]);
		if (token.n)
			return token;
	}
	token = token_in_headers(
		arena, &notice->tree->headers, recipient_fields, ARRAY_LEN(recipient_fields));
	return token.n ? token : token_in_headers(arena, &notice->returned, &return_path, 1);
}

static struct str kept(struct arena *arena, struct str s)
{
	return utf8_head(utf8_clean(arena, s), LIMIT_FIELD_TEXT_BYTES);
}

static struct str decoded(struct arena *arena, const struct header_list *list, struct str name)
{
	return kept(arena, mime_decode_words(arena, headers_get(list, name)));
}

/* What stands between angle brackets, else the whole. */
static struct str unbracketed(struct str s)
{
	size_t open = str_rchr(s, '<'), close;

	if (open == STR_NPOS)
		return s;
	s = str_skip(s, open + 1);
	close = str_chr(s, '>');
	return str_trim(close == STR_NPOS ? s : str_head(s, close));
}

struct original correlate_original(struct arena *arena, const struct notice *notice)
{
	const struct header_list *list = &notice->returned;
	struct original original = { .date_us = TIMESTAMP_NONE };
	struct str from;

	original.message_id = kept(arena, unbracketed(headers_get(list, STR("Message-ID"))));
	original.subject = decoded(arena, list, STR("Subject"));
	original.list_id = kept(arena, unbracketed(headers_get(list, STR("List-ID"))));
	if (address_take(arena, headers_get(list, STR("From")), &from))
		original.from = address_normal(arena, from);
	if (!date_parse(headers_get(list, STR("Date")), &original.date_us))
		original.date_us = TIMESTAMP_NONE;
	return original;
}

/* True where a mail system wrote the returned message: then it is a bounce in a bounce. */
static bool from_mail_system(struct arena *arena, const struct header_list *list)
{
	struct str from = mime_decode_words(arena, headers_get(list, STR("From")));

	return str_ifind(from, STR("mailer-daemon")) != STR_NPOS || str_eq(from, STR("<>")) ||
	       str_ifind(headers_get(list, STR("Content-Type")), STR("multipart/report")) !=
		       STR_NPOS;
}

struct str correlate_recipient(struct arena *arena, const struct notice *notice)
{
	struct str value = headers_get(&notice->returned, STR("To")), address, word;
	size_t named = 0;
	struct str rest = value;

	while (str_next_word(&rest, ",", &word))
		named += str_chr(word, '@') != STR_NPOS;
	if (named != 1 || headers_get(&notice->returned, STR("Cc")).n ||
		from_mail_system(arena, &notice->returned))
		return STR_EMPTY;
	value = mime_decode_words(arena, value);
	if (!address_take(arena, value, &address))
		return STR_EMPTY;
	/* What came to the same address as this report is no message of ours but the report itself. */
	if (str_ifind(str_head(notice_header(notice, STR("To")), FIELD_BYTES), address) != STR_NPOS)
		return STR_EMPTY;
	return address_normal(arena, address);
}

struct token_ref correlate_token(struct arena *arena, const struct notice *notice)
{
	struct str text = find_token(arena, notice);

	if (!text.n)
		return (struct token_ref){ TOKEN_NONE, STR_EMPTY, STR_EMPTY };
	return (struct token_ref){ TOKEN_UNKNOWN, text, correlate_recipient(arena, notice) };
}
