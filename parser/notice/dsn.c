#include "parser/notice/dsn.h"

#include "core/limits.h"
#include "core/report.h"
#include "parser/mail/headers.h"
#include "parser/text/unfold.h"

enum dsn_shape { DSN_PLAIN, DSN_TYPED };
enum dsn_scope { DSN_OF_MESSAGE, DSN_OF_RECIPIENT };
enum { TYPE_BYTES = 32, JOINED_LINES = 16 };

static const struct {
	struct str wire;
	enum dsn_shape shape;
	enum dsn_scope scope;
} dsn_table[DSN_FIELD_COUNT] = {
#define DSN_FIELD(id, wire, shape, scope) [DSN_##id] = { STR_INIT(wire), shape, scope },
#include "parser/notice/dsn_fields.def"
};

/* RFC 3464 knows English names only; some translate them all the same. */
static const struct {
	struct str wire;
	enum dsn_field field;
} aliases[] = {
	{ STR_INIT("Berichtender-MTA"), DSN_REPORTING_MTA },
	{ STR_INIT("Endempfänger"), DSN_FINAL_RCPT },
	{ STR_INIT("Endgültiger-Empfänger"), DSN_FINAL_RCPT },
	{ STR_INIT("Ursprünglicher-Empfänger"), DSN_ORIGINAL_RCPT },
	{ STR_INIT("Aktion"), DSN_ACTION },
	{ STR_INIT("Diagnosecode"), DSN_DIAGNOSTIC },
	{ STR_INIT("Diagnose-Code"), DSN_DIAGNOSTIC },
	{ STR_INIT("最終受信者"), DSN_FINAL_RCPT },
	{ STR_INIT("元の受信者"), DSN_ORIGINAL_RCPT },
	{ STR_INIT("アクション"), DSN_ACTION },
	{ STR_INIT("状態"), DSN_STATUS },
	{ STR_INIT("診断コード"), DSN_DIAGNOSTIC },
};

struct reading {
	struct arena *arena;
	struct dsn *dsn;
	struct dsn_block *block, **tail; /* the recipient at hand, if any */
	size_t joined;                   /* lines that were put to it */
	struct dsn_value *last;          /* what an unfolded line belongs to, if anything */
	bool gap;                        /* an empty line since the last field */
};

/* "type;" in front of a value. A reply text may hold a semicolon too, so a type is one atom that does
 * not start with a digit. */
static bool cut_type(struct str value, struct str *ret_type, struct str *ret_text)
{
	struct str type, text;

	/* "rfc822 user@host": a space in place of the semicolon */
	if (!str_cut(value, ';', &type, &text) &&
		!(str_istarts(value, STR("rfc822 ")) && str_cut(value, ' ', &type, &text)))
		return false;
	type = str_trim(type);
	if (!type.n || type.n > TYPE_BYTES || ascii_digit(type.p[0]) ||
		str_cspan(type, " \t@<>()[]:,\"") != type.n)
		return false;
	*ret_type = type;
	*ret_text = str_trim(text);
	return true;
}

static bool set(const struct dsn_block *block, enum dsn_field field)
{
	return block->field[field].text.n > 0;
}

static bool names_recipient(const struct dsn_block *block)
{
	return set(block, DSN_FINAL_RCPT) || set(block, DSN_ORIGINAL_RCPT);
}

/* True where `field` belongs to another recipient than the block at hand. */
static bool starts_group(struct reading *r, enum dsn_field field)
{
	bool recipient = field == DSN_FINAL_RCPT || field == DSN_ORIGINAL_RCPT;

	if (!r->block)
		return true;
	if (recipient && set(r->block, field)) {
		if (!r->gap)
			r->dsn->flaws |= FLAW_BIT(FLAW_JOINED_GROUPS);
		return true;
	}
	if (!r->gap || !names_recipient(r->block))
		return false;
	return set(r->block, field) ||
	       (recipient && (set(r->block, DSN_ACTION) || set(r->block, DSN_STATUS)));
}

static bool new_group(struct reading *r)
{
	if (r->dsn->n_recipients + 1 >= LIMIT_DSN_BLOCKS) {
		r->dsn->flaws |= FLAW_BIT(FLAW_EVENT_LIMIT);
		r->block = NULL;
		return false;
	}
	*r->tail = r->block = arena_zalloc(r->arena, sizeof *r->block);
	r->tail = &r->block->next;
	r->dsn->n_recipients++;
	return true;
}

/* Some break a line without folding it: in a diagnosis, or in front of or within an address. */
static bool may_go_on(enum dsn_field field, struct str text)
{
	if (field == DSN_FINAL_RCPT || field == DSN_ORIGINAL_RCPT)
		return str_chr(text, '@') == STR_NPOS || str_ends(text, STR("@"));
	return field == DSN_DIAGNOSTIC;
}

static void take_value(struct reading *r, enum dsn_field field, struct str value)
{
	struct dsn_block *block = &r->dsn->message;
	struct dsn_value *slot;

	if (!value.n)
		return;
	if (dsn_table[field].scope == DSN_OF_RECIPIENT) {
		if (starts_group(r, field) && !new_group(r))
			return;
		block = r->block;
	}
	slot = &block->field[field];
	if (slot->text.n) {
		r->dsn->flaws |= FLAW_BIT(FLAW_REPEATED_FIELD);
		return; /* the first wins: a repeat must not rewrite a fact */
	}
	slot->text = value;
	if (dsn_table[field].shape == DSN_TYPED)
		(void)!cut_type(value, &slot->type, &slot->text);
	r->last = may_go_on(field, slot->text) ? slot : NULL;
	r->gap = false;
}

static bool find_field(struct str name, enum dsn_field *ret_field)
{
	for (size_t i = 0; i < DSN_FIELD_COUNT; i++)
		if (str_ieq(name, dsn_table[i].wire)) {
			*ret_field = (enum dsn_field)i;
			return true;
		}
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (str_ieq(name, aliases[i].wire)) {
			*ret_field = aliases[i].field;
			return true;
		}
	return false;
}

/* A translated name may hold what a header must not. */
static bool foreign_name(struct str line, size_t *ret_bytes)
{
	enum dsn_field field;
	size_t colon = str_chr(line, ':');

	*ret_bytes = colon;
	return colon != STR_NPOS && find_field(str_head(line, colon), &field);
}

static void take_bad_line(struct reading *r, struct str line)
{
	r->dsn->flaws |= FLAW_BIT(FLAW_BAD_LINE);
	if (!r->last || r->gap || r->joined == JOINED_LINES)
		return;
	r->joined++;
	r->last->text = r->last->text.n ? arena_printf(r->arena, "%.*s %.*s",
						  STR_ARG(r->last->text), STR_ARG(line))
					: line;
}

static void take_line(struct reading *r, struct str line)
{
	enum dsn_field field;
	size_t name;

	line = str_trim(line);
	if (!line.n) {
		r->gap = true;
		return;
	}
	if (!header_name(line, &name) && !foreign_name(line, &name)) {
		take_bad_line(r, line);
		return;
	}
	r->last = NULL;
	r->joined = 0;
	if (find_field(str_head(line, name), &field))
		take_value(r, field, str_trim(str_skip(line, str_chr(line, ':') + 1)));
}

enum err dsn_parse(struct arena *arena, struct str body, struct dsn *ret_dsn)
{
	struct dsn dsn = { 0 };
	struct reading r = { .arena = arena, .dsn = &dsn, .tail = &dsn.recipients };
	struct str line;

	while (line_next(arena, &body, &line))
		take_line(&r, line);
	if (!dsn.n_recipients)
		return ERR_SYNTAX;
	*ret_dsn = dsn;
	return ERR_OK;
}

size_t dsn_find(struct str text)
{
	struct str rest = text, line;
	size_t from = STR_NPOS;

	while (str_next_line(&rest, &line)) {
		struct str bare = str_trim(line);

		if (str_istarts(bare, STR("Reporting-MTA:")) && from == STR_NPOS)
			from = (size_t)(line.p - text.p);
		if (!str_istarts(bare, STR("Final-Recipient:")) &&
			!str_istarts(bare, STR("Original-Recipient:")))
			continue;
		return from != STR_NPOS ? from : (size_t)(line.p - text.p);
	}
	return STR_NPOS;
}
