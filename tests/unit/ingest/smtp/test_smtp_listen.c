// links: ingest/smtp spool
// Check program of ingest/smtp/smtp_listen: the words of smtp.listen; and of ingest/text/smtp_recipient: the
// entries of smtp.return_path_domains.
#include "ingest/smtp/smtp_listen.h"
#include "tests/support/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
	const char *text;
	const char *where; /* host, or path; NULL: refused */
	enum smtp_tls_use tls;
	enum smtp_protocol protocol;
	unsigned mode;
	bool tls_said;
} listen_cases[] = {
	{ "127.0.0.1:25", "127.0.0.1", SMTP_TLS_OFF, SMTP_PROTOCOL_SMTP, 0666, false },
	{ "[::]:25", "::", SMTP_TLS_OFF, SMTP_PROTOCOL_SMTP, 0666, false },
	{ "localhost:smtp", NULL, 0, 0, 0, false },
	{ "0.0.0.0:25 tls=required", "0.0.0.0", SMTP_TLS_REQUIRED, SMTP_PROTOCOL_SMTP, 0666, true },
	{ "0.0.0.0:465  tls=implicit ", "0.0.0.0", SMTP_TLS_IMPLICIT, SMTP_PROTOCOL_SMTP, 0666,
		true },
	{ "mx:24 lmtp tls=off", "mx", SMTP_TLS_OFF, SMTP_PROTOCOL_LMTP, 0666, true },
	{ "mx:25 tls=offered", "mx", SMTP_TLS_OFFERED, SMTP_PROTOCOL_SMTP, 0666, true },
	{ "unix:/run/b/l.sock lmtp mode=0660", "/run/b/l.sock", SMTP_TLS_OFF, SMTP_PROTOCOL_LMTP,
		0660, false },
	{ "", NULL, 0, 0, 0, false },
	{ "127.0.0.1", NULL, 0, 0, 0, false },
	{ "127.0.0.1:65536", NULL, 0, 0, 0, false },
	{ "::1:25", NULL, 0, 0, 0, false },
	{ ":25", NULL, 0, 0, 0, false },
	{ "unix:relative", NULL, 0, 0, 0, false },
	{ "127.0.0.1:25 tls", NULL, 0, 0, 0, false },
	{ "127.0.0.1:25 tls=yes", NULL, 0, 0, 0, false },
	{ "127.0.0.1:25 lmtp=1", NULL, 0, 0, 0, false },
	{ "127.0.0.1:25 proxy", NULL, 0, 0, 0, false },
	{ "unix:/a mode=9", NULL, 0, 0, 0, false },
	{ "unix:/a mode=1777", NULL, 0, 0, 0, false },
};

START_TEST(entries_are_read)
{
	struct smtp_listen listen;
	struct str why = STR_EMPTY;
	bool good = !smtp_listen_parse(str_c(listen_cases[_i].text), &listen, &why);

	ck_assert_int_eq(good, listen_cases[_i].where != NULL);
	if (!good) {
		ck_assert_uint_gt(why.n, 0);
		return;
	}
	ck_assert(str_eq(listen.path.n ? listen.path : listen.host, str_c(listen_cases[_i].where)));
	ck_assert_int_eq(listen.tls, listen_cases[_i].tls);
	ck_assert_int_eq(listen.tls_said, listen_cases[_i].tls_said);
	ck_assert_int_eq(listen.protocol, listen_cases[_i].protocol);
	ck_assert_uint_eq(listen.mode, listen_cases[_i].mode);
}
END_TEST

START_TEST(a_path_has_its_limit)
{
	char text[200] = "unix:/";
	struct smtp_listen listen;
	struct str why;

	memset(text + 6, 'x', 106);
	ck_assert_int_eq(smtp_listen_parse(str_c(text), &listen, &why), ERR_OK);
	text[112] = 'x';
	ck_assert_int_eq(smtp_listen_parse(str_c(text), &listen, &why), ERR_SYNTAX);
}
END_TEST

/* The file of a server that is gone is replaced, that of one that lives is not, nor is another file. */
START_TEST(a_dead_socket_is_replaced)
{
	char folder[] = "/tmp/listen-XXXXXX", text[64], trouble[SMTP_LISTEN_TROUBLE_BYTES];
	struct smtp_listen listen;
	struct str why;
	struct stat st;
	int fd, other;

	ck_assert(mkdtemp(folder) != NULL);
	snprintf(text, sizeof text, "unix:%s/s mode=0640", folder);
	ck_assert_int_eq(smtp_listen_parse(str_c(text), &listen, &why), ERR_OK);
	ck_assert_int_eq(smtp_listen_open(&listen, trouble, &fd), ERR_OK);
	snprintf(text, sizeof text, "%s/s", folder);
	ck_assert(!lstat(text, &st));
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	snprintf(text, sizeof text, "unix:%s/s mode=0640", folder);
	ck_assert_int_eq(smtp_listen_open(&listen, trouble, &other), ERR_EXISTS);
	close(fd);
	ck_assert_int_eq(smtp_listen_open(&listen, trouble, &fd), ERR_OK);
	close(fd);
	snprintf(text, sizeof text, "%s/s", folder);
	unlink(text);
	fclose(fopen(text, "w"));
	snprintf(text, sizeof text, "unix:%s/s mode=0640", folder);
	ck_assert_int_eq(smtp_listen_open(&listen, trouble, &fd), ERR_EXISTS);
	snprintf(text, sizeof text, "%s/s", folder);
	unlink(text);
	rmdir(folder);
}
END_TEST

/* {entry, domain or pattern (NULL: refused), stream} */
static const struct {
	const char *text, *domain, *stream;
} domain_cases[] = {
	{ "example.org", "example.org", "default" },
	{ "example.org=news", "example.org", "news" },
	{ "example.org = news", "example.org", "news" },
	{ "*", "*", "default" },
	{ "news+*@example.org=a", "news+*@example.org", "a" },
	{ "news+*=example.com@example.org", "news+*=example.com@example.org", "default" },
	{ "=x", NULL, NULL },
	{ "example.org=", NULL, NULL },
	{ "@example.org", NULL, NULL },
	{ "news@", NULL, NULL },
	{ "a b@example.org", NULL, NULL },
};

START_TEST(return_paths_are_read)
{
	struct smtp_domain domain;
	bool good = !smtp_domain_parse(str_c(domain_cases[_i].text), &domain);

	ck_assert_int_eq(good, domain_cases[_i].domain != NULL);
	if (!good)
		return;
	ck_assert(str_eq(domain.domain, str_c(domain_cases[_i].domain)));
	ck_assert(str_eq(domain.stream, str_c(domain_cases[_i].stream)));
}
END_TEST

/* Stars that a careless matcher would try exponentially often. */
START_TEST(many_stars_cost_little)
{
	static const struct smtp_domain domains[] = {
		{ STR_INIT("a*a*a*a*a*a*a*a*a*a*a*a*b@example.org"), STR_INIT("x") }
	};
	struct str local = STR("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
	struct smtp_path path = { STR_EMPTY, local, STR("example.org"), false };

	ck_assert(smtp_recipient_find(domains, 1, &path) == NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("smtp_listen");
	TCase *tcase = tcase_create("entries");

	tcase_add_loop_test(tcase, entries_are_read, 0, ARRAY_LEN(listen_cases));
	tcase_add_test(tcase, a_path_has_its_limit);
	tcase_add_test(tcase, a_dead_socket_is_replaced);
	tcase_add_loop_test(tcase, return_paths_are_read, 0, ARRAY_LEN(domain_cases));
	tcase_add_test(tcase, many_stars_cost_little);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
