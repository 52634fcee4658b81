#define _GNU_SOURCE
#include "logs/log_settings.h"

#include "core/limits.h"
#include "logs/log_zone.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

bool log_settings_any(const struct config *config)
{
	struct str item;

	return config_item(config, CONFIG_LOG_FILES, 0, &item);
}

static void say_nothing(void *context, const char *path, enum log_format format, enum err err)
{
	(void)context;
	(void)path;
	(void)format;
	(void)err;
}

enum err log_settings_check(
	const struct config *config, struct arena *arena, struct str *ret_trouble)
{
	const struct log_follow_options options = { .say = say_nothing };
	struct log_follow *follow = log_follow_new(&options);
	struct str item;
	enum err err = ERR_OK;

	for (size_t i = 0; !err && config_item(config, CONFIG_LOG_FILES, i, &item); i++) {
		err = log_follow_add_text(follow, item);
		if (err)
			*ret_trouble = arena_printf(arena,
				"log.files: \"%.*s\" is neither /PATH nor FORMAT:/PATH with a "
				"format that is known",
				STR_ARG(item));
	}
	log_follow_free(follow);
	return err;
}

void log_settings_add(const struct config *config, struct log_follow *follow)
{
	struct str item;

	for (size_t i = 0; config_item(config, CONFIG_LOG_FILES, i, &item); i++)
		ERR_IGNORE(log_follow_add_text(follow, item), "log_settings_check has seen it");
}

static enum err read_rules(struct arena *arena, const char *path, struct parse_source *ret_source)
{
	char *text = arena_alloc(arena, LIMIT_RULES_BYTES);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t n = 0;
	ssize_t got = fd < 0 ? -1 : 1;

	while (got > 0 && n < LIMIT_RULES_BYTES) {
		got = read(fd, text + n, LIMIT_RULES_BYTES - n);
		n += got > 0 ? (size_t)got : 0;
	}
	if (got < 0) {
		enum err err = err_from_errno(errno);

		if (fd >= 0)
			close(fd);
		return err;
	}
	close(fd);
	*ret_source = (struct parse_source){ .name = str_c(path), .text = str_from(text, n) };
	return n < LIMIT_RULES_BYTES ? ERR_OK : ERR_LIMIT;
}

enum err log_settings_rules(const struct config *config, struct arena *arena,
	struct parse_rules **ret_rules, struct str *ret_trouble)
{
	const char *path = arena_c(arena, config_str(config, CONFIG_PARSER_RULES_FILE));
	const struct parse_source *builtin;
	size_t n_builtin = parse_builtin_sources(&builtin), n = 0;
	struct parse_source *sources = arena_calloc(arena, n_builtin + 1, sizeof *sources);
	enum err err = *path ? read_rules(arena, path, &sources[n]) : ERR_OK;

	if (err) {
		*ret_trouble =
			arena_printf(arena, "parser.rules_file: %s: %s", path, err_text(err));
		return err;
	}
	n += *path != 0;
	for (size_t i = 0; i < n_builtin; i++)
		sources[n++] = builtin[i];
	return parse_rules_load(arena, sources, n, ret_rules, ret_trouble);
}
