#include "ingest/text/smtp_path.h"

#include "core/limits.h"
#include "core/utf8.h"

enum { LABEL_BYTES_MAX = 63 }; /* RFC 1035 2.3.4 */

static bool is_letter_digit(char c)
{
	return ascii_alpha(c) || ascii_digit(c);
}

/* Length of the character at the start of s if it is atext or a dot (RFC 5321 4.1.2, 6531 3.3). */
static size_t atom_char(struct str s)
{
	static const char others[] = "!#$%&'*+-/=?^_`{|}~.";

	if ((unsigned char)*s.p >= 0x80)
		return utf8_sequence(s);
	return is_letter_digit(*s.p) ||
	       str_chr(str_from(others, sizeof others - 1), *s.p) != STR_NPOS;
}

/* Length of the qtext or quoted pair at the start of s, 0 for others and the closing quote. */
static size_t quoted_char(struct str s)
{
	if ((unsigned char)*s.p >= 0x80)
		return utf8_sequence(s);
	if (*s.p == '\\')
		return s.n > 1 && s.p[1] >= ' ' && s.p[1] <= '~' ? 2 : 0;
	return *s.p >= ' ' && *s.p <= '~' && *s.p != '"';
}

static size_t run_of(struct str s, size_t (*char_length)(struct str))
{
	size_t n = 0, step;

	while (n < s.n && (step = char_length(str_skip(s, n))))
		n += step;
	return n;
}

/* Length of the local part at the start of s, 0 without one. */
static size_t local_length(struct str s)
{
	size_t n;

	if (!s.n || *s.p != '"')
		return run_of(s, atom_char);
	n = 1 + run_of(str_skip(s, 1), quoted_char);
	return n < s.n && s.p[n] == '"' ? n + 1 : 0;
}

static size_t domain_char(struct str s)
{
	if ((unsigned char)*s.p >= 0x80)
		return utf8_sequence(s);
	return is_letter_digit(*s.p) || *s.p == '-' || *s.p == '_' || *s.p == '.';
}

static size_t literal_char(struct str s)
{
	return *s.p > ' ' && *s.p <= '~' && *s.p != '[' && *s.p != ']' && *s.p != '\\';
}

static bool labels_good(struct str domain)
{
	while (domain.n) {
		size_t n = str_chr(domain, '.');

		if (n == 0 || n == domain.n - 1)
			return false;
		if (n == STR_NPOS)
			n = domain.n;
		if (n > LABEL_BYTES_MAX)
			return false;
		domain = str_skip(domain, n + 1);
	}
	return true;
}

/* Length of the domain or address literal at the start of s, 0 without one. */
static size_t domain_length(struct str s)
{
	size_t n;

	if (s.n && *s.p == '[') {
		n = 1 + run_of(str_skip(s, 1), literal_char);
		return n > 1 && n < s.n && s.p[n] == ']' ? n + 1 : 0;
	}
	n = run_of(s, domain_char);
	return labels_good(str_head(s, n)) ? n : 0;
}

/* "@one,@two:" in front of a mailbox is accepted and ignored, RFC 5321 4.1.1.3 and appendix C. */
static bool skip_route(struct str *s)
{
	struct str rest = *s;

	if (!rest.n || *rest.p != '@')
		return true;
	while (rest.n && *rest.p == '@') {
		size_t n = domain_length(str_skip(rest, 1));

		rest = str_skip(rest, 1 + n);
		if (!n || !rest.n || (*rest.p != ',' && *rest.p != ':'))
			return false;
		if (*rest.p == ':') {
			*s = str_skip(rest, 1);
			return true;
		}
		rest = str_skip(rest, 1);
	}
	return false;
}

static bool has_high_bytes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] >= 0x80)
			return true;
	return false;
}

/* The whole of s, which stood between the brackets, without the route. */
static enum err parse_mailbox(struct str s, enum smtp_path_kind kind, struct smtp_path *ret_path)
{
	struct smtp_path path = { .mailbox = s, .local = STR_EMPTY, .domain = STR_EMPTY };
	size_t local = local_length(s), domain = 0;
	bool bare;

	if (!local)
		return ERR_SYNTAX;
	path.local = str_head(s, local);
	bare = local == s.n && kind == SMTP_FORWARD_PATH && str_ieq(s, STR("postmaster"));
	if (!bare) {
		struct str behind = str_skip(s, local);

		if (!behind.n || *behind.p != '@')
			return ERR_SYNTAX;
		path.domain = str_skip(behind, 1);
		domain = domain_length(path.domain);
		if (!domain || domain != path.domain.n)
			return ERR_SYNTAX;
	}
	if (local > LIMIT_LOCAL_PART_BYTES || domain > LIMIT_DOMAIN_BYTES)
		return ERR_LIMIT;
	path.non_ascii = has_high_bytes(s);
	*ret_path = path;
	return ERR_OK;
}

/* Length of "<...>" at the start of s, a '>' within quotes not counting; 0 without one. */
static size_t bracketed_length(struct str s)
{
	bool quoted = false;

	if (!s.n || *s.p != '<')
		return 0;
	for (size_t i = 1; i < s.n; i++) {
		if (s.p[i] == '"')
			quoted = !quoted;
		else if (s.p[i] == '\\' && quoted)
			i++;
		else if (s.p[i] == '>' && !quoted)
			return i + 1;
	}
	return 0;
}

/* ann@shop.example without brackets, as old clients write it, ends where a parameter may begin; "ann b"@shop.example too, whose
 * spaces are quoted. */
static enum err take_bare(struct str *rest, enum smtp_path_kind kind, struct smtp_path *ret_path)
{
	size_t quoted = *rest->p == '"' ? local_length(*rest) : 0;
	size_t n = quoted + str_cspan(str_skip(*rest, quoted), " ");
	enum err err;

	if (n > LIMIT_PATH_BYTES - 2)
		return ERR_LIMIT;
	err = parse_mailbox(str_head(*rest, n), kind, ret_path);
	if (!err)
		*rest = str_skip(*rest, n);
	return err;
}

enum err smtp_path_take(struct str *rest, enum smtp_path_kind kind, struct smtp_path *ret_path)
{
	size_t n = bracketed_length(*rest);
	struct smtp_path path = { .mailbox = STR_EMPTY, .local = STR_EMPTY, .domain = STR_EMPTY };
	struct str inside;
	enum err err = ERR_OK;

	if (rest->n && *rest->p != '<')
		return take_bare(rest, kind, ret_path);
	if (!n)
		return ERR_SYNTAX;
	if (n > LIMIT_PATH_BYTES)
		return ERR_LIMIT;
	inside = str_slice(*rest, 1, n - 1);
	if (inside.n || kind == SMTP_FORWARD_PATH) {
		if (!skip_route(&inside))
			return ERR_SYNTAX;
		err = parse_mailbox(inside, kind, &path);
	}
	if (err)
		return err;
	*rest = str_skip(*rest, n);
	*ret_path = path;
	return ERR_OK;
}
