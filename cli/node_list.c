#include "cli/node_list.h"

#include "cli/command/terminal.h"
#include "core/json_out.h"

#include <inttypes.h>
#include <stdio.h>

struct reading {
	struct arena *arena;
	struct node_told *first;
};

/* ---- out of the database ---- */

static struct node_told *node_of(struct reading *reading, struct str id)
{
	struct node_told **slot = &reading->first;

	while (*slot && !str_eq((*slot)->id, id))
		slot = &(*slot)->next;
	if (!*slot) {
		*slot = arena_zalloc(reading->arena, sizeof **slot);
		(*slot)->id = arena_dup(reading->arena, id);
	}
	return *slot;
}

static void take_role(void *context, const struct store_node_row *row)
{
	struct reading *reading = context;
	struct node_told *node = node_of(reading, row->node_id);
	struct node_role_told *role = arena_zalloc(reading->arena, sizeof *role), **slot;

	role->row = *row;
	role->row.node_id = node->id;
	role->row.role = arena_dup(reading->arena, row->role);
	role->row.host = arena_dup(reading->arena, row->host);
	role->row.version = arena_dup(reading->arena, row->version);
	for (slot = &node->roles; *slot; slot = &(*slot)->next)
		;
	*slot = role;
	if (!node->newest || row->seen_us > node->newest->seen_us)
		node->newest = &role->row;
}

static void take_lane(void *context, const struct store_lane_row *row)
{
	struct reading *reading = context;
	struct node_told *node = node_of(reading, row->node_id);
	struct node_lane_told *lane = arena_zalloc(reading->arena, sizeof *lane), **slot;

	lane->row = *row;
	lane->row.node_id = node->id;
	lane->row.lane = arena_dup(reading->arena, row->lane);
	lane->row.spool_id = arena_dup(reading->arena, row->spool_id);
	for (slot = &node->lanes; *slot; slot = &(*slot)->next)
		;
	*slot = lane;
	node->backlog += row->backlog;
}

enum err node_list_read(struct store *store, struct arena *arena, struct node_told **ret_nodes)
{
	struct reading reading = { .arena = arena };
	enum err err = store_nodes(store, take_role, &reading);

	if (!err)
		err = store_node_lanes(store, take_lane, &reading);
	if (!err)
		*ret_nodes = reading.first;
	return err;
}

const struct node_told *node_list_find(const struct node_told *nodes, struct str id)
{
	while (nodes && !(nodes->id.n && str_eq(nodes->id, id)))
		nodes = nodes->next;
	return nodes;
}

bool node_is_up(const struct node_told *node)
{
	return node->newest && !node->newest->adopted && node->newest->age_s <= NODE_AWAY_S;
}

static const char *state_of(const struct node_told *node)
{
	if (!node->newest)
		return "unknown";
	return node->newest->adopted ? "adopted" : node_is_up(node) ? "up" : "away";
}

/* It told with the node's other roles; one that runs here no more is none of it. */
static bool is_current(const struct node_told *node, const struct store_node_row *role)
{
	return role->age_s - node->newest->age_s <= NODE_AWAY_S;
}

/* ---- as text ---- */

static void print_roles(const struct node_told *node)
{
	const char *between = "  roles ";

	for (const struct node_role_told *role = node->roles; role; role = role->next) {
		if (!is_current(node, &role->row))
			continue;
		fputs(between, stdout);
		terminal_print(role->row.role);
		fputs(role->row.acts ? " (acting)" : "", stdout);
		between = ", ";
	}
	putchar('\n');
}

static void print_head(const struct node_told *node)
{
	const struct store_node_row *told = node->newest;
	char room[TIMESTAMP_TEXT_BYTES];

	if (!told) {
		printf("no node of this version told of these\n");
		return;
	}
	fputs("node ", stdout);
	terminal_print(node->id);
	printf("  %s  host ", state_of(node));
	terminal_print(told->host);
	fputs("  version ", stdout);
	terminal_print(told->version);
	printf("  last seen %.*s, %" PRId64 " s ago  backlog %" PRIu64 "\n",
		STR_ARG(timestamp_format(told->seen_us, room)), told->age_s, node->backlog);
	print_roles(node);
}

static void print_lane(const struct store_lane_row *lane)
{
	fputs("  lane ", stdout);
	terminal_print(lane->lane.n ? lane->lane : STR("?"));
	fputs("  spool ", stdout);
	terminal_print(lane->spool_id);
	printf("  position %" PRIu64, lane->position);
	if (lane->told)
		printf("  backlog %" PRIu64, lane->backlog);
	if (lane->backlog && lane->waiting_s >= 0)
		printf(" (the oldest had waited for %" PRId64 " s)", lane->waiting_s);
	putchar('\n');
}

void node_list_print(const struct node_told *nodes)
{
	if (!nodes)
		puts("no node has told of itself yet");
	for (const struct node_told *node = nodes; node; node = node->next) {
		print_head(node);
		for (const struct node_lane_told *lane = node->lanes; lane; lane = lane->next)
			print_lane(&lane->row);
	}
}

/* ---- as JSON ---- */

static void put_text(struct json_out *w, struct str key, struct str text)
{
	json_out_key(w, key);
	json_out_text(w, text);
}

static void put_number(struct json_out *w, struct str key, bool known, uint64_t number)
{
	json_out_key(w, key);
	if (known)
		json_out_number(w, number);
	else
		json_out_null(w);
}

/* Clocks of one database do not run backwards by much; before 0 is 0. */
static void put_seen(struct json_out *w, const struct store_node_row *told)
{
	char room[TIMESTAMP_TEXT_BYTES];

	put_text(w, STR("host"), told->host);
	put_text(w, STR("version"), told->version);
	put_text(w, STR("last_seen"), timestamp_format(told->seen_us, room));
	put_number(w, STR("age_s"), true, told->age_s > 0 ? (uint64_t)told->age_s : 0);
}

static void put_roles(struct json_out *w, const struct node_told *node)
{
	json_out_key(w, STR("roles"));
	json_out_open(w, '[');
	for (const struct node_role_told *role = node->roles; role; role = role->next) {
		if (!is_current(node, &role->row))
			continue;
		json_out_open(w, '{');
		put_text(w, STR("role"), role->row.role);
		json_out_key(w, STR("acting"));
		json_out_bool(w, role->row.acts);
		put_seen(w, &role->row);
		json_out_close(w, '}');
	}
	json_out_close(w, ']');
}

static void put_lanes(struct json_out *w, const struct node_told *node)
{
	json_out_key(w, STR("lanes"));
	json_out_open(w, '[');
	for (const struct node_lane_told *lane = node->lanes; lane; lane = lane->next) {
		json_out_open(w, '{');
		put_text(w, STR("lane"), lane->row.lane);
		put_text(w, STR("spool"), lane->row.spool_id);
		put_number(w, STR("position"), true, lane->row.position);
		put_number(w, STR("backlog"), lane->row.told, lane->row.backlog);
		put_number(w, STR("waiting_s"), lane->row.waiting_s >= 0,
			(uint64_t)lane->row.waiting_s);
		json_out_close(w, '}');
	}
	json_out_close(w, ']');
}

void node_list_json(const struct node_told *nodes, struct buf *out)
{
	struct json_out w = { .out = out, .pretty = true };

	json_out_open(&w, '{');
	json_out_key(&w, STR("nodes"));
	json_out_open(&w, '[');
	for (const struct node_told *node = nodes; node; node = node->next) {
		json_out_open(&w, '{');
		put_text(&w, STR("id"), node->id);
		put_text(&w, STR("state"), str_c(state_of(node)));
		if (node->newest)
			put_seen(&w, node->newest);
		put_number(&w, STR("backlog"), node->newest, node->backlog);
		put_roles(&w, node);
		put_lanes(&w, node);
		json_out_close(&w, '}');
	}
	json_out_close(&w, ']');
	json_out_close(&w, '}');
}
