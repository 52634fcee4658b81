/* api/api_settings.h -- what the [api] settings mean beyond their types.
 * Knows: addresses to listen on, and who may ask without a key. Pure. */
#pragma once
#include "core/arena.h"
#include "core/config.h"

/* *ret_trouble (in `arena`) names the setting and the cure. */
MUST_CHECK enum err api_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble);
/* Do keys and answers cross the network unencrypted? */
bool api_settings_in_the_clear(const struct config *config);
/* "host:port" or "[ipv6]:port" in its two parts; false if it is neither. */
bool api_split_address(struct str address, struct str *ret_host, struct str *ret_port);
