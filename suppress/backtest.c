#include "suppress/backtest.h"

#include "core/limits.h"
#include "suppress/backtest_side.h"
#include "suppress/policy/origin.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { PROGRESS_EVENTS = 10000 };

struct run {
	const struct backtest *backtest;
	struct store_backtest *store;
	struct side sides[BACKTEST_SIDES];
	uint64_t events;
	/* The address at hand; its arena has all of it. */
	struct arena *arena;
	struct str raw, provider;
	/* The rows that the other two cursors stand at. */
	struct store_backtest_entry entry;
	struct store_backtest_delivery delivery;
	bool has_entry, has_delivery;
};

/* ---- networks of which there are too many ---- */

struct group {
	struct store_backtest_group row;
	struct str network;
	bool counts[BACKTEST_SIDES];
	struct group *next;
};

struct network {
	struct str name;
	uint64_t n[BACKTEST_SIDES];
};

/* One day. */
struct day {
	struct run *run;
	struct arena *arena;
	GHashTable *networks;
	struct group *groups;
	int64_t at_us;
};

static gboolean same_text(gconstpointer a, gconstpointer b)
{
	return str_eq(*(const struct str *)a, *(const struct str *)b);
}

static guint hash_text(gconstpointer text)
{
	return str_ihash(*(const struct str *)text);
}

static void end_day(struct day *day)
{
	for (struct group *group = day->groups; group; group = group->next) {
		const struct network *network = g_hash_table_lookup(day->networks, &group->network);

		for (size_t i = 0; i < day->run->backtest->n_sides; i++) {
			const struct side *side = &day->run->sides[i];
			const struct store_backtest_full full = { side->bit,
				side->settings->network_strikes, group->network, &group->row };

			if (group->counts[i] && network->n[i] > full.most)
				store_backtest_add_full(day->run->store, &full);
		}
	}
	g_hash_table_remove_all(day->networks);
	arena_reset(day->arena);
	day->groups = NULL;
}

static struct network *network_of(struct day *day, struct str name)
{
	struct network *network = g_hash_table_lookup(day->networks, &name);

	if (network)
		return network;
	network = arena_zalloc(day->arena, sizeof *network);
	network->name = name;
	g_hash_table_insert(day->networks, &network->name, network);
	return network;
}

static enum err take_group(void *context, const struct store_backtest_group *row)
{
	struct day *day = context;
	struct group *group;
	struct network *network;

	if (row->day_us != day->at_us)
		end_day(day);
	day->at_us = row->day_us;
	group = arena_zalloc(day->arena, sizeof *group);
	group->row = *row;
	group->row.peer = arena_dup(day->arena, row->peer);
	group->row.stream = arena_dup(day->arena, row->stream);
	group->row.reason_text = arena_dup(day->arena, row->reason_text);
	group->network = origin_network(day->arena, group->row.peer);
	if (!group->network.n)
		return ERR_OK;
	network = network_of(day, group->network);
	for (size_t i = 0; i < day->run->backtest->n_sides; i++) {
		enum decision decision = side_decides(&day->run->sides[i], row);

		group->counts[i] = decision == DECISION_STRIKE || decision == DECISION_HOLD;
		network->n[i] += group->counts[i] ? row->n : 0;
	}
	group->next = day->groups;
	day->groups = group;
	return ERR_OK;
}

static enum err find_full(struct run *run)
{
	struct day day = { .run = run, .at_us = TIMESTAMP_NONE };
	unsigned most = UINT_MAX;
	bool loud = false;
	enum err err;

	for (size_t i = 0; i < run->backtest->n_sides; i++)
		if (side_counts_networks(&run->sides[i]) &&
			run->sides[i].settings->network_strikes < most)
			most = run->sides[i].settings->network_strikes;
	if (most == UINT_MAX)
		return ERR_OK;
	err = store_backtest_is_loud(run->store, most, &loud);
	if (err || !loud)
		return err;
	day.arena = arena_new();
	day.networks = g_hash_table_new(hash_text, same_text);
	err = store_backtest_groups(run->store, take_group, &day);
	if (!err)
		end_day(&day);
	g_hash_table_destroy(day.networks);
	arena_free(day.arena);
	return err;
}

/* ---- an address ---- */

static enum err gather_entries(struct run *run, struct str address, struct beside *beside)
{
	struct store_backtest_entry *entries = NULL;
	size_t n = 0, room = 0;
	enum err err = ERR_OK;

	while (!err && run->has_entry && str_cmp(run->entry.entry.address, address) <= 0) {
		if (str_eq(run->entry.entry.address, address)) {
			if (n == room) {
				struct store_backtest_entry *old = entries;

				room = room ? 2 * room : 2;
				entries = arena_calloc(run->arena, room, sizeof *entries);
				if (n)
					memcpy(entries, old, n * sizeof *old);
			}
			entries[n] = run->entry;
			entries[n].entry.address = address;
			entries[n].entry.stream = arena_dup(run->arena, run->entry.entry.stream);
			entries[n].entry.source = arena_dup(run->arena, run->entry.entry.source);
			n++;
		}
		err = store_backtest_entry(run->store, &run->entry, &run->has_entry);
	}
	beside->entries = entries;
	beside->n_entries = n;
	return err;
}

static enum err gather_deliveries(struct run *run, struct str address, struct beside *beside)
{
	struct store_backtest_delivery *rows = NULL;
	size_t n = 0, room = 0;
	enum err err = ERR_OK;

	while (!err && run->has_delivery && str_cmp(run->delivery.address, address) <= 0) {
		if (str_eq(run->delivery.address, address)) {
			if (n == room) {
				struct store_backtest_delivery *old = rows;

				room = room ? 2 * room : 2;
				rows = arena_calloc(run->arena, room, sizeof *rows);
				if (n)
					memcpy(rows, old, n * sizeof *old);
			}
			rows[n].at_us = run->delivery.at_us;
			rows[n++].stream = arena_dup(run->arena, run->delivery.stream);
		}
		err = store_backtest_delivery(run->store, &run->delivery, &run->has_delivery);
	}
	beside->deliveries = rows;
	beside->n_deliveries = n;
	return err;
}

/* An address that no list may hold is passed over, and so are white space and other dirt around one: rows beside it lie where
 * the clean address does. */
static enum err end_address(struct run *run)
{
	struct backtest_address found = { .provider = run->provider };
	struct beside beside = { 0 };
	enum err err = ERR_OK;

	if (!run->raw.n || !suppression_address(run->arena, run->raw, &found.address))
		return ERR_OK;
	if (str_eq(found.address, run->raw)) {
		err = gather_entries(run, found.address, &beside);
		if (!err)
			err = gather_deliveries(run, found.address, &beside);
	}
	if (err)
		return err;
	for (size_t i = 0; i < run->backtest->n_sides; i++) {
		found.of[i].entries =
			side_judge(&run->sides[i], run->arena, found.address, &beside);
		found.of[i].n = run->sides[i].n_scopes;
	}
	run->backtest->found(run->backtest->context, &found);
	return ERR_OK;
}

static void begin_address(struct run *run, const struct store_backtest_event *event)
{
	arena_reset(run->arena);
	run->raw = arena_dup(run->arena, event->address);
	run->provider = arena_dup(run->arena, event->provider);
	for (size_t i = 0; i < run->backtest->n_sides; i++)
		side_reset(&run->sides[i]);
}

static enum err take_event(struct run *run, const struct store_backtest_event *event)
{
	struct str network = STR_EMPTY;
	bool has_network = false;
	enum err err = ERR_OK;

	if (!str_eq(event->address, run->raw)) {
		err = end_address(run);
		begin_address(run, event);
	}
	for (size_t i = 0; i < run->backtest->n_sides && !err; i++)
		side_add(&run->sides[i], run->arena, event, &network, &has_network);
	if (++run->events % PROGRESS_EVENTS == 0 && run->backtest->progress)
		run->backtest->progress(run->backtest->context, run->events);
	return err;
}

static enum err read_all(struct run *run)
{
	struct store_backtest_event event;
	bool more = true;
	enum err err = find_full(run);

	if (!err)
		err = store_backtest_begin(run->store);
	if (!err)
		err = store_backtest_entry(run->store, &run->entry, &run->has_entry);
	if (!err)
		err = store_backtest_delivery(run->store, &run->delivery, &run->has_delivery);
	while (!err) {
		err = store_backtest_event(run->store, &event, &more);
		if (err || !more)
			break;
		err = take_event(run, &event);
	}
	return err ? err : end_address(run);
}

enum err backtest_run(struct store *store, const struct backtest *backtest, uint64_t *ret_events)
{
	struct run *run;
	struct store_backtest *opened;
	enum err err = store_backtest_open(store, backtest->since_us, &opened);

	if (err)
		return err;
	run = calloc(1, sizeof *run);
	if (!run)
		abort();
	run->backtest = backtest;
	run->store = opened;
	run->arena = arena_new();
	for (size_t i = 0; i < backtest->n_sides; i++)
		side_init(&run->sides[i], i, backtest->sides[i], backtest->sides[0]);
	err = read_all(run);
	if (!err)
		*ret_events = run->events;
	for (size_t i = 0; i < backtest->n_sides; i++)
		side_release(&run->sides[i]);
	arena_free(run->arena);
	store_backtest_close(opened);
	free(run);
	return err;
}
