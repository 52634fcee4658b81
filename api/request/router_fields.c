#include "api/request/router_fields.h"

#include "core/attr.h"

#include <glib.h>
#include <string.h>

static const struct {
	const char *schema, *name, *meaning;
} rows[] = {
#define FIELD(schema, name, meaning) { schema, name, meaning },
#include "api/request/fields.def"
};

/* The row of the schema, else that of all; ARRAY_LEN(rows): none. */
static size_t find_row(const char *schema, const char *name)
{
	size_t found = ARRAY_LEN(rows);

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		if (strcmp(rows[i].schema, schema) == 0)
			return i;
		if (!rows[i].schema[0])
			found = i;
	}
	return found;
}

/* ---- all properties of a schema, those of objects within it too ---- */

/* `path` is the names of the objects around it, each with a dot; `property` may be changed. */
typedef void property_fn(
	void *context, const char *schema, const char *path, const char *name, json_t *property);

enum { PATH_BYTES = 200, MAX_DEPTH = 8 };

static void walk_properties(json_t *node, const char *schema, const char *path, property_fn *fn,
	void *context, int depth);

/* What stands for a value: an object, the items of an array, one of several. */
static void walk_value(json_t *node, const char *schema, const char *path, property_fn *fn,
	void *context, int depth)
{
	json_t *items = json_object_get(node, "items"), *one;
	size_t i;

	if (depth > MAX_DEPTH)
		return;
	walk_properties(node, schema, path, fn, context, depth);
	if (items)
		walk_value(items, schema, path, fn, context, depth + 1);
	json_array_foreach(json_object_get(node, "oneOf"), i, one)
	{
		walk_value(one, schema, path, fn, context, depth + 1);
	}
}

static void walk_properties(json_t *node, const char *schema, const char *path, property_fn *fn,
	void *context, int depth)
{
	json_t *properties = json_object_get(node, "properties"), *property;
	const char *name;

	json_object_foreach(properties, name, property)
	{
		char below[PATH_BYTES];

		fn(context, schema, path, name, property);
		snprintf(below, sizeof below, "%s%s.", path, name);
		walk_value(property, schema, below, fn, context, depth + 1);
	}
}

/* ---- into the document ---- */

static void describe(void *context UNUSED, const char *schema, const char *path UNUSED,
	const char *name, json_t *property)
{
	size_t row = find_row(schema, name);

	if (row < ARRAY_LEN(rows) && !json_object_get(property, "description"))
		json_object_set_new(property, "description", json_string(rows[row].meaning));
}

void fields_describe(json_t *schemas)
{
	const char *name;
	json_t *schema;

	json_object_foreach(schemas, name, schema)
	{
		walk_value(schema, name, "", describe, NULL, 0);
	}
}

/* ---- onto a page ---- */

static const char *last_of(const char *reference)
{
	const char *slash = strrchr(reference, '/');

	return slash ? slash + 1 : reference;
}

void fields_link(const char *schema, struct buf *out)
{
	buf_printf(out, "[%s](#fields-of-", schema);
	for (const char *c = schema; *c; c++)
		buf_putc(out, (char)g_ascii_tolower(*c)); /* as pages make names of headings */
	buf_putc(out, ')');
}

static void put_type(const json_t *property, struct buf *out, int depth);

/* A type that may be null is told as it is in the rest: "string or null". */
static void put_alternatives(const json_t *several, struct buf *out, int depth)
{
	bool first = true, may_be_null = false;
	const json_t *one;
	size_t i;

	json_array_foreach(several, i, one)
	{
		const char *type = json_string_value(json_object_get(one, "type"));

		if (type && strcmp(type, "null") == 0) {
			may_be_null = true;
			continue;
		}
		if (!first)
			buf_put(out, STR(" or "));
		put_type(one, out, depth + 1);
		first = false;
	}
	if (may_be_null)
		buf_put(out, STR(" or null"));
}

static void put_names(const json_t *type, struct buf *out)
{
	const json_t *one;
	size_t i;

	if (json_is_string(type))
		buf_put(out, str_c(json_string_value(type)));
	json_array_foreach(type, i, one)
	{
		buf_printf(out, "%s%s", i ? " or " : "", json_string_value(one));
	}
}

static void put_type(const json_t *property, struct buf *out, int depth)
{
	const json_t *reference = json_object_get(property, "$ref");
	const json_t *several = json_object_get(property, "oneOf");
	const json_t *format = json_object_get(property, "format");
	const json_t *items = json_object_get(property, "items");

	if (depth > MAX_DEPTH)
		return;
	if (reference) {
		fields_link(last_of(json_string_value(reference)), out);
	} else if (several && !json_object_get(property, "properties")) {
		put_alternatives(several, out, depth);
	} else if (items) {
		buf_put(out, STR("array of "));
		put_type(items, out, depth + 1);
	} else {
		put_names(json_object_get(property, "type"), out);
	}
	if (format)
		buf_printf(out, ", %s", json_string_value(format));
}

static void put_property(void *context, const char *schema UNUSED, const char *path,
	const char *name, json_t *property)
{
	struct buf *out = context;

	buf_printf(out, "| `%s%s` | ", path, name);
	put_type(property, out, 0);
	buf_printf(out, " | %s |\n", json_string_value(json_object_get(property, "description")));
}

/* "and the fields of ..." */
static void put_others(const json_t *schema, struct buf *out)
{
	const json_t *all = json_object_get(schema, "allOf"), *one;
	size_t i;

	if (!json_array_size(all))
		return;
	buf_put(out, STR("\nBeside these the fields of"));
	json_array_foreach(all, i, one)
	{
		buf_put(out, i ? STR(", ") : STR(" "));
		fields_link(last_of(json_string_value(json_object_get(one, "$ref"))), out);
	}
	buf_put(out, STR(".\n"));
}

static void put_words(const json_t *schema, struct buf *out)
{
	const json_t *words = json_object_get(schema, "enum"), *word;
	size_t i;

	json_array_foreach(words, i, word)
	{
		buf_printf(out, "%s`%s`", i ? ", " : "\nOne of ", json_string_value(word));
	}
	if (json_array_size(words))
		buf_put(out, STR(".\n"));
}

void fields_docs(json_t *schemas, struct buf *out)
{
	const char *name;
	json_t *schema;

	fields_describe(schemas);
	json_object_foreach(schemas, name, schema)
	{
		struct buf fields = BUF_INIT(1 << 20);

		buf_printf(out, "\n### Fields of %s\n", name);
		walk_value(schema, name, "", put_property, &fields, 0);
		if (fields.n)
			buf_printf(out, "\n| field | type | |\n| --- | --- | --- |\n%.*s",
				STR_ARG(buf_str(&fields)));
		put_words(schema, out);
		put_others(schema, out);
		buf_release(&fields);
	}
}

/* ---- for the test ---- */

struct missing {
	struct buf *out;
	bool used[ARRAY_LEN(rows)];
};

static void look(
	void *context, const char *schema, const char *path, const char *name, json_t *property)
{
	struct missing *missing = context;
	size_t row = find_row(schema, name);

	if (row < ARRAY_LEN(rows))
		missing->used[row] = true;
	else if (!json_object_get(property, "description"))
		buf_printf(missing->out, "%s.%s%s\n", schema, path, name);
}

void fields_missing(json_t *schemas, struct buf *out)
{
	struct missing missing = { .out = out };
	const char *name;
	json_t *schema;

	json_object_foreach(schemas, name, schema)
	{
		walk_value(schema, name, "", look, &missing, 0);
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (!missing.used[i])
			buf_printf(out, "fields.def: %s.%s\n", rows[i].schema, rows[i].name);
}
