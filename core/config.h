/* core/config.h -- the settings: names, types, ranges, defaults, and who may see them.
 * Knows: config.def and how a value is written. Does not know files or the environment
 * (serve/settings/config_load does). Pure. A struct config owns its texts. */
#pragma once
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/str.h"

enum config_role {
	R_NONE = 0, /* the supervisor alone */
	R_SMTP = 1u << 0,
	R_PARSER = 1u << 1,
	R_LOADER = 1u << 2,
	R_API = 1u << 3,
	R_SCHEDULER = 1u << 4,
	R_POSTGRES = 1u << 5,
	R_MIGRATE = 1u << 6,
	R_LOG = 1u << 7,
	R_HOOK = 1u << 8,
	R_RESOLVER = 1u << 9,
	R_DELIVER = 1u << 10,
	R_ALL = (1u << 11) - 1,
	R_SMTP_TOKENS = 1u << 11, /* the smtp role where it has to verify tokens */
};
enum config_type { CONFIG_STRING, CONFIG_LIST, CONFIG_BOOL, CONFIG_INT, CONFIG_SECRET };
enum config_id {
#define CONFIG(id, ...) CONFIG_##id,
#include "core/config.def"
	CONFIG_COUNT
};

struct config_row {
	struct str section, key;
	enum config_type type;
	struct str preset; /* the default */
	int64_t lowest, highest;
	unsigned roles;
	struct str sentence;
};
const struct config_row *config_row(enum config_id id);

struct config;

/* All settings at their defaults. */
struct config *config_new(void);
void config_free(struct config *config);
void config_freep(struct config **config);

/* ERR_SYNTAX: not of the type; ERR_RANGE. Nothing is changed then, and *ret_trouble (in `arena`)
 * says what is wrong in words that name the key. */
MUST_CHECK enum err config_set(struct config *config, enum config_id id, struct str value,
	struct arena *arena, struct str *ret_trouble);
bool config_find(struct str section, struct str key, enum config_id *ret_id);

/* Borrowed until the setting changes. Any type. */
struct str config_str(const struct config *config, enum config_id id);
/* Of a CONFIG_INT; of a CONFIG_BOOL. */
int64_t config_int(const struct config *config, enum config_id id);
bool config_bool(const struct config *config, enum config_id id);
/* The i-th comma-separated item of any text, trimmed; false behind the last. Empty items do not count. */
bool config_item(const struct config *config, enum config_id id, size_t i, struct str *ret_item);

/* What config_print does with a CONFIG_SECRET that is set. */
enum config_secrets { CONFIG_HIDE_SECRETS, CONFIG_SHOW_SECRETS };
/* Appends an INI file of the settings that any of `roles` sees; of all with R_EVERYTHING. */
enum { R_EVERYTHING = 1u << 15 };
void config_print(
	const struct config *config, unsigned roles, enum config_secrets secrets, struct buf *out);
/* Appends docs/configuration.md. */
void config_docs(struct buf *out);
