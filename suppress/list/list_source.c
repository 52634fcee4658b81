#include "suppress/list/list_source.h"

#include "suppress/list/list_record_priv.h"

static const struct list_source_row formats[LIST_SOURCE_COUNT] = {
#define LIST(id, name, shape, header, roles, kind)                                                 \
	[LIST_SOURCE_##id] = { STR_INIT(name), LIST_SHAPE_##shape, STR_INIT(header),               \
		STR_INIT(roles), LIST_##kind },
#include "suppress/list/list_source.def"
};
static const struct {
	struct str name, sentence;
} flaws[LINE_FLAW_COUNT] = {
	[LINE_GOOD] = { STR_INIT("good"), STR_INIT("is good") },
#define FLAW(id, name, sentence) [LINE_##id] = { STR_INIT(name), STR_INIT(sentence) },
#include "suppress/list/list_flaw.def"
};

struct str list_flaw_name(enum list_flaw flaw)
{
	return flaws[flaw].name;
}

struct str list_flaw_text(enum list_flaw flaw)
{
	return flaws[flaw].sentence;
}

const struct list_source_row *list_source_row(enum list_source format)
{
	return &formats[format];
}

bool list_source_from_name(struct str name, enum list_source *ret_format)
{
	for (size_t i = 0; i < LIST_SOURCE_COUNT; i++) {
		if (!str_eq(name, formats[i].name) || formats[i].shape == LIST_SHAPE_ALLOWED)
			continue;
		*ret_format = (enum list_source)i;
		return true;
	}
	return false;
}

/* The columns of a header line, trimmed, against the names of a row. */
static bool header_fits(struct str line, struct str header)
{
	struct list_record record;
	struct str name, rest = header;
	bool open = str_ends(header, STR("+"));

	if (!header.n || list_record_split(line, &record) != LIST_RECORD_WHOLE)
		return false;
	if (open)
		rest.n--;
	for (size_t i = 0; i < record.n; i++) {
		if (!str_next_word(&rest, ",", &name))
			return open;
		if (!str_ieq(str_trim(list_record_field(&record, i)), name))
			return false;
	}
	return !str_next_word(&rest, ",", &name);
}

bool list_source_has_header(enum list_source format, struct str line)
{
	return header_fits(line, formats[format].header);
}

enum list_source list_source_like(enum list_source format, struct str line)
{
	enum list_source bare = format;

	for (size_t i = 0; i < LIST_SOURCE_COUNT; i++) {
		if (!str_eq(formats[i].name, formats[format].name) ||
			formats[i].shape == LIST_SHAPE_ALLOWED)
			continue;
		if (header_fits(line, formats[i].header))
			return (enum list_source)i;
		if (!formats[i].header.n)
			bare = (enum list_source)i;
	}
	return bare;
}

/* ---- lists without a header ---- */

static bool is_ses(struct str line)
{
	struct list_record record;

	if (list_record_split(line, &record) != LIST_RECORD_WHOLE || record.n != 2)
		return false;
	return str_ieq(str_trim(list_record_field(&record, 1)), STR("BOUNCE")) ||
	       str_ieq(str_trim(list_record_field(&record, 1)), STR("COMPLAINT"));
}

/* Behind the quotes of a local part, if it has them. */
static struct str behind_quotes(struct str line)
{
	size_t i = 1;

	if (!str_starts(line, STR("\"")))
		return line;
	while (i < line.n && line.p[i] != '"')
		i += line.p[i] == '\\' ? 2 : 1;
	return str_skip(line, i + 1);
}

static enum list_source of_bare_line(struct str line)
{
	struct str rest = behind_quotes(line);
	size_t end = str_cspan(rest, " \t:,;");

	if (is_ses(line))
		return LIST_SOURCE_SES;
	if (end == rest.n)
		return str_chr(rest, '@') != STR_NPOS ? LIST_SOURCE_PLAIN : LIST_SOURCE_COUNT;
	if (rest.p[end] == ':')
		return LIST_SOURCE_EXIM;
	if (rest.p[end] == ' ' || rest.p[end] == '\t')
		return LIST_SOURCE_POSTFIX;
	return LIST_SOURCE_COUNT;
}

enum list_source list_source_of(struct str line)
{
	if (str_span(str_head(line, 1), "{["))
		return LIST_SOURCE_JSON;
	for (size_t i = 0; i < LIST_SOURCE_COUNT; i++)
		if (header_fits(line, formats[i].header))
			return (enum list_source)i;
	return of_bare_line(str_trim(line));
}

/* Mailchimp's export has three files; only the names of the last columns tell one from the other. */
enum list_flaw list_audience_kind(struct str header, enum list_kind *ret_kind)
{
	struct list_record record;

	if (list_record_split(header, &record) != LIST_RECORD_WHOLE)
		return LINE_HEADER;
	*ret_kind = LIST_BOUNCE;
	if (record.n == 1)
		return LINE_GOOD;
	for (size_t i = 0; i < record.n; i++) {
		struct str name = str_trim(list_record_field(&record, i));

		if (str_ieq(name, STR("CLEAN_TIME")))
			return LINE_GOOD;
		if (str_ieq(name, STR("UNSUB_TIME"))) {
			*ret_kind = LIST_UNSUBSCRIBE;
			return LINE_GOOD;
		}
	}
	return LINE_SUBSCRIBERS;
}
