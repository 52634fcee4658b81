#include "api/request/param_type.h"

#include "api/request/list.h"
#include "core/limits.h"
#include "core/report.h"
#include "core/suppression.h"
#include "core/timestamp.h"
#include "domain/domain_name.h"
#include "store/overview.h"
#include "store/store.h"

/* ---- moments ---- */

static const struct {
	char letter;
	int64_t us;
} units[] = {
	{ 'm', TIMESTAMP_MINUTE_US },
	{ 'h', TIMESTAMP_HOUR_US },
	{ 'd', TIMESTAMP_DAY_US },
	{ 'w', 7 * TIMESTAMP_DAY_US },
};

enum { LONGEST_AGO_DAYS = 36525 }; /* a hundred years */

/* "7d": so long before the request. */
static bool read_ago(struct param_reading *r)
{
	uint64_t n;

	if (r->text.n < 2 ||
		!str_to_u64(str_head(r->text, r->text.n - 1), LONGEST_AGO_DAYS * 1440, &n))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(units); i++) {
		if (r->text.p[r->text.n - 1] != units[i].letter)
			continue;
		if ((int64_t)n > LONGEST_AGO_DAYS * TIMESTAMP_DAY_US / units[i].us)
			return false;
		r->number = r->now_us - (int64_t)n * units[i].us;
		return true;
	}
	return false;
}

static bool read_time(struct param_reading *r)
{
	if (str_eq(r->text, STR("today"))) {
		r->number = timestamp_floor(r->now_us, TIMESTAMP_DAY_US);
		return true;
	}
	return read_ago(r) || timestamp_parse(r->text, &r->number);
}

/* ---- text ---- */

static bool read_text(struct param_reading *r)
{
	return r->text.n <= LIMIT_FIELD_TEXT_BYTES;
}

/* As counts have it. */
static bool read_host(struct param_reading *r)
{
	r->text = arena_lower(r->arena, r->text);
	return r->text.n <= LIMIT_DOMAIN_BYTES;
}

/* "5.1.1", RFC 3463 2. */
static bool read_status(struct param_reading *r)
{
	struct str rest = r->text, class, subject;

	return str_cut(rest, '.', &class, &rest) && str_cut(rest, '.', &subject, &rest) &&
	       class.n == 1 && str_span(class, "245") == 1 && subject.n && subject.n <= 3 &&
	       rest.n && rest.n <= 3 && str_span(subject, "0123456789") == subject.n &&
	       str_span(rest, "0123456789") == rest.n;
}

static bool read_domain(struct param_reading *r)
{
	return domain_name(r->arena, r->text, &r->text);
}

/* ---- numbers ---- */

static bool read_count(struct param_reading *r)
{
	uint64_t value;

	if (!str_to_u64(r->text, INT64_MAX, &value)) {
		if (r->text.n && str_span(r->text, "0123456789") == r->text.n)
			r->fault = "the number is too large: at most 9223372036854775807";
		return false;
	}
	r->number = (int64_t)value;
	return true;
}

static bool read_limit(struct param_reading *r)
{
	if (!read_count(r) || r->number < 1)
		return false;
	if (r->number > LIMIT_PAGE_ROWS)
		r->fault = "the number is too large: at most 1000";
	return r->number <= LIMIT_PAGE_ROWS;
}

/* ---- words ---- */

/* The place of a word among those that are told by number. */
#define READ_PLACE(what, type, count, name_of)                                                     \
	static bool read_##what(struct param_reading *r)                                           \
	{                                                                                          \
		for (int i = 0; i < count; i++) {                                                  \
			r->number = i;                                                             \
			if (str_eq(r->text, name_of((enum type)i)))                                \
				return true;                                                       \
		}                                                                                  \
		return false;                                                                      \
	}
READ_PLACE(sort, store_sort, STORE_SORT_COUNT, store_sort_name)
READ_PLACE(interval, store_interval, STORE_INTERVAL_COUNT, store_interval_name)
READ_PLACE(basis, store_basis, STORE_BASIS_COUNT, store_basis_name)
READ_PLACE(format, list_format, LIST_FORMAT_COUNT, list_format_name)
READ_PLACE(dimension, store_dimension, STORE_DIMENSION_COUNT, store_dimension_name)
#undef READ_PLACE

/* Words of a closed list, by the list's own reader. */
#define READ_NAME(what, type, from_name)                                                           \
	static bool read_##what(struct param_reading *r)                                           \
	{                                                                                          \
		enum type value = (enum type)0;                                                    \
		bool good = from_name(r->text, &value);                                            \
                                                                                                   \
		r->number = value;                                                                 \
		return good;                                                                       \
	}
READ_NAME(reason, reason, reason_from_name)
READ_NAME(outcome, outcome, outcome_from_name)
READ_NAME(class, reason_class, reason_class_from_name)
READ_NAME(kind, kind, kind_from_name)
READ_NAME(state, suppression_state, suppression_state_from_name)
READ_NAME(proof_name, proof, proof_from_name)
#undef READ_NAME

static bool read_proof(struct param_reading *r)
{
	return read_proof_name(r) || str_eq(r->text, STR("all"));
}

/* One of two words; the number says which. */
static bool read_either(struct param_reading *r, struct str zero, struct str one)
{
	r->number = str_eq(r->text, one);
	return r->number || str_eq(r->text, zero);
}

static bool read_order(struct param_reading *r)
{
	return read_either(r, STR("asc"), STR("desc"));
}

static bool read_step(struct param_reading *r)
{
	return read_either(r, STR("hour"), STR("day"));
}

static bool read_flag(struct param_reading *r)
{
	return read_either(r, STR("false"), STR("true"));
}

#define ENUM(...) "{\"type\":\"string\",\"enum\":[" #__VA_ARGS__ "]}"
static bool read_switch(struct param_reading *reading)
{
	if (reading->text.n)
		return read_flag(reading);
	reading->number = 1;
	return true;
}

static const struct {
	bool (*read)(struct param_reading *reading);
	const char *wanted;
	const char *schema;
	bool may_be_empty;
} types[TYPE_COUNT_OF] = {
	[TYPE_TIME] = { read_time,
		"a date or a date-time of RFC 3339, like 2026-11-23T10:00:00Z (write the + "
		"of an offset as it is or as %2B), a time before now, like 7d, 24h or 90m, or "
		"today",
		"{\"type\":\"string\"}", false },
	[TYPE_TEXT] = { read_text, "text of at most 1024 bytes",
		"{\"type\":\"string\",\"maxLength\":1024}", true },
	[TYPE_DOMAIN] = { read_domain,
		"a domain, like example.com or b\xC3\xBC"
		"cher.example",
		"{\"type\":\"string\",\"maxLength\":255}", true },
	[TYPE_COUNT] = { read_count, "a whole number, 0 or more",
		"{\"type\":\"integer\",\"minimum\":0}", false },
	[TYPE_LIMIT] = { read_limit, "a whole number from 1 to 1000",
		"{\"type\":\"integer\",\"minimum\":1,\"maximum\":1000,\"default\":100}", false },
	[TYPE_SORT] = { read_sort,
		"one of failed, failure_rate, attempted, hard, soft, block, delayed, "
		"complaints, domain",
		ENUM("failed", "failure_rate", "attempted", "hard", "soft", "block", "delayed",
			"complaints", "domain"),
		false },
	[TYPE_ORDER] = { read_order, "asc or desc", ENUM("asc", "desc"), false },
	[TYPE_BASIS] = { read_basis, "event or send", ENUM("event", "send"), false },
	[TYPE_STEP] = { read_step, "hour or day", ENUM("hour", "day"), false },
	[TYPE_INTERVAL] = { read_interval, "one of 15m, hour, day, week, month",
		ENUM("15m", "hour", "day", "week", "month"), false },
	[TYPE_REASON] = { read_reason, "the name of a reason, like recipient.unknown",
		"{\"$ref\":\"#/components/schemas/ReasonName\"}", false },
	[TYPE_OUTCOME] = { read_outcome,
		"one of failed, delayed, delivered, relayed, expanded, complaint",
		"{\"$ref\":\"#/components/schemas/Outcome\"}", false },
	[TYPE_CLASS] = { read_class, "one of hard, soft, block", ENUM("hard", "soft", "block"),
		false },
	[TYPE_KIND] = { read_kind,
		"one of unknown, bounce, complaint, auto_reply, challenge, mdn, dmarc_report, "
		"tls_report, unsubscribe, not_bounce",
		"{\"$ref\":\"#/components/schemas/Kind\"}", false },
	[TYPE_STATE] = { read_state, "one of active, held, removed, allowed, expired, strikes",
		ENUM("active", "held", "removed", "allowed", "expired", "strikes"), false },
	[TYPE_PROOF] = { read_proof, "one of none, valid, unbound, invalid, log, all",
		ENUM("none", "valid", "unbound", "invalid", "log", "all"), false },
	[TYPE_FLAG] = { read_flag, "true or false", "{\"type\":\"boolean\"}", false },
	[TYPE_DIMENSION] = { read_dimension,
		"one of domain, org_domain, provider, stream, campaign, source, reason, class, "
		"outcome, status, reporting_mta, remote_mta",
		ENUM("domain", "org_domain", "provider", "stream", "campaign", "source", "reason",
			"class", "outcome", "status", "reporting_mta", "remote_mta"),
		false },
	[TYPE_STATUS] = { read_status, "an enhanced status code, like 5.1.1",
		"{\"type\":\"string\",\"pattern\":\"^[245]\\\\.[0-9]{1,3}\\\\.[0-9]{1,3}$\"}",
		true },
	[TYPE_HOST] = { read_host, "the name of a host, at most 255 bytes",
		"{\"type\":\"string\",\"maxLength\":255}", true },
	[TYPE_SWITCH] = { read_switch, "nothing, true or false", "{\"type\":\"boolean\"}", false },
	[TYPE_FORMAT] = { read_format, "json, ndjson or csv", ENUM("json", "ndjson", "csv"),
		false },
};

bool param_type_read(enum param_type type, struct param_reading *reading)
{
	return types[type].read(reading);
}

bool param_type_may_be_empty(enum param_type type)
{
	return types[type].may_be_empty;
}

const char *param_type_wanted(enum param_type type)
{
	return types[type].wanted;
}

const char *param_type_schema(enum param_type type)
{
	return types[type].schema;
}
