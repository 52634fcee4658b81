/* parser/reason/fold.h -- a reply as its words are looked up: one case, no diacritics, plain spaces; names taken out.
 * Knows: Unicode's normal forms by way of GLib, how servers spell bytes that they cannot write (`\303\244` of Exim, `?` of
 * Postfix, UTF-8 encoded twice), what an address, a host, a URL and an IP address look like. Does not know what a word means.
 * Pure; the table is read-only after fold_table_new. Bounds: the text is at most LIMIT_DIAGNOSTIC_BYTES * 4. */
#pragma once
#include "core/arena.h"
#include "parser/reason/entity.h"

enum { FOLD_ENTITIES = 32 }; /* those beyond are taken out as well, and not told */

/* Bytes of a folded text that no text has: of a name, and of a letter that its server could not write. */
#define FOLD_NAMED '\x01'
#define FOLD_LOST  '\x02'

struct folding {
	struct str text;
	const uint32_t *at; /* where each byte of `text`, and its end, come from */
	struct entity entities[FOLD_ENTITIES];
	size_t n_entities;
};

/* How the letters of Latin, Greek and Cyrillic fold, made once. */
struct fold_table;
struct fold_table *fold_table_new(void);
void fold_table_free(struct fold_table *table);

/* `source` is valid UTF-8 with single spaces. */
void fold_text(const struct fold_table *table, struct arena *arena, struct str source,
	struct folding *ret_folding);
/* A word of a lexicon: the same folding without entities. */
struct str fold_word(const struct fold_table *table, struct arena *arena, struct str word);
/* The position in the source of a position in the folded text. */
size_t fold_source(const struct folding *folding, size_t at);
