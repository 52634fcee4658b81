#include "parser/notice/footer.h"

#include "parser/text/sieve.h"
#include "parser/text/diagnostic.h"

/* A footer is short; a paragraph that is not is part of the notice. */
enum { FOOTER_BYTES = 2048, FOOTERS = 4 };

/* What a footer says and no notice: a filter's refusal says "virus", too, but not "scanned for". */
static const struct str phrases[] = { STR_INIT("scanned for virus"), STR_INIT("scanned by "),
	STR_INIT("checked for virus"), STR_INIT("free of virus"), STR_INIT("virus-free"),
	STR_INIT("believed to be clean"), STR_INIT("checked by avg"), STR_INIT("virenfrei"),
	STR_INIT("auf viren"), STR_INIT("mailman/listinfo"), STR_INIT("to unsubscribe"),
	STR_INIT("unsubscribe from this"), STR_INIT("mailing list\n"), STR_INIT("mailing list\r\n"),
	STR_INIT("is confidential"), STR_INIT("are confidential"), STR_INIT("be confidential"),
	STR_INIT("not the intended recipient"), STR_INIT("before printing"),
	STR_INIT("think before you print"), STR_INIT("ist vertraulich"),
	STR_INIT("vertrauliche info"), STR_INIT("est confidentiel"), STR_INIT("es confidencial"),
	STR_INIT("informazioni riservate") };

/* Where the last paragraph of the text starts. */
static size_t last_paragraph(struct str text)
{
	size_t start = text.n, feed;
	bool blank = true;

	while (start) {
		feed = str_rchr(str_head(text, start - 1), '\n');
		feed = feed == STR_NPOS ? 0 : feed + 1;
		blank = !str_trim(str_slice(text, feed, start)).n;
		if (blank)
			break;
		start = feed;
	}
	return start;
}

/* RFC 3676 4.3; the space behind it gets lost. */
static bool is_signature(struct str paragraph)
{
	struct str line = str_head(paragraph, str_cspan(paragraph, "\r\n"));

	return str_eq(line, STR("--")) || str_eq(line, STR("-- "));
}

static bool is_footer(struct str paragraph)
{
	struct diagnostic told;

	if (!is_signature(paragraph) && !sieve_any(paragraph, phrases, ARRAY_LEN(phrases)))
		return false;
	diagnostic_read(paragraph, &told);
	return !told.reply_code && !told.status.n;
}

static struct str trim_end(struct str text)
{
	while (text.n && ascii_space(text.p[text.n - 1]))
		text.n--;
	return text;
}

struct str footer_cut(struct str text)
{
	struct str whole = text;

	for (size_t i = 0; i < FOOTERS; i++) {
		struct str rest = trim_end(text);
		size_t start = last_paragraph(rest);

		/* A notice that is nothing else is kept: its words may be all there is. */
		if (!str_trim(str_head(rest, start)).n || rest.n - start > FOOTER_BYTES ||
			!is_footer(str_skip(rest, start)))
			break;
		text = str_head(text, start);
	}
	return str_head(whole, text.n);
}
