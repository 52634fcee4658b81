#include "suppress/list/list_entry.h"

#include "core/limits.h"
#include "core/status_code.h"
#include "core/utf8.h"
#include "suppress/list/digest.h"

#include <string.h>

enum { LIST_STREAM_BYTES = 128, LIST_STATUS_BYTES = 32, LIST_WORDS_BYTES = 500 };

/* ---- addresses ---- */

static bool is_atext(unsigned char c)
{
	return ascii_alpha((char)c) || ascii_digit((char)c) || c >= 0x80 ||
	       (c && strchr("!#$%&'*+-/=?^_`{|}~.", c));
}

static bool quoted_string(struct str local)
{
	size_t i = 1;

	while (i + 1 < local.n && local.p[i] != '"')
		i += local.p[i] == '\\' ? 2 : 1;
	return i + 1 == local.n && i > 1 && local.p[i] == '"';
}

static bool is_local(struct str local)
{
	if (local.p[0] == '"')
		return quoted_string(local);
	for (size_t i = 0; i < local.n; i++)
		if (!is_atext((unsigned char)local.p[i]))
			return false;
	return true;
}

static bool is_literal(struct str domain)
{
	return domain.n > 2 && domain.p[domain.n - 1] == ']' &&
	       str_span(str_slice(domain, 1, domain.n - 1), "0123456789abcdefABCDEFIPvipV:.") ==
		       domain.n - 2;
}

static bool is_domain(struct str domain)
{
	bool label = false; /* the octet before is of one */

	if (domain.p[0] == '[')
		return is_literal(domain);
	for (size_t i = 0; i < domain.n; i++) {
		unsigned char c = (unsigned char)domain.p[i];

		if (c == '.' ? !label
			     : !ascii_alpha((char)c) && !ascii_digit((char)c) && c < 0x80 &&
					c != '-' && c != '_')
			return false;
		label = c != '.';
	}
	return label;
}

static bool is_digest(struct str text)
{
	return digest_is(text) || ((text.n == 32 || text.n == 40 || text.n == 64) &&
					  str_span(text, "0123456789abcdefABCDEF") == text.n);
}

/* What is wrong with a text as such, before its grammar is looked at. */
static enum list_flaw check_octets(struct str text)
{
	if (text.n && memchr(text.p, 0, text.n))
		return LINE_NUL;
	if (!utf8_valid(text))
		return LINE_NOT_UTF8;
	for (size_t i = 0; i < text.n; i++)
		if ((unsigned char)text.p[i] < ' ' || text.p[i] == 0x7f)
			return LINE_CONTROL;
	return LINE_GOOD;
}

enum list_flaw list_address(struct arena *arena, struct str text, struct str *ret_address)
{
	struct str address = str_trim(text);
	size_t at = str_rchr(address, '@');
	enum list_flaw flaw = check_octets(address);

	if (flaw || !address.n)
		return flaw ? flaw : LINE_EMPTY;
	if (address.n > LIMIT_ADDRESS_BYTES)
		return LINE_LONG;
	if (address.p[0] == '=')
		return LINE_FORMULA;
	if (at == STR_NPOS)
		return is_digest(address) ? LINE_DIGEST : LINE_NO_ADDRESS;
	if (at + 1 == address.n)
		return LINE_LOCAL_PART;
	if (!at)
		return is_domain(str_skip(address, 1)) ? LINE_DOMAIN : LINE_FORMULA;
	if (!is_local(str_head(address, at)) || !is_domain(str_skip(address, at + 1)) ||
		!suppression_address(arena, address, ret_address))
		return LINE_CHARACTER;
	return LINE_GOOD;
}

/* ---- moments ---- */

static bool clock_of(struct str text, int64_t *ret_us)
{
	uint64_t part[3] = { 0 };
	struct str word;
	size_t n = 0;

	for (; n < 3 && str_next_word(&text, ":", &word); n++)
		if (!str_to_u64(word, n ? 60 : 24, &part[n]))
			return false;
	*ret_us = (int64_t)(part[0] * 3600 + part[1] * 60 + part[2]) * TIMESTAMP_SECOND_US;
	return n >= 2 && !text.n;
}

static bool zone_of(struct str text, int64_t *ret_us)
{
	uint64_t zone;

	*ret_us = 0;
	if (!text.n || str_ieq(text, STR("GMT")) || str_ieq(text, STR("UTC")) ||
		str_eq(text, STR("Z")))
		return true;
	if (text.n != 5 || !str_span(str_head(text, 1), "+-") ||
		!str_to_u64(str_skip(text, 1), 1500, &zone))
		return false;
	*ret_us = (int64_t)(zone / 100 * 3600 + zone % 100 * 60) * TIMESTAMP_SECOND_US;
	if (text.p[0] == '-')
		*ret_us = -*ret_us;
	return true;
}

/* RFC 5322 3.3, without its obsolete forms. */
static bool mail_date(struct str text, int64_t *ret_at_us)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	struct str word[6], rest = text;
	uint64_t day, year;
	int64_t time, zone;
	size_t n = 0, month;

	while (n < ARRAY_LEN(word) && str_next_word(&rest, " ", &word[n]))
		n += !(n == 0 && str_ends(word[0], STR(",")));
	if (n < 4 || word[1].n != 3)
		return false;
	month = str_ifind(STR(months), word[1]);
	if (month == STR_NPOS || month % 3 || !str_to_u64(word[0], 31, &day) || !day ||
		!str_to_u64(word[2], 9999, &year) || year < 1970 || !clock_of(word[3], &time) ||
		!zone_of(n > 4 ? word[4] : STR_EMPTY, &zone))
		return false;
	*ret_at_us =
		(timestamp_days((int64_t)year, (unsigned)month / 3 + 1, 1) + (int64_t)day - 1) *
			TIMESTAMP_DAY_US +
		time - zone;
	return true;
}

bool list_moment(struct str text, int64_t *ret_at_us)
{
	char room[TIMESTAMP_TEXT_BYTES];
	uint64_t seconds;

	text = str_trim(text);
	if (str_to_u64(text, 253402300799, &seconds)) {
		*ret_at_us = (int64_t)seconds * TIMESTAMP_SECOND_US;
		return text.n > 0;
	}
	if (timestamp_parse(text, ret_at_us))
		return true;
	if (text.n >= 19 && text.n < sizeof room - 1 && text.p[10] == ' ') {
		memcpy(room, text.p, text.n);
		room[10] = 'T';
		room[text.n] = 'Z';
		if (timestamp_parse(str_from(room, text.n + 1), ret_at_us) ||
			timestamp_parse(str_from(room, text.n), ret_at_us))
			return true;
	}
	return mail_date(text, ret_at_us);
}

static int64_t moment_or_none(struct str text)
{
	int64_t at_us;

	return text.n && list_moment(text, &at_us) ? at_us : TIMESTAMP_NONE;
}

/* ---- the rest ---- */

void list_facts_set(struct list_facts *facts, char role, struct str value)
{
	static const char letters[] = "atflxdrwscozn";
	struct str *const places[] = { &facts->address, &facts->when, &facts->first_seen,
		&facts->last_seen, &facts->end, &facts->words, &facts->reason, &facts->word,
		&facts->status, &facts->code, &facts->scope, &facts->state, &facts->count };
	size_t i = str_chr(STR(letters), role);

	if (i != STR_NPOS && !places[i]->n)
		*places[i] = value;
}

/* What a service calls the cause. */
static const struct {
	struct str word;
	enum list_kind kind;
	enum list_flaw flaw;
} list_words[] = {
	{ STR_INIT("complaint"), LIST_COMPLAINT, LINE_GOOD },     /* SES */
	{ STR_INIT("spamcomplaint"), LIST_COMPLAINT, LINE_GOOD }, /* Postmark */
	{ STR_INIT("spam"), LIST_COMPLAINT, LINE_GOOD },          /* Mandrill */
	{ STR_INIT("manualsuppression"), LIST_UNSUBSCRIBE, LINE_GOOD },
	{ STR_INIT("manual"), LIST_UNSUBSCRIBE, LINE_GOOD },
	{ STR_INIT("unsubscribe"), LIST_UNSUBSCRIBE, LINE_GOOD },
	{ STR_INIT("unsub"), LIST_UNSUBSCRIBE, LINE_GOOD },
	{ STR_INIT("soft-bounce"), LIST_BOUNCE, LINE_TEMPORARY },
};

static enum list_flaw read_word(const struct list_facts *facts, struct list_entry *entry)
{
	entry->kind = facts->kind;
	if (str_ends(facts->word, STR("-complaint")))
		entry->kind = LIST_COMPLAINT;
	else if (str_ends(facts->word, STR("-unsubscribe")))
		entry->kind = LIST_UNSUBSCRIBE;
	for (size_t i = 0; i < ARRAY_LEN(list_words); i++) {
		if (!str_ieq(facts->word, list_words[i].word))
			continue;
		entry->kind = list_words[i].kind;
		return list_words[i].flaw;
	}
	return LINE_GOOD;
}

/* The status, or the one that the words begin with, behind a reply code. */
static struct str status_of(const struct list_facts *facts)
{
	struct str words = str_trim(facts->words);
	struct status_code code;
	size_t n;

	if (status_code_parse(facts->status, &code))
		return facts->status;
	if (str_span(str_head(words, 3), "0123456789") == 3)
		words = str_trim(str_skip(words, 3));
	return status_code_prefix(words, &code, &n) ? str_head(words, n) : STR_EMPTY;
}

static void read_reason(const struct list_facts *facts, struct store_suppression *row)
{
	struct status_code code;

	row->status = status_of(facts);
	if (!reason_from_name(facts->reason, &row->reason)) {
		row->reason = REASON_NONE;
		if (status_code_parse(row->status, &code) && code.class == 5)
			row->reason = status_code_reason(code);
		if (row->reason == REASON_UNKNOWN_UNCLASSIFIED)
			row->reason = REASON_NONE;
	}
	row->class = reason_class(row->reason);
}

static struct str clean(struct arena *arena, struct str text)
{
	struct str head = utf8_head(
		utf8_clean(arena, str_head(text, 4 * LIST_WORDS_BYTES)), LIST_WORDS_BYTES);
	char *room = arena_alloc(arena, head.n + 1);

	for (size_t i = 0; i < head.n; i++)
		room[i] = (unsigned char)head.p[i] < ' ' || head.p[i] == 0x7f ? ' ' : head.p[i];
	return str_trim(str_from(room, head.n));
}

static enum list_flaw read_address(
	struct arena *arena, const struct list_facts *facts, struct str *ret_address)
{
	enum list_flaw flaw = list_address(arena, facts->address, ret_address);

	if (flaw == LINE_DOMAIN && facts->scope.n) {
		*ret_address = arena_lower(arena, str_trim(facts->address));
		return LINE_GOOD;
	}
	return flaw;
}

enum list_flaw list_entry_make(
	struct arena *arena, const struct list_facts *facts, struct list_entry *ret_entry)
{
	struct list_entry entry = { .line = ret_entry->line };
	struct store_suppression *row = &entry.row;
	const struct str prefix = STR("stream:");
	uint64_t count;
	enum list_flaw flaw = read_address(arena, facts, &row->address);

	if (!flaw)
		flaw = read_word(facts, &entry);
	if (flaw)
		return flaw;
	if (facts->state.n && !str_eq(facts->state, STR("active")))
		return LINE_STATE;
	if (str_starts(facts->scope, prefix))
		row->stream = str_skip(facts->scope, prefix.n);
	if (row->stream.n > LIST_STREAM_BYTES || check_octets(row->stream))
		return LINE_STREAM;
	row->domain = suppression_domain(row->address);
	row->first_seen_us = moment_or_none(facts->first_seen.n ? facts->first_seen : facts->when);
	row->last_seen_us = moment_or_none(facts->last_seen.n ? facts->last_seen : facts->when);
	row->expires_at_us = moment_or_none(facts->end);
	row->count = str_to_u64(facts->count, INT64_MAX, &count) ? count : 0;
	read_reason(facts, row);
	row->status = utf8_head(clean(arena, row->status), LIST_STATUS_BYTES);
	row->diagnostic = clean(arena, facts->words);
	*ret_entry = entry;
	return LINE_GOOD;
}
