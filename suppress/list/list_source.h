/* suppress/list/list_source.h -- lists of other systems: which there are, and by what they are told.
 * Knows: list_source.def, list_flaw.def. Does not know how a line is taken apart. Pure. */
#pragma once
#include "suppress/list/format.h"

enum list_source {
#define LIST(id, ...) LIST_SOURCE_##id,
#include "suppress/list/list_source.def"
	LIST_SOURCE_COUNT
};
enum list_shape {
	LIST_SHAPE_RECORDS,  /* CSV */
	LIST_SHAPE_AUDIENCE, /* CSV whose header tells who they are */
	LIST_SHAPE_ALLOWED,  /* never read */
	LIST_SHAPE_JSON,
	LIST_SHAPE_MAP,     /* access(5): key, white space, action */
	LIST_SHAPE_LSEARCH, /* Exim: key, colon, text */
	LIST_SHAPE_LINES,   /* an address a line */
};
enum list_flaw {
	LINE_GOOD,
#define FLAW(id, name, sentence) LINE_##id,
#include "suppress/list/list_flaw.def"
	LINE_FLAW_COUNT
};

struct list_source_row {
	struct str name;
	enum list_shape shape;
	struct str header, roles;
	enum list_kind kind;
};
const struct list_source_row *list_source_row(enum list_source format);
/* The first of that name; list_source_like says which. */
bool list_source_from_name(struct str name, enum list_source *ret_format);
/* Of those with the same name the one whose header the first line is; else one that has none; else the format itself. */
enum list_source list_source_like(enum list_source format, struct str line);
/* By the first line that is neither empty nor a comment, its end not part of it. LIST_SOURCE_COUNT: it is none. */
enum list_source list_source_of(struct str line);
/* What an audience's header says of all its rows: LINE_GOOD and the kind, or LINE_SUBSCRIBERS. */
enum list_flaw list_audience_kind(struct str header, enum list_kind *ret_kind);
/* Does the line have the columns of the format? */
bool list_source_has_header(enum list_source format, struct str line);

/* "no_address"; a sentence for a person. */
struct str list_flaw_name(enum list_flaw flaw);
struct str list_flaw_text(enum list_flaw flaw);
