#include "core/suppression.h"

#include "core/limits.h"
#include "core/names_priv.h"
#include "core/sink.h"
#include "core/utf8.h"

static const struct str decision_names[DECISION_COUNT] = {
	[DECISION_NONE] = STR_INIT("none"),
	[DECISION_HOLD] = STR_INIT("hold"),
	[DECISION_STRIKE] = STR_INIT("strike"),
	[DECISION_SUPPRESS] = STR_INIT("suppress"),
};
static const struct str state_names[SUPPRESSION_STATE_COUNT] = {
	[SUPPRESSION_ACTIVE] = STR_INIT("active"),
	[SUPPRESSION_HELD] = STR_INIT("held"),
	[SUPPRESSION_REMOVED] = STR_INIT("removed"),
	[SUPPRESSION_ALLOWED] = STR_INIT("allowed"),
	[SUPPRESSION_EXPIRED] = STR_INIT("expired"),
	[SUPPRESSION_STRIKES] = STR_INIT("strikes"),
};

struct str decision_name(enum decision decision)
{
	return decision_names[decision];
}

struct str suppression_state_name(enum suppression_state state)
{
	return state_names[state];
}

bool suppression_state_from_name(struct str name, enum suppression_state *ret_state)
{
	size_t i;

	if (!name_index(state_names, SUPPRESSION_STATE_COUNT, name, &i))
		return false;
	*ret_state = (enum suppression_state)i;
	return true;
}

/* RFC 5321 4.1.2: white space only in a quoted local part; a domain has neither space nor comma. What ends lines or turns
 * the direction of writing is in no address that anybody sends to, and would forge entries of a list. */
static bool characters_fit(struct str local, struct str domain)
{
	bool quoted = local.n > 2 && local.p[0] == '"' && local.p[local.n - 1] == '"';

	return sink_find(SINK_TERMINAL, local) == local.n &&
	       sink_find(SINK_TERMINAL, domain) == domain.n &&
	       (quoted || str_cspan(local, " ") == local.n) &&
	       str_cspan(domain, " ,\"") == domain.n;
}

static bool read_target(struct arena *arena, struct str text, struct str *ret_address)
{
	struct str address = str_trim(text);
	size_t at = str_rchr(address, '@');

	if (at == STR_NPOS || at + 1 == address.n || address.n > LIMIT_ADDRESS_BYTES)
		return false;
	if (!utf8_valid(address) ||
		!characters_fit(str_head(address, at), str_skip(address, at + 1)))
		return false;
	*ret_address = arena_lower(arena, address);
	return true;
}

bool suppression_address(struct arena *arena, struct str text, struct str *ret_address)
{
	return !suppression_is_domain(str_trim(text)) && read_target(arena, text, ret_address);
}

bool suppression_target(struct arena *arena, struct str text, struct str *ret_target)
{
	return read_target(arena, text, ret_target);
}

bool suppression_is_domain(struct str target)
{
	return str_rchr(target, '@') == 0;
}

struct str suppression_domain(struct str address)
{
	size_t at = str_rchr(address, '@');

	return at == STR_NPOS ? STR_EMPTY : str_skip(address, at + 1);
}
