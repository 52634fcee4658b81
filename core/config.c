#include "core/config.h"

#include "core/limits.h"
#include "core/utf8.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct config_row rows[CONFIG_COUNT] = {
#define CONFIG(id, section, key, type, preset, lowest, highest, roles, sentence)                   \
	[CONFIG_##id] = { STR_INIT(section), STR_INIT(key), CONFIG_##type, STR_INIT(preset),       \
		lowest, highest, roles, STR_INIT(sentence) },
#include "core/config.def"
};
static const char *const type_names[] = {
	[CONFIG_STRING] = "text",
	[CONFIG_LIST] = "list",
	[CONFIG_BOOL] = "true or false",
	[CONFIG_INT] = "number",
	[CONFIG_SECRET] = "text, secret",
};
static const struct {
	unsigned role;
	const char *name;
} role_names[] = {
	{ R_SMTP, "smtp" },
	{ R_SMTP_TOKENS, "smtp (with smtp.require_token)" },
	{ R_PARSER, "parser" },
	{ R_LOADER, "loader" },
	{ R_API, "api" },
	{ R_LOG, "log" },
	{ R_SCHEDULER, "scheduler" },
	{ R_HOOK, "hook" },
	{ R_RESOLVER, "resolver" },
	{ R_DELIVER, "deliver" },
	{ R_POSTGRES, "postgres" },
	{ R_MIGRATE, "migrate" },
};

struct config {
	char *values[CONFIG_COUNT]; /* NULL: the default */
};

const struct config_row *config_row(enum config_id id)
{
	return &rows[id];
}

struct config *config_new(void)
{
	struct config *config = calloc(1, sizeof *config);

	if (!config)
		abort();
	return config;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < CONFIG_COUNT; i++)
		free(config->values[i]);
	free(config);
}

void config_freep(struct config **config)
{
	config_free(*config);
}

bool config_find(struct str section, struct str key, enum config_id *ret_id)
{
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		if (!str_eq(rows[i].section, section) || !str_eq(rows[i].key, key))
			continue;
		*ret_id = (enum config_id)i;
		return true;
	}
	return false;
}

static enum err check_int(const struct config_row *row, struct str value, struct arena *arena,
	struct str *ret_trouble)
{
	uint64_t number;

	if (!str_to_u64(value, INT64_MAX, &number)) {
		*ret_trouble = arena_printf(arena, "%.*s.%.*s: \"%.*s\" is not a whole number",
			STR_ARG(row->section), STR_ARG(row->key), STR_ARG(value));
		return ERR_SYNTAX;
	}
	if ((int64_t)number < row->lowest || (int64_t)number > row->highest) {
		*ret_trouble = arena_printf(arena,
			"%.*s.%.*s: %.*s is not between %" PRId64 " and %" PRId64,
			STR_ARG(row->section), STR_ARG(row->key), STR_ARG(value), row->lowest,
			row->highest);
		return ERR_RANGE;
	}
	return ERR_OK;
}

static enum err check_value(const struct config_row *row, struct str value, struct arena *arena,
	struct str *ret_trouble)
{
	if (value.n > LIMIT_CONFIG_VALUE_BYTES || !utf8_valid(value) ||
		str_chr(value, '\n') != STR_NPOS) {
		*ret_trouble = arena_printf(arena,
			"%.*s.%.*s: a value is one line of UTF-8, at most %u bytes long",
			STR_ARG(row->section), STR_ARG(row->key), LIMIT_CONFIG_VALUE_BYTES);
		return ERR_SYNTAX;
	}
	if (row->type == CONFIG_INT)
		return check_int(row, value, arena, ret_trouble);
	if (row->type == CONFIG_BOOL && !str_eq(value, STR("true")) &&
		!str_eq(value, STR("false"))) {
		*ret_trouble = arena_printf(arena, "%.*s.%.*s: \"%.*s\" is neither true nor false",
			STR_ARG(row->section), STR_ARG(row->key), STR_ARG(value));
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

enum err config_set(struct config *config, enum config_id id, struct str value, struct arena *arena,
	struct str *ret_trouble)
{
	enum err err;
	char *copy;

	value = str_trim(value);
	err = check_value(&rows[id], value, arena, ret_trouble);
	if (err)
		return err;
	copy = strndup(value.n ? value.p : "", value.n);
	if (!copy)
		abort();
	free(config->values[id]);
	config->values[id] = copy;
	return ERR_OK;
}

struct str config_str(const struct config *config, enum config_id id)
{
	return config->values[id] ? str_c(config->values[id]) : rows[id].preset;
}

int64_t config_int(const struct config *config, enum config_id id)
{
	uint64_t value = 0;

	/* Checked when it was set; defaults are checked by a test. */
	str_to_u64(config_str(config, id), INT64_MAX, &value);
	return (int64_t)value;
}

bool config_bool(const struct config *config, enum config_id id)
{
	return str_eq(config_str(config, id), STR("true"));
}

bool config_item(const struct config *config, enum config_id id, size_t i, struct str *ret_item)
{
	struct str rest = config_str(config, id), item;

	while (str_next_word(&rest, ",", &item)) {
		item = str_trim(item);
		if (!item.n || i--)
			continue;
		*ret_item = item;
		return true;
	}
	return false;
}

void config_print(
	const struct config *config, unsigned roles, enum config_secrets secrets, struct buf *out)
{
	struct str section = STR_EMPTY;

	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_row *row = &rows[i];
		struct str value = config_str(config, (enum config_id)i);

		if (!(row->roles & roles) && !(roles & R_EVERYTHING))
			continue;
		if (!str_eq(section, row->section))
			buf_printf(out, "%s[%.*s]\n", section.n ? "\n" : "", STR_ARG(row->section));
		section = row->section;
		if (row->type == CONFIG_SECRET && value.n && secrets == CONFIG_HIDE_SECRETS)
			value = STR("(set, not shown)");
		buf_printf(out, "%.*s = %.*s\n", STR_ARG(row->key), STR_ARG(value));
	}
}

static void docs_row(const struct config_row *row, struct buf *out)
{
	size_t n_roles = 0;

	buf_printf(out, "| `%.*s` | %s", STR_ARG(row->key), type_names[row->type]);
	if (row->type == CONFIG_INT)
		buf_printf(out, ", %" PRId64 " to %" PRId64, row->lowest, row->highest);
	buf_printf(out, row->preset.n ? " | `%.*s` | " : " | %.*s | ", STR_ARG(row->preset));
	if (row->roles == R_ALL)
		buf_put(out, STR("all"));
	else if (!row->roles)
		buf_put(out, STR("supervisor"));
	for (size_t i = 0; i < ARRAY_LEN(role_names) && row->roles != R_ALL; i++)
		if (row->roles & role_names[i].role)
			buf_printf(out, "%s%s", n_roles++ ? ", " : "", role_names[i].name);
	buf_printf(out, " | %.*s |\n", STR_ARG(row->sentence));
}

void config_docs(struct buf *out)
{
	struct str section = STR_EMPTY;

	buf_put(out, STR("# Configuration\n\n"
			 "<!-- Made by `bounced config docs` from core/config.def; a test "
			 "compares. -->\n\n"
			 "One INI file, given with `--config FILE`. Each setting can be overridden "
			 "by an\n"
			 "environment variable `BOUNCED_SECTION_KEY`, such as "
			 "`BOUNCED_SMTP_LISTEN`. An unknown\n"
			 "section or key is an error. Comments stand on lines of their own, behind "
			 "`#`.\n"
			 "`bounced config check` says whether a file is right, `bounced config "
			 "print` shows the\n"
			 "settings in force. The supervisor sees every setting and hands each role "
			 "only its own.\n"));
	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		if (!str_eq(section, rows[i].section))
			buf_printf(out,
				"\n## [%.*s]\n\n| key | type | default | roles | what it does |\n"
				"| --- | --- | --- | --- | --- |\n",
				STR_ARG(rows[i].section));
		section = rows[i].section;
		docs_row(&rows[i], out);
	}
}
