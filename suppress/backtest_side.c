#include "suppress/backtest_side.h"

#include "core/limits.h"
#include "suppress/policy/origin.h"

#include <string.h>

enum { SCOPE_ROOM = 4 };

static gboolean same_text(gconstpointer a, gconstpointer b)
{
	return str_eq(*(const struct str *)a, *(const struct str *)b);
}

static guint hash_text(gconstpointer text)
{
	return str_ihash(*(const struct str *)text);
}

void side_init(struct side *side, size_t place, const struct suppress_settings *settings,
	const struct suppress_settings *in_force)
{
	*side = (struct side){ .settings = settings,
		.bit = 1u << place,
		.other_scope = settings->per_stream != in_force->per_stream,
		.policies = g_hash_table_new(hash_text, same_text),
		.arena = arena_new() };
	suppress_judge(settings, &side->judge, &side->store_judge);
	side->line = arena_calloc(side->arena, LIMIT_JUDGED_STRIKES, sizeof *side->line);
}

void side_release(struct side *side)
{
	if (!side->arena)
		return;
	g_hash_table_destroy(side->policies);
	arena_free(side->arena);
}

/* Kept for good: there are as many as streams. Its text outlives every row. */
static const struct policy *policy_of(struct side *side, struct str stream)
{
	struct policy *policy = g_hash_table_lookup(side->policies, &stream);

	if (policy)
		return policy;
	policy = arena_alloc(side->arena, sizeof *policy);
	*policy = suppress_policy(side->settings, arena_dup(side->arena, stream));
	g_hash_table_insert(side->policies, &policy->stream, policy);
	return policy;
}

/* ---- which events count ---- */

static void set_proof(struct evidence *evidence, enum proof proof)
{
	evidence->logged = proof == PROOF_LOG;
	evidence->bound = proof == PROOF_VALID;
	evidence->token = proof == PROOF_INVALID                           ? TOKEN_INVALID
			  : proof == PROOF_VALID || proof == PROOF_UNBOUND ? TOKEN_VALID
									   : TOKEN_NONE;
}

bool side_counts_networks(const struct side *side)
{
	return side->settings->unsigned_mode != UNSIGNED_TRUST;
}

enum decision side_decides(struct side *side, const struct store_backtest_group *group)
{
	const struct evidence evidence = { .kind = group->kind,
		.outcome = group->outcome,
		.reason = group->reason,
		.class = group->class,
		.token = TOKEN_NONE,
		.recipient = STR("somebody") };

	return policy_decide(policy_of(side, group->stream), &evidence);
}

void side_reset(struct side *side)
{
	side->scopes = NULL;
	side->n_scopes = side->scopes_room = 0;
}

static void *grown(struct arena *arena, const void *old, size_t n, size_t room, size_t bytes)
{
	char *rows = arena_calloc(arena, room, bytes);

	if (n)
		memcpy(rows, old, n * bytes);
	return rows;
}

static struct scope *scope_of(struct side *side, struct arena *arena, struct str stream)
{
	for (size_t i = 0; i < side->n_scopes; i++)
		if (str_eq(side->scopes[i].stream, stream))
			return &side->scopes[i];
	if (side->n_scopes == side->scopes_room) {
		size_t room = side->scopes_room ? 2 * side->scopes_room : 1;

		side->scopes =
			grown(arena, side->scopes, side->n_scopes, room, sizeof *side->scopes);
		side->scopes_room = room;
	}
	side->scopes[side->n_scopes] = (struct scope){ .stream = stream };
	return &side->scopes[side->n_scopes++];
}

static void keep(struct scope *scope, struct arena *arena, const struct store_strike *strike)
{
	if (scope->n >= scope->room && scope->room < LIMIT_JUDGED_STRIKES) {
		size_t room = scope->room ? 4 * scope->room : SCOPE_ROOM;

		room = room < LIMIT_JUDGED_STRIKES ? room : LIMIT_JUDGED_STRIKES;
		scope->ring = grown(arena, scope->ring, scope->n, room, sizeof *scope->ring);
		scope->room = room;
	}
	scope->ring[scope->n++ % scope->room] = *strike;
}

void side_add(struct side *side, struct arena *arena, const struct store_backtest_event *event,
	struct str *network, bool *has_network)
{
	const struct policy *policy = policy_of(side, event->strike.stream);
	struct evidence evidence = { .kind = event->kind,
		.outcome = event->outcome,
		.reason = event->strike.reason,
		.class = event->strike.class,
		.recipient = event->address,
		.remote_mta = event->remote_mta,
		.domain = event->domain };
	struct store_strike strike = event->strike;
	struct store_weight weight;

	set_proof(&evidence, event->proof);
	weight = policy_weigh(policy, &evidence);
	if (weight.decision == DECISION_NONE)
		return;
	strike.decision = weight.decision;
	strike.serves = weight.serves;
	strike.stream = policy->stream;
	if (weight.decision != DECISION_SUPPRESS) {
		if (!*has_network)
			*network = origin_network(arena, event->peer);
		*has_network = true;
		if (network->n && event->over & side->bit)
			return;
		strike.network = *network;
	}
	keep(scope_of(side, arena, weight.of_stream ? policy->stream : STR_EMPTY), arena, &strike);
}

/* ---- what it makes of them ---- */

/* In the order in which they came. */
static size_t line_up(struct side *side, const struct scope *scope)
{
	size_t n = scope->n < scope->room ? scope->n : scope->room;

	for (size_t i = 0; i < n; i++)
		side->line[i] = scope->ring[(scope->n - n + i) % scope->room];
	return n;
}

static const struct store_backtest_entry *entry_for(
	const struct side *side, const struct scope *scope, const struct beside *beside)
{
	const struct store_backtest_entry *other = NULL;

	for (size_t i = 0; i < beside->n_entries; i++) {
		if (str_eq(beside->entries[i].entry.stream, scope->stream))
			return &beside->entries[i];
		if (side->other_scope)
			other = &beside->entries[i];
	}
	return other;
}

static int64_t delivered_to(
	const struct side *side, const struct scope *scope, const struct beside *beside)
{
	int64_t at_us = TIMESTAMP_NONE;

	for (size_t i = 0; i < beside->n_deliveries; i++) {
		const struct store_backtest_delivery *delivery = &beside->deliveries[i];

		if ((!scope->stream.n || str_eq(delivery->stream, scope->stream) ||
			    side->other_scope) &&
			delivery->at_us > at_us)
			at_us = delivery->at_us;
	}
	return at_us;
}

const struct side_entry *side_judge(
	struct side *side, struct arena *arena, struct str address, const struct beside *beside)
{
	struct side_entry *entries =
		arena_calloc(arena, side->n_scopes ? side->n_scopes : 1, sizeof *entries);

	for (size_t i = 0; i < side->n_scopes; i++) {
		const struct scope *scope = &side->scopes[i];
		const struct store_backtest_entry *known = entry_for(side, scope, beside);
		struct store_suppression entry = { .address = address,
			.stream = scope->stream,
			.state = SUPPRESSION_STRIKES,
			.source = STR("bounce"),
			.expires_at_us = TIMESTAMP_NONE };
		struct store_case item = { .entry = known ? &known->entry : &entry,
			.forgiven_us = known ? known->forgiven_us : TIMESTAMP_NONE,
			.delivered_us = delivered_to(side, scope, beside),
			.strikes = side->line,
			.n_strikes = line_up(side, scope) };

		entries[i].stream = scope->stream;
		judge_case(&side->judge, &item, &entries[i].verdict);
	}
	return entries;
}
