#include "suppress/policy/rules.h"

#include "core/attr.h"

#include <string.h>

static const struct policy_rule defaults[] = {
#define RULE(what_, strikes_, days_, expire_days_, sentence)                                       \
	{ .stream = STR_INIT(""),                                                                  \
		.what = STR_INIT(what_),                                                           \
		.strikes = (strikes_),                                                             \
		.days = (days_),                                                                   \
		.expire_days = (expire_days_) },
#include "suppress/policy/rule.def"
};

void policy_rules_init(struct policy_rules *rules)
{
	memcpy(rules->row, defaults, sizeof defaults);
	rules->n = ARRAY_LEN(defaults);
}

/* ---- the text ---- */

static bool is_family(struct str what, struct str *ret_head)
{
	if (what.n < 3 || !str_eq(str_skip(what, what.n - 2), STR(".*")))
		return false;
	*ret_head = str_head(what, what.n - 1);
	return true;
}

static bool names_family(struct str head)
{
	for (int i = 0; i < REASON_COUNT; i++)
		if (str_starts(reason_name((enum reason)i), head))
			return true;
	return false;
}

static bool is_known(struct str what)
{
	enum reason reason;
	struct str head;

	if (str_eq(what, STR("hard")) || str_eq(what, STR("soft")) ||
		str_eq(what, STR("complaint")))
		return true;
	return is_family(what, &head) ? names_family(head) : reason_from_name(what, &reason);
}

static bool read_number(struct str text, unsigned max, unsigned *ret_number)
{
	uint64_t number;

	if (!str_to_u64(text, max, &number))
		return false;
	*ret_number = (unsigned)number;
	return true;
}

static enum err read_numbers(struct str text, struct policy_rule *rule)
{
	struct str strikes = text, days = STR_EMPTY, expires = STR_EMPTY;

	if (str_eq(text, STR("never")))
		return ERR_OK;
	if (str_cut(text, '/', &strikes, &days))
		(void)str_cut(days, '/', &days, &expires);
	if (!read_number(strikes, RULE_MAX_STRIKES, &rule->strikes) || !rule->strikes ||
		(days.n && !read_number(days, RULE_MAX_DAYS, &rule->days)) ||
		(expires.n && !read_number(expires, RULE_MAX_DAYS, &rule->expire_days)))
		return ERR_RANGE;
	return ERR_OK;
}

static size_t n_configured(const struct policy_rules *rules)
{
	return rules->n - ARRAY_LEN(defaults);
}

enum err policy_rules_add(struct policy_rules *rules, struct str text)
{
	struct policy_rule rule = { 0 };
	struct str name, numbers;
	size_t n = n_configured(rules);
	enum err err;

	if (!str_cut(str_trim(text), '=', &name, &numbers))
		return ERR_SYNTAX;
	rule.what = str_trim(name);
	if (str_cut(name, ':', &rule.stream, &rule.what)) {
		rule.stream = str_trim(rule.stream);
		rule.what = str_trim(rule.what);
	}
	if (!is_known(rule.what))
		return ERR_SYNTAX;
	err = read_numbers(str_trim(numbers), &rule);
	for (size_t i = 0; i < n && !err; i++)
		if (str_eq(rules->row[i].stream, rule.stream) &&
			str_eq(rules->row[i].what, rule.what))
			err = ERR_EXISTS;
	if (err)
		return err;
	if (rules->n == RULES_MAX)
		return ERR_LIMIT;
	memmove(&rules->row[n + 1], &rules->row[n], sizeof defaults);
	rules->row[n] = rule;
	rules->n++;
	return ERR_OK;
}

struct str policy_rule_text(const struct policy_rule *rule, struct arena *arena)
{
	struct str name = arena_printf(arena, "%.*s%s%.*s", STR_ARG(rule->stream),
		rule->stream.n ? ":" : "", STR_ARG(rule->what));

	if (!rule->strikes)
		return arena_printf(arena, "%.*s=never", STR_ARG(name));
	return arena_printf(arena, "%.*s=%u/%u/%u", STR_ARG(name), rule->strikes, rule->days,
		rule->expire_days);
}

/* ---- which of them ---- */

/* 0: not about it; else the nearer the more. */
static unsigned nearness(
	const struct policy_rule *rule, bool complaint, struct str reason, struct str class)
{
	struct str head;

	if (complaint)
		return str_eq(rule->what, STR("complaint")) ? 1 : 0;
	if (str_eq(rule->what, reason))
		return 3;
	if (is_family(rule->what, &head))
		return str_starts(reason, head) ? 2 : 0;
	return str_eq(rule->what, class) ? 1 : 0;
}

size_t policy_rule_of(const struct policy_rules *rules, struct str stream, bool complaint,
	enum reason reason, enum reason_class class)
{
	struct str reason_text = reason_name(reason), class_text = reason_class_name(class);
	unsigned best = 0;
	size_t at = rules->n;

	if (!complaint && class != CLASS_HARD && class != CLASS_SOFT)
		return rules->n;
	for (size_t i = 0; i < rules->n; i++) {
		const struct policy_rule *rule = &rules->row[i];
		unsigned near = nearness(rule, complaint, reason_text, class_text);

		if (!near || (rule->stream.n && !str_eq(rule->stream, stream)))
			continue;
		near += rule->stream.n ? 8 : 0;
		if (near <= best)
			continue;
		best = near;
		at = i;
	}
	return at;
}
