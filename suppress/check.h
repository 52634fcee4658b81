/* suppress/check.h -- many addresses asked at once: what each is, by which entry, and which events say so.
 * Knows: the store's verbs, and that meaning_choose answers. Does not know JSON or lines. Not pure.
 * Texts live in the arena. Bounds: LIMIT_SUPPRESSION_ROWS addresses. */
#pragma once
#include "core/arena.h"
#include "suppress/policy/meaning.h"

enum { CHECK_EVENTS = 3 };

struct check_answer {
	struct str
		address; /* or `@domain`, as lists have it; empty: the text that was asked is neither */
	enum meaning meaning;
	const struct store_suppression *entries; /* all that reach it, removed ones too */
	size_t n_entries;
	const struct store_suppression *entry;      /* of these, the one that says so; NULL: none */
	struct store_evidence events[CHECK_EVENTS]; /* the newest that stand behind it */
	size_t n_events;
};

/* `stream` as in meaning_choose. ERR_LIMIT: too many; others are the store's. */
MUST_CHECK enum err check_run(struct store *store, struct arena *arena, const struct str *texts,
	size_t n, const struct str *stream, int64_t now_us, struct check_answer *ret_answers);
/* The same without the events. */
MUST_CHECK enum err check_find(struct store *store, struct arena *arena, const struct str *texts,
	size_t n, const struct str *stream, int64_t now_us, struct check_answer *ret_answers);
/* A row whose texts live in the arena. */
struct store_suppression check_copy(struct arena *arena, const struct store_suppression *row);
