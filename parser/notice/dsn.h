/* parser/notice/dsn.h -- turn the text of a message/delivery-status part into facts.
 * Knows: the field grammar of RFC 3464 and how servers bend it. Does not know MIME, SMTP, or what a
 * fact means. Pure. Owns nothing: results live as long as `arena` and `body` do. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "core/str.h"

#include <stdint.h>

enum dsn_field {
#define DSN_FIELD(id, wire, shape, scope) DSN_##id,
#include "parser/notice/dsn_fields.def"
	DSN_FIELD_COUNT
};
/* "smtp; 550 no" is {"smtp", "550 no"}; without a type the type is empty. */
struct dsn_value {
	struct str type, text;
};
struct dsn_block {
	struct dsn_value field[DSN_FIELD_COUNT];
	struct dsn_block *next;
};
struct dsn {
	struct dsn_block message;     /* fields of the whole report */
	struct dsn_block *recipients; /* in order */
	size_t n_recipients;
	uint32_t flaws; /* FLAW_BIT of core/report.h */
};

/* Reads every line; groups are told apart by their fields first and by empty lines second, because
 * servers forget or double those. ERR_SYNTAX: no group names a recipient, an action or a status.
 * Recipients beyond LIMIT_DSN_BLOCKS are counted as FLAW_EVENT_LIMIT and left out. */
MUST_CHECK enum err dsn_parse(struct arena *arena, struct str body, struct dsn *ret_dsn);
/* Where in free text a report stands that should have been a part of its own: the offset of its
 * first line, STR_NPOS without one. */
size_t dsn_find(struct str text);
