#include "parser/notice/format.h"

#include "core/limits.h"
#include "core/utf8.h"
#include "parser/mail/address.h"
#include "parser/notice/entry.h"
#include "parser/notice/footer.h"
#include "parser/notice/table.h"
#include "parser/notice/transcript.h"
#include "parser/text/diagnostic.h"
#include "parser/text/unfold.h"

#include <assert.h>
#include <stdlib.h>

/* Anchors looked at in one text; a real notice has fewer than ten. */
enum { FORMAT_MATCHES = 256 };

/* Anchors that are searched for together. */
struct anchor_set {
	struct matcher *matcher;
	struct str *patterns;                 /* as the matcher has them */
	const struct format_anchor **anchors; /* by position in the matcher */
	size_t n;
};
struct formats {
	struct anchor_set sets[FORMAT_SETS];
	struct arena *arena;
};

/* What names nobody is heard at once, whoever says it. */
static enum format_set set_of(enum format_rank rank, enum format_shape shape)
{
	bool names = shape != FORMAT_DELAY && shape != FORMAT_SUCCESS && shape != FORMAT_MARK;

	if (shape == FORMAT_ORIGINAL)
		return FORMAT_SET_ORIGINAL;
	return rank == FORMAT_GENERIC && names ? FORMAT_SET_LAST : FORMAT_SET_FIRST;
}

static void add_anchor(struct formats *formats, const struct format_anchor *anchor)
{
	struct anchor_set *set = &formats->sets[set_of(anchor->rank, anchor->shape)];

	set->anchors[set->n] = anchor;
	set->patterns[set->n++] = anchor->pattern;
}

struct formats *formats_new(void)
{
	struct formats *formats = calloc(1, sizeof *formats);
	size_t most, bad;
	const struct format_anchor *anchors = format_table(&most);
	struct str why;
	enum err err = ERR_OK;

	if (!formats)
		abort();
	formats->arena = arena_new();
	for (size_t i = 0; i < FORMAT_SETS; i++) {
		struct anchor_set *set = &formats->sets[i];

		set->anchors = arena_calloc(formats->arena, most, sizeof *set->anchors);
		set->patterns = arena_calloc(formats->arena, most, sizeof *set->patterns);
	}
	for (size_t i = 0; i < most; i++)
		add_anchor(formats, &anchors[i]);
	for (size_t i = 0; !err && i < FORMAT_SETS; i++)
		err = matcher_compile(formats->arena, formats->sets[i].patterns, formats->sets[i].n,
			MATCHER_SPACE_RUN, &formats->sets[i].matcher, &bad, &why);
	assert(!err); /* the tables are ours; a test compiles them */
	return formats;
}

void formats_free(struct formats *formats)
{
	if (!formats)
		return;
	for (size_t i = 0; i < FORMAT_SETS; i++)
		matcher_free(formats->sets[i].matcher);
	arena_free(formats->arena);
	free(formats);
}

const struct matcher *formats_matcher(const struct formats *formats, enum format_set set)
{
	return formats->sets[set].matcher;
}

struct str formats_serialize(
	struct arena *arena, const struct formats *formats, enum format_set which)
{
	const struct anchor_set *set = &formats->sets[which];

	return matcher_serialize(arena, set->patterns, set->n, MATCHER_SPACE_RUN);
}

/* ---- finding anchors ---- */

struct match {
	const struct format_anchor *anchor;
	size_t from, to, pattern;
};
struct search {
	const struct anchor_set *set;
	struct str text;
	struct match *matches;
	size_t n;
};

/* The start of the line at or before `at`. */
static size_t line_start(struct str text, size_t at)
{
	size_t feed = str_rchr(str_head(text, at), '\n');

	return feed == STR_NPOS ? 0 : feed + 1;
}

/* A match is told by its end; the line that it ends on stands for its start, which is right for all
 * anchors but those that a mailer broke in two. Of one anchor on one line the longest match counts. */
static bool on_match(void *context, size_t pattern, size_t to)
{
	struct search *search = context;
	const struct format_anchor *anchor = search->set->anchors[pattern];
	size_t from = line_start(search->text, to ? to - 1 : 0);

	for (size_t i = search->n; i-- > 0;)
		if (search->matches[i].anchor == anchor && search->matches[i].from == from) {
			if (to > search->matches[i].to)
				search->matches[i].to = to;
			return true;
		}
	if (search->n == FORMAT_MATCHES)
		return false;
	search->matches[search->n++] = (struct match){ anchor, from, to, pattern };
	return true;
}

static int compare_matches(const void *a, const void *b)
{
	const struct match *x = a, *y = b;

	if (x->from != y->from)
		return x->from < y->from ? -1 : 1;
	if (x->to != y->to)
		return x->to > y->to ? -1 : 1; /* the longer first */
	return (x->pattern > y->pattern) - (x->pattern < y->pattern);
}

static void find_anchors(const struct anchor_set *set, struct matcher_scratch *scratch,
	struct str text, struct search *search)
{
	search->set = set;
	search->text = text;
	search->n = 0;
	matcher_scan(set->matcher, scratch, text, on_match, search);
	qsort(search->matches, search->n, sizeof *search->matches, compare_matches);
}

struct cut {
	struct str text;
	size_t at;
};

/* A header field in front of everything is no returned message. */
static bool on_original(void *context, size_t pattern, size_t to)
{
	struct cut *cut = context;
	size_t from = to <= cut->at ? line_start(cut->text, to ? to - 1 : 0) : cut->at;

	(void)pattern;
	if (from < cut->at && str_trim(str_head(cut->text, from)).n)
		cut->at = from;
	return true;
}

/* Splits the text where the returned message starts. */
static void cut_original(const struct formats *formats, struct matcher_scratch *scratch,
	struct str text, struct format_reading *reading)
{
	struct cut cut = { text, text.n };

	matcher_scan(formats->sets[FORMAT_SET_ORIGINAL].matcher, scratch, text, on_original, &cut);
	reading->original = str_skip(text, cut.at);
	reading->notice = footer_cut(str_head(text, cut.at));
}

/* ---- reading what they point to ---- */

static bool starts_list(enum format_shape shape)
{
	return shape == FORMAT_BELOW || shape == FORMAT_LOCAL || shape == FORMAT_LINES ||
	       shape == FORMAT_TABLE;
}

/* Is the anchor's own line part of what is read? */
static bool starts_here(enum format_shape shape)
{
	return shape == FORMAT_HERE || shape == FORMAT_SESSION || shape == FORMAT_TABLE;
}

/* From behind an anchor to the next one that starts a list. */
static struct str region_behind(const struct search *search, size_t i, struct str notice)
{
	const struct match *match = &search->matches[i];
	size_t end = notice.n;

	for (size_t k = i + 1; k < search->n; k++) {
		const struct match *next = &search->matches[k];

		if (next->from >= match->to && starts_list(next->anchor->shape)) {
			end = next->from;
			break;
		}
	}
	return str_slice(notice, match->to, end);
}

/* Where the same sentence stands once more, about another recipient. */
static size_t next_of(const struct search *search, size_t i, size_t end)
{
	const struct match *match = &search->matches[i];

	for (size_t k = i + 1; k < search->n; k++)
		if (search->matches[k].anchor == match->anchor &&
			search->matches[k].from >= match->to)
			return search->matches[k].from;
	return end;
}

static void read_match(const struct match *match, struct entry_source *source)
{
	switch (match->anchor->shape) {
	case FORMAT_BELOW:
	case FORMAT_HERE:
		entries_below(source, ENTRY_ADDRESS);
		break;
	case FORMAT_LOCAL:
		entries_below(source, ENTRY_LOCAL_PART);
		break;
	case FORMAT_INLINE:
		entries_inline(source);
		break;
	case FORMAT_BEFORE:
		entries_before(source);
		break;
	case FORMAT_SESSION:
		transcript_session(source);
		break;
	case FORMAT_LINES:
		transcript_lines(source);
		break;
	case FORMAT_TABLE:
		entries_table(source);
		break;
	case FORMAT_ORIGINAL:
	case FORMAT_DELAY:
	case FORMAT_SUCCESS:
	case FORMAT_MARK:
		break;
	}
}

/* "The following recipients were reached:" has an anchor's words, and the good news behind them; what was
 * not delivered "to you" is in a filter. */
static bool says_success(struct str behind)
{
	static const struct str words[] = { STR_INIT("were reached"), STR_INIT("was reached"),
		STR_INIT("were delivered"), STR_INIT("was delivered"), STR_INIT("received "),
		STR_INIT("have been delivered"), STR_INIT("has been delivered"), STR_INIT("you:"),
		STR_INIT("you "), STR_INIT("you."), STR_INIT("have received"),
		STR_INIT("were successful"), STR_INIT("was successful") };
	struct str s = str_trim(str_head(behind, str_cspan(behind, "\r\n")));

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (str_istarts(s, words[i]))
			return true;
	return false;
}

static void read_matches(const struct search *search, struct arena *arena,
	const struct notice *notice, struct format_reading *reading)
{
	size_t covered = 0; /* up to here an anchor has found its recipients */
	bool introduced = false;

	for (size_t i = 0; i < search->n; i++) {
		const struct match *match = &search->matches[i];
		struct entry_source source = { .arena = arena,
			.region = region_behind(search, i, reading->notice),
			.rest = str_skip(reading->notice, match->to),
			.from = notice->from_address,
			.list = &reading->list };
		size_t before = reading->list.n, next = next_of(search, i, reading->notice.n);

		if (starts_here(match->anchor->shape))
			source.region = source.rest = str_skip(reading->notice, match->from);
		if (match->anchor->shape == FORMAT_BEFORE)
			source.region = str_slice(reading->notice, match->from, match->to);
		if (match->anchor->shape == FORMAT_INLINE)
			source.rest = str_slice(reading->notice, match->to, next);
		if (match->from < covered)
			continue;
		if (match->anchor->shape == FORMAT_BELOW && !reading->success &&
			says_success(source.rest)) {
			covered = (size_t)(source.region.p - reading->notice.p) + source.region.n;
			continue;
		}
		source.introduced = introduced;
		introduced |= match->anchor->shape == FORMAT_BELOW;
		read_match(match, &source);
		if (reading->list.n == before)
			continue;
		covered = (size_t)(source.region.p - reading->notice.p) + source.region.n;
		/* The same label once more is about another recipient. */
		if (match->anchor->shape == FORMAT_INLINE && next < covered)
			covered = next;
		if (!before)
			reading->named_at = match->to;
		if (!reading->format.n)
			reading->format = match->anchor->format;
	}
}

static void note_marks(const struct search *search, struct format_reading *reading)
{
	for (size_t i = 0; i < search->n; i++) {
		if (search->matches[i].anchor->shape == FORMAT_DELAY)
			reading->delay = true;
		reading->success |= search->matches[i].anchor->shape == FORMAT_SUCCESS;
		if (search->matches[i].anchor->shape == FORMAT_MARK && !reading->format.n)
			reading->format = search->matches[i].anchor->format;
	}
}

/* A refusal that stands beside the good news is none the less one. */
static void set_success(struct event *event)
{
	struct diagnostic told;

	diagnostic_read(event->diagnostic, &told);
	if (!told.reply_code && !told.status.n)
		event->outcome = OUTCOME_DELIVERED;
}

struct str format_whole(struct arena *arena, struct str notice)
{
	return utf8_head(text_squeeze(arena, utf8_head(notice, LIMIT_DIAGNOSTIC_BYTES * 4)),
		LIMIT_DIAGNOSTIC_BYTES);
}

void format_read(const struct formats *formats, struct matcher_scratch *scratch,
	struct arena *arena, const struct notice *notice, enum format_rank most,
	struct format_reading *ret_reading)
{
	struct format_reading reading = { 0 };
	struct search search = { .matches = arena_alloc(
					 arena, FORMAT_MATCHES * sizeof *search.matches) };

	cut_original(formats, scratch, notice->text, &reading);
	find_anchors(&formats->sets[FORMAT_SET_FIRST], scratch, reading.notice, &search);
	note_marks(&search, &reading);
	read_matches(&search, arena, notice, &reading);
	if (!reading.list.n && most == FORMAT_GENERIC) {
		find_anchors(&formats->sets[FORMAT_SET_LAST], scratch, reading.notice, &search);
		read_matches(&search, arena, notice, &reading);
	}
	event_list_merge(arena, &reading.list);
	reading.list.flaws &= ~FLAW_BIT(FLAW_REPEATED_GROUP); /* two languages are no fault */
	for (size_t i = 0; reading.success && i < reading.list.n; i++)
		set_success(&reading.list.items[i]);
	for (size_t i = 0; reading.delay && i < reading.list.n; i++)
		reading.list.items[i].outcome = OUTCOME_DELAYED;
	*ret_reading = reading;
}
