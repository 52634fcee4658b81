#include "api/request/json_body.h"

/* The library's own texts speak to its callers. */
static const struct {
	enum json_error_code code;
	const char *detail;
} details[] = {
	{ json_error_premature_end_of_input, "the body ends too early" },
	{ json_error_end_of_input_expected, "wanted: one value, and nothing behind it" },
	{ json_error_invalid_utf8, "bytes that are not UTF-8" },
	{ json_error_null_character, "a NUL in a text" },
	{ json_error_null_byte_in_key, "a NUL in a name" },
	{ json_error_duplicate_key, "a duplicate: one name twice in an object" },
	{ json_error_stack_overflow, "nested too deeply" },
	{ json_error_numeric_overflow, "the number is too large" },
};

static struct str detail_of(const json_error_t *error)
{
	for (size_t i = 0; i < sizeof details / sizeof *details; i++)
		if (details[i].code == json_error_code(error))
			return str_c(details[i].detail);
	return STR("no JSON (RFC 8259) from here on");
}

json_t *json_body_read(
	struct arena *arena, struct str text, size_t lines_before, struct json_fault *ret_fault)
{
	json_error_t error;
	json_t *json = json_loadb(text.n ? text.p : "", text.n, JSON_REJECT_DUPLICATES, &error);

	if (!json)
		*ret_fault =
			(struct json_fault){ json_error_code(&error) == json_error_numeric_overflow,
				arena_printf(arena, "line %zu, column %d",
					lines_before + (size_t)error.line, error.column),
				detail_of(&error) };
	return json;
}
