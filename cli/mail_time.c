#include "cli/mail_time.h"

#include "core/limits.h"
#include "parser/text/date.h"

/* The text of the first field of this name, its folds included; empty: none in the header. */
static struct str first_field(struct str mail, struct str name)
{
	struct str rest = str_head(mail, LIMIT_HEADER_BLOCK_BYTES), line, found, text;

	while (str_next_line(&rest, &line) && line.n) {
		if (ascii_space(line.p[0]) || !str_cut(line, ':', &found, &text) ||
			!str_ieq(str_trim(found), name))
			continue;
		while (rest.n && (rest.p[0] == ' ' || rest.p[0] == '\t') &&
			str_next_line(&rest, &line))
			text.n = (size_t)(line.p + line.n - text.p);
		return text;
	}
	return STR_EMPTY;
}

/* The date stands behind the last semicolon; a comment may hold one, but no date. */
static int64_t received_time(struct str field)
{
	size_t at = str_rchr(field, ';');
	int64_t at_us;

	return at != STR_NPOS && date_parse(str_trim(str_skip(field, at + 1)), &at_us) ? at_us : 0;
}

int64_t mail_time(struct str mail)
{
	int64_t at_us = received_time(first_field(mail, STR("Received")));

	if (!at_us && !date_parse(str_trim(first_field(mail, STR("Date"))), &at_us))
		return 0;
	return at_us;
}
