#include "suppress/export/selection.h"

#include "suppress/list/list_kind.h"

static const struct str class_names[SELECTION_CLASS_COUNT] = { [SELECTION_HARD] = STR_INIT("hard"),
	[SELECTION_SOFT] = STR_INIT("soft"),
	[SELECTION_BLOCK] = STR_INIT("block"),
	[SELECTION_COMPLAINT] = STR_INIT("complaint"),
	[SELECTION_UNSUBSCRIBE] = STR_INIT("unsubscribe"),
	[SELECTION_OTHER] = STR_INIT("other") };
static const struct str pick_names[PICK_COUNT] = { [PICK_FULL] = STR_INIT("full"),
	[PICK_ADDED] = STR_INIT("added"),
	[PICK_REMOVED] = STR_INIT("removed"),
	[PICK_CHANGES] = STR_INIT("changes") };

struct str pick_name(enum pick pick)
{
	return pick_names[pick];
}

struct str selection_class_name(enum selection_class class)
{
	return class_names[class];
}

bool selection_class_from_name(struct str name, enum selection_class *ret_class)
{
	for (size_t i = 0; i < SELECTION_CLASS_COUNT; i++) {
		if (!str_eq(name, class_names[i]))
			continue;
		*ret_class = (enum selection_class)i;
		return true;
	}
	return false;
}

static enum selection_class class_of(const struct store_suppression *row)
{
	static const enum selection_class by_kind[LIST_KIND_COUNT] = {
		[LIST_COMPLAINT] = SELECTION_COMPLAINT, [LIST_UNSUBSCRIBE] = SELECTION_UNSUBSCRIBE
	};
	static const enum selection_class by_class[CLASS_COUNT] = { [CLASS_NONE] = SELECTION_OTHER,
		[CLASS_HARD] = SELECTION_HARD,
		[CLASS_SOFT] = SELECTION_SOFT,
		[CLASS_BLOCK] = SELECTION_BLOCK };
	enum list_kind kind = list_kind_of(row);

	return kind == LIST_BOUNCE ? by_class[row->class] : by_kind[kind];
}

bool selection_takes(const struct selection *selection, const struct store_suppression *row)
{
	bool in = !selection->n_streams || !row->stream.n;

	for (size_t i = 0; i < selection->n_streams && !in; i++)
		in = str_eq(selection->streams[i], row->stream);
	return in && (!selection->classes || selection->classes & 1u << class_of(row));
}

/* ---- walks ---- */

struct walk {
	const struct selection *selection;
	enum pick pick;
	store_suppression_fn *fn;
	void *context;
	/* Of the address that is gone through. */
	struct arena *arena;
	struct store_suppression row;
	bool any, stands, ended;
};

static bool stands(const struct selection *selection, const struct store_suppression *row)
{
	return row->state == SUPPRESSION_ACTIVE ||
	       (selection->held && row->state == SUPPRESSION_HELD);
}

static bool take_each(void *context, const struct store_suppression *row)
{
	struct walk *walk = context;

	if (!selection_takes(walk->selection, row) ||
		(walk->pick == PICK_FULL && !stands(walk->selection, row)))
		return true;
	return walk->fn(walk->context, row);
}

static bool end_address(struct walk *walk)
{
	bool wanted = walk->any && walk->stands == (walk->pick == PICK_ADDED);

	if (wanted && !walk->ended)
		walk->ended = !walk->fn(walk->context, &walk->row);
	walk->any = walk->stands = false;
	return !walk->ended;
}

static void keep(struct walk *walk, const struct store_suppression *row)
{
	struct str *const texts[] = { &walk->row.address, &walk->row.stream, &walk->row.domain,
		&walk->row.source, &walk->row.status, &walk->row.diagnostic,
		&walk->row.changed_by };

	arena_reset(walk->arena);
	walk->row = *row;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = arena_dup(walk->arena, *texts[i]);
}

/* One that only has strikes never stood on anybody's list: whoever were told to remove it would lose an entry that is
 * not ours. */
static bool take_address(void *context, const struct store_suppression *row)
{
	struct walk *walk = context;
	bool is_there = stands(walk->selection, row);

	if (walk->any && !str_eq(walk->row.address, row->address) && !end_address(walk))
		return false;
	if (!selection_takes(walk->selection, row) || row->state == SUPPRESSION_STRIKES)
		return true;
	if (!walk->any || (is_there && !walk->stands))
		keep(walk, row);
	walk->any = true;
	walk->stands |= is_there;
	return true;
}

enum err selection_walk(const struct selection *selection, enum pick pick, listing_fn *walk,
	void *walk_context, uint64_t from_seq, uint64_t to_seq, store_suppression_fn *fn,
	void *fn_context)
{
	struct walk state = {
		.selection = selection, .pick = pick, .fn = fn, .context = fn_context
	};
	enum err err;

	if (pick == PICK_FULL)
		return walk(walk_context, selection->held ? LISTING_HELD : LISTING_FULL, from_seq,
			to_seq, take_each, &state);
	if (pick == PICK_CHANGES)
		return walk(walk_context, LISTING_CHANGES, from_seq, to_seq, take_each, &state);
	state.arena = arena_new();
	err = walk(walk_context, LISTING_AFFECTED, from_seq, to_seq, take_address, &state);
	if (!err)
		end_address(&state);
	arena_free(state.arena);
	return err;
}
