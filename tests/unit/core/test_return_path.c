// Check program of core/return_path: tokens through what mail systems write around them.
#include "core/return_path.h"
#include "tests/support/suite.h"

#include <check.h>

#define TOKEN "b1.cme6i76xeprwwherbbg4df5p3apvrpgsga"
static const struct {
	const char *address, *domain; /* NULL: no token */
} cases[] = {
	{ TOKEN "@b.example", "b.example" },
	{ "B1.CME6I76XEPRWWHERBBG4DF5P3APVRPGSGA@B.example", "B.example" },
	{ "news+" TOKEN "@b.example", "b.example" },
	{ TOKEN "+later@b.example", "b.example" },
	{ "prvs=2123abcdef=" TOKEN "@b.example", "b.example" },
	{ "PRVS=" TOKEN "/2123abcdef@b.example", "b.example" },
	{ "btv1==0123456789a==" TOKEN "@b.example", "b.example" },
	{ "SRS0=AbCd=XY=b.example=" TOKEN "@forwarder.example", "b.example" },
	{ "srs0+AbCd=XY=b.example=" TOKEN "@forwarder.example", "b.example" },
	{ "SRS0=AbCd=XY=b.example=prvs=2123abcdef=" TOKEN "@forwarder.example", "b.example" },
	{ "SRS1=EfGh=one.example==AbCd=XY=b.example=" TOKEN "@two.example", "b.example" },
	{ "SRS1=EfGh=one.example=AbCd=XY=b.example=" TOKEN "@two.example", "two.example" },
	{ "SRS0=" TOKEN "@two.example", "two.example" },
	{ "SRS0=a=b==" TOKEN "@two.example", "two.example" },
	{ "x" TOKEN "@b.example", NULL },
	{ TOKEN "x@b.example", NULL },
	{ "b1.cme6i76xeprwwherbbg4df5p3apvrpgsg@b.example", NULL },
	{ "b1.cme6i76xeprwwherbbg4df5p3apvrpgs1a@b.example", NULL },
	{ TOKEN, NULL },
	{ "", NULL },
	{ "@", NULL },
	{ "b1.@b.example", NULL },
};

START_TEST(a_token_is_found)
{
	struct str token, domain;
	bool found = return_path_token(str_c(cases[_i].address), &token, &domain);

	ck_assert_msg(found == (cases[_i].domain != NULL), "%s", cases[_i].address);
	if (!found)
		return;
	ck_assert_msg(str_ieq(token, STR(TOKEN)), "%s", cases[_i].address);
	ck_assert_msg(str_eq(domain, str_c(cases[_i].domain)), "%s: %.*s", cases[_i].address,
		STR_ARG(domain));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("return_path");
	TCase *tcase = tcase_create("return_path");

	tcase_add_loop_test(tcase, a_token_is_found, 0, ARRAY_LEN(cases));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
