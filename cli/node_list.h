/* cli/node_list.h -- the nodes of a database as a command sees them, and as text or JSON.
 * Knows: what nodes told (store/overview.h), and how long one may be silent. Does not know how it was told. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "store/overview.h"

/* A node tells every ten seconds; of one that missed three times nobody knows whether it lives. */
enum { NODE_AWAY_S = 30 };

struct node_role_told {
	struct store_node_row row;
	struct node_role_told *next;
};
struct node_lane_told {
	struct store_lane_row row;
	struct node_lane_told *next;
};
struct node_told {
	struct str id;                       /* empty: lanes that no node told of */
	const struct store_node_row *newest; /* of its roles; NULL: none is known */
	uint64_t backlog;
	struct node_role_told *roles;
	struct node_lane_told *lanes;
	struct node_told *next;
};

/* All in `arena`, by their ids. */
MUST_CHECK enum err node_list_read(
	struct store *store, struct arena *arena, struct node_told **ret_nodes);
/* NULL: none of this id. A node that no row tells of is none. */
const struct node_told *node_list_find(const struct node_told *nodes, struct str id);
bool node_is_up(const struct node_told *node);
/* To standard output. */
void node_list_print(const struct node_told *nodes);
void node_list_json(const struct node_told *nodes, struct buf *out);
