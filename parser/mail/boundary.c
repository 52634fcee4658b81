#include "parser/mail/boundary.h"

struct str boundary_in_use(struct str rest)
{
	struct str line, next, peek;

	while (str_next_line(&rest, &line)) {
		if (line.n < 3 || line.p[0] != '-' || line.p[1] != '-')
			continue;
		peek = rest;
		if (str_next_line(&peek, &next) && str_istarts(next, STR("Content-")))
			return str_trim(str_skip(line, 2));
	}
	return STR_EMPTY;
}

bool boundary_line(struct str line, struct str boundary, bool *ret_close)
{
	struct str rest;

	if (line.n < 2 || line.p[0] != '-' || line.p[1] != '-' ||
		!str_starts(str_skip(line, 2), boundary))
		return false;
	rest = str_skip(line, 2 + boundary.n);
	*ret_close = str_starts(rest, STR("--"));
	rest = *ret_close ? str_skip(rest, 2) : rest;
	return str_span(rest, " \t\r") == rest.n;
}

bool boundary_next(struct str *rest, struct str *ret_line)
{
	if (!str_starts(*rest, STR("--"))) {
		size_t at = str_find(*rest, STR("\n--"));

		if (at == STR_NPOS)
			return false;
		*rest = str_skip(*rest, at + 1);
	}
	return str_next_line(rest, ret_line);
}

bool boundary_occurs(struct str rest, struct str boundary)
{
	struct str line;
	bool close;

	while (boundary.n && boundary_next(&rest, &line))
		if (boundary_line(line, boundary, &close))
			return true;
	return false;
}
