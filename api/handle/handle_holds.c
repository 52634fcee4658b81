/* api/handle/handle_holds.c -- providers that are not believed for a time, and what a person says of them. */
#include "api/handle/suppression_json_priv.h"
#include "core/timestamp.h"
#include "store/store_amend.h"

/* Holds are of the whole list: whoever is bound to streams neither sees nor decides them. */
static bool sees_all(struct handle *handle)
{
	if (!handle->grant.streams.n)
		return true;
	answer_problem(handle->answer, PROBLEM_FORBIDDEN,
		STR("the key is bound to streams, holds are of all"), NULL, STR_EMPTY);
	return false;
}

static void add_hold(void *context, const struct store_hold *hold)
{
	json_t *json = json_object();

	json_object_set_new(json, "id", json_integer(hold->id));
	json_object_set_new(json, "provider", json_text(hold->provider));
	json_object_set_new(json, "state", json_text(hold->state));
	json_object_set_new(json, "since", json_time(hold->since_us));
	json_object_set_new(json, "until", json_time(hold->last_us));
	json_object_set_new(json, "answers", json_integer((json_int_t)hold->n));
	json_object_set_new(json, "believed", json_integer((json_int_t)hold->limit));
	json_object_set_new(json, "entries", json_integer((json_int_t)hold->entries));
	json_object_set_new(json, "decided_at", json_time(hold->decided_us));
	json_object_set_new(json, "decided_by", json_text(hold->decided_by));
	json_array_append_new(context, json);
}

enum err handle_holds(struct handle *handle)
{
	json_t *holds;
	enum err err;

	if (!sees_all(handle))
		return ERR_OK;
	holds = json_array();
	err = store_holds(handle->store, STORE_HOLDS_ALL, 0, add_hold, holds);
	if (err)
		json_decref(holds);
	else
		answer_json(handle->answer, 200, json_pack("{s:o}", "holds", holds));
	return err;
}

/* "{}": that a body of JSON is wanted keeps the forms of other sites' pages out. */
static bool read_nothing(struct handle *handle)
{
	json_t *json = suppression_body(handle);
	bool good = json && json_is_object(json) && !json_object_size(json);

	if (json && !good)
		suppression_refuse(handle, STR_EMPTY, "wanted: an empty object");
	json_decref(json);
	return good;
}

static enum err decide(struct handle *handle, enum store_hold_end end)
{
	struct store_amended amended;
	uint64_t id = 0;
	enum err err = ERR_NOT_FOUND;

	if (!sees_all(handle) || !read_nothing(handle))
		return ERR_OK;
	if (!handle->service->judge) {
		answer_problem(handle->answer, PROBLEM_UNAVAILABLE,
			STR("nobody here judges entries anew"), NULL, STR_EMPTY);
		return ERR_OK;
	}
	if (str_to_u64(handle->segment, INT64_MAX, &id))
		err = store_hold_decide(handle->store, handle->service->judge, (int64_t)id, end,
			suppression_who(handle), handle->request->now_us, &amended);
	if (err == ERR_NOT_FOUND) {
		answer_problem(handle->answer, PROBLEM_NOT_FOUND,
			STR("there is no open hold of this number"), NULL, STR_EMPTY);
		return ERR_OK;
	}
	if (!err)
		handle_changed(handle, end == STORE_HOLD_RELEASE ? "hold.release" : "hold.discard",
			handle->segment, STR_EMPTY, amended.entries);
	if (!err)
		answer_json(handle->answer, 200,
			json_pack("{s:I,s:s,s:I,s:I,s:I}", "id", (json_int_t)id, "state",
				end == STORE_HOLD_RELEASE ? "released" : "discarded", "entries",
				(json_int_t)amended.entries, "lifted", (json_int_t)amended.lifted,
				"suppressed", (json_int_t)amended.suppressed));
	return err;
}

enum err handle_hold_release(struct handle *handle)
{
	return decide(handle, STORE_HOLD_RELEASE);
}

enum err handle_hold_discard(struct handle *handle)
{
	return decide(handle, STORE_HOLD_DISCARD);
}
