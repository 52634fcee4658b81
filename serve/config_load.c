#define _GNU_SOURCE
#include "serve/config_load.h"

#include "core/limits.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

static const char default_path[] = "/etc/bounced/bounced.conf";

/* "[smtp] has: listen, hostname, ..." or the names of all sections. */
static struct str known_names(struct arena *arena, struct str section)
{
	struct buf names = BUF_INIT(4096);
	struct str last = STR_EMPTY, result;

	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		const struct config_row *row = config_row((enum config_id)i);
		bool new_section = !str_eq(last, row->section);

		last = row->section;
		if (section.n ? !str_eq(row->section, section) : !new_section)
			continue;
		buf_printf(&names, "%s%.*s", names.n ? ", " : "",
			STR_ARG(section.n ? row->key : row->section));
	}
	result = arena_dup(arena, buf_str(&names));
	buf_release(&names);
	return result;
}

static enum err load_key(struct config *config, GKeyFile *file, const char *group, const char *key,
	const char *name, struct arena *arena, struct str *ret_trouble)
{
	char *value = g_key_file_get_value(file, group, key, NULL);
	struct str trouble = STR_EMPTY;
	enum config_id id;
	enum err err;

	if (!config_find(str_c(group), str_c(key), &id)) {
		struct str keys = known_names(arena, str_c(group));

		*ret_trouble =
			keys.n ? arena_printf(arena,
					 "%s: unknown key \"%s\" in [%s], which has: %.*s", name,
					 key, group, STR_ARG(keys))
			       : arena_printf(arena, "%s: unknown section [%s]; there are: %.*s",
					 name, group, STR_ARG(known_names(arena, STR_EMPTY)));
		g_free(value);
		return ERR_SYNTAX;
	}
	err = config_set(config, id, str_c(value), arena, &trouble);
	if (err)
		*ret_trouble = arena_printf(arena, "%s: %.*s", name, STR_ARG(trouble));
	g_free(value);
	return err;
}

static enum err load_group(struct config *config, GKeyFile *file, const char *group,
	const char *name, struct arena *arena, struct str *ret_trouble)
{
	gsize n = 0;
	char **keys = g_key_file_get_keys(file, group, &n, NULL);
	enum err err = ERR_OK;

	if (!n && !known_names(arena, str_c(group)).n) {
		*ret_trouble = arena_printf(arena, "%s: unknown section [%s]; there are: %.*s",
			name, group, STR_ARG(known_names(arena, STR_EMPTY)));
		err = ERR_SYNTAX;
	}
	for (gsize i = 0; i < n && !err; i++)
		err = load_key(config, file, group, keys[i], name, arena, ret_trouble);
	g_strfreev(keys);
	return err;
}

/* GLib lets the last of two win: of a list that was meant to go on, the first part would be gone without a word. */
static enum err check_twice(
	struct str text, const char *name, struct arena *arena, struct str *ret_trouble)
{
	bool seen[CONFIG_COUNT] = { false };
	struct str line, section = STR_EMPTY, key, value;
	enum config_id id;

	while (str_next_line(&text, &line)) {
		line = str_trim(line);
		if (str_starts(line, STR("[")) && str_ends(line, STR("]")))
			section = str_slice(line, 1, line.n - 1);
		if (!str_cut(line, '=', &key, &value) || !config_find(section, str_trim(key), &id))
			continue;
		if (seen[id]) {
			*ret_trouble = arena_printf(arena,
				"%s: %.*s.%.*s is there twice; a list is one line", name,
				STR_ARG(section), STR_ARG(str_trim(key)));
			return ERR_SYNTAX;
		}
		seen[id] = true;
	}
	return ERR_OK;
}

enum err config_load_text(struct config *config, struct str text, const char *name,
	struct arena *arena, struct str *ret_trouble)
{
	GKeyFile *file = g_key_file_new();
	GError *error = NULL;
	gsize n_groups = 0;
	char **groups = NULL;
	enum err err = ERR_OK;

	if (text.n && !g_key_file_load_from_data(file, text.p, text.n, G_KEY_FILE_NONE, &error)) {
		*ret_trouble = arena_printf(arena, "%s: %s", name, error->message);
		g_error_free(error);
		g_key_file_unref(file);
		return ERR_SYNTAX;
	}
	err = check_twice(text, name, arena, ret_trouble);
	groups = g_key_file_get_groups(file, &n_groups);
	for (gsize i = 0; i < n_groups && !err; i++)
		err = load_group(config, file, groups[i], name, arena, ret_trouble);
	g_strfreev(groups);
	g_key_file_unref(file);
	return err;
}

static enum err load_file(
	struct config *config, const char *path, struct arena *arena, struct str *ret_trouble)
{
	char *text = arena_alloc(arena, LIMIT_CONFIG_BYTES);
	FILE *file = fopen(path, "rbe");
	enum err err = ERR_OK;
	size_t n = 0;

	if (file)
		n = fread(text, 1, LIMIT_CONFIG_BYTES, file);
	if (!file || ferror(file)) {
		err = err_from_errno(errno);
		*ret_trouble = arena_printf(arena, "%s: %s", path, strerror(errno));
	} else if (n == LIMIT_CONFIG_BYTES) {
		err = ERR_LIMIT;
		*ret_trouble = arena_printf(arena, "%s: over %u bytes", path, LIMIT_CONFIG_BYTES);
	}
	if (file)
		fclose(file);
	return err ? err : config_load_text(config, str_from(text, n), path, arena, ret_trouble);
}

/* "BOUNCED_SMTP_MAX_RECIPIENTS" for smtp.max_recipients. */
static struct str environment_name(struct arena *arena, const struct config_row *row)
{
	struct str name =
		arena_printf(arena, "BOUNCED_%.*s_%.*s", STR_ARG(row->section), STR_ARG(row->key));
	char *upper = arena_alloc(arena, name.n + 1);

	for (size_t i = 0; i <= name.n; i++)
		upper[i] = g_ascii_toupper(name.p[i]);
	return str_from(upper, name.n);
}

static enum err load_environment(
	struct config *config, struct arena *arena, struct str *ret_trouble)
{
	enum err err = ERR_OK;

	for (size_t i = 0; i < CONFIG_COUNT && !err; i++) {
		struct str name = environment_name(arena, config_row((enum config_id)i)), trouble;
		const char *value = getenv(name.p);

		if (!value)
			continue;
		err = config_set(config, (enum config_id)i, str_c(value), arena, &trouble);
		if (err)
			*ret_trouble = arena_printf(
				arena, "environment %s: %.*s", name.p, STR_ARG(trouble));
	}
	return err;
}

/* A misspelt override would be silently without effect. */
static enum err check_environment(struct arena *arena, struct str *ret_trouble)
{
	for (char **entry = environ; *entry; entry++) {
		struct str name, value;
		bool known = false;

		if (!str_cut(str_c(*entry), '=', &name, &value) ||
			!str_starts(name, STR("BOUNCED_")) || str_eq(name, STR("BOUNCED_CONFIG")))
			continue;
		for (size_t i = 0; i < CONFIG_COUNT && !known; i++)
			known = str_eq(
				name, environment_name(arena, config_row((enum config_id)i)));
		if (known)
			continue;
		*ret_trouble =
			arena_printf(arena, "environment: %.*s names no setting", STR_ARG(name));
		return ERR_SYNTAX;
	}
	return ERR_OK;
}

enum err config_load(
	struct config *config, const char *path, struct arena *arena, struct str *ret_trouble)
{
	enum err err = ERR_OK;

	if (!path)
		path = getenv("BOUNCED_CONFIG");
	if (!path && !access(default_path, F_OK))
		path = default_path;
	if (path)
		err = load_file(config, path, arena, ret_trouble);
	if (!err)
		err = check_environment(arena, ret_trouble);
	return err ? err : load_environment(config, arena, ret_trouble);
}
