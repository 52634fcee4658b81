#include "parser/notice/entry_line.h"

#include "parser/mail/address.h"
#include "parser/mail/text_address.h"
#include "parser/text/diagnostic.h"

/* Words in front of a bracket that may still be a name. */
enum { NAME_WORDS = 6, LABEL_BYTES = 60 };

/* Exim names a pipe or a file, or nobody, and tells below whose it was. */
static const struct str placeholders[] = { STR_INIT("an undisclosed address"), STR_INIT("pipe to "),
	STR_INIT("save to "), STR_INIT("|") };
/* Words that label an address, a colon behind them. */
static const struct str labels[] = { STR_INIT("Recipient address"), STR_INIT("Recipient(s)"),
	STR_INIT("Recipients"), STR_INIT("Recipient"), STR_INIT("Failed recipient"),
	STR_INIT("Original recipient"), STR_INIT("To"), STR_INIT("Addressee"),
	STR_INIT("Email address"), STR_INIT("E-mail address"), STR_INIT("Email"),
	STR_INIT("E-mail"), STR_INIT("Address"), STR_INIT("Original address"),
	STR_INIT("Failed address"), STR_INIT("User"), STR_INIT("Mailbox"),
	STR_INIT("Delivery failed"), STR_INIT("Undelivered to"), STR_INIT("mailto"),
	STR_INIT("SMTP"), STR_INIT("[SMTP"),
	/* other languages */
	STR_INIT("Empfänger"), STR_INIT("Empfaenger"), STR_INIT("An"), STR_INIT("Adresse"),
	STR_INIT("Destinataire"), STR_INIT("À"), STR_INIT("Destinatario"), STR_INIT("Para"),
	STR_INIT("Destinatário"), STR_INIT("Ontvanger"), STR_INIT("Geadresseerde"), STR_INIT("Aan"),
	STR_INIT("Odbiorca"), STR_INIT("Adresat"), STR_INIT("Mottagare"), STR_INIT("Till"),
	STR_INIT("Modtager"), STR_INIT("Mottaker"), STR_INIT("Til"), STR_INIT("Vastaanottaja"),
	STR_INIT("Příjemce"), STR_INIT("Címzett"), STR_INIT("Alıcı"), STR_INIT("Получатель"),
	STR_INIT("Адресат"), STR_INIT("Кому"), STR_INIT("Одержувач"), STR_INIT("送信先"),
	STR_INIT("宛先"), STR_INIT("あて先"), STR_INIT("受信者"), STR_INIT("收件人"),
	STR_INIT("收件者"), STR_INIT("받는 사람"), STR_INIT("수신자") };
/* What stands in front of an address as it is. */
static const struct str prefixes[] = { STR_INIT("SMTP <"), STR_INIT("rfc822;"),
	STR_INIT("dda:SMTP="),
	/* a colon of full width is skipped by itself */
	STR_INIT("送信先"), STR_INIT("宛先"), STR_INIT("あて先"), STR_INIT("受信者"),
	STR_INIT("收件人") };

static struct str skip_wide_marks(struct str s)
{
	size_t n;

	while ((n = text_wide_mark(s)) > 0)
		s = str_skip(s, n);
	return s;
}

/* Bullets and brackets, but not the quote that is part of an address: "ann b"@shop.example. */
static struct str skip_marks(struct str s)
{
	while (str_span(str_head(s, 1), " \t*>-'\"(") && !(s.p[0] == '"' && text_address_prefix(s)))
		s = str_skip(s, 1);
	return s;
}

/* "Recipient:", "Recipient  :", "Recipient address | ", as columns are drawn. */
static size_t label_bytes(struct str s, struct str label)
{
	size_t n = label.n;

	if (!str_istarts(s, label))
		return 0;
	n += str_span(str_skip(s, n), " \t.");
	return n < s.n && (s.p[n] == ':' || s.p[n] == '|') ? n + 1 : 0;
}

size_t entry_key_bytes(struct str s)
{
	static const struct str keys[] = { STR_INIT("to="), STR_INIT("rcpt="),
		STR_INIT("recipient="), STR_INIT("email="), STR_INIT("address="), STR_INIT("user="),
		STR_INIT("mailbox=") };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (str_istarts(s, keys[i]))
			return keys[i].n;
	return 0;
}

static size_t prefix_bytes(struct str s, struct str prefix)
{
	return str_istarts(s, prefix) ? prefix.n : 0;
}

/* One label or prefix; its bytes, 0 without one. */
static size_t front_bytes(struct str s)
{
	/* Most lines have no colon in front of the address: their words need not be looked at. */
	struct str head = str_head(s, LABEL_BYTES);
	size_t end = str_cspan(head, ":|@"), n = 0;
	bool colon = end < head.n && head.p[end] != '@';

	for (size_t i = 0; colon && !n && i < ARRAY_LEN(labels); i++)
		n = label_bytes(s, labels[i]);
	for (size_t i = 0; !n && i < ARRAY_LEN(prefixes); i++)
		n = prefix_bytes(s, prefixes[i]);
	return n;
}

struct str entry_skip_labels(struct str s)
{
	size_t digits = 0, n;

	s = str_trim(s);
	while (digits < s.n && digits < 3 && ascii_digit(s.p[digits]))
		digits++;
	if (digits && (str_starts(str_skip(s, digits), STR(". ")) ||
			      str_starts(str_skip(s, digits), STR(") "))))
		s = str_skip(s, digits + 2); /* a numbered list */
	do {
		s = skip_wide_marks(str_trim(skip_marks(s)));
		n = front_bytes(s);
		s = n ? str_trim(str_skip(s, n)) : s;
	} while (n);
	return s;
}

/* A dash that is no ASCII, an arrow, or the code of a refusal. */
static bool sets_off(struct str behind)
{
	static const struct str marks[] = { STR_INIT("—"), STR_INIT("–"), STR_INIT("→"),
		STR_INIT("·") };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (str_starts(behind, marks[i]))
			return true;
	return diagnostic_refuses(behind);
}

/* What may follow an address on its line: nothing, punctuation, or a remark set off from it. A word
 * right behind it means that the address is part of a sentence; Zoho's is a word all the same. */
static bool ends_entry(struct str rest)
{
	struct str behind = str_trim(rest);

	if (!behind.n || str_span(rest, ":.;,<[(>\"'])") || sets_off(behind))
		return true;
	return str_starts(rest, STR("\t")) || str_starts(rest, STR("  ")) ||
	       str_span(behind, "-=.[(:<") || str_istarts(behind, STR("on ")) ||
	       str_istarts(behind, STR("Invalid ")) || str_istarts(behind, STR("am ")) ||
	       str_istarts(behind, STR("le ")) || str_istarts(behind, STR("el "));
}

/* Behind "user@host": a closing bracket, and the address once more as <mailto:...> or in (). */
struct str entry_skip_echo(struct str rest)
{
	rest = str_skip(rest, str_span(rest, ">\"']"));
	if (str_istarts(rest, STR("<mailto:")))
		rest = str_skip(rest, str_cspan(rest, ">") + 1);
	if (str_starts(str_trim(rest), STR("<")) && str_chr(rest, '@') != STR_NPOS)
		rest = str_skip(rest, str_cspan(rest, ">") + 1);
	return rest;
}

/* False for what is a sentence: "please contact <postmaster@example.com>". */
static bool may_be_name(struct str s, size_t *ret_words)
{
	static const struct str verbs[] = { STR_INIT("contact"), STR_INIT("please"), STR_INIT("to"),
		STR_INIT("mail"), STR_INIT("e-mail"), STR_INIT("email"), STR_INIT("send"),
		STR_INIT("at"), STR_INIT("from"), STR_INIT("reply"), STR_INIT("for"),
		STR_INIT("an"), STR_INIT("bitte"), STR_INIT("via"), STR_INIT("sender"),
		STR_INIT("was"), STR_INIT("is") };
	struct str rest = s, word;

	*ret_words = 0;
	if (s.n && !ascii_alpha(s.p[0]) && (unsigned char)s.p[0] < 0x80)
		return false;
	while (str_next_word(&rest, " \t", &word)) {
		for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
			if (str_ieq(word, verbs[i]))
				return false;
		*ret_words += 1;
	}
	for (size_t i = 0; i < s.n; i++)
		if (text_wide_mark(str_skip(s, i)))
			return false;
	return *ret_words <= NAME_WORDS;
}

/* "Ann Example (ann@example.com)", "Ann Example<mailto:ann@example.com>": a name and one address in
 * brackets, the whole of the entry but for a remark on when. ZMailer's bracket holds more words. */
static bool read_named(struct str s, struct entry *ret_entry)
{
	size_t open = str_cspan(s, "<([@:"), n, words;
	struct str inner = str_skip(s, open + 1), rest, word;

	if (open >= s.n || s.p[open] == '@' || s.p[open] == ':' ||
		!may_be_name(str_head(s, open), &words))
		return false;
	inner = str_head(inner, str_cspan(inner, ">)]"));
	while (str_next_word(&inner, " \t", &word)) {
		word = str_istarts(word, STR("mailto:")) ? str_skip(word, 7) : word;
		n = text_address_prefix(word);
		if (!n || (n != word.n && words))
			continue;
		ret_entry->address = str_head(word, n);
		rest = str_skip(s, (size_t)(word.p + n - s.p));
		rest = str_skip(rest, str_cspan(rest, ">)]") + 1);
		ret_entry->rest = entry_skip_echo(rest);
		return ends_entry(ret_entry->rest);
	}
	return false;
}

bool entry_line_read(struct str line, struct entry *ret_entry)
{
	struct entry entry = { .indent = str_span(line, " \t") };
	bool address = str_chr(line, '@') != STR_NPOS;
	struct str s = address ? entry_skip_labels(line) : str_trim(skip_marks(str_trim(line)));
	struct str inner;
	size_t n, open;
	bool echoed;

	for (size_t i = 0; i < ARRAY_LEN(placeholders); i++)
		if (str_istarts(s, placeholders[i])) {
			entry.placeholder = true;
			*ret_entry = entry;
			return true;
		}
	if (!address)
		return false;
	/* X.400: "c=US;a= ;p=x;o=y;dda:SMTP=user@host;" */
	open = str_ifind(s, STR("dda:SMTP="));
	if (open != STR_NPOS)
		s = str_skip(s, open + 9);
	entry.angled = s.n && s.p[0] == '<';
	inner = entry_skip_labels(str_skip(s, entry.angled));
	inner = str_skip(inner, entry_key_bytes(inner));
	n = text_address_prefix(inner);
	if (!n) {
		*ret_entry = entry;
		return read_named(s, ret_entry);
	}
	entry.address = str_head(inner, n);
	entry.rest = entry_skip_echo(str_skip(inner, n));
	echoed = entry.rest.n && entry.rest.p != inner.p + n;
	if (!entry.angled && !echoed && !ends_entry(entry.rest))
		return false;
	*ret_entry = entry;
	return true;
}

/* A word alone on an indented line: a local part. */
bool entry_line_local(
	struct str line, struct str from, struct arena *arena, struct entry *ret_entry)
{
	size_t at = str_rchr(from, '@');
	struct str word = str_trim(line);

	if (!word.n || at == STR_NPOS || !str_span(line, " \t") ||
		str_cspan(word, " \t:<>@") != word.n)
		return false;
	*ret_entry = (struct entry){ .indent = str_span(line, " \t") };
	ret_entry->address =
		arena_printf(arena, "%.*s%.*s", STR_ARG(word), STR_ARG(str_skip(from, at)));
	return true;
}

/* ---- replies ---- */

/* "<user@host>... Deferred: words", as sendmail has it without a reply. */
static bool bare_entry(struct str line, struct str *ret_address, struct str *ret_words)
{
	struct str s = str_skip(line, 1);
	size_t n = address_prefix(s);

	if (!n || !str_starts(str_skip(s, n), STR(">... ")))
		return false;
	*ret_address = str_head(s, n);
	*ret_words = str_skip(s, n + 5);
	return true;
}

bool entry_line_reply(struct str line, struct str *ret_address, struct str *ret_words)
{
	uint64_t code;
	struct str s = line;
	size_t n;

	if (str_starts(s, STR("<")))
		return bare_entry(s, ret_address, ret_words);
	if (!str_to_u64(str_head(s, 3), 599, &code) || code < 400 || s.n < 5)
		return false;
	s = str_skip(s, 3 + str_span(str_skip(s, 3), " -"));
	s = str_skip(s, str_cspan(s, "<@ ") < s.n && s.p[str_cspan(s, "<@ ")] == ' ' &&
					(ascii_digit(s.p[0]))
				? str_cspan(s, " ") + 1
				: 0); /* an enhanced code */
	s = str_skip(s, str_span(s, "<"));
	n = address_prefix(s);
	if (!n)
		return false;
	*ret_address = str_head(s, n);
	s = str_skip(str_skip(s, n), str_span(str_skip(s, n), ">"));
	if (!str_starts(s, STR("...")) && !str_span(s, ":,"))
		return false;
	*ret_words = str_skip(s, str_span(s, ".:, "));
	return true;
}

struct str entry_line_said(struct str line)
{
	static const struct str arrows[] = { STR_INIT("<<<"), STR_INIT(">>>"), STR_INIT("<--"),
		STR_INIT("<-"), STR_INIT("S:") };

	for (size_t i = 0; i < ARRAY_LEN(arrows); i++) {
		size_t at = str_find(line, arrows[i]);

		if (at != STR_NPOS)
			return str_trim(str_skip(line, at + arrows[i].n));
	}
	return STR_EMPTY;
}

struct str entry_line_refusal(struct str lines)
{
	struct str line, refusal = STR_EMPTY;

	while (str_next_line(&lines, &line)) {
		struct str said = entry_line_said(line);

		if (diagnostic_refuses(said))
			refusal = said;
	}
	return refusal;
}
