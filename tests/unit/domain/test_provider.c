// links: domain
// Check program of organisational domains and mailbox providers.
#include "domain/org_domain.h"
#include "domain/provider.h"
#include "tests/support/suite.h"

#include <check.h>
#include <string.h>

static const struct {
	const char *name, *org;
} org_cases[] = {
	{ "example.com", "example.com" },
	{ "mail.news.example.com", "example.com" },
	{ "example.co.uk", "example.co.uk" },
	{ "a.b.example.co.uk", "example.co.uk" },
	{ "co.uk", "co.uk" },
	{ "com", "com" },
	{ "localhost", "localhost" },
	{ "a.xn--bcher-kva.example", "xn--bcher-kva.example" },
	{ "[192.0.2.1]", "[192.0.2.1]" },
	{ "", "" },
	/* A private part of the list: each customer is one of his own. */
	{ "a.somebody.github.io", "somebody.github.io" },
};

START_TEST(organisations)
{
	struct str org = org_domain(str_c(org_cases[_i].name));

	ck_assert_msg(str_eq(org, str_c(org_cases[_i].org)), "%s: %.*s", org_cases[_i].name,
		STR_ARG(org));
}
END_TEST

static const struct {
	const char *name, *provider, *own; /* own: with the rows below */
} provider_cases[] = {
	{ "gmail.com", "google", "google" },
	{ "sub.gmail.com", "google", "google" },
	{ "yahoo.fr", "yahoo", "yahoo" },
	{ "yahoo.com.br", "yahoo", "yahoo" },
	{ "yahoo.co.jp", "yahoo_japan", "yahoo_japan" },
	{ "notyahoo.fr", "", "" },
	{ "yahoo.evil.example", "", "" },
	{ "hotmail.co.uk", "microsoft", "microsoft" },
	{ "web.de", "gmx", "acme" },
	{ "corp.example", "", "google" },
	{ "mail.corp.example", "", "google" },
	{ "shop.corp.example", "", "acme" },
	{ "example.com", "", "" },
	{ "[192.0.2.1]", "", "" },
	{ "", "", "" },
};

START_TEST(providers)
{
	struct arena *arena = arena_new();
	const struct providers *own = NULL;
	struct str provider = provider_of(NULL, str_c(provider_cases[_i].name)), bad;

	ck_assert_msg(str_eq(provider, str_c(provider_cases[_i].provider)), "%s: %.*s",
		provider_cases[_i].name, STR_ARG(provider));
	ck_assert_int_eq(providers_read(arena,
				 STR("corp.example=google, Shop.Corp.Example. = acme,web.de=acme"),
				 &own, &bad),
		ERR_OK);
	provider = provider_of(own, str_c(provider_cases[_i].name));
	ck_assert_msg(str_eq(provider, str_c(provider_cases[_i].own)), "%s: %.*s",
		provider_cases[_i].name, STR_ARG(provider));
	arena_free(arena);
}
END_TEST

static const char *const bad_rows[] = { "corp.example", "=google",
	"corp.example=", "a.example=google, a..example=google", "corp.example=Big Mail",
	"corp.example=\xC3\xA4" };

START_TEST(rows_that_are_none)
{
	const struct providers *own = NULL;
	struct arena *arena = arena_new();
	struct str bad = STR_EMPTY;

	ck_assert_int_eq(providers_read(arena, str_c(bad_rows[_i]), &own, &bad), ERR_SYNTAX);
	ck_assert_msg(str_ends(str_c(bad_rows[_i]), bad), "%.*s", STR_ARG(bad));
	ck_assert(own == NULL);
	arena_free(arena);
}
END_TEST

/* The table is searched by halves. */
START_TEST(the_table_is_in_order)
{
	static const char *const domains[] = {
#define PROVIDER(domain, provider) domain,
#include "domain/provider.def"
	};

	for (size_t i = 1; i < ARRAY_LEN(domains); i++)
		ck_assert_msg(strcmp(domains[i - 1], domains[i]) < 0, "%s", domains[i]);
	for (size_t i = 0; i < ARRAY_LEN(domains); i++)
		if (!strchr(domains[i], '*'))
			ck_assert_msg(provider_of(NULL, str_c(domains[i])).n, "%s", domains[i]);
}
END_TEST

static const struct {
	const char *host, *provider;
} host_cases[] = {
	{ "aspmx.l.google.com", "google" },
	{ "corp-example.mail.protection.outlook.com", "microsoft" },
	{ "corp-example.o-v1.mx.microsoft", "microsoft" },
	{ "mx0a-00000001.gslb.pphosted.com", "proofpoint" },
	{ "qq.com", "tencent" },
	{ "notqq.com", "" },
	{ "google.com.evil.example", "" },
	{ "mx.corp.example", "" },
	{ "", "" },
	{ ".", "" },
};

START_TEST(mail_hosts)
{
	struct str provider = provider_of_mail_host(str_c(host_cases[_i].host));

	ck_assert_msg(str_eq(provider, str_c(host_cases[_i].provider)), "%s: %.*s",
		host_cases[_i].host, STR_ARG(provider));
}
END_TEST

START_TEST(mail_hosts_are_in_order)
{
	static const char *const names[] = {
#define MAIL_HOST(name, provider) name,
#include "domain/mail_host.def"
	};

	for (size_t i = 1; i < ARRAY_LEN(names); i++)
		ck_assert_msg(strcmp(names[i - 1], names[i]) < 0, "%s", names[i]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("provider");
	TCase *tests = tcase_create("provider");

	tcase_add_loop_test(tests, organisations, 0, ARRAY_LEN(org_cases));
	tcase_add_loop_test(tests, providers, 0, ARRAY_LEN(provider_cases));
	tcase_add_loop_test(tests, rows_that_are_none, 0, ARRAY_LEN(bad_rows));
	tcase_add_test(tests, the_table_is_in_order);
	tcase_add_loop_test(tests, mail_hosts, 0, ARRAY_LEN(host_cases));
	tcase_add_test(tests, mail_hosts_are_in_order);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
