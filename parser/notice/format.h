/* parser/notice/format.h -- notices that are written for a person: whom they name, and with what words.
 * Knows: the anchors of format_table.h, sentences behind which a recipient stands. Does not know MIME or reasons.
 * Pure, given the compiled anchors, which are read-only.
 *
 * An address is taken only from the place that an anchor points to; an address that merely stands in
 * the text is never looked at. Bounds: FORMAT_MATCHES anchors in one text, LIMIT_EVENTS. */
#pragma once
#include "core/arena.h"
#include "core/err.h"
#include "parser/notice/events.h"
#include "parser/notice/format_table.h"
#include "parser/notice/notice.h"
#include "parser/match/matcher.h"

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
/* The words of a notice as a diagnosis, where nothing in them can be told apart. */
struct str format_whole(struct arena *arena, struct str notice);
/* `most`: the rank up to which anchors are heard. */
void format_read(const struct formats *formats, struct matcher_scratch *scratch,
	struct arena *arena, const struct notice *notice, enum format_rank most,
	struct format_reading *ret_reading);
