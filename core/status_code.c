#include "core/status_code.h"

static const struct row {
	unsigned subject, detail;
	struct str meaning;
	enum reason reason;
} rows[] = {
#define STATUS_CODE(subject, detail, meaning, reason)                                              \
	{ subject, detail, STR_INIT(meaning), REASON_##reason },
#include "core/status_code.def"
};

static const struct row *find(unsigned subject, unsigned detail)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].subject == subject && rows[i].detail == detail)
			return &rows[i];
	return NULL;
}

/* One to three digits without a leading zero. */
static bool take_number(struct str *rest, unsigned *ret_value)
{
	unsigned value = 0;
	size_t n = 0;

	for (; n < rest->n && n < 4 && ascii_digit(rest->p[n]); n++)
		value = value * 10 + (unsigned)(rest->p[n] - '0');
	if (!n || n > 3 || (n > 1 && rest->p[0] == '0'))
		return false;
	*rest = str_skip(*rest, n);
	*ret_value = value;
	return true;
}

static bool take_dot(struct str *rest)
{
	if (!rest->n || rest->p[0] != '.')
		return false;
	*rest = str_skip(*rest, 1);
	return true;
}

bool status_code_prefix(struct str s, struct status_code *ret_code, size_t *ret_bytes)
{
	struct status_code code;
	struct str rest = s;

	if (!take_number(&rest, &code.class) || !take_dot(&rest) ||
		!take_number(&rest, &code.subject) || !take_dot(&rest) ||
		!take_number(&rest, &code.detail))
		return false;
	if (code.class != 2 && code.class != 4 && code.class != 5)
		return false;
	if (rest.n && (ascii_digit(rest.p[0]) || ascii_alpha(rest.p[0])))
		return false;
	if (rest.n > 1 && rest.p[0] == '.' && ascii_digit(rest.p[1]))
		return false; /* an IP address */
	*ret_code = code;
	*ret_bytes = s.n - rest.n;
	return true;
}

bool status_code_parse(struct str s, struct status_code *ret_code)
{
	struct status_code code;
	size_t n;

	if (!status_code_prefix(s, &code, &n) || n != s.n)
		return false;
	*ret_code = code;
	return true;
}

struct str status_code_meaning(struct status_code code)
{
	const struct row *row = find(code.subject, code.detail);

	return row ? row->meaning : STR_EMPTY;
}

bool status_code_registered(struct status_code code)
{
	return find(code.subject, code.detail) != NULL;
}

enum reason status_code_reason(struct status_code code)
{
	const struct row *row = find(code.subject, code.detail);

	if (code.class == 2)
		return REASON_NONE;
	if (!row)
		row = find(code.subject, 0);
	return row && row->reason != REASON_NONE ? row->reason : REASON_UNKNOWN_UNCLASSIFIED;
}

size_t status_code_count(void)
{
	return ARRAY_LEN(rows);
}

void status_code_row(
	size_t i, struct status_code *ret_code, struct str *ret_meaning, enum reason *ret_reason)
{
	*ret_code = (struct status_code){ 5, rows[i].subject, rows[i].detail };
	*ret_meaning = rows[i].meaning;
	*ret_reason = rows[i].reason;
}
