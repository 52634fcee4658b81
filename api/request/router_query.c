#include "api/request/router_priv.h"
#include "core/limits.h"
#include "core/report.h"
#include "core/suppression.h"
#include "core/timestamp.h"
#include "store/overview.h"
#include "store/store.h"

enum param_type {
	TYPE_TIME,
	TYPE_TEXT,
	TYPE_DOMAIN,
	TYPE_COUNT,
	TYPE_LIMIT,
	TYPE_SORT,
	TYPE_BASIS,
	TYPE_STEP,
	TYPE_INTERVAL,
	TYPE_REASON,
	TYPE_OUTCOME,
	TYPE_CLASS,
	TYPE_KIND,
	TYPE_STATE,
	TYPE_PROOF,
	TYPE_FLAG,
	TYPE_COUNT_OF
};

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

/* ---- values by type ---- */

static bool read_time(struct str text, int64_t *ret_number)
{
	return timestamp_parse(text, ret_number);
}

static bool read_text(struct str text, int64_t *ret_number)
{
	*ret_number = 0;
	return text.n <= LIMIT_FIELD_TEXT_BYTES;
}

static bool read_domain(struct str text, int64_t *ret_number)
{
	*ret_number = 0;
	return text.n <= LIMIT_DOMAIN_BYTES;
}

static bool read_count(struct str text, int64_t *ret_number)
{
	uint64_t value;

	if (!str_to_u64(text, INT64_MAX, &value))
		return false;
	*ret_number = (int64_t)value;
	return true;
}

static bool read_limit(struct str text, int64_t *ret_number)
{
	return read_count(text, ret_number) && *ret_number >= 1 && *ret_number <= LIMIT_PAGE_ROWS;
}

/* The place of a word among those that are told by number. */
#define READ_PLACE(what, type, count, name_of)                                                     \
	static bool read_##what(struct str text, int64_t *ret_number)                              \
	{                                                                                          \
		for (int i = 0; i < count; i++) {                                                  \
			*ret_number = i;                                                           \
			if (str_eq(text, name_of((enum type)i)))                                   \
				return true;                                                       \
		}                                                                                  \
		return false;                                                                      \
	}
READ_PLACE(sort, store_sort, STORE_SORT_COUNT, store_sort_name)
READ_PLACE(interval, store_interval, STORE_INTERVAL_COUNT, store_interval_name)
#undef READ_PLACE

static bool read_basis(struct str text, int64_t *ret_number)
{
	*ret_number = str_eq(text, STR("send")) ? STORE_BASIS_SEND : STORE_BASIS_EVENT;
	return str_eq(text, store_basis_name((enum store_basis) * ret_number));
}

static bool read_step(struct str text, int64_t *ret_number)
{
	*ret_number = str_eq(text, STR("day")) ? STORE_STEP_DAY : STORE_STEP_HOUR;
	return *ret_number == STORE_STEP_DAY || str_eq(text, STR("hour"));
}

/* Words of a closed list, by the list's own reader. */
#define READ_NAME(what, type, from_name)                                                           \
	static bool read_##what(struct str text, int64_t *ret_number)                              \
	{                                                                                          \
		enum type value = (enum type)0;                                                    \
		bool good = from_name(text, &value);                                               \
                                                                                                   \
		*ret_number = value;                                                               \
		return good;                                                                       \
	}
READ_NAME(reason, reason, reason_from_name)
READ_NAME(outcome, outcome, outcome_from_name)
READ_NAME(class, reason_class, reason_class_from_name)
READ_NAME(kind, kind, kind_from_name)
READ_NAME(state, suppression_state, suppression_state_from_name)
#undef READ_NAME

static bool read_proof(struct str text, int64_t *ret_number)
{
	enum proof proof = PROOF_NONE;
	bool good = proof_from_name(text, &proof) || str_eq(text, STR("all"));

	*ret_number = proof;
	return good;
}

static bool read_flag(struct str text, int64_t *ret_number)
{
	*ret_number = str_eq(text, STR("true"));
	return *ret_number || str_eq(text, STR("false"));
}

#define ENUM(...) "{\"type\":\"string\",\"enum\":[" #__VA_ARGS__ "]}"
static const struct {
	bool (*read)(struct str text, int64_t *ret_number);
	const char *wanted;
	const char *schema;
} types[TYPE_COUNT_OF] = {
	[TYPE_TIME] = { read_time,
		"a date or a date-time of RFC 3339, like 2026-11-23T10:00:00Z (write the + "
		"of an offset as it is or as %2B)",
		"{\"type\":\"string\"}" },
	[TYPE_TEXT] = { read_text, "text of at most 1024 bytes",
		"{\"type\":\"string\",\"maxLength\":1024}" },
	[TYPE_DOMAIN] = { read_domain, "a domain of at most 255 bytes",
		"{\"type\":\"string\",\"maxLength\":255}" },
	[TYPE_COUNT] = { read_count, "a whole number, 0 or more",
		"{\"type\":\"integer\",\"minimum\":0}" },
	[TYPE_LIMIT] = { read_limit, "a whole number from 1 to 1000",
		"{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}" },
	[TYPE_SORT] = { read_sort,
		"one of failed, failure_rate, attempted, hard, soft, block, delayed, "
		"complaints, domain",
		ENUM("failed", "failure_rate", "attempted", "hard", "soft", "block", "delayed",
			"complaints", "domain") },
	[TYPE_BASIS] = { read_basis, "event or send", ENUM("event", "send") },
	[TYPE_STEP] = { read_step, "hour or day", ENUM("hour", "day") },
	[TYPE_INTERVAL] = { read_interval, "one of 15m, hour, day, week, month",
		ENUM("15m", "hour", "day", "week", "month") },
	[TYPE_REASON] = { read_reason, "the name of a reason, like recipient.unknown",
		"{\"$ref\":\"#/components/schemas/ReasonName\"}" },
	[TYPE_OUTCOME] = { read_outcome,
		"one of failed, delayed, delivered, relayed, expanded, complaint",
		"{\"$ref\":\"#/components/schemas/Outcome\"}" },
	[TYPE_CLASS] = { read_class, "one of hard, soft, block", ENUM("hard", "soft", "block") },
	[TYPE_KIND] = { read_kind,
		"one of unknown, bounce, complaint, auto_reply, challenge, mdn, dmarc_report, "
		"tls_report, unsubscribe, not_bounce",
		"{\"$ref\":\"#/components/schemas/Kind\"}" },
	[TYPE_STATE] = { read_state, "one of active, held, removed",
		ENUM("active", "held", "removed") },
	[TYPE_PROOF] = { read_proof, "one of none, valid, unbound, invalid, log, all",
		ENUM("none", "valid", "unbound", "invalid", "log", "all") },
	[TYPE_FLAG] = { read_flag, "true or false", "{\"type\":\"boolean\"}" },
};

const char *param_schema(enum param param)
{
	return types[params[param].type].schema;
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

static enum query_result take_param(struct arena *arena, struct str name, struct str text,
	uint64_t known, struct param_values *values, struct query_fault *ret_fault)
{
	enum param param;

	if (!param_from_name(name, known, &param)) {
		*ret_fault = (struct query_fault){ name,
			arena_printf(arena, "known parameters of this route: %.*s",
				STR_ARG(param_names(arena, known))) };
		return QUERY_UNKNOWN;
	}
	if (values->present & PARAM_BIT(param)) {
		*ret_fault = (struct query_fault){ name, STR("the parameter stands there twice") };
		return QUERY_INVALID;
	}
	if (!text.n)
		return QUERY_GOOD;
	if (!types[params[param].type].read(text, &values->number[param])) {
		*ret_fault = (struct query_fault){ name,
			arena_printf(arena, "wanted: %s", types[params[param].type].wanted) };
		return QUERY_INVALID;
	}
	values->text[param] = text;
	values->present |= PARAM_BIT(param);
	return QUERY_GOOD;
}

enum query_result router_query(struct arena *arena, struct str query, uint64_t known,
	struct param_values *ret_values, struct query_fault *ret_fault)
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
		result = take_param(arena, name, text, known, &values, ret_fault);
		if (result != QUERY_GOOD)
			return result;
	}
	*ret_values = values;
	return QUERY_GOOD;
}
