/* parser/notice/format.h -- notices that are written for a person: whom they name, and with what words.
 * Knows: the families of format_*.c, each a table of anchors: sentences behind which a recipient
 * stands. Does not know MIME or reasons. Pure, given the compiled anchors, which are read-only.
 *
 * An address is taken only from the place that an anchor points to; an address that merely stands in
 * the text is never looked at. Bounds: FORMAT_MATCHES anchors in one text, LIMIT_EVENTS. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "parser/notice/events.h"
#include "parser/notice/notice.h"
#include "parser/text/matcher.h"

enum format_shape {
	FORMAT_ORIGINAL, /* the returned message starts here */
	FORMAT_BELOW,    /* recipients on the lines below, each with its diagnosis */
	FORMAT_HERE,     /* the same, the list starting with the anchor itself */
	FORMAT_LOCAL,    /* the same, local parts only: the domain is that of From */
	FORMAT_INLINE,   /* the recipient right behind */
	FORMAT_BEFORE, /* the recipient is the last address in front of the anchor's end, on its line */
	FORMAT_SESSION, /* an SMTP session: who was refused in it */
	FORMAT_LINES,   /* "550 <user@host>... diagnosis" on lines below */
	FORMAT_TABLE,   /* headings of a table, one of them of the recipients */
	FORMAT_DELAY,   /* the notice is a warning: nothing is given up yet */
	FORMAT_SUCCESS, /* the notice says that nothing failed */
	FORMAT_MARK,    /* tells the family, names nobody */
};
enum format_rank { FORMAT_OWN, FORMAT_GENERIC }; /* generic anchors speak where no family does */

struct format_anchor {
	struct str format;
	enum format_shape shape;
	struct str pattern; /* see matcher.h */
};
struct format_family {
	const struct format_anchor *anchors;
	size_t n;
	enum format_rank rank;
};
/* The tables. */
extern const struct format_family format_unix, format_microsoft, format_webmail, format_gateway,
	format_japan, format_generic, format_original, format_language, format_language_own;

/* Is there a family of this name? */
bool format_known(struct str name);

struct formats; /* the compiled anchors */

struct formats *formats_new(void);
void formats_free(struct formats *formats);
/* Three searches: where the returned message starts, which is half of all text; what families say and what names
 * nobody; then, where that names nobody, the generic anchors, the dearest to search for. */
enum format_set { FORMAT_SET_ORIGINAL, FORMAT_SET_FIRST, FORMAT_SET_LAST, FORMAT_SETS };
const struct matcher *formats_matcher(const struct formats *formats, enum format_set set);
/* See matcher_serialize. */
struct str formats_serialize(
	struct arena *arena, const struct formats *formats, enum format_set set);

struct format_reading {
	struct str format; /* empty: no family */
	struct event_list list;
	struct str notice;   /* the text without the returned message */
	struct str original; /* the returned message, where it stands in the text */
	size_t named_at;     /* where the first anchor that named somebody ends in `notice` */
	bool delay, success;
};
/* `most`: the rank up to which anchors are heard. */
void format_read(const struct formats *formats, struct matcher_scratch *scratch,
	struct arena *arena, const struct notice *notice, enum format_rank most,
	struct format_reading *ret_reading);
