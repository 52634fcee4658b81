/* suppress/list/list_format.h -- lists of other systems: which there are, and by what they are told.
 * Knows: list_format.def, list_flaw.def. Does not know how a line is taken apart. Pure. */
#pragma once
#include "suppress/list/format.h"

enum list_format {
#define LIST(id, ...) LIST_FORMAT_##id,
#include "suppress/list/list_format.def"
	LIST_FORMAT_COUNT
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
	LIST_GOOD,
#define FLAW(id, name, sentence) LIST_##id,
#include "suppress/list/list_flaw.def"
	LIST_FLAW_COUNT
};

struct list_format_row {
	struct str name;
	enum list_shape shape;
	struct str header, roles;
	enum list_kind kind;
};
const struct list_format_row *list_format_row(enum list_format format);
/* The first of that name, which for a list with columns means that the header stands in the first line. */
bool list_format_from_name(struct str name, enum list_format *ret_format);
/* By the first line that is neither empty nor a comment, its end not part of it. LIST_FORMAT_COUNT: it is none. */
enum list_format list_format_of(struct str line);
/* What an audience's header says of all its rows: LIST_GOOD and the kind, or LIST_SUBSCRIBERS. */
enum list_flaw list_audience_kind(struct str header, enum list_kind *ret_kind);
/* Does the line have the columns of the format? */
bool list_format_has_header(enum list_format format, struct str line);

/* "no_address"; a sentence for a person. */
struct str list_flaw_name(enum list_flaw flaw);
struct str list_flaw_text(enum list_flaw flaw);
