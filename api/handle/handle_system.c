/* api/handle/handle_system.c -- how the server itself is: what waits, who fell silent; and what a key may do. */
#include "api/handle/handle.h"
#include "core/timestamp.h"
#include "spool/backlog.h"
#include "store/overview.h"

#include <inttypes.h>

enum err handle_key(struct handle *handle)
{
	struct str streams = handle->grant.streams, name;
	json_t *json = json_object(), *list = json_array();

	while (str_next_word(&streams, ",", &name))
		json_array_append_new(list, json_text(name));
	json_object_set_new(json, "scope", json_text(key_scope_name(handle->grant.scope)));
	json_object_set_new(json, "streams", list);
	answer_json(handle->answer, 200, json);
	return ERR_OK;
}

/* A lane that nobody has written to yet is left out. *ret_until_us: of the certificate that its listeners show. */
static json_t *lanes_json(const struct handle *handle, int64_t *ret_until_us)
{
	const struct service *service = handle->service;
	json_t *lanes = json_array();

	*ret_until_us = TIMESTAMP_NONE;

	for (size_t i = 0; i < service->n_lanes; i++) {
		struct spool_backlog lane;

		if (spool_backlog(service->lanes[i].folder, &lane))
			continue;
		if (lane.counters[COUNTER_TLS_UNTIL])
			*ret_until_us =
				(int64_t)lane.counters[COUNTER_TLS_UNTIL] * TIMESTAMP_SECOND_US;
		json_array_append_new(lanes,
			json_pack("{s:s,s:o,s:I,s:I,s:o,s:I,s:I}", "name", service->lanes[i].name,
				"spool",
				json_text(arena_printf(handle->arena, "%016" PRIx64, lane.id)),
				"records", (json_int_t)lane.durable, "waiting",
				(json_int_t)lane.waiting, "oldest_at",
				json_time(lane.oldest_us ? lane.oldest_us : TIMESTAMP_NONE),
				"used_bytes", (json_int_t)lane.used_bytes, "free_bytes",
				(json_int_t)lane.free_bytes));
	}
	return lanes;
}

/* Of this node, as its supervisor tells; none where the role was started alone. */
static json_t *roles_json(const struct node_page *node)
{
	json_t *roles = json_array();

	for (size_t i = 0; node && i < NODE_ROLES && node->roles[i].name[0]; i++) {
		const struct node_role *role = &node->roles[i];
		int64_t started_ms = (int64_t)atomic_load(&role->started_ms);

		json_array_append_new(
			roles, json_pack("{s:s,s:I,s:I,s:I,s:o}", "name", role->name, "processes",
				       (json_int_t)atomic_load(&role->processes), "restarts",
				       (json_int_t)atomic_load(&role->restarts), "resident_bytes",
				       (json_int_t)atomic_load(&role->resident_bytes), "started_at",
				       json_time(started_ms ? started_ms * 1000 : TIMESTAMP_NONE)));
	}
	return roles;
}

struct sources {
	int64_t now_us;
	json_t *rows;
};

static bool add_source(void *context, const struct store_source_row *row)
{
	struct sources *sources = context;
	json_t *json = json_object();

	json_object_set_new(json, "stream", json_text(row->stream));
	json_object_set_new(json, "source", json_stringn(row->source.p, row->source.n));
	json_object_set_new(json, "last_at", json_time(row->last_us));
	json_object_set_new(
		json, "silent", json_boolean(store_source_silent(row, sources->now_us)));
	json_array_append_new(sources->rows, json);
	return true;
}

enum err handle_system(struct handle *handle)
{
	struct sources sources = { handle->request->now_us, NULL };
	int64_t until_us;
	json_t *lanes;
	enum err err;

	if (handle->grant.streams.n) {
		answer_problem(handle->answer, PROBLEM_FORBIDDEN,
			STR("the key is bound to streams, these numbers are of all"), NULL,
			STR_EMPTY);
		return ERR_OK;
	}
	sources.rows = json_array();
	err = store_volume_sources(
		handle->store, sources.now_us - STORE_SOURCES_US, add_source, &sources);
	if (err) {
		json_decref(sources.rows);
		return err;
	}
	lanes = lanes_json(handle, &until_us);
	answer_json(handle->answer, 200,
		json_pack("{s:s,s:o,s:o,s:o,s:o,s:o}", "version", BOUNCED_VERSION, "now",
			json_time(sources.now_us), "certificate_until", json_time(until_us),
			"lanes", lanes, "roles", roles_json(handle->service->node), "volumes",
			sources.rows));
	return ERR_OK;
}
