/* library/parser.c -- rules and parsers as others hold them: the door of parser/ with memory that is the caller's. */
#include "core/limits.h"
#include "library/bounced_parser.h"
#include "library/error.h"
#include "library/report.h"
#include "parser/parse.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bounced_rules {
	struct parse_rules *rules;
};
struct bounced_parser {
	struct parser *parser;
	struct arena *arena; /* of one mail */
};

const char *bounced_parser_version(void)
{
	return BOUNCED_VERSION;
}

/* ---- rules ---- */

static void say(char *trouble, size_t trouble_bytes, struct str what)
{
	if (trouble && trouble_bytes)
		snprintf(trouble, trouble_bytes, "%.*s", STR_ARG(what));
}

static enum err load(struct arena *arena, const struct parse_source *own,
	struct parse_rules **ret_rules, struct str *ret_trouble)
{
	const struct parse_source *builtin;
	size_t n_builtin = parse_builtin_sources(&builtin), n = 0;
	struct parse_source *sources = arena_calloc(arena, n_builtin + 1, sizeof *sources);

	if (own->text.n > LIMIT_RULES_BYTES) {
		*ret_trouble = STR("too large");
		return ERR_LIMIT;
	}
	if (own->text.n)
		sources[n++] = *own;
	memcpy(sources + n, builtin, n_builtin * sizeof *sources);
	return parse_rules_load(arena, sources, n + n_builtin, ret_rules, ret_trouble);
}

enum bounced_error bounced_rules_new(const char *text, size_t n_bytes, const char *name,
	struct bounced_rules **ret_rules, char *trouble, size_t trouble_bytes)
{
	CLEANUP(arena_freep) struct arena *arena = arena_new();
	const struct parse_source own = { .name = str_c(name ? name : "rules"),
		.text = str_from(text, text ? n_bytes : 0) };
	struct str what = STR_EMPTY;
	struct bounced_rules *made;
	struct parse_rules *rules;
	enum err err = load(arena, &own, &rules, &what);

	say(trouble, trouble_bytes, what);
	if (err)
		return error_of(err == ERR_EXISTS ? ERR_SYNTAX : err);
	made = calloc(1, sizeof *made);
	if (!made)
		abort();
	made->rules = rules;
	*ret_rules = made;
	return BOUNCED_OK;
}

void bounced_rules_free(struct bounced_rules *rules)
{
	if (!rules)
		return;
	parse_rules_free(rules->rules);
	free(rules);
}

/* ---- parsers ---- */

struct bounced_parser *bounced_parser_new(const struct bounced_rules *rules)
{
	struct bounced_parser *parser = calloc(1, sizeof *parser);

	if (!parser)
		abort();
	parser->parser = parser_new(rules->rules);
	parser->arena = arena_new();
	return parser;
}

void bounced_parser_free(struct bounced_parser *parser)
{
	if (!parser)
		return;
	parser_free(parser->parser);
	arena_free(parser->arena);
	free(parser);
}

struct bounced_report *bounced_parse(
	struct bounced_parser *parser, const void *mail, size_t n_bytes, const char *came_to)
{
	struct str path = str_c(came_to);
	const struct envelope envelope = { .source = SOURCE_IMPORT,
		.forward_paths = &path,
		.n_forward_paths = path.n && path.n <= LIMIT_PATH_BYTES };
	struct bounced_report *made;
	struct report report;

	parse_message(parser->parser, parser->arena, came_to ? &envelope : NULL,
		str_from(mail, n_bytes), &report);
	made = report_copy(&report);
	arena_reset(parser->arena);
	return made;
}

struct bounced_report *bounced_classify(
	struct bounced_parser *parser, const char *reply, size_t n_bytes, const char *remote_mta)
{
	struct bounced_report *made;
	struct event event;

	parse_reply(
		parser->parser, parser->arena, str_from(reply, n_bytes), str_c(remote_mta), &event);
	made = report_copy_event(&event);
	arena_reset(parser->arena);
	return made;
}
