#include "api/handle/handle.h"

static enum err answer_status(struct handle *handle, const char *status)
{
	json_t *json = json_object();

	json_object_set_new(json, "status", json_string(status));
	answer_json(handle->answer, 200, json);
	return ERR_OK;
}

enum err handle_healthz(struct handle *handle)
{
	return answer_status(handle, "ok");
}

enum err handle_readyz(struct handle *handle)
{
	enum err err = store_ready(handle->store);

	return err ? err : answer_status(handle, "ready");
}
