#include "parser/notice/notice.h"

#include "core/limits.h"
#include "parser/mail/address.h"
#include "parser/mail/broken_address.h"
#include "parser/mail/html.h"
#include "parser/mail/layout.h"
#include "parser/notice/dsn.h"

#include <string.h>

/* Part types of which at most one meaning exists. */
enum role { ROLE_NONE, ROLE_PLAIN, ROLE_HTML, ROLE_STATUS, ROLE_FEEDBACK, ROLE_MDN, ROLE_TLS };
static const struct {
	struct str type;
	enum role role;
} roles[] = {
	{ STR_INIT("text/plain"), ROLE_PLAIN },
	{ STR_INIT("text/html"), ROLE_HTML },
	{ STR_INIT("message/delivery-status"), ROLE_STATUS },        /* RFC 3464 */
	{ STR_INIT("message/global-delivery-status"), ROLE_STATUS }, /* RFC 6533 */
	{ STR_INIT("message/delivery-report"), ROLE_STATUS },
	{ STR_INIT("message/feedback-report"), ROLE_FEEDBACK },            /* RFC 5965 */
	{ STR_INIT("message/disposition-notification"), ROLE_MDN },        /* RFC 8098 */
	{ STR_INIT("message/global-disposition-notification"), ROLE_MDN }, /* RFC 6533 */
	{ STR_INIT("application/tlsrpt+gzip"), ROLE_TLS },                 /* RFC 8460 */
	{ STR_INIT("application/tlsrpt+json"), ROLE_TLS },
};

static enum role role_of(struct str type)
{
	for (size_t i = 0; i < ARRAY_LEN(roles); i++)
		if (str_eq(type, roles[i].type))
			return roles[i].role;
	return str_starts(type, STR("text/")) ? ROLE_PLAIN : ROLE_NONE;
}

/* A gateway that does not know message/delivery-status passes it on as a file, octet-stream or a type of
 * its own. A disposition, RFC 8098 3.2.6, names a final recipient too. */
static bool is_status_file(const struct mime_part *part)
{
	struct str text = str_skip(part->text, str_span(part->text, " \t\r\n"));
	size_t name;

	return str_starts(part->type, STR("application/")) && header_name(text, &name) &&
	       dsn_find(text) != STR_NPOS && str_ifind(text, STR("\nDisposition:")) == STR_NPOS;
}

static enum role role_of_part(const struct mime_part *part)
{
	return is_status_file(part) ? ROLE_STATUS : role_of(part->type);
}

/* The texts of all parts of a role, an empty line between them. */
static struct str join(struct arena *arena, const struct mime_tree *tree, enum role role)
{
	size_t n = 0, most = 0;
	char *out;

	for (size_t i = 0; i < tree->n_parts; i++)
		if (role_of_part(&tree->parts[i]) == role)
			most += tree->parts[i].text.n + 2;
	if (!most)
		return STR_EMPTY;
	out = arena_alloc(arena, most);
	for (size_t i = 0; i < tree->n_parts; i++) {
		struct str text = tree->parts[i].text;

		if (role_of_part(&tree->parts[i]) != role || !text.n)
			continue;
		memcpy(out + n, text.p, text.n);
		n += text.n;
		out[n++] = '\n';
		out[n++] = '\n';
	}
	return str_head(str_from(out, n), LIMIT_TEXT_BYTES);
}

/* Outside of a report a file says nothing of what the mail is: anyone may attach one. */
static void note_roles(const struct mime_tree *tree, struct notice *notice)
{
	bool report = str_eq(tree->type, STR("multipart/report"));

	for (size_t i = 0; i < tree->n_parts; i++) {
		const struct mime_part *part = &tree->parts[i];
		enum role role = report ? role_of_part(part) : role_of(part->type);

		notice->has_status |= role == ROLE_STATUS;
		notice->has_feedback |= role == ROLE_FEEDBACK;
		notice->has_mdn |= role == ROLE_MDN;
		notice->has_tls_report |= role == ROLE_TLS;
		notice->status_encoded |= role == ROLE_STATUS && tree->parts[i].encoded;
	}
}

/* U+00A0 as the space that it looks like: sentences are known by their spaces. */
static struct str with_plain_spaces(struct arena *arena, struct str text)
{
	struct str hard = STR("\xC2\xA0"), before;
	char *out;
	size_t n = 0, at;

	if (str_find(text, hard) == STR_NPOS)
		return text;
	out = arena_alloc(arena, text.n);
	while (at = str_find(text, hard), at != STR_NPOS) {
		before = str_head(text, at);
		memcpy(out + n, before.p, before.n);
		n += before.n;
		out[n++] = ' ';
		text = str_skip(text, at + hard.n);
	}
	memcpy(out + n, text.p, text.n);
	return str_from(out, n + text.n);
}

/* "Content-Type: text" is none that MIME knows; GMime takes it for a file. */
static struct str only_text(const struct mime_tree *tree)
{
	const struct mime_part *part = tree->parts;

	if (tree->n_parts != 1 || part->name.n ||
		!str_eq(part->type, STR("application/octet-stream")))
		return STR_EMPTY;
	return part->text;
}

static struct str notice_text(struct arena *arena, const struct mime_tree *tree)
{
	struct str text = join(arena, tree, ROLE_PLAIN);

	if (!str_trim(text).n)
		text = only_text(tree);
	if (!str_trim(text).n)
		return html_text(arena, join(arena, tree, ROLE_HTML));
	return html_likely(text) ? html_text(arena, text) : text;
}

static struct str as_read(struct arena *arena, struct str text)
{
	text = layout_line_feeds(arena, with_plain_spaces(arena, text));
	text = layout_single_spaced(arena, text);
	return broken_addresses_mend(arena, text);
}

struct str notice_twin(struct arena *arena, const struct notice *notice)
{
	if (!str_trim(join(arena, notice->tree, ROLE_PLAIN)).n)
		return STR_EMPTY;
	return as_read(arena, html_text(arena, join(arena, notice->tree, ROLE_HTML)));
}

void notice_read(struct arena *arena, const struct mime_tree *tree, const struct envelope *envelope,
	struct notice *ret_notice)
{
	struct notice notice = { .tree = tree, .envelope = envelope, .returned = tree->returned };

	notice.from = mime_decode_words(arena, headers_get(&tree->headers, STR("From")));
	if (!address_take(arena, notice.from, &notice.from_address))
		notice.from_address = STR_EMPTY;
	notice.subject = mime_decode_words(arena, headers_get(&tree->headers, STR("Subject")));
	note_roles(tree, &notice);
	notice.text = as_read(arena, notice_text(arena, tree));
	notice.status_text = join(arena, tree, ROLE_STATUS);
	notice.feedback_text = join(arena, tree, ROLE_FEEDBACK);
	*ret_notice = notice;
}

struct str notice_header(const struct notice *notice, struct str name)
{
	return headers_get(&notice->tree->headers, name);
}
