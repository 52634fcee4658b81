#define _GNU_SOURCE
#include "serve/settings/config_load.h"

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

/* The line of `key` in [section], of the section where `key` is empty; 0: none. GLib tells no lines. */
static unsigned line_of(struct str text, struct str section, struct str key)
{
	struct str line, now = STR_EMPTY, name, value;
	unsigned number = 0;

	while (str_next_line(&text, &line)) {
		number++;
		line = str_trim(line);
		if (str_starts(line, STR("[")) && str_ends(line, STR("]"))) {
			now = str_slice(line, 1, line.n - 1);
			if (!key.n && str_eq(now, section))
				return number;
		} else if (key.n && str_eq(now, section) && str_cut(line, '=', &name, &value) &&
			   str_eq(str_trim(name), key)) {
			return number;
		}
	}
	return 0;
}

/* The first that is no group, no comment and no key with a value. */
static unsigned broken_line(struct str text)
{
	struct str line;
	unsigned number = 0;

	while (str_next_line(&text, &line)) {
		number++;
		line = str_trim(line);
		if (!line.n || str_starts(line, STR("#")))
			continue;
		if (str_starts(line, STR("[")) ? !str_ends(line, STR("]"))
					       : str_chr(line, '=') == STR_NPOS)
			return number;
	}
	return 0;
}

struct source {
	struct config *config;
	GKeyFile *file;
	struct str text;
	struct findings *findings;
};

static void unknown_key(const struct source *source, const char *group, const char *key)
{
	struct findings *findings = source->findings;
	struct arena *arena = findings->arena;
	struct str keys = known_names(arena, str_c(group));

	findings_add_at(findings, line_of(source->text, str_c(group), str_c(key)),
		keys.n ? arena_printf(arena, "unknown key \"%s\" in [%s], which has: %.*s", key,
				 group, STR_ARG(keys))
		       : arena_printf(arena, "unknown section [%s]; there are: %.*s", group,
				 STR_ARG(known_names(arena, STR_EMPTY))));
}

static enum err load_key(const struct source *source, const char *group, const char *key)
{
	char *value = g_key_file_get_value(source->file, group, key, NULL);
	struct str trouble = STR_EMPTY;
	enum config_id id;
	enum err err = ERR_SYNTAX;

	if (!config_find(str_c(group), str_c(key), &id)) {
		unknown_key(source, group, key);
	} else {
		source->findings->lines[id] = line_of(source->text, str_c(group), str_c(key));
		err = config_set(
			source->config, id, str_c(value), source->findings->arena, &trouble);
		if (err)
			findings_add_at(source->findings, source->findings->lines[id], trouble);
	}
	g_free(value);
	return err;
}

static enum err first_of(enum err one, enum err two)
{
	return one ? one : two;
}

static enum err load_group(const struct source *source, const char *group)
{
	gsize n = 0;
	char **keys = g_key_file_get_keys(source->file, group, &n, NULL);
	struct arena *arena = source->findings->arena;
	enum err err = ERR_OK;

	if (!n && !known_names(arena, str_c(group)).n) {
		findings_add_at(source->findings, line_of(source->text, str_c(group), STR_EMPTY),
			arena_printf(arena, "unknown section [%s]; there are: %.*s", group,
				STR_ARG(known_names(arena, STR_EMPTY))));
		err = ERR_SYNTAX;
	}
	for (gsize i = 0; i < n; i++)
		err = first_of(err, load_key(source, group, keys[i]));
	g_strfreev(keys);
	return err;
}

/* GLib lets the last of two win: of a list that was meant to go on, the first part would be gone without a word. */
static enum err check_twice(struct str text, struct findings *findings)
{
	bool seen[CONFIG_COUNT] = { false };
	struct str line, section = STR_EMPTY, key, value;
	enum err err = ERR_OK;
	enum config_id id;

	for (unsigned number = 1; str_next_line(&text, &line); number++) {
		line = str_trim(line);
		if (str_starts(line, STR("[")) && str_ends(line, STR("]")))
			section = str_slice(line, 1, line.n - 1);
		if (!str_cut(line, '=', &key, &value) || !config_find(section, str_trim(key), &id))
			continue;
		if (seen[id]) {
			findings_add_at(findings, number,
				arena_printf(findings->arena,
					"%.*s.%.*s is there twice; a list is one line",
					STR_ARG(section), STR_ARG(str_trim(key))));
			err = ERR_SYNTAX;
		}
		seen[id] = true;
	}
	return err;
}

static enum err load_text(struct config *config, struct str text, struct findings *findings)
{
	const struct source source = { config, g_key_file_new(), text, findings };
	GError *error = NULL;
	gsize n_groups = 0;
	char **groups = NULL;
	enum err err = ERR_OK;

	if (text.n &&
		!g_key_file_load_from_data(source.file, text.p, text.n, G_KEY_FILE_NONE, &error)) {
		findings_add_at(findings, broken_line(text), str_c(error->message));
		g_error_free(error);
		g_key_file_unref(source.file);
		return ERR_SYNTAX;
	}
	err = check_twice(text, findings);
	groups = g_key_file_get_groups(source.file, &n_groups);
	for (gsize i = 0; i < n_groups; i++)
		err = first_of(err, load_group(&source, groups[i]));
	g_strfreev(groups);
	g_key_file_unref(source.file);
	return err;
}

enum err config_load_text(struct config *config, struct str text, const char *name,
	struct arena *arena, struct str *ret_trouble)
{
	struct findings findings;
	enum err err;

	findings_init(&findings, arena);
	findings.file = name;
	err = load_text(config, text, &findings);
	if (findings.n)
		*ret_trouble = findings.texts[0];
	return err;
}

enum err config_load_over(struct config *config, const char *path, struct findings *findings)
{
	char *text = arena_alloc(findings->arena, LIMIT_CONFIG_BYTES);
	FILE *file = fopen(path, "rbe");
	enum err err = ERR_OK;
	size_t n = 0;

	findings->file = path;
	if (file)
		n = fread(text, 1, LIMIT_CONFIG_BYTES, file);
	if (!file || ferror(file)) {
		err = err_from_errno(errno);
		findings_add_at(findings, 0, str_c(strerror(errno)));
	} else if (n == LIMIT_CONFIG_BYTES) {
		err = ERR_LIMIT;
		findings_add_at(findings, 0,
			arena_printf(findings->arena, "over %u bytes", LIMIT_CONFIG_BYTES));
	}
	if (file)
		fclose(file);
	return err ? err : load_text(config, str_from(text, n), findings);
}

static enum err load_environment(struct config *config, struct findings *findings)
{
	struct arena *arena = findings->arena;
	enum err first = ERR_OK;

	for (size_t i = 0; i < CONFIG_COUNT; i++) {
		struct str name = findings_environment_name(arena, config_row((enum config_id)i));
		struct str trouble = STR_EMPTY;
		const char *value = getenv(name.p);
		enum err err;

		if (!value)
			continue;
		findings->environment[i] = true;
		err = config_set(config, (enum config_id)i, str_c(value), arena, &trouble);
		if (err)
			findings_add(findings, FINDING_ERROR,
				arena_printf(
					arena, "environment %s: %.*s", name.p, STR_ARG(trouble)));
		first = first_of(first, err);
	}
	return first;
}

/* A misspelt override would be silently without effect. */
static enum err check_environment(struct findings *findings)
{
	struct arena *arena = findings->arena;
	enum err err = ERR_OK;

	for (char **entry = environ; *entry; entry++) {
		struct str name, value;
		bool known = false;

		if (!str_cut(str_c(*entry), '=', &name, &value) ||
			!str_starts(name, STR("BOUNCED_")) || str_eq(name, STR("BOUNCED_CONFIG")))
			continue;
		for (size_t i = 0; i < CONFIG_COUNT && !known; i++)
			known = str_eq(name,
				findings_environment_name(arena, config_row((enum config_id)i)));
		if (known)
			continue;
		findings_add(findings, FINDING_ERROR,
			arena_printf(arena, "environment: %.*s names no setting", STR_ARG(name)));
		err = ERR_SYNTAX;
	}
	return err;
}

enum err config_load(struct config *config, const char *path, struct findings *findings)
{
	enum err err = ERR_OK;

	if (!path)
		path = getenv("BOUNCED_CONFIG");
	if (!path && !access(default_path, F_OK))
		path = default_path;
	if (path)
		err = config_load_over(config, path, findings);
	err = first_of(err, check_environment(findings));
	return first_of(err, load_environment(config, findings));
}
