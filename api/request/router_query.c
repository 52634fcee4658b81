#include "api/request/param_type.h"
#include "api/request/router_priv.h"

static const struct {
	struct str name;
	enum param_type type;
	const char *help;
} params[PARAM_COUNT] = {
#define PARAM(id, name, type, help) [PARAM_##id] = { STR_INIT(name), TYPE_##type, help },
#include "api/request/params.def"
};

struct str param_name(enum param param)
{
	return params[param].name;
}

const char *param_help(enum param param)
{
	return params[param].help;
}

struct str param_names(struct arena *arena, uint64_t known)
{
	struct str names = STR_EMPTY;

	for (int i = 0; i < PARAM_COUNT; i++)
		if (known & PARAM_BIT(i))
			names = arena_printf(arena, "%.*s%s%.*s", STR_ARG(names),
				names.n ? ", " : "", STR_ARG(params[i].name));
	return names.n ? names : STR("none");
}

const char *param_schema(enum param param)
{
	return param_type_schema(params[param].type);
}

/* A value as it is used. */
static bool read_value(struct arena *arena, int64_t now_us, enum param param, struct str text,
	struct param_values *values, struct query_fault *ret_fault)
{
	enum param_type type = params[param].type;
	struct param_reading reading = { .arena = arena, .now_us = now_us, .text = text };

	if (!param_type_read(type, &reading)) {
		*ret_fault = (struct query_fault){ params[param].name,
			reading.fault
				? str_c(reading.fault)
				: arena_printf(arena, "wanted: %s", param_type_wanted(type)) };
		return false;
	}
	values->text[param] = reading.text;
	values->number[param] = reading.number;
	values->present |= PARAM_BIT(param);
	return true;
}

/* ---- the query ---- */

static bool param_from_name(struct str name, uint64_t known, enum param *ret_param)
{
	for (int i = 0; i < PARAM_COUNT; i++) {
		if (!(known & PARAM_BIT(i)) || !str_eq(name, params[i].name))
			continue;
		*ret_param = (enum param)i;
		return true;
	}
	return false;
}

static enum query_result take_param(struct arena *arena, const struct query_known *known,
	struct str name, struct str text, struct param_values *values,
	struct query_fault *ret_fault)
{
	enum param param;

	if (!param_from_name(name, known->params, &param)) {
		*ret_fault = (struct query_fault){ name,
			arena_printf(arena, "known parameters of this route: %.*s",
				STR_ARG(param_names(arena, known->params))) };
		return QUERY_UNKNOWN;
	}
	if (values->present & PARAM_BIT(param)) {
		*ret_fault = (struct query_fault){ name, STR("the parameter stands there twice") };
		return QUERY_INVALID;
	}
	if (!text.n && param_type_may_be_empty(params[param].type))
		return QUERY_GOOD;
	return read_value(arena, known->now_us, param, text, values, ret_fault) ? QUERY_GOOD
										: QUERY_INVALID;
}

enum query_result router_query(struct arena *arena, struct str query,
	const struct query_known *known, struct param_values *ret_values,
	struct query_fault *ret_fault)
{
	struct param_values values = { 0 };
	struct str pair, name, text;

	for (int i = 0; i < PARAM_COUNT; i++)
		values.text[i] = STR_EMPTY;
	while (str_next_word(&query, "&", &pair)) {
		enum query_result result;
		struct str raw_text = STR_EMPTY, raw_name = pair;

		(void)str_cut(pair, '=', &raw_name, &raw_text);
		if (!percent_decode(arena, raw_name, &name) ||
			!percent_decode(arena, raw_text, &text)) {
			*ret_fault = (struct query_fault){ STR_EMPTY,
				STR("a % without two hexadecimal digits, a NUL, or bytes that are "
				    "not UTF-8") };
			return QUERY_MALFORMED;
		}
		result = take_param(arena, known, name, text, &values, ret_fault);
		if (result != QUERY_GOOD)
			return result;
	}
	*ret_values = values;
	return QUERY_GOOD;
}
