/* ingest/smtp/smtp_settings.h -- what the [smtp] settings mean beyond their types.
 * Knows: listeners, return paths, networks, words that stand for replies. Pure, but for the machine's name. */
#pragma once
#include "core/arena.h"
#include "core/config.h"
#include "ingest/session/smtp_session.h"

MUST_CHECK enum err smtp_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble);
/* host:port of the first listener that is one, for clients on this machine; empty: none is. */
struct str smtp_settings_address(const struct config *config);
/* The name in the greeting: smtp.hostname, else the machine's. */
struct str smtp_settings_hostname(const struct config *config, struct arena *arena);
/* Of settings that smtp_settings_check approved. */
enum smtp_reply smtp_settings_refusal(const struct config *config);
enum smtp_bare_line_ends smtp_settings_bare_line_ends(const struct config *config);
