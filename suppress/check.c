#include "suppress/check.h"

#include "core/limits.h"
#include "suppress/list/digest.h"

#include <glib.h>
#include <string.h>

/* ---- entries, found by their address ---- */

struct found {
	struct store_suppression *rows;
	size_t n, room;
};

struct gathered {
	struct arena *arena;
	struct found all; /* by address; a domain's stand under `@` */
	GHashTable *at;   /* address: the number of its first entry, and one */
	bool has_digests; /* addresses were erased: any may be one of them */
};

static gboolean same_text(gconstpointer a, gconstpointer b)
{
	return str_eq(*(const struct str *)a, *(const struct str *)b);
}

static guint hash_text(gconstpointer text)
{
	return str_ihash(*(const struct str *)text);
}

struct store_suppression check_copy(struct arena *arena, const struct store_suppression *row)
{
	struct store_suppression copy = *row;
	struct str *const texts[] = { &copy.address, &copy.stream, &copy.domain, &copy.source,
		&copy.status, &copy.diagnostic, &copy.changed_by };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		*texts[i] = arena_dup(arena, *texts[i]);
	return copy;
}

static bool take_row(void *context, const struct store_suppression *row)
{
	struct gathered *g = context;
	struct found *all = &g->all;

	g->has_digests |= digest_is(row->address);

	if (all->n == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		struct store_suppression *rows = arena_calloc(g->arena, room, sizeof *rows);

		if (all->n)
			memcpy(rows, all->rows, all->n * sizeof *rows);
		all->rows = rows;
		all->room = room;
	}
	all->rows[all->n++] = check_copy(g->arena, row);
	return true;
}

static void index_rows(struct gathered *g)
{
	for (size_t i = 0; i < g->all.n; i++)
		if (!i || !str_eq(g->all.rows[i].address, g->all.rows[i - 1].address))
			g_hash_table_insert(
				g->at, &g->all.rows[i].address, GSIZE_TO_POINTER(i + 1));
}

static size_t entries_of(const struct gathered *g, struct str address, struct found *ret_found)
{
	size_t first = GPOINTER_TO_SIZE(g_hash_table_lookup(g->at, &address)), n = 0;

	*ret_found = (struct found){ 0 };
	if (!first)
		return 0;
	while (first - 1 + n < g->all.n && str_eq(g->all.rows[first - 1 + n].address, address))
		n++;
	*ret_found = (struct found){ &g->all.rows[first - 1], n, n };
	return n;
}

/* Of an address that was erased: the same entries, of the address that is asked for. */
static void erased_entries(
	const struct gathered *g, struct arena *arena, struct str address, struct found *ret_found)
{
	struct found under;
	size_t n = digest_is(address) ? 0 : entries_of(g, digest_of(arena, address), &under);

	if (!n)
		return;
	*ret_found = (struct found){ arena_calloc(arena, n, sizeof *under.rows), n, n };
	memcpy(ret_found->rows, under.rows, n * sizeof *under.rows);
	for (size_t i = 0; i < n; i++)
		ret_found->rows[i].address = address;
}

static void answer_one(const struct gathered *g, struct arena *arena, const struct str *stream,
	int64_t now_us, struct check_answer *answer)
{
	struct found own, wide = { 0 };
	struct store_suppression *rows;
	char domain[LIMIT_ADDRESS_BYTES + 1] = "@";
	struct str text = suppression_domain(answer->address);
	size_t at;

	memcpy(domain + 1, text.p, text.n);
	if (!entries_of(g, answer->address, &own) && g->has_digests)
		erased_entries(g, arena, answer->address, &own);
	if (!suppression_is_domain(answer->address))
		entries_of(g, str_from(domain, text.n + 1), &wide);
	if (!own.n && !wide.n)
		return;
	rows = own.n ? own.rows : wide.rows;
	if (own.n && wide.n) {
		rows = arena_calloc(arena, own.n + wide.n, sizeof *rows);
		memcpy(rows, own.rows, own.n * sizeof *rows);
		memcpy(rows + own.n, wide.rows, wide.n * sizeof *rows);
	}
	answer->entries = rows;
	answer->n_entries = own.n + wide.n;
	answer->meaning =
		meaning_choose(rows, answer->n_entries, answer->address, stream, now_us, &at);
	answer->entry = at < answer->n_entries ? &rows[at] : NULL;
}

/* ---- the events behind them ---- */

static void take_event(
	void *context, struct str address, struct str stream, const struct store_evidence *event)
{
	const struct store_reference key = { address, stream };
	struct check_answer *answer = g_hash_table_lookup(context, &key);

	if (answer && answer->n_events < CHECK_EVENTS)
		answer->events[answer->n_events++] = *event;
}

static gboolean same_entry(gconstpointer a, gconstpointer b)
{
	const struct store_reference *x = a, *y = b;

	return str_eq(x->address, y->address) && str_eq(x->stream, y->stream);
}

static guint hash_entry(gconstpointer entry)
{
	return str_ihash(((const struct store_reference *)entry)->address);
}

/* Addresses that are asked twice have one entry: the first gets the events, the others copy them. */
static enum err find_events(
	struct store *store, struct arena *arena, struct check_answer *answers, size_t n)
{
	struct store_reference *keys = arena_calloc(arena, n, sizeof *keys);
	GHashTable *by_entry = g_hash_table_new(hash_entry, same_entry);
	size_t n_keys = 0;
	enum err err;

	for (size_t i = 0; i < n; i++) {
		const struct store_suppression *entry = answers[i].entry;

		if (!entry || !entry->has_evidence)
			continue;
		keys[n_keys] = (struct store_reference){ entry->address, entry->stream };
		if (g_hash_table_lookup(by_entry, &keys[n_keys]))
			continue;
		g_hash_table_insert(by_entry, &keys[n_keys], &answers[i]);
		n_keys++;
	}
	err = store_suppression_events(store, keys, n_keys, CHECK_EVENTS, take_event, by_entry);
	for (size_t i = 0; i < n && !err; i++) {
		const struct store_suppression *entry = answers[i].entry;
		const struct store_reference key = { entry ? entry->address : STR_EMPTY,
			entry ? entry->stream : STR_EMPTY };
		const struct check_answer *first =
			entry ? g_hash_table_lookup(by_entry, &key) : NULL;

		if (first && first != &answers[i]) {
			memcpy(answers[i].events, first->events, sizeof first->events);
			answers[i].n_events = first->n_events;
		}
	}
	g_hash_table_destroy(by_entry);
	return err;
}

/* ---- the question ---- */

static size_t read_texts(struct arena *arena, const struct str *texts, size_t n,
	struct str *addresses, struct check_answer *answers)
{
	size_t n_addresses = 0;

	for (size_t i = 0; i < n; i++) {
		answers[i] = (struct check_answer){ 0 };
		if (digest_is(texts[i]))
			answers[i].address = arena_dup(arena, texts[i]);
		if (answers[i].address.n ||
			suppression_target(arena, texts[i], &answers[i].address))
			addresses[n_addresses++] = answers[i].address;
		else
			answers[i].address = STR_EMPTY;
	}
	return n_addresses;
}

/* Once more, by what an erased address left. Entries that came along already are not asked for twice. */
static enum err find_digests(struct store *store, struct gathered *g, const struct str *addresses,
	size_t n, const struct str *stream)
{
	struct str *digests = arena_calloc(g->arena, n, sizeof *digests);
	struct found all = { 0 };

	for (size_t i = 0; i < n; i++)
		digests[i] =
			digest_is(addresses[i]) ? addresses[i] : digest_of(g->arena, addresses[i]);
	for (size_t i = 0; i < g->all.n; i++)
		if (!digest_is(g->all.rows[i].address))
			g->all.rows[all.n++] = g->all.rows[i];
	g->all.n = all.n;
	return store_suppression_check(store, digests, n, stream, STORE_DIGEST_IGNORE, take_row, g);
}

enum err check_find(struct store *store, struct arena *arena, const struct str *texts, size_t n,
	const struct str *stream, int64_t now_us, struct check_answer *ret_answers)
{
	struct gathered g = { .arena = arena };
	struct str *addresses;
	size_t n_addresses;
	enum err err;

	if (n > LIMIT_SUPPRESSION_ROWS)
		return ERR_LIMIT;
	addresses = arena_calloc(arena, n, sizeof *addresses);
	n_addresses = read_texts(arena, texts, n, addresses, ret_answers);
	err = store_suppression_check(
		store, addresses, n_addresses, stream, STORE_DIGEST_TELL, take_row, &g);
	if (!err && g.has_digests)
		err = find_digests(store, &g, addresses, n_addresses, stream);
	if (err || !g.all.n)
		return err;
	g.at = g_hash_table_new(hash_text, same_text);
	index_rows(&g);
	for (size_t i = 0; i < n; i++)
		if (ret_answers[i].address.n)
			answer_one(&g, arena, stream, now_us, &ret_answers[i]);
	g_hash_table_destroy(g.at);
	return ERR_OK;
}

enum err check_run(struct store *store, struct arena *arena, const struct str *texts, size_t n,
	const struct str *stream, int64_t now_us, struct check_answer *ret_answers)
{
	enum err err = check_find(store, arena, texts, n, stream, now_us, ret_answers);

	return err ? err : find_events(store, arena, ret_answers, n);
}
